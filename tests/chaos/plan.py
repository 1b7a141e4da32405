# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a run will do, from its seed alone: the faults in their order, and what each caller asks for. Nothing in here
looks at the clock or at the machine, so the same seed and length give the same plan; what then happens does not."""
import itertools
import random
from typing import NamedTuple

CLIENTS = {'demo': '3node0', 'demo2': '3node1'}  # client id to the container it manages

# The steps of a command's life as they can be seen from outside (watch.py).
STEPS = ('stored', 'requested', 'received', 'effect', 'outcome', 'ended', 'finished', 'settled', 'acknowledged')
PROBES = ('exec', 'restart', 'rotate_keys', 'backup_keys')


class Fault(NamedTuple):
    pause: float  # seconds before it
    kind: str  # a method of faults.Faults
    arguments: tuple
    hold: float  # seconds until it is healed


class Ask(NamedTuple):
    kind: str  # a method of load.Caller
    client: str
    tag: str  # unique: what an effect is counted by
    pause: float  # seconds before it
    delay: float  # of a cancel after its command


# weight, kind, choices of arguments, seconds that it lasts
_FAULTS = (
    (5, 'kill', (('server',), ('agent',), ('both',)), (0, 0)),
    (1, 'kill', (('docker',),), (0, 0)),
    (10, 'kill_at', tuple(itertools.product(('server', 'agent', 'both'), STEPS, PROBES)), (0, 0)),
    (1, 'kill_at', tuple(itertools.product(('docker',), STEPS, PROBES)), (0, 0)),
    (3, 'freeze', (('server',), ('agent',), ('docker',)), (0.5, 6)),
    (1, 'freeze', (('journal',),), (0.5, 3)),
    (1, 'restart', (('server',), ('agent',)), (0, 0)),
    (3, 'cut', (('drop',), ('reject',)), (0.5, 12)),
    (2, 'full_disk', (('server',), ('agent',)), (2, 8)),
    (1, 'read_only', (('server',), ('agent',)), (2, 6)),
    (1, 'garbage', (('server',), ('agent',)), (0, 0)),
    (2, 'clock', (('server', 7200), ('server', -7200), ('agent', 7200), ('agent', -7200)), (2, 8)),
)

# Enough of each that a short run has them all but docker's (which take too long).
_SHORT = ('kill', 'kill_at', 'freeze', 'cut', 'full_disk', 'clock')

_ASKS = ((30, 'run'), (14, 'send'), (12, 'queue'), (10, 'cancel'), (8, 'ctl'), (8, 'broadcast'), (4, 'restart'),
         (3, 'rotate_keys'), (3, 'backup_keys'), (5, 'status'), (3, 'logs'))


def _pick(rng, weighted):
    return rng.choices(weighted, [w[0] for w in weighted])[0]


def faults(seed, minutes):
    """The faults of a run of this length, in order. A short run (under 5 minutes) leaves out what takes long."""
    rng = random.Random(f'{seed}:faults')
    known = [f for f in _FAULTS if minutes >= 5 or f[1] in _SHORT and f[2][0] != ('docker',)]
    plan, seconds = [], 0.0
    while seconds < minutes * 60:
        _, kind, arguments, (least, most) = _pick(rng, known)
        fault = Fault(round(rng.uniform(0.5, 6), 2), kind, rng.choice(arguments), round(rng.uniform(least, most), 2))
        plan.append(fault)
        seconds += fault.pause + fault.hold + 3  # about what it takes to do it, and to recover
    return plan


def asks(seed, caller):
    """What this caller (a number) asks for, without end."""
    rng = random.Random(f'{seed}:caller {caller}')
    for n in itertools.count():
        _, kind = _pick(rng, _ASKS)
        yield Ask(kind, rng.choice(list(CLIENTS)), f'{caller}-{n}', round(rng.uniform(0, 0.4), 3),
                  round(rng.uniform(0, 1.5), 3))


def text(seed, minutes, callers):
    """The plan for people: its faults, and the first asks of each caller."""
    lines = [f'seed {seed}, {minutes} minutes, {callers} callers']
    lines += [f'fault {n}: after {f.pause} s {f.kind}{f.arguments}, {f.hold} s'
              for n, f in enumerate(faults(seed, minutes))]
    for caller in range(callers):
        first = itertools.islice(asks(seed, caller), 5)
        lines.append(f'caller {caller}: ' + ', '.join(f'{a.kind} {a.client}' for a in first) + ', …')
    return '\n'.join(lines)
