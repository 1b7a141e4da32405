# SPDX-License-Identifier: LGPL-2.1-or-later
"""tools/tally counts every subtest, and takes nothing for passed that did not say so."""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest

TALLY = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../tools/tally')

sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader('tally', TALLY)
module = importlib.util.module_from_spec(importlib.util.spec_from_loader('tally', loader))
loader.exec_module(module)


def tap(text):
    return ('.tap', text)


def meson(stdout, result='OK', name='test', **more):
    return ('.json', json.dumps({'name': name, 'stdout': stdout, 'result': result, **more}) + '\n')


CASES = {
    'subtests are counted one by one': (tap('1..3\nok 1 a\nok 2 b\nok 3 c\n'), '3 passed, 0 failed'),
    'the plan may come last': (tap('ok 1 - a (0.1 s)\n1..1\n'), '1 passed, 0 failed'),
    'skipped': (tap('1..2\nok 1 a\nok 2 b # SKIP no bus\n'), '1 passed, 0 failed, 1 skipped'),
    'a failure': (tap('1..2\nok 1 a\nnot ok 2 b\n'), '1 passed, 1 failed'),
    'known failures are none': (tap('1..1\nnot ok 1 a # TODO later\n'), '1 passed, 0 failed'),
    'ended before the plan': (tap('1..3\nok 1 a\n'), '1 passed, 1 failed'),
    'no plan': (tap('ok 1 a\n'), '1 passed, 1 failed'),
    'nothing at all': (tap(''), '0 passed, 1 failed'),
    'bailed out': (tap('1..2\nok 1 a\nBail out! assertion\n'), '1 passed, 1 failed'),
    'a program that speaks TAP': (meson('1..2\nok 1 a\nok 2 b\n'), '2 passed, 0 failed'),
    'and ends badly': (meson('1..1\nok 1 a\n', result='FAIL'), '1 passed, 1 failed'),
    'a program that does not': (meson('hello\n'), '1 passed, 0 failed'),
    'and fails': (meson('hello\n', result='FAIL'), '0 passed, 1 failed'),
    'and takes too long': (meson('', result='TIMEOUT'), '0 passed, 1 failed'),
    'and is skipped': (meson('', result='SKIP'), '0 passed, 0 failed, 1 skipped'),
    'and has no output': (meson(None, result='ERROR', stderr='boom'), '0 passed, 1 failed'),
}


class Tally(unittest.TestCase):
    def tally(self, *files, run=None):
        """What it prints of these files."""
        with tempfile.TemporaryDirectory() as directory:
            arguments = []
            for i, (suffix, text) in enumerate(files):
                arguments.append(f'label{i}={directory}/{i}{suffix}')
                with open(arguments[-1].partition('=')[2], 'w', encoding='utf-8') as f:
                    f.write(text)
            return (run or self.program)(arguments)

    @staticmethod
    def program(arguments):
        return subprocess.run([sys.executable, TALLY, *arguments], capture_output=True, text=True, check=False)

    @staticmethod
    def here(arguments):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            status = module.main(arguments)
        return subprocess.CompletedProcess(arguments, status, out.getvalue())

    def test_table(self):
        for what, (file, expected) in CASES.items():
            with self.subTest(what):
                process = self.tally(file, run=self.here)
                self.assertEqual(process.stdout.splitlines()[-1], expected)
                self.assertEqual(process.returncode, 0 if ', 0 failed' in expected else 1)

    def test_a_directory_is_all_that_is_in_it(self):
        with tempfile.TemporaryDirectory() as directory:
            for name, text in (('a.tap', '1..1\nok 1 a\n'), ('b.tap', '1..2\nok 1 a\nnot ok 2 b\n'), ('c.tap', '')):
                with open(f'{directory}/{name}', 'w', encoding='utf-8') as f:
                    f.write(text)
            process = subprocess.run([sys.executable, TALLY, f'lab={directory}'], capture_output=True, text=True, check=False)
        self.assertEqual(process.stdout.splitlines()[-1], '2 passed, 2 failed')
        self.assertIn('lab: b', process.stdout)

    def test_failures_are_shown_with_their_output_and_label(self):
        process = self.tally(meson('some output\n', result='FAIL', name='thing', stderr='and an error\n'), tap('1..1\nok 1 a\n'))
        for text in ('label0: thing', 'some output', 'and an error'):
            self.assertIn(text, process.stdout)
        self.assertEqual(process.stdout.splitlines()[-1], '1 passed, 1 failed')

    def test_the_end_says_why_each_failed(self):
        lab = """not ok 1 - test_a.A.test_b (3.10 s)
#   Traceback (most recent call last):
#     File "/opt/lab/test_a.py", line 9, in test_b
#       mserverctl('list')
#   labtest.Failed: mserverctl list: exit status 1
#   error: nobody is there
#
#   journal of the test:
#   Nov 28 12:01:18 mserver[8352]: error: last in the journal
ok 2 - test_a.A.test_c (0.10 s)
not ok 3 - test_a.A.test_d (user='oper')
#   Traceback (most recent call last):
#     File "/opt/lab/test_a.py", line 12, in test_d
#       self.assertEqual(1, 2)
#   AssertionError: 1 != 2
1..3
"""
        glib = '1..2\nok 1 /a\n# starting\nBail out! ERROR:t.c:3:b: assertion failed (x == y)\n'
        asan = '==7==ERROR: AddressSanitizer: leak\n    #0 0x1 in f\nSUMMARY: AddressSanitizer: 8 byte(s) leaked in f\n'
        program = """F
======================================================================
FAIL: test_it (__main__.It)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "t.py", line 3, in test_it
    self.fail("no")
AssertionError: no

----------------------------------------------------------------------
Ran 1 test in 0.1s

FAILED (failures=1)
"""
        process = self.tally(tap(lab), meson(glib, result='ERROR', name='glib'), meson('', result='FAIL', name='asan', stderr=asan),
                             meson('', result='FAIL', name='program', stderr=program), meson('.....\n', result='TIMEOUT', name='slow'),
                             tap('not ok 1 - daemon/x.c\n# x.c:3:1: error: bad [check]\n# int x;\n# ^\n1..1\n'))
        self.assertEqual(process.stdout.split('--- all that failed, and why\n')[1], """\
label0: test_a.A.test_b (3.10 s): labtest.Failed: mserverctl list: exit status 1
label0: test_a.A.test_d (user='oper'): AssertionError: 1 != 2
label1: glib: ended early: Bail out! ERROR:t.c:3:b: assertion failed (x == y)
label2: asan: SUMMARY: AddressSanitizer: 8 byte(s) leaked in f
label3: program: AssertionError: no
label4: slow: TIMEOUT
label5: daemon/x.c: x.c:3:1: error: bad [check]
2 passed, 7 failed
""")

    def test_when_all_is_well_nothing_else_is_said(self):
        self.assertEqual(self.tally(tap('1..1\nok 1 a\n')).stdout, '1 passed, 0 failed\n')


if __name__ == '__main__':
    unittest.main()
