# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line in an operator's hands: with real clients, passwords and restarts. What it says to what is tests/ctl's."""
import os
import pty
import select
import shlex
import termios
import time

from labtest import ServerTest, mserverctl, mserverctl_json, run, start, systemctl, wait_for

PASSWORD = 'lab-pa55'
CTRL_C, CTRL_D = '\x03', '\x04'
SECONDS = 20


class Terminal:
    """A command on a terminal of its own. A context manager."""

    def __init__(self, *argv, user=None):
        self.seen = ''
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # polkit finds who types the password by the session, which setpriv does not give.
            argv = ['su', '--pty', '--login', user, '--command', shlex.join(argv)] if user else argv
            os.execvp(argv[0], argv)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        os.waitpid(self.pid, 0)

    def type(self, text):
        os.write(self.fd, text.encode())

    def until_without(self, flag, tty=None):
        """Whoever asks prints first and sets up the terminal then, which takes what was typed before for something else."""
        def is_off():
            fd = os.open(tty, os.O_RDONLY | os.O_NOCTTY) if tty else os.dup(self.fd)
            try:
                return not termios.tcgetattr(fd)[3] & flag
            finally:
                os.close(fd)
        wait_for(is_off, 'the terminal is set up', SECONDS)

    def _read(self, deadline):
        ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f'nothing more after {self.seen!r}')
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b''
        self.seen += data.decode(errors='replace')
        return bool(data)

    def until(self, text):
        """What came before text; both are taken."""
        deadline = time.monotonic() + SECONDS
        while text not in self.seen:
            if not self._read(deadline):
                raise AssertionError(f'no {text!r} in {self.seen!r}')
        before, self.seen = self.seen.split(text, 1)
        return before

    def rest(self):
        deadline = time.monotonic() + SECONDS
        while self._read(deadline):
            pass
        return self.seen


class Operator(ServerTest):
    expected_warnings = ('^demo: .* (failed|cancelled) after ', ' denied to uid ')

    def test_a_day(self):
        self.assertRegex(mserverctl('list', user='oper'), r'(?m)^demo +online ')
        self.assertIn('3node1  substrate-node  running', mserverctl('send', 'demo', 'status', user='oper'))
        self.assertRegex(mserverctl('send', 'demo', 'restart', '3node0', user='oper'),
                         r'^cmd_\d+_\d+  demo  restart 3node0   succeeded in ')
        self.assertEqual(mserverctl_json('history', '-n1', user='oper')[0]['command'], 'restart')

    def test_exec_is_the_programs_own(self):
        ended = run('mserverctl', 'send', 'demo', 'exec', '3node0', 'sh', '-c', 'echo out; exit 9', check=False)
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (9, 'out\n', ''))

    def test_no_password_without_a_terminal(self):
        ended = run('mserverctl', 'send', 'demo', 'exec', '3node0', 'true', user='oper', check=False)
        self.assertEqual(ended.stderr, 'mserverctl: this needs a password: run it on a terminal without --no-ask-password, '
                                       'or as root\n')
        self.assertEqual(ended.returncode, 1)

    def test_password(self):
        run('chpasswd', input=f'root:{PASSWORD}\n')
        self.addCleanup(run, 'usermod', '--password', '*', 'root')
        with Terminal('mserverctl', 'send', 'demo', 'exec', 'container=3node0', 'echo', 'done', user='guest') as terminal:
            asked = terminal.until('Password: ')
            pid = run('pgrep', '--newest', '--uid', 'guest', '--exact', 'mserverctl').stdout.strip()
            terminal.until_without(termios.ECHO, f'/proc/{pid}/fd/0')
            terminal.type(PASSWORD + '\n')
            terminal.until('done\r\n')
            # Once, and for what it is about.
            self.assertEqual(asked.count('org.mserver1.'), 1)
            self.assertIn('org.mserver1.command.exec', asked)

    def test_ctrl_c_ends_it_on_the_far_side(self):
        with Terminal('mserverctl', 'logs', 'demo', '3node0', '-f', user='oper') as terminal:
            terminal.until('\r\n')
            terminal.type(CTRL_C)
            self.assertIn('cancelled', terminal.rest())
        self.assertEqual(self.journal.wait(MSERVER_EVENT='command-finished')['MSERVER_STATUS'], 'cancelled')

    def test_prompt(self):
        with Terminal('mserverctl') as terminal:
            for line, answer in (('list', '1 online'), ('send demo status', '3node1'), ('help', 'broadcast COMMAND'),
                                 ('send demo logs 3node0 1', '\r\n'), ('broadcast status', '1 of 1 succeeded')):
                terminal.until('mserver>')
                terminal.until_without(termios.ICANON)
                terminal.type(line + '\n')
                terminal.until(line)
                terminal.until(answer)
            terminal.until('mserver>')
            terminal.until_without(termios.ICANON)
            terminal.type(CTRL_D)
            terminal.rest()


class Restarts(ServerTest):
    expected_warnings = ('^closed by the server',)

    def test_service_restarted_while_a_command_runs(self):
        client = start('mserverctl', 'send', 'demo', 'exec', '3node0', 'sh', '-c',
                       'echo begin; touch /control/begun; while [ ! -e /control/go ]; do sleep 0.1; done; echo end')
        self.addCleanup(client.stderr.close)
        self.addCleanup(client.stdout.close)
        self.assertEqual(client.stdout.readline(), 'begin\n')
        systemctl('restart', 'mserver')
        with open('/srv/3node0/go', 'w', encoding='utf-8'):
            pass
        self.assertEqual(client.stdout.read(), 'end\n')
        self.assertEqual((client.wait(), client.stderr.read()), (0, ''))
