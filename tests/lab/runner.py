# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs test files in the machine and prints TAP; "lab test" starts it there.

  runner.py [FILE…]     (default: all of test_*.py beside it)
"""
import glob
import os
import signal
import sys
import time
import traceback
import unittest

from labtest import OURS, LabTest, systemctl

TEST_SECONDS = 120  # that one test may take in all


class AtTheEnd(LabTest):
    """What must hold whatever the tests did; runs after them."""

    def test_no_unit_has_failed(self):
        self.assertEqual(systemctl('list-units', '--failed', '--plain', '--no-legend'), '')


class _TapResult(unittest.TestResult):
    """Prints a line per test, or one per subtest where it has any; after a failure, why, and what our services logged
    meanwhile."""

    def __init__(self):
        super().__init__()
        self.lines, self.bad_lines = 0, 0

    def startTest(self, test):
        super().startTest(test)
        self.started, self.problem, self.skipped_because, self.subtests = time.monotonic(), None, None, 0
        signal.alarm(TEST_SECONDS)

    def addFailure(self, test, error):
        self._problem(test, error)

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        self.subtests += 1
        self._line(not error, subtest.id(), '', self._explain(test, error) if error else None)

    def addSkip(self, test, reason):
        self.skipped_because = reason
        if not isinstance(test, unittest.TestCase):  # a whole class, which starts none of its tests
            self._line(True, test.id(), f' # SKIP {reason}')

    @staticmethod
    def _explain(test, error):
        text = ''.join(traceback.format_exception(*error))
        journal = getattr(test, 'journal', None)
        return text + (f'\njournal of the test:\n{journal.text(*OURS)}' if journal else '')

    def _problem(self, test, error):
        if isinstance(test, unittest.TestCase):
            self.problem = (self.problem or '') + self._explain(test, error)
        else:  # setUpClass, or a file that does not load
            self._line(False, test.id(), '', self._explain(test, error))

    def stopTest(self, test):
        signal.alarm(0)
        if self.subtests and not self.problem:
            return
        skip = f' # SKIP {self.skipped_because}' if self.skipped_because else ''
        self._line(not self.problem, test.id(), skip or f' ({time.monotonic() - self.started:.2f} s)', self.problem)

    def _line(self, good, name, suffix, problem=None):
        self.lines += 1
        self.bad_lines += not good
        print('ok' if good else 'not ok', self.lines, '-', name + suffix)
        for line in (problem or '').splitlines():
            print('#  ', line)
        sys.stdout.flush()


def _alarm(*_):
    raise TimeoutError(f'the test took more than {TEST_SECONDS} s')


def main(files):
    here = os.path.dirname(os.path.abspath(__file__))
    names = [os.path.basename(f).removesuffix('.py') for f in files]
    names = names or sorted(os.path.basename(f)[:-3] for f in glob.glob(f'{here}/test_*.py'))

    signal.signal(signal.SIGALRM, _alarm)
    result = _TapResult()
    loader = unittest.defaultTestLoader
    unittest.TestSuite([loader.loadTestsFromNames(names), loader.loadTestsFromTestCase(AtTheEnd)]).run(result)
    print(f'1..{result.lines}')
    return 1 if result.bad_lines else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
