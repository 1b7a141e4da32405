#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a crowd of hostile connections costs the honest clients: the round trip of a command with it, against without, in
turns in one run; and how long new clients take to get through meanwhile. Fails when the median of the rounds' ratios is
above the bound, or a newcomer takes longer than the server gives a handshake.

usage: crowd.py MSERVER BENCH_FLEET BENCH_CALLS BENCH_CROWD [--honest 500] [--crowd 5000] [--calls 500] [--bound 2]
"""
import argparse
import statistics
import subprocess
import sys
import tempfile
import time

from run import Fleet, Machine, calls, settle

HANDSHAKE_TIMEOUT = 10  # seconds; common/base/limits.h


class Crowd:
    """COUNT silent, slow and garbage connections, which return when they are put out."""

    def __init__(self, program, machine, count):
        self.process = subprocess.Popen([program, str(machine.port), str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        if self.process.stdout.readline().strip() != 'ready':
            sys.exit('the crowd did not come')

    def close(self):
        """Returns what it says of itself."""
        return self.process.communicate()[0].strip()


def round_trip(o):
    """Of the honest fleet's first client, in µs: the median."""
    return statistics.median(int(t) for t in calls(o.calls, 'round-trip', o.count))


def arrival(o, machine, tokens):
    """Seconds that one new client after the other takes until it is registered: TLS, upgrade and all."""
    times = []
    for number, token in enumerate(tokens, o.honest):
        begin = time.monotonic()
        Fleet(o.fleet, machine, [token], 1, 0, number).close()
        times.append(time.monotonic() - begin)
    return times


def main():
    parser = argparse.ArgumentParser()
    for name in ('mserver', 'fleet', 'calls', 'crowd'):
        parser.add_argument(name)
    parser.add_argument('--honest', type=int, default=500)
    parser.add_argument('--strangers', type=int, default=5000)
    parser.add_argument('--newcomers', type=int, default=20, help='that arrive beside the crowd each time')
    parser.add_argument('--count', type=int, default=500, help='round trips measured each time')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--bound', type=float, default=2)
    parser.add_argument('--disk', default='/var/tmp', help='a directory on a real disk')
    o = parser.parse_args()

    ratios, arrivals = [], []
    with tempfile.TemporaryDirectory(dir=o.disk) as path, Machine(o.mserver, path) as machine:
        tokens = calls(o.calls, 'tokens', o.honest + o.newcomers)
        fleet = Fleet(o.fleet, machine, tokens, o.honest)
        for _ in range(o.rounds):
            settle(machine.server.pid)
            quiet = round_trip(o)
            crowd = Crowd(o.crowd, machine, o.strangers)
            beside = round_trip(o)
            arrivals += arrival(o, machine, tokens[o.honest:])
            said = crowd.close()
            ratios.append(beside / quiet)
            print(f'quiet {quiet:.0f} µs, beside {o.strangers} strangers {beside:.0f} µs: {beside / quiet:.2f} ({said})', flush=True)
        if fleet.process.poll() is not None:
            sys.exit('honest clients were lost')
        fleet.close()
    ratio = statistics.median(ratios)
    print(f'{o.honest} honest clients beside {o.strangers} strangers: {ratio:.2f} times the quiet round trip, at most {o.bound}')
    print(f'{len(arrivals)} newcomers one after the other: {statistics.median(arrivals):.2f} s, the slowest {max(arrivals):.2f} s, '
          f'at most {HANDSHAKE_TIMEOUT} s')
    return 0 if ratio <= o.bound and max(arrivals) <= HANDSHAKE_TIMEOUT else 1


if __name__ == '__main__':
    sys.exit(main())
