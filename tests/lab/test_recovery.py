# SPDX-License-Identifier: LGPL-2.1-or-later
"""The promise: a command takes effect at most once, and its outcome is reported as soon as it can be known, whoever is
killed, stopped or away in the middle."""
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import time

from labtest import (BusError, Node, ServerTest, bus, client_state, get_property, manager, run, systemctl, unit_property,
                     wait_for)

SERVER, AGENT = 'mserver.service', 'mclient.service'
COMMAND = 'org.mserver1.Command'


def kill(unit):
    """As the kernel does when memory is short."""
    os.kill(int(unit_property(unit, 'MainPID')), signal.SIGKILL)


class Marks:
    """What a command did in 3node0: a line in this file each time it ran, and one when it was let go on to its end."""

    def __init__(self, name):
        self.path, self.inside = f'/srv/3node0/{name}', f'/control/{name}'

    def send(self, **options):
        """Sends a command that goes on until release()."""
        script = f'echo run >>{self.inside}; until test -e {self.inside}.go; do sleep 0.1; done; echo done'
        self.id, self.object = manager('SendCommand', 'ssa{sv}a{sv}', 'demo', 'exec',
                                       {'container': '3node0', 'command': f"sh -c '{script}'"}, options)
        return self

    def runs(self):
        try:
            with open(self.path, encoding='ascii') as f:
                return f.read().count('run')
        except FileNotFoundError:
            return 0

    def wait_running(self):
        wait_for(self.runs, 'the command runs in the container')
        return self

    def release(self):
        with open(f'{self.path}.go', 'w', encoding='ascii'):
            pass

    def state(self):
        return get_property(self.object, COMMAND, 'State')


class Recovery(ServerTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(systemctl, 'start', 'mserver.socket', SERVER, AGENT)
        # systemd's about what was killed, and the agent's about a server that is away
        self.allow_warnings('Main process exited', "Failed with result 'signal'", 'next try in', 'does not answer')

    def assert_ended(self, marks, status, **fields):
        """It ended like this, once, and ran once."""
        end = self.journal.wait(30, MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=marks.id)
        self.assertEqual(end['MSERVER_STATUS'], status, end.get('MSERVER_ERROR'))
        wait_for(lambda: marks.state() == status, f'the state is {status}')
        self.assertEqual(marks.runs(), 1)
        self.assertEqual(len(self.journal.entries(MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=marks.id)), 1)
        for key, value in fields.items():
            self.assertIn(value, end[key])

    def test_server_killed_under_a_running_command(self):
        marks = Marks('a').send().wait_running()
        kill(SERVER)
        marks.release()
        self.assert_ended(marks, 'succeeded')
        self.assertEqual(json.loads(bus(marks.object, COMMAND, 'GetResult')[1]), {'output': 'done\n', 'exit_code': 0})

    def test_a_command_ends_while_the_server_is_away(self):
        marks = Marks('b').send().wait_running()
        systemctl('stop', 'mserver.socket', SERVER)
        marks.release()
        self.journal.wait(MCLIENT_EVENT='command-finished', MCLIENT_COMMAND_ID=marks.id, MCLIENT_STATUS='succeeded')
        systemctl('start', 'mserver.socket', SERVER)
        self.assert_ended(marks, 'succeeded')

    def test_server_killed_again_and_again_under_many(self):
        all_marks = []
        for turn in range(3):
            all_marks += [Marks(f'c{turn}{i}').send() for i in range(4)]
            kill(SERVER)
            wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 30)
        for marks in all_marks:
            marks.release()
        for marks in all_marks:
            self.assert_ended(marks, 'succeeded')

    def test_agent_killed_under_a_running_command(self):
        self.allow_warnings(' interrupted')
        marks = Marks('d').send().wait_running()
        kill(AGENT)
        self.assert_ended(marks, 'interrupted', MSERVER_ERROR='The agent stopped in the middle of exec 3node0')
        marks.release()
        self.assertEqual(client_state('demo'), 'online')
        self.assertEqual(marks.runs(), 1)

    def test_agent_stopped_under_a_running_command(self):
        self.allow_warnings(' interrupted')
        marks = Marks('e').send().wait_running()
        systemctl('restart', AGENT)
        self.assert_ended(marks, 'interrupted')
        marks.release()

    def test_both_killed_at_once(self):
        self.allow_warnings(' interrupted')
        marks = Marks('f').send().wait_running()
        kill(SERVER)
        kill(AGENT)
        self.assert_ended(marks, 'interrupted')
        marks.release()

    def test_the_agent_comes_back_by_itself(self):
        pid = unit_property(AGENT, 'MainPID')
        for _ in range(3):
            systemctl('restart', SERVER)
            wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 5)
        self.assertEqual(unit_property(AGENT, 'MainPID'), pid)

    def test_a_node_restart_survives_the_servers_death(self):
        node = Node('3node1')
        before = len(node.events())
        sent, path = manager('SendCommand', 'ssa{sv}a{sv}', 'demo', 'restart', {'container': '3node1'}, {})
        kill(SERVER)
        wait_for(lambda: get_property(path, COMMAND, 'State') == 'succeeded', 'it succeeds', 30)
        self.assertEqual(node.events()[before:], ['stop', 'start'])
        self.assertEqual(len(self.journal.entries(MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=sent)), 1)


class JournalAgrees(ServerTest):
    """The server killed between a command's last entry and the note in its database that the entry was written."""

    def kill_unsettled(self, forget_entry=False):
        """Runs a command; then the server is killed, and the note taken back as if the kill had been before it. Returns
        its id."""
        self.allow_warnings('Main process exited', "Failed with result 'signal'", 'next try in', 'does not answer')
        ended = manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'status', {}, {})[0]
        kill(SERVER)
        systemctl('stop', SERVER)
        with contextlib.closing(sqlite3.connect('/var/lib/mserver/mserver.db')) as db:
            if forget_entry:  # the same command under an id of which the journal has nothing
                db.execute('UPDATE commands SET id = id || ? WHERE id = ?', ('1', ended))
                ended += '1'
            self.assertEqual(db.execute('UPDATE commands SET phase = 0 WHERE id = ?', (ended,)).rowcount, 1)
            db.commit()
        for name in os.listdir('/var/lib/mserver'):
            if name.startswith('mserver.db'):
                shutil.chown(f'/var/lib/mserver/{name}', 'mserver', 'mserver')
        return ended

    def finished(self, command):
        return len(self.journal.entries(MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=command))

    def assert_settled_once(self, command):
        with contextlib.closing(sqlite3.connect('file:/var/lib/mserver/mserver.db?mode=ro', uri=True)) as db:
            wait_for(lambda: db.execute('SELECT phase FROM commands WHERE id = ?', (command,)).fetchone() == (1,),
                     'its end is settled')
        self.assertEqual(self.finished(command), 1)

    def test_the_entry_is_not_written_again(self):
        command = self.kill_unsettled()
        systemctl('start', SERVER)
        self.assert_settled_once(command)

    def test_an_entry_that_is_missing_is_written(self):
        command = self.kill_unsettled(forget_entry=True)
        self.assertEqual(self.finished(command), 0)
        systemctl('start', SERVER)
        self.assert_settled_once(command)

    def test_an_entry_that_waits_at_journald_is_found(self):
        journald = int(unit_property('systemd-journald.service', 'MainPID'))
        os.kill(journald, signal.SIGSTOP)
        try:
            command = self.kill_unsettled()
            systemctl('start', SERVER)
            wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 30)
        finally:
            os.kill(journald, signal.SIGCONT)
        self.assert_settled_once(command)

    def test_somebody_elses_entry_hides_nothing(self):
        command = self.kill_unsettled(forget_entry=True)
        run('logger', '--journald', user='guest',
            input=f'MSERVER_EVENT=command-finished\nMSERVER_COMMAND_ID={command}\nMESSAGE=forged\n')
        wait_for(lambda: self.finished(command) == 1, 'the forged entry is there')
        systemctl('start', SERVER)
        wait_for(lambda: self.finished(command) == 2, 'the real one, too')


class Queued(ServerTest):
    """Commands for a client that is away."""
    expected_warnings = ('next try in', ' expired ')

    def setUp(self):
        super().setUp()
        self.addCleanup(systemctl, 'start', AGENT)
        systemctl('stop', AGENT)

    def test_without_queue_they_are_refused(self):
        with self.assertRaises(BusError) as caught:
            manager('SendCommand', 'ssa{sv}a{sv}', 'demo', 'status', {}, {})
        self.assertEqual(caught.exception.name, 'org.mserver1.Error.NotConnected')
        self.assertIn('demo', caught.exception.message)

    def test_they_wait_through_a_restart_of_the_server(self):
        marks = Marks('q').send(queue=True)
        marks.release()
        self.assertEqual(marks.state(), 'queued')
        systemctl('restart', SERVER)
        self.assertEqual(marks.state(), 'queued')
        systemctl('start', AGENT)
        wait_for(lambda: marks.state() == 'succeeded', 'it succeeds')
        self.assertEqual(marks.runs(), 1)

    def test_they_expire(self):
        marks = Marks('x').send(queue=True, expires=('t', time.time_ns() // 1000 + 5_000_000))
        end = self.journal.wait(30, MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=marks.id)
        self.assertEqual(end['MSERVER_STATUS'], 'expired')
        systemctl('start', AGENT)
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back')
        self.assertEqual((marks.state(), marks.runs()), ('expired', 0))

    def test_they_are_cancelled(self):
        self.allow_warnings(' cancelled ')
        marks = Marks('y').send(queue=True)
        manager('CancelCommand', 's', marks.id)
        self.assertEqual(marks.state(), 'cancelled')
