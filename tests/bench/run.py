#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The benchmark: a simulated fleet over TLS, and what a command costs the server as the fleet grows.

Everything runs side by side in one go, on a private bus and network and with a journal that only counts, and the results are ratios,
because single times say more about the machine than about us. What it shows is explained in README.md.
usage: run.py MSERVER BENCH_FLEET BENCH_CALLS BENCH_FLOOR [--sizes 1,100,1000,5000] [--count 1000] [--rounds 3]
"""
import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen>
<policy context="default"><allow own="*"/><allow send_destination="*" eavesdrop="false"/><allow receive_sender="*"/></policy>
<limit name="max_replies_per_connection">50000</limit><limit name="max_incoming_bytes">1000000000</limit></busconfig>"""


JOURNAL = "/run/systemd/journal/socket"
# The network is private for the sake of one setting: how many entries may wait for journald, as systemd sets it.
PRIVATE = """mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && ip link set lo up &&
             echo 512 >/proc/sys/net/unix/max_dgram_qlen && exec "$@" """


def enter_private():
    """Goes on in namespaces of our own (mount, network; user where we are not root)."""
    if "BENCH_PRIVATE" not in os.environ:
        os.environ["BENCH_PRIVATE"] = "1"
        user = [] if os.getuid() == 0 else ["--map-root-user"]
        os.execvp("unshare", ["unshare", "--mount", "--net", *user, "sh", "-c", PRIVATE, "sh", sys.executable, *sys.argv])


class Journal(threading.Thread):
    """In journald's place: takes the entries, and counts them."""

    def __init__(self):
        super().__init__(daemon=True)
        self.count = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        Path(JOURNAL).unlink(missing_ok=True)
        self.socket.bind(JOURNAL)
        self.start()

    def run(self):
        while self.socket.recv(65536):
            self.count += 1


def cpu_usec(pid):
    """CPU time of all the process's threads, in µs (/proc/PID/task/*/schedstat counts ns)."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1000


def rss_kb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))


class Machine:
    """A private bus and a server on it, in a temporary directory. With journal it writes its audit trail there alone."""

    def __init__(self, mserver, directory, journal=None):
        self.mserver, self.directory, self.journal = mserver, Path(directory), journal

    def __enter__(self):
        config = self.directory / "bus.conf"
        config.write_text(BUS_CONFIG.format(path=self.directory / "bus"))
        self.bus = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"],
                                    stdout=subprocess.PIPE, text=True)
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = self.bus.stdout.readline().strip()
        log = open(self.directory / "server.log", "w")
        read, write = os.pipe()
        environment = {**os.environ, "JOURNAL_STREAM": "0:0"} if self.journal else None
        self.server = subprocess.Popen([self.mserver, "--ssl", "--ssl-port", "0", "--host", "127.0.0.1", "--config", "/dev/null",
                                        "--state-directory", str(self.directory / "state")], stderr=write, env=environment)
        os.close(write)
        self.stderr = os.fdopen(read)
        for line in self.stderr:
            if m := re.search(r"listening on wss://127\.0\.0\.1:(\d+)", line):
                self.port = int(m.group(1))
            if "TLS fingerprint" in line:
                break
        # The rest (without a journal: the audit trail) goes to a file so that the pipe never fills.
        self.drain = subprocess.Popen(["cat"], stdin=self.stderr, stdout=log)
        return self

    def __exit__(self, *_):
        for process in self.server, self.bus:
            process.terminate()
            process.wait()
        self.drain.wait()


class Fleet:
    def __init__(self, program, machine, tokens, count, *rate):
        self.process = subprocess.Popen([program, str(machine.port), str(count), *map(str, rate)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.process.stdin.write("\n".join(tokens[:count]) + "\n")
        self.process.stdin.flush()
        if self.process.stdout.readline().strip() != "ready":
            sys.exit("the fleet did not come up")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def calls(program, *args):
    return subprocess.run([program, *map(str, args)], check=True, stdout=subprocess.PIPE, text=True).stdout.split()


def settle(pid):
    """Waits until the server is idle: what follows a fleet's arrival (rows, journal, signals) is not the commands' cost."""
    while True:
        begin = cpu_usec(pid)
        time.sleep(0.2)
        if cpu_usec(pid) - begin < 4000:
            return


def measure(o, machine, tokens, size):
    """One round at one size."""
    pid = machine.server.pid
    before = rss_kb(pid)
    fleet = Fleet(o.fleet, machine, tokens, size)
    row = {"memory": (rss_kb(pid) - before) / size}
    calls(o.calls, "round-trip", 50)
    settle(pid)
    begin = cpu_usec(pid)
    row["rtt"] = statistics.median(int(t) for t in calls(o.calls, "round-trip", o.count))
    row["cpu"] = (cpu_usec(pid) - begin) / o.count
    row["floor"] = float(calls(o.floor, size)[0])
    begin, entries = cpu_usec(pid), machine.journal.count
    row["broadcast"] = int(calls(o.calls, "broadcast", size)[0])
    settle(pid)
    row["broadcast_cpu"] = (cpu_usec(pid) - begin) / size
    if machine.journal.count - entries != 2 * size:
        sys.exit(f"{machine.journal.count - entries} journal entries of {size} commands, expected {2 * size}")
    fleet.close()
    settle(pid)
    return row


def rounds(o, sizes, directory=None):
    """o.rounds rounds over all sizes in turn: a list of rows for each size."""
    with tempfile.TemporaryDirectory(dir=directory) as path, Machine(o.mserver, path, Journal()) as machine:
        tokens = calls(o.calls, "tokens", max(sizes))
        rows = {size: [] for size in sizes}
        for _ in range(o.rounds):
            for size in sizes:
                rows[size].append(measure(o, machine, tokens, size))
        return rows


def main():
    enter_private()
    parser = argparse.ArgumentParser()
    parser.add_argument("mserver")
    parser.add_argument("fleet")
    parser.add_argument("calls")
    parser.add_argument("floor")
    parser.add_argument("--sizes", default="1,100,1000,5000")
    parser.add_argument("--count", type=int, default=1000, help="round trips per size")
    parser.add_argument("--rounds", type=int, default=3, help="times each size is measured; the median counts")
    parser.add_argument("--disk", default="/var/tmp", help="a directory on a real disk")
    parser.add_argument("--statistics", type=int, metavar="SECONDS", help="measure what statistics cost alone, for so long")
    o = parser.parse_args()
    sizes = [int(s) for s in o.sizes.split(",")]
    if o.statistics:
        statistics_cost(o, max(sizes), seconds=o.statistics)
        return
    report(sizes, rounds(o, sizes, o.disk))
    durability(o, min(1000, max(sizes)))
    statistics_cost(o, max(sizes))


def median(rows, key):
    return statistics.median(r[key] for r in rows)


def ratio(rows, others, key, other_key=None):
    """Taken round by round, so that a change of the machine's speed between rounds cancels out."""
    return statistics.median(a[key] / b[other_key or key] for a, b in zip(rows, others))


def durability(o, size):
    """The same with the state in memory, where an fsync costs nothing."""
    print("\nWhat durability costs: one fsync a group, against none")
    print(f"{'state on':>8} {'one at a time':>15} {'CPU/command':>12} {f'broadcast to {size}':>18} {'CPU/client':>11}")
    for name, directory in (("disk", o.disk), ("memory", "/dev/shm")):
        rows = rounds(o, [1, size], directory)
        one, many = rows[1], rows[size]
        print(f"{name:>8} {1e6 / median(one, 'rtt'):>11.0f} c/s {median(one, 'cpu'):>9.0f} µs "
              f"{size * 1e6 / median(many, 'broadcast'):>14.0f} c/s {median(many, 'broadcast_cpu'):>8.0f} µs")


def statistics_cost(o, size, interval=10, seconds=20):
    """A fleet that sends its statistics, and commands in between. What history costs shows over more than five minutes: then each
    client's has been written."""
    with tempfile.TemporaryDirectory(dir=o.disk) as path, Machine(o.mserver, path, Journal()) as machine:
        pid = machine.server.pid
        tokens = calls(o.calls, "tokens", size)
        shares, rtts = {}, {}
        for rate in 0, size // interval:
            fleet = Fleet(o.fleet, machine, tokens, size, rate)
            time.sleep(5)
            begin, since = cpu_usec(pid), time.monotonic()
            time.sleep(seconds)
            shares[rate] = (cpu_usec(pid) - begin) / (time.monotonic() - since) / 1e4
            rtts[rate] = statistics.median(int(t) for t in calls(o.calls, "round-trip", o.count))
            memory = rss_kb(pid) / 1024
            history = sum(f.stat().st_size for f in Path(path).glob("state/history.db*")) / 1e6
            series = [int(t) for t in calls(o.calls, "series", min(size, 1000))] if rate else []
            fleet.close()
            settle(pid)
    print(f"\n{size} clients, each with statistics every {interval} s ({rate} a second): {shares[rate]:.1f} % of a core, "
          f"idle {shares[0]:.1f} %; round trip {rtts[rate]:.0f} µs, idle {rtts[0]:.0f} µs; server {memory:.0f} MB, "
          f"history {history:.0f} MB after {seconds} s; GetStats {statistics.median(series):.0f} µs, at most {max(series):.0f} µs")


def report(sizes, rows):
    print(f"{'clients':>8} {'round trip':>11} {'ratio':>6} {'CPU/command':>12} {'ratio':>6} "
          f"{'KB/client':>10} {'broadcast':>10} {'CPU/client':>11} {'floor':>8} {'of floor':>9}")
    for size in sizes:
        r, first = rows[size], rows[sizes[0]]
        memory = f"{max(x['memory'] for x in r):.1f}" if size >= 1000 else "-"
        print(f"{size:>8} {median(r, 'rtt'):>8.0f} µs {ratio(r, first, 'rtt'):>6.2f} {median(r, 'cpu'):>9.0f} µs "
              f"{ratio(r, first, 'cpu'):>6.2f} {memory:>10} {median(r, 'broadcast') / 1000:>7.1f} ms "
              f"{median(r, 'broadcast_cpu'):>8.0f} µs {median(r, 'floor'):>5.0f} µs {ratio(r, r, 'broadcast_cpu', 'floor'):>9.2f}")


if __name__ == "__main__":
    main()
