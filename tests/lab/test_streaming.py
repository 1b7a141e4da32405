# SPDX-License-Identifier: LGPL-2.1-or-later
"""Output as it comes does not lie: every line that a container wrote is shown, or what is missing is said to the byte, whoever
is cut, killed or slow in between; and how the command ended always comes."""
import os
import re
import signal
import subprocess
import threading

from labtest import (BusMonitor, Node, ServerTest, client_state, configure_agent, docker, start, systemctl, unit_property,
                     wait_for)
from peers import PORT, Wire

SERVER, AGENT = 'mserver.service', 'mclient.service'
NODE = '3node0'
LINE = 'LINE %d of numbered output, with a tail that makes it a hundred bytes long, so that there is something\n'
MARK = re.compile(r'^mserverctl: (\d+) bytes? of output (?:is|are) missing here$', re.MULTILINE)
# Writes lines up to the number in /control/until, and how far it is to /control/written; ends at /control/enough.
NUMBERS = '''
i=0; until=0
while ! test -e /control/enough; do
    if test -e /control/until; then read until </control/until; fi
    while test $i -lt $until; do
        i=$((i + 1))
        echo "%s"
        case $i in *00) echo $i >/control/written;; esac
    done
    sleep 0.05
done''' % LINE.strip().replace('%d', '$i')


def lines_up_to(n):
    return ''.join(LINE % (i + 1) for i in range(n))


def kill(unit):
    os.kill(int(unit_property(unit, 'MainPID')), signal.SIGKILL)


def resident(unit):
    """KiB that its main process has in memory."""
    with open(f'/proc/{unit_property(unit, "MainPID")}/status', encoding='ascii') as f:
        return next(int(line.split()[1]) for line in f if line.startswith('VmRSS'))


class Numbers:
    """What writes the lines in the container."""

    def __init__(self):
        self.node = Node(NODE)

    def write(self, until):
        """Goes on to this line; a multiple of 100."""
        self.node.set('until.new', f'{until}\n')
        os.rename(f'{self.node.control}/until.new', f'{self.node.control}/until')

    def written(self):
        try:
            with open(f'{self.node.control}/written', encoding='ascii') as f:
                return int(f.read() or 0)
        except FileNotFoundError:
            return 0

    def wait_written(self, n, deadline=60):
        wait_for(lambda: self.written() >= n, f'the container has written line {n}', deadline)

    def end(self):
        """Lets it come to its end."""
        self.node.set('enough')

    def runs(self):
        return 'until=0' in docker('exec', NODE, 'ps')

    def stop(self):
        """It is no more: docker leaves it stuck where nobody takes its output."""
        self.end()
        docker('exec', NODE, 'killall', '-KILL', 'sh', check=False)
        wait_for(lambda: not self.runs(), 'the end of what numbers lines')


class Reader:
    """mserverctl, whose output is read only as far as is asked for."""

    def __init__(self, case, *argv):
        self.process = start('mserverctl', *argv)
        self._lines, self._errors = [], []
        self._thread = threading.Thread(target=lambda: self._errors.append(self.process.stderr.read()), daemon=True)
        self._thread.start()
        case.addCleanup(self._close)

    def _close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._thread.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def read_to(self, n):
        """Up to the line of this number; the test's own time is the deadline."""
        while self.read_line() != LINE % n:
            assert self._lines[-1], f'it ended before line {n}: {self.text[-300:]!r} {self.errors()}'

    def read_line(self):
        self._lines.append(self.process.stdout.readline())
        return self._lines[-1]

    def read_all(self):
        """To its end. Returns what came."""
        self._lines.append(self.process.stdout.read())
        self.process.wait()
        return self._lines[-1]

    @property
    def text(self):
        return ''.join(self._lines)

    def errors(self):
        """What it said on stderr; after its end."""
        self._thread.join(30)
        return self._errors[0]

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)


class Streaming(ServerTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(systemctl, 'start', 'mserver.socket', SERVER, AGENT)
        # systemd's about what was killed, the agent's about a server that is away, and how commands end here
        self.allow_warnings('Main process exited', "Failed with result 'signal'", 'next try in', 'does not answer',
                            '^closed by the server', ' (failed|cancelled|interrupted) after ')
        self.numbers = Numbers()
        self.addCleanup(self.numbers.stop)

    def follow_exec(self):
        return Reader(self, 'send', 'demo', 'exec', NODE, 'sh', '-c', NUMBERS)

    def follow_logs(self):
        """And what numbers the lines in the container's own log."""
        reader = Reader(self, 'logs', 'demo', NODE, '-f', '--lines=1')
        reader.read_line()
        docker('exec', '--detach', NODE, 'sh', '-c', f'exec >/proc/1/fd/1; {NUMBERS}')
        return reader

    def logged(self, reader):
        """What docker has of the log, from where the reader began, to the end of the numbered lines."""
        text = docker('logs', NODE)
        begin = text.rindex(reader.text.splitlines(True)[0], 0, text.rindex(LINE % 1))
        return text[begin:]

    def assert_whole_or_marked(self, text, reader, gaps=None, ends=True):
        """The reader showed this text (ends: to its end), but for what it said is missing; gaps: how often, where that is
        known. Returns how much that is."""
        marks = [int(n) for n in MARK.findall(reader.errors())]
        shown, lost = reader.text, 0
        if not ends:
            text = text[:len(shown) + sum(marks)]
        for size in marks:
            at = len(os.path.commonprefix((shown, text)))
            text = text[:at] + text[at + size:]
            lost += size
        self.assertEqual(len(shown), len(text), f'missing: {marks}')
        self.assertTrue(shown == text, f'another text from byte {len(os.path.commonprefix((shown, text)))} on; {marks}')
        if gaps is not None:
            self.assertEqual(len(marks), gaps, marks)
        return lost

    def ended(self, command):
        return self.journal.wait(30, MSERVER_EVENT='command-finished', MSERVER_COMMAND=command)['MSERVER_STATUS']


class Whole(Streaming):
    """Nothing is lost by what passes within seconds."""

    def disturb(self, reader, *disturbances):
        """Each comes while lines are written and read."""
        n = 0
        for disturbance in disturbances:
            self.numbers.write(n + 8000)
            reader.read_to(n + 1000)
            disturbance()
            n += 8000
            reader.read_to(n)
        return n

    def restart_server(self):
        systemctl('restart', SERVER)

    def test_exec_over_restarts_of_the_server(self):
        reader = self.follow_exec()
        n = self.disturb(reader, self.restart_server, lambda: kill(SERVER))
        self.numbers.end()
        reader.read_all()
        self.assert_whole_or_marked(lines_up_to(n), reader, 0)
        self.assertEqual((reader.process.returncode, reader.errors()), (0, ''))

    def test_exec_over_cut_connections(self):
        wire = Wire(self, PORT)
        configure_agent(self, Server=f'wss://localhost:{wire.port}/ws/monitoring/')
        wait_for(lambda: client_state('demo') == 'online' and wire.connections(), 'the agent is online by this wire', 30)
        reader = self.follow_exec()
        n = self.disturb(reader, wire.cut, wire.cut, wire.cut)
        self.numbers.end()
        reader.read_all()
        self.assert_whole_or_marked(lines_up_to(n), reader, 0)
        self.assertEqual((reader.process.returncode, reader.errors()), (0, ''))

    def test_logs_over_restarts_and_a_cut(self):
        wire = Wire(self, PORT)
        configure_agent(self, Server=f'wss://localhost:{wire.port}/ws/monitoring/')
        wait_for(lambda: client_state('demo') == 'online' and wire.connections(), 'the agent is online by this wire', 30)
        reader = self.follow_logs()
        n = self.disturb(reader, self.restart_server, wire.cut, lambda: kill(SERVER))
        reader.interrupt()
        reader.read_all()
        text = self.logged(reader)
        self.assertEqual(text.count('LINE '), n)
        self.assert_whole_or_marked(text, reader, 0, ends=False)
        self.assertEqual(reader.process.returncode, 130)
        self.assertEqual(self.ended('logs'), 'cancelled')


class Lost(Streaming):
    """What nobody could keep is marked."""

    def test_server_away_for_longer_than_commands_wait(self):
        reader = self.follow_exec()
        self.numbers.write(1000)
        reader.read_to(1000)
        systemctl('stop', 'mserver.socket', SERVER)
        # 5 MB: docker itself keeps up to 1.5 of what nobody reads (a pipe, a queue of 1 MB, a socket), which comes late but comes.
        self.numbers.write(50000)
        self.numbers.wait_written(50000)  # which it is not before the agent gives up to wait
        systemctl('start', 'mserver.socket', SERVER)
        reader.read_to(50000)
        self.numbers.write(51000)
        reader.read_to(51000)
        self.numbers.end()
        reader.read_all()
        lost = self.assert_whole_or_marked(lines_up_to(51000), reader, 1)
        self.assertGreater(lost, 1000000)
        self.assertEqual(reader.process.returncode, 0)

    def test_only_what_is_kept_of_a_command_that_ended(self):
        run_to = 5000
        first = self.follow_exec()
        self.numbers.write(run_to)
        first.read_to(run_to)
        self.numbers.end()
        first.read_all()
        command = self.journal.wait(MSERVER_EVENT='command-finished')['MSERVER_COMMAND_ID']
        again = Reader(self, 'command', '--follow', command)
        again.read_all()
        lost = self.assert_whole_or_marked(lines_up_to(run_to), again, 1)
        self.assertLessEqual(len(again.text), 256 * 1024)
        self.assertEqual(lost + len(again.text), len(lines_up_to(run_to)))


class Slow(Streaming):
    """A reader that pauses."""

    def monitor(self):
        monitor = BusMonitor()
        self.addCleanup(monitor.close)
        return monitor

    @staticmethod
    def wait_alive(monitor):
        """mserverctl cannot write, and says that it is there."""
        monitor.wait(lambda line: '"member":"Subscribe"' in line and '"type":"method_call"' in line, 'a sign of life', 30)

    def test_it_holds_the_container_back(self):
        before = resident(SERVER), resident(AGENT)
        reader = self.follow_exec()
        self.numbers.write(100)
        reader.read_to(100)
        monitor = self.monitor()
        self.numbers.write(60000)
        self.wait_alive(monitor)
        held = self.numbers.written()
        self.assertLess(held * 100, 4 << 20)
        for _ in range(3):  # for longer than the service waits for one that is gone
            self.wait_alive(monitor)
        self.assertEqual(self.numbers.written(), held)
        for unit, kib in zip((SERVER, AGENT), before):
            with self.subTest(unit=unit):
                self.assertLess(resident(unit) - kib, 8 * 1024)
        reader.read_to(60000)
        self.numbers.end()
        reader.read_all()
        self.assert_whole_or_marked(lines_up_to(60000), reader, 0)
        self.assertEqual((reader.process.returncode, reader.errors()), (0, ''))

    def test_of_a_log(self):
        before = resident(SERVER), resident(AGENT)
        reader = self.follow_logs()
        monitor = self.monitor()
        self.numbers.write(60000)
        self.numbers.wait_written(60000)  # a container's log holds nobody
        self.wait_alive(monitor)
        for unit, kib in zip((SERVER, AGENT), before):
            with self.subTest(unit=unit):
                self.assertLess(resident(unit) - kib, 8 * 1024)
        reader.read_to(60000)
        reader.interrupt()
        reader.read_all()
        text = self.logged(reader)
        self.assert_whole_or_marked(text, reader, 0, ends=False)

    def test_interrupted_while_it_is_stuck(self):
        reader = self.follow_exec()
        self.numbers.write(100)
        reader.read_to(100)
        monitor = self.monitor()
        self.numbers.write(60000)
        self.wait_alive(monitor)
        reader.interrupt()
        self.assertEqual(self.ended('exec'), 'cancelled')
        wait_for(lambda: not self.numbers.runs(), 'its process has ended')
        reader.read_all()
        self.assert_whole_or_marked(lines_up_to(60000), reader, ends=False)  # what is being ended is not held back
        self.assertEqual(reader.process.returncode, 130)

    def test_one_that_goes_away_ends_it(self):
        for words in (['logs', 'demo', NODE, '-f', '--lines=5'], ['send', 'demo', 'exec', NODE, 'yes']):
            with self.subTest(words=words):
                ended = subprocess.run(['sh', '-c', '"$@" | head -n 3', 'sh', 'mserverctl', *words], capture_output=True,
                                       text=True, timeout=60, check=True)
                self.assertEqual(len(ended.stdout.splitlines()), 3)
                self.assertEqual(self.ended(words[0].replace('send', 'exec')), 'cancelled')


class End(Streaming):
    """It comes, whoever is killed in the middle."""

    def test_agent_killed(self):
        for name, follow in {'exec': self.follow_exec, 'logs': self.follow_logs}.items():
            with self.subTest(command=name):
                self.numbers.stop()
                self.numbers.node.restore()
                wait_for(lambda: client_state('demo') == 'online', 'the agent is online', 30)
                reader = follow()
                self.numbers.write(20000)
                reader.read_to(2000)
                kill(AGENT)
                reader.read_all()
                text = lines_up_to(20000) if name == 'exec' else self.logged(reader)
                self.assert_whole_or_marked(text, reader, 0, ends=False)
                self.assertEqual(reader.process.returncode, 1)
                self.assertIn('interrupted', reader.errors())
                self.assertEqual(self.ended(name), 'interrupted')

    def test_both_killed(self):
        reader = self.follow_exec()
        self.numbers.write(20000)
        reader.read_to(2000)
        kill(SERVER)
        kill(AGENT)
        reader.read_all()
        self.assert_whole_or_marked(lines_up_to(20000), reader, 0, ends=False)
        self.assertEqual(reader.process.returncode, 1)
        self.assertIn('interrupted', reader.errors())

    def test_the_exit_code_comes_over_a_death_of_the_server(self):
        script = 'echo begin; until test -e /control/enough; do sleep 0.05; done; echo end; exit 9'
        reader = Reader(self, 'send', 'demo', 'exec', NODE, 'sh', '-c', script)
        self.assertEqual(reader.process.stdout.readline(), 'begin\n')
        kill(SERVER)
        self.numbers.end()
        self.assertEqual(reader.read_all(), 'end\n')
        self.assertEqual((reader.process.returncode, reader.errors()), (9, ''))

    def test_it_ends_while_the_server_is_away(self):
        reader = self.follow_exec()
        self.numbers.write(100)
        reader.read_to(100)
        command = self.journal.wait(MSERVER_EVENT='command-requested')['MSERVER_COMMAND_ID']
        systemctl('stop', 'mserver.socket', SERVER)
        self.numbers.write(200)
        self.numbers.wait_written(200)
        self.numbers.end()
        self.journal.wait(MCLIENT_EVENT='command-finished', MCLIENT_COMMAND_ID=command, MCLIENT_STATUS='succeeded')
        systemctl('start', 'mserver.socket', SERVER)
        reader.read_all()
        self.assert_whole_or_marked(lines_up_to(200), reader, 0)
        self.assertEqual((reader.process.returncode, reader.errors()), (0, ''))
