#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The benchmark: a simulated fleet over TLS, and what a command costs the server as the fleet grows.

Everything runs side by side in one go on a private bus, and the results are ratios, because single times say more about the machine than
about us. usage: run.py MSERVER BENCH_FLEET BENCH_CALLS [--sizes 1,100,1000,5000] [--calls 1000]
"""
import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen>
<policy context="default"><allow own="*"/><allow send_destination="*" eavesdrop="false"/><allow receive_sender="*"/></policy>
<limit name="max_replies_per_connection">50000</limit><limit name="max_incoming_bytes">1000000000</limit></busconfig>"""


def cpu_usec(pid):
    """CPU time of all the process's threads, in µs (/proc/PID/task/*/schedstat counts ns)."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1000


def rss_kb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))


class Machine:
    """A private bus and a server on it, in a temporary directory."""

    def __init__(self, mserver, directory):
        self.mserver, self.directory = mserver, Path(directory)

    def __enter__(self):
        config = self.directory / "bus.conf"
        config.write_text(BUS_CONFIG.format(path=self.directory / "bus"))
        self.bus = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"],
                                    stdout=subprocess.PIPE, text=True)
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = self.bus.stdout.readline().strip()
        log = open(self.directory / "server.log", "w")
        read, write = os.pipe()
        self.server = subprocess.Popen([self.mserver, "--ssl", "--ssl-port", "0", "--host", "127.0.0.1", "--config", "/dev/null",
                                        "--state-directory", str(self.directory / "state")], stderr=write)
        os.close(write)
        self.stderr = os.fdopen(read)
        for line in self.stderr:
            if m := re.search(r"listening on wss://127\.0\.0\.1:(\d+)", line):
                self.port = int(m.group(1))
            if "TLS fingerprint" in line:
                break
        # The rest is the audit trail; it goes to a file so that the pipe never fills.
        self.drain = subprocess.Popen(["cat"], stdin=self.stderr, stdout=log)
        return self

    def __exit__(self, *_):
        for process in self.server, self.bus:
            process.terminate()
            process.wait()
        self.drain.wait()


class Fleet:
    def __init__(self, program, machine, tokens, count):
        self.process = subprocess.Popen([program, str(machine.port), str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.process.stdin.write("\n".join(tokens[:count]) + "\n")
        self.process.stdin.flush()
        if self.process.stdout.readline().strip() != "ready":
            sys.exit("the fleet did not come up")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def calls(program, *args):
    return subprocess.run([program, *map(str, args)], check=True, stdout=subprocess.PIPE, text=True).stdout.split()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mserver")
    parser.add_argument("fleet")
    parser.add_argument("calls")
    parser.add_argument("--sizes", default="1,100,1000,5000")
    parser.add_argument("--count", type=int, default=1000, help="round trips per size")
    parser.add_argument("--rounds", type=int, default=3, help="times each size is measured; the median counts")
    o = parser.parse_args()
    sizes = [int(s) for s in o.sizes.split(",")]

    with tempfile.TemporaryDirectory() as directory, Machine(o.mserver, directory) as machine:
        tokens = calls(o.calls, "tokens", max(sizes))
        pid = machine.server.pid
        rows = {size: {"rtt": [], "cpu": [], "memory": [], "broadcast": [], "broadcast_cpu": []} for size in sizes}
        for _ in range(o.rounds):
            base = None
            for size in sizes:
                row = rows[size]
                before = rss_kb(pid)
                fleet = Fleet(o.fleet, machine, tokens, size)
                row["memory"].append((rss_kb(pid) - before) / size)
                calls(o.calls, "round-trip", 50)
                begin = cpu_usec(pid)
                times = [int(t) for t in calls(o.calls, "round-trip", o.count)]
                row["cpu"].append((cpu_usec(pid) - begin) / o.count)
                row["rtt"].append(statistics.median(times))
                begin = cpu_usec(pid)
                row["broadcast"].append(int(calls(o.calls, "broadcast", size)[0]))
                row["broadcast_cpu"].append((cpu_usec(pid) - begin) / size)
                fleet.close()
        report(sizes, rows)


def report(sizes, rows):
    first = rows[sizes[0]]
    median = statistics.median
    print(f"{'clients':>8} {'round trip':>11} {'ratio':>6} {'CPU/command':>12} {'ratio':>6} "
          f"{'KB/client':>10} {'broadcast':>10} {'CPU/client':>11}")
    for size in sizes:
        r = rows[size]
        # Ratios are taken round by round, so that a change of the machine's speed between rounds cancels out.
        rtt = median(a / b for a, b in zip(r["rtt"], first["rtt"]))
        cpu = median(a / b for a, b in zip(r["cpu"], first["cpu"]))
        memory = f"{max(r['memory']):.1f}" if size >= 1000 else "-"
        print(f"{size:>8} {median(r['rtt']):>8.0f} µs {rtt:>6.2f} {median(r['cpu']):>9.0f} µs {cpu:>6.2f} "
              f"{memory:>10} {median(r['broadcast']) / 1000:>7.1f} ms {median(r['broadcast_cpu']):>8.0f} µs")


if __name__ == "__main__":
    main()
