#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bash and zsh make of our completion, and another host's bus by ssh.

  test_completion.py MSERVERCTL MOCK [unittest's arguments]
"""
import os
import shutil
import subprocess
import sys
import unittest

from program import Program, TIMEOUT

BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"

BASH = """
source %(library)s
source %(source)s/completion/bash/mserverctl
COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
# As readline takes a line apart: "=" is a word of its own.
read -ra COMP_WORDS <<<"${COMP_LINE//=/ = }"
[[ $COMP_LINE != *" " ]] || COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_mserverctl
echo "${COMPREPLY[*]}"
"""

ZSH = """
compadd() { print -r -- "$found" }
complete_line() { source %(source)s/completion/zsh/_mserverctl }
words=("$@") CURRENT=$#
complete_line
"""


class Shell(Program):
    def run_shell(self, *words):
        directory = os.path.dirname(self.mserverctl)
        result = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT,
                                env={**self.environment, "PATH": f"{directory}:{self.environment['PATH']}"})
        self.assertEqual(result.stderr, "")
        return result.stdout.rstrip("\n")

    @property
    def ours(self):
        return os.path.join(self.source, "..", "..", "ctl")

    @unittest.skipUnless(os.path.exists(BASH_COMPLETION), "needs bash-completion")
    def test_bash(self):
        script = BASH % {"library": BASH_COMPLETION, "source": self.ours}
        for line, expected in (
                ("mserverctl send seoul-", "seoul-1 seoul-2"),
                ("mserverctl send seoul-1 restart ", "3node0 3node1"),
                ("mserverctl history --state", "--state"),
                ("mserverctl list --json=", "off pretty short"),
                ("mserverctl list --json=p", "pretty"),
                ("mserverctl send seoul-1 exec ls -", "")):
            self.assertEqual(self.run_shell("bash", "--norc", "-c", script, "bash", line), expected, line)

    @unittest.skipUnless(shutil.which("zsh"), "needs zsh")
    def test_zsh(self):
        script = ZSH % {"source": self.ours}
        for words, expected in (
                (["send", "seoul-"], "seoul-1 seoul-2"),
                (["send", "'seoul-1'", "restart", ""], "3node0 3node1"),
                (["list", "--json=p"], "--json=pretty")):
            self.assertEqual(self.run_shell("zsh", "-f", "-c", script, "zsh", "mserverctl", *words), expected, words)


class Elsewhere(Program):
    def setUp(self):
        """ssh that stays on this machine."""
        super().setUp()
        self.log = os.path.join(self.directory.name, "ssh.log")
        path = os.path.join(self.directory.name, "ssh")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\necho "$@" >>{self.log}\n[ "$3" != away ] || exit 255\n'
                       'exec systemd-stdio-bridge -p "$DBUS_SYSTEM_BUS_ADDRESS"\n')
        os.chmod(path, 0o755)
        self.path = f"{self.directory.name}:{self.environment['PATH']}"

    @unittest.skipUnless(shutil.which("systemd-stdio-bridge"), "needs systemd")
    def test_host(self):
        for words in (["-H", "oper@seoul", "list"], ["list", "--host=oper@seoul"]):
            self.assertIn("seoul-2  offline", self.expect(words, PATH=self.path))
        with open(self.log, encoding="utf-8") as file:
            self.assertEqual(file.readline(), "-xT -- oper@seoul systemd-stdio-bridge\n")

    def test_host_away(self):
        result = self.run_ctl("-H", "away", "list", PATH=self.path)
        self.assertIn("mserverctl: cannot reach the system bus of away by ssh; try: ssh away systemctl status mserver: ",
                      result.stderr)
        self.assertEqual(result.returncode, 1)


if __name__ == "__main__":
    Program.mserverctl, Program.mock = sys.argv[1:3]
    Program.mserverctl = os.path.abspath(Program.mserverctl)
    Program.source = os.path.dirname(os.path.abspath(__file__))
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
