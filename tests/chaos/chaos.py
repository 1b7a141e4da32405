# SPDX-License-Identifier: LGPL-2.1-or-later
"""A run, in the machine: the load, the faults of the plan, the settling, the checks. tests/lab/test_chaos.py calls it for a
minute, tests/chaos/run for as long as one likes."""
import argparse
import collections
import os
import random
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

import check  # noqa: E402
import machine  # noqa: E402
import plan  # noqa: E402
from faults import Faults  # noqa: E402
from labtest import Journal, systemctl  # noqa: E402
from load import Load  # noqa: E402
from watch import AGENT_DBS, SERVER_DB, memory, rows  # noqa: E402

SETTLE_SECONDS = 200  # a server that was killed gives agents 120 s to return


class Meter(threading.Thread):
    """The most that each service ever had of memory (KiB) and open files."""

    def __init__(self):
        super().__init__(daemon=True)
        self.sizes, self._ended = {}, threading.Event()

    def run(self):
        while not self._ended.wait(1):
            for unit in machine.SERVICES:
                now = memory(unit) or (0, 0)
                self.sizes[unit] = tuple(map(max, now, self.sizes.get(unit, (0, 0))))

    def stop(self):
        self._ended.set()
        self.join()
        return self.sizes


def first_row():
    return (rows(SERVER_DB, 'SELECT max(rowid) FROM commands') or [(0,)])[0][0] or 0


def open_commands():
    """How many commands and records of the two agents are on their way; None while that cannot be asked."""
    counts = [rows(SERVER_DB, "SELECT count(*) FROM commands WHERE phase = 0 AND client IN ('demo', 'demo2')")]
    for path in AGENT_DBS.values():
        counts.append(rows(path, 'SELECT count(*) FROM commands WHERE acked = 0'))
        counts.append(rows(path, 'SELECT count(*) FROM outbox'))
    return None if None in counts else sum(c[0][0] for c in counts)


def settle(seconds):
    """Waits until nothing is on its way; the problems, if that takes longer."""
    end = time.monotonic() + seconds
    systemctl('start', 'mserver.socket', *machine.SERVICES, check=False)
    while time.monotonic() < end:
        if open_commands() == 0:
            return []
        time.sleep(0.5)
    return [f'{open_commands()} commands and records were still on their way after {seconds} s']


def run_plan(seed, minutes, callers, log=print, settle_seconds=SETTLE_SECONDS):
    """Sets the machine up, runs, checks, and leaves the machine as it was. Returns (name of the check to problems, figures)."""
    try:
        machine.set_up()
        return _run_plan(seed, minutes, callers, log, settle_seconds)
    finally:
        machine.tear_down()


def _run_plan(seed, minutes, callers, log, settle_seconds):
    journal, first, rotated, problems = Journal(), first_row(), check.rotated(), []
    meter, load = Meter(), Load(seed, callers)
    faults, enough = Faults(load.ask_probe, problems), threading.Event()
    signal.signal(signal.SIGINT, lambda *_: enough.set())
    meter.start()
    begin = time.monotonic()
    for n, fault in enumerate(plan.faults(seed, minutes)):
        if time.monotonic() - begin >= minutes * 60 or enough.wait(fault.pause):
            break
        log(f'{time.monotonic() - begin:6.1f} s  fault {n}: {fault.kind}{fault.arguments} {fault.hold} s', end='  ', flush=True)
        log(faults.do(fault) or 'done', flush=True)
    faults.heal()
    problems += load.stop()
    problems += settle(settle_seconds)
    sizes = meter.stop()
    evidence = check.Evidence(journal, load.told, first, rotated)
    found = {'faults_heal_and_calls_end': problems, **check.all_of(evidence, sizes)}
    states = collections.Counter(c['state'] for c in evidence.commands.values())
    figures = {'seconds': round(time.monotonic() - begin), 'calls': len(load.told), 'commands': len(evidence.commands),
               'states': dict(states.most_common()), 'faults': dict(sorted(faults.counts.items())),
               'effects': sum(sum(c.values()) for c in evidence.counts.values()),
               'refused': dict(collections.Counter((t.error or '').split(':')[0][:60] for t in load.told if t.error)),
               'resident KiB, files': sizes}
    return found, figures


def main():
    parser = argparse.ArgumentParser(description='Kills and cuts things while commands run, and checks that the promise was kept.')
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument('--minutes', type=float, default=30)
    parser.add_argument('--callers', type=int, default=6)
    parser.add_argument('--plan', action='store_true', help='only print the plan')
    a = parser.parse_args()
    if a.plan:
        print(plan.text(a.seed, a.minutes, a.callers))
        return 0
    print(f'seed {a.seed}, {a.minutes} minutes, {a.callers} callers', flush=True)
    found, figures = run_plan(a.seed, a.minutes, a.callers)
    for name, value in figures.items():
        print(f'{name}: {value}')
    for name, problems in found.items():
        print(f"{name}: {'good' if not problems else f'{len(problems)} PROBLEMS'}")
        for problem in problems[:50]:
            print(f'    {problem}')
    print(f'seed {a.seed}: {"good" if not any(found.values()) else "BAD"}')
    return 1 if any(found.values()) else 0


if __name__ == '__main__':
    sys.exit(main())
