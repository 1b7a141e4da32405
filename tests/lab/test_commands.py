# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every command on the real docker: what it does to containers, what it answers, and how it ends when it does not end
by itself."""
import json

from labtest import (Node, ServerTest, bus, docker, get_property, manager, run, systemctl, unit_property, wait_for)

COMMAND = 'org.mserver1.Command'
ENDS_BADLY = ('^demo: .* (failed|timed-out|cancelled) after ',)  # which is what most of these tests are about
FINAL = ('succeeded', 'failed', 'rejected', 'timed-out', 'cancelled', 'interrupted')


def run_command(command, params=None, **options):
    """Runs it to its end; returns state and result."""
    _, state, result = manager('RunCommand', 'ssa{sv}a{sv}', 'demo', command, params or {}, options)
    return state, json.loads(result)


class Running:
    """A command that was sent and goes on."""

    def __init__(self, command, params, **options):
        self.id, self.path = manager('SendCommand', 'ssa{sv}a{sv}', 'demo', command, params, options)

    def output(self):
        """What it has printed so far."""
        text, chunk, offset = b'', b'-', 0
        while chunk:
            chunk, offset, _ = bus(self.path, COMMAND, 'GetOutput', 'tu', offset, 1 << 18)
            text += bytes(chunk)
        return text.decode()

    def wait_output(self, part):
        wait_for(lambda: part in self.output(), f'"{part}" in the output')

    def end(self):
        """Waits for it; returns state, result and error."""
        state = wait_for(lambda: (s := get_property(self.path, COMMAND, 'State')) in FINAL and s, 'the end', 60)
        _, result, error = bus(self.path, COMMAND, 'GetResult')
        return state, json.loads(result) if result else None, error

    def cancel(self):
        manager('CancelCommand', 's', self.id)
        return self.end()


def exec_argv(*argv):
    """Parameters of exec; each word quoted, as the bus has no array here."""
    return {'container': '3node0', 'command': ' '.join("'" + word.replace("'", "'\\''") + "'" for word in argv)}


def processes(word):
    """The processes in 3node0 whose command line has this word."""
    return [line for line in docker('exec', '3node0', 'ps').splitlines() if word in line]


class Lifecycle(ServerTest):
    expected_warnings = ENDS_BADLY

    def test_stop_and_start(self):
        node = Node('3node1')
        before = node.events()
        for command, state in (('stop', 'exited'), ('stop', 'exited'), ('start', 'running'), ('start', 'running')):
            self.assertEqual(run_command(command, {'container': '3node1'}),
                             ('succeeded', {'container': '3node1', 'state': state}))
            self.assertEqual(node.is_running(), state == 'running')
        wait_for(lambda: node.events()[len(before):] == ['stop', 'start'], 'one stop and one start')

    def test_all_of_them(self):
        nodes = [Node('3node0'), Node('3node1')]
        before = [len(node.events()) for node in nodes]
        state, result = run_command('restart', {'container': 'all'})
        self.assertEqual(state, 'succeeded')
        self.assertEqual(result, [{'container': node.name, 'state': 'running'} for node in nodes])
        for node, count in zip(nodes, before):
            wait_for(lambda n=node, c=count: n.events()[c:] == ['stop', 'start'], f'{node.name} restarted once')

    def test_which_one_must_be_said(self):
        state, result = run_command('stop')
        self.assertEqual((state, result['error']),
                         ('failed', 'this host manages 2 containers; name one: 3node0, 3node1'))
        state, result = run_command('stop', {'container': '3node7'})
        self.assertEqual((state, result['error']),
                         ('failed', 'no container "3node7"; this host manages 2 containers: 3node0, 3node1'))

    def test_status(self):
        state, result = run_command('status')
        self.assertEqual(state, 'succeeded')
        for entry, name in zip(result, ('3node0', '3node1'), strict=True):
            self.assertIsInstance(entry.pop('node'), dict)  # test_status.py knows what it says
            self.assertEqual(entry, {
                'name': name, 'image': 'substrate-node', 'state': 'running', 'health': None, 'restarts': 0,
                'started': Node(name).inspect('{{.State.StartedAt}}')})


class Logs(ServerTest):
    expected_warnings = ENDS_BADLY

    def test_last_lines(self):
        run_command('stop', {'container': '3node1'})
        state, result = run_command('logs', {'container': '3node1', 'lines': 3})
        self.assertEqual((state, result), ('succeeded', run('docker', 'logs', '--tail=3', '3node1').stdout))
        self.assertEqual(result.count('\n'), 3)

    def test_follow_until_cancelled(self):
        logs = Running('logs', {'container': '3node0', 'follow': True, 'lines': 1})
        wait_for(lambda: logs.output().count('\n') >= 3, 'new lines')
        state, result, error = logs.cancel()
        self.assertEqual((state, error), ('cancelled', 'cancelled'))
        self.assertEqual(result, logs.output())

    def test_follow_until_the_container_stops(self):
        logs = Running('logs', {'container': '3node1', 'follow': True, 'lines': 1})
        wait_for(logs.output, 'a line')
        run_command('stop', {'container': '3node1'})
        state, result, error = logs.end()
        self.assertEqual((state, error), ('succeeded', ''))
        self.assertIn('Stopped', result)


class Exec(ServerTest):
    expected_warnings = ENDS_BADLY

    def test_output_and_exit_code(self):
        self.assertEqual(run_command('exec', exec_argv('echo', 'a  b', "it's 한글")),
                         ('succeeded', {'output': "a  b it's 한글\n", 'exit_code': 0}))
        state, result = run_command('exec', exec_argv('sh', '-c', 'echo out; echo err >&2; exit 7'))
        self.assertEqual((state, result['exit_code'], result['error']), ('failed', 7, 'exited with code 7'))
        self.assertEqual(sorted(result['output'].split()), ['err', 'out'])

    def test_no_such_program(self):
        state, result = run_command('exec', exec_argv('no-such-program'))
        self.assertEqual(state, 'failed')
        self.assertRegex(result['error'], '^docker: .*no-such-program.*not found')

    def test_stopped_container(self):
        run_command('stop', {'container': '3node0'})
        state, result = run_command('exec', exec_argv('true'))
        self.assertEqual((state, result['error']), ('failed', 'docker: Container 3node0 is not running'))

    def test_cancel_ends_the_process(self):
        command = Running('exec', exec_argv('sh', '-c', 'echo ready; sleep 1717 | cat'))
        command.wait_output('ready')
        self.assertNotEqual(processes('1717'), [])
        state, result, error = command.cancel()
        self.assertEqual((state, result, error), ('cancelled', {'output': 'ready\n', 'exit_code': 143}, 'cancelled'))
        wait_for(lambda: not processes('1717'), 'the end of the pipeline')

    def test_timeout_ends_one_that_will_not(self):
        state, result = run_command('exec', exec_argv('sh', '-c', 'trap "" TERM; while :; do sleep 1; done'),
                                    timeout=('t', 1500000))
        self.assertEqual((state, result['exit_code']), ('timed-out', 137))
        self.assertRegex(result['error'], '^timed out after 1[.0-9]* s$')

    def test_side_by_side(self):
        slow = Running('exec', exec_argv('sleep', '1616'))
        self.assertEqual(run_command('exec', exec_argv('echo', 'quick'))[0], 'succeeded')
        self.assertEqual(slow.cancel()[0], 'cancelled')

    def test_endless_output_costs_bounded_memory(self):
        pid = unit_property('mclient.service', 'MainPID')

        def resident():
            with open(f'/proc/{pid}/status', encoding='ascii') as f:
                return next(int(line.split()[1]) for line in f if line.startswith('VmRSS'))

        before = resident()
        commands = [Running('exec', exec_argv('yes', f'endless {i}')) for i in range(4)]
        for command in commands:  # until more has come than is kept anywhere
            wait_for(lambda c=command: bus(c.path, COMMAND, 'GetOutput', 'tu', 1 << 20, 1)[1] > 1 << 20, 'a mebibyte')
        grown = resident() - before
        for command in commands:
            state, result, _ = command.cancel()
            self.assertEqual((state, result['truncated']), ('cancelled', True))
            self.assertLessEqual(len(result['output']), 256 * 1024)
            self.assertGreater(result['output_bytes'], 1 << 20)
        self.assertLess(grown, 16 * 1024)
        wait_for(lambda: not processes('endless'), 'their end')


class DockerGone(ServerTest):
    expected_warnings = ENDS_BADLY

    def tearDown(self):
        systemctl('reset-failed', 'docker.socket', 'docker.service')  # and the count of its starts
        systemctl('start', 'docker.socket', 'docker.service')

    def test_it_crashes_under_running_commands(self):
        logs = Running('logs', {'container': '3node0', 'follow': True, 'lines': 1})
        command = Running('exec', exec_argv('sh', '-c', 'echo ready; sleep 1515'))
        wait_for(logs.output, 'a line')
        command.wait_output('ready')
        systemctl('kill', '--kill-whom=main', '--signal=KILL', 'docker.service')
        state, result, error = logs.end()
        self.assertEqual((state, result), ('failed', logs.output()))
        self.assertRegex(error, '^docker at /run/docker.sock hung up in the middle of GET /containers/3node0/logs')
        state, result, error = command.end()
        self.assertEqual((state, result['output']), ('failed', 'ready\n'))
        self.assertRegex(error, '^the exit code is not known: docker ')
        systemctl('start', 'docker.service')
        self.assertEqual(run_command('status')[0], 'succeeded')

    def test_it_is_not_there(self):
        systemctl('stop', 'docker.socket', 'docker.service')
        state, result = run_command('status')
        self.assertEqual(state, 'failed')
        self.assertRegex(result['error'], '^docker does not answer at /run/docker.sock: ')
        systemctl('start', 'docker.socket')
        self.assertEqual(run_command('status')[0], 'succeeded')
