# SPDX-License-Identifier: LGPL-2.1-or-later
"""The short form of tests/chaos: a minute of commands from several callers while things are killed, cut, frozen and full;
then everything must have happened at most once, be known, and be the same in the journal and both databases."""
import signal

from labtest import ServerTest
from chaos.chaos import run_plan

SEED, MINUTES, CALLERS = 3, 0.75, 4
SECONDS = 420  # more than a test may take: the time of the faults, and what a busy machine needs to settle after them


class Chaos(ServerTest):
    expected_warnings = ('.',)  # it is what is done to them

    def test_the_promise_is_kept(self):
        signal.alarm(SECONDS)
        found, figures = run_plan(SEED, MINUTES, CALLERS, log=lambda *_, **__: None)
        print(f'# chaos, seed {SEED}:', {k: figures[k] for k in ('calls', 'commands', 'states', 'faults')})
        self.assertGreater(figures['states'].get('succeeded', 0), 0)
        for name, problems in found.items():
            with self.subTest(check=name):
                self.assertEqual(problems, [])
