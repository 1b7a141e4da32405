# SPDX-License-Identifier: LGPL-2.1-or-later
"""tools/tally counts every subtest, and takes nothing for passed that did not say so."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

TALLY = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../tools/tally')


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
    def tally(self, *files):
        with tempfile.TemporaryDirectory() as directory:
            arguments = []
            for i, (suffix, text) in enumerate(files):
                arguments.append(f'label{i}={directory}/{i}{suffix}')
                with open(arguments[-1].partition('=')[2], 'w', encoding='utf-8') as f:
                    f.write(text)
            return subprocess.run([sys.executable, TALLY, *arguments], capture_output=True, text=True, check=False)

    def test_table(self):
        for what, (file, expected) in CASES.items():
            with self.subTest(what):
                process = self.tally(file)
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


if __name__ == '__main__':
    unittest.main()
