# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the README tells people to type works as it stands there."""
import os
import re

from labtest import ServerTest, run

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'README.main.md')


def block_after(words):
    """The lines of the first code block behind these words."""
    with open(README, encoding='utf-8') as f:
        text = f.read()
    return re.search(r'```\n(.*?)```', text[text.index(words):], re.DOTALL)[1].splitlines()


class Readme(ServerTest):
    def test_calls_from_other_programs(self):
        lines = block_after('tests/lab/test_readme.py runs these')
        self.assertGreater(len(lines), 5)
        for line in lines:
            with self.subTest(line=line):
                self.assertNotEqual(run('bash', '-c', line).stdout, '')

    def test_audit_queries(self):
        run('mserverctl', 'send', 'demo', 'restart', '3node0')
        for line in block_after('## Who did what'):
            with self.subTest(line=line):
                run('bash', '-c', f'{line.partition("#")[0]} --no-pager --lines=1')
