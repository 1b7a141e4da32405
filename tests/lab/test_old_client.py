# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients in the field keep working: one that speaks the messages of version 1.1.0 alone, on another implementation of
WebSocket than ours. Written from the table in docs/PROTOCOL.md, not from our code."""
import asyncio
import json
import secrets
import ssl
import time

import websockets
from labtest import BusError, ServerTest, bus, client_state, get_property, manager, wait_for
from peers import CA, PORT, Side, new_id, new_token

DEADLINE = 10
KNOWN = {'register_ack', 'ping', 'pong', 'heartbeat_ack', 'stats_ack', 'summary_ack', 'command', 'command_ack',
         'key_update_ack', 'error'}
COMMAND = 'org.mserver1.Command'


def now_ms():
    return int(time.time() * 1000)


class OldClient:
    """Its connection, in an event loop of its own; each method returns when the server has answered."""

    def __init__(self, case, scheme='Token', path='/ws/monitoring/'):
        self.case, self.id = case, new_id(case)
        self.url, self.headers = f'wss://localhost:{PORT}{path}', {'Authorization': f'{scheme} {new_token(self.id)}'}
        self.loop = asyncio.new_event_loop()
        case.addCleanup(self.loop.close)
        self.connect()
        case.addCleanup(self.close)

    def connect(self):
        context = ssl.create_default_context(cafile=CA)
        self.socket = self.run(lambda: websockets.connect(self.url, ssl=context, extra_headers=self.headers))
        self.say(type='register', serverId=self.id, version='1.1.0', timestamp=now_ms())
        self.registered = self.hear('register_ack')

    def run(self, function):
        """What the coroutine that the function makes returns."""
        async def bounded():
            return await asyncio.wait_for(function(), DEADLINE)
        return self.loop.run_until_complete(bounded())

    def close(self):
        self.run(self.socket.close)

    def say(self, **message):
        self.run(lambda: self.socket.send(json.dumps(message)))

    def hear(self, kind):
        """The next message of this type. Whatever comes is one that version 1.1.0 knows."""
        while True:
            message = json.loads(self.run(self.socket.recv))
            self.case.assertIn(message['type'], KNOWN)
            if message['type'] == kind:
                return message

    def say_response(self, **data):
        self.say(type='command_response', data={'timestamp': now_ms(), **data})


class OldClients(ServerTest):
    def send(self, client, command='restart', params=None, **options):
        return manager('SendCommand', 'ssa{sv}a{sv}', client.id, command, params or {}, options)

    def test_it_connects_and_is_listed(self):
        for scheme, path in (('Token', '/ws/monitoring/'), ('Bearer', '/')):
            with self.subTest(scheme=scheme, path=path):
                client = OldClient(self, scheme, path)
                self.assertEqual((client.registered['status'], client.registered['serverId']), ('success', client.id))
                self.assertNotIn('features', client.registered)
                row = next(row for row in manager('ListClients')[0] if row[0] == client.id)
                self.assertEqual(row[2], 'online')
                self.assertEqual(get_property(row[4], 'org.mserver1.Client', 'Version'), '1.1.0')

    def test_heartbeat_ping_stats_and_summary_are_answered(self):
        client = OldClient(self)
        client.say(type='heartbeat', timestamp=now_ms())
        self.assertIn('timestamp', client.hear('heartbeat_ack'))
        client.say(type='ping')
        client.hear('pong')
        pong = client.run(client.socket.ping)
        client.run(lambda: pong)
        for sequence in (1, 2, 7):
            client.say(type='stats', serverId=client.id, timestamp=now_ms() + 0.5, sequence=sequence, interval=10,
                       data={'system': {'host_name': 'h', 'memory_used_percent': 41.5}, 'containers': [{'name': '3node0'}]})
            ack = client.hear('stats_ack')
            self.assertEqual((ack['status'], ack['sequence']), ('success', sequence))
        client.say(type='summary', serverId=client.id, timestamp=now_ms(), period_seconds=3600, data_points=360,
                   average_memory_percent=40.2, payout_info={})
        ack = client.hear('summary_ack')
        self.assertEqual((ack['status'], 'sequence' in ack), ('success', False))
        client.say(type='summary', serverId=client.id, sequence=5, period_seconds=60, data_points=360)
        self.assertEqual(client.hear('summary_ack')['sequence'], 5)
        stats, summary = manager('GetLatestStats', 's', client.id)
        self.assertEqual(json.loads(stats)['system']['memory_used_percent'], 41.5)
        self.assertEqual(json.loads(summary)['data_points'], 360)

    def test_it_gets_a_command_and_answers(self):
        """With command_id alone, id alone, or both; completed or success; a result of any form."""
        client = OldClient(self)
        for data, result in (({'status': 'completed', 'result': {'a': 1.5}}, {'a': 1.5}),
                             ({'status': 'success', 'result': 'text'}, 'text'),
                             ({'status': 'completed', 'result': None}, {}),
                             ({'status': 'completed'}, {})):
            for names in (('command_id',), ('id',), ('id', 'command_id')):
                with self.subTest(names=names, **data):
                    sent, path = self.send(client, params={'container': '3node0'})
                    command = client.hear('command')
                    self.assertEqual(set(command), {'type', 'data'})
                    self.assertEqual(set(command['data']), {'id', 'command', 'target', 'params', 'timestamp'})
                    self.assertEqual((command['data']['id'], command['data']['command'], command['data']['target']),
                                     (sent, 'restart', '3node0'))
                    self.assertRegex(sent, r'^cmd_\d+_\d{4,}$')
                    client.say_response(**{name: sent for name in names}, **data)
                    self.assertEqual(client.hear('command_ack')['command_id'], sent)
                    self.assertEqual(get_property(path, COMMAND, 'State'), 'succeeded')
                    self.assertEqual(json.loads(bus(path, COMMAND, 'GetResult')[1] or '{}') or {}, result)
        self.assertEqual(len(self.journal.entries(MSERVER_EVENT='command-finished', MSERVER_CLIENT=client.id)), 12)

    def test_run_command_waits_for_it(self):
        client = OldClient(self)
        side = Side(manager, 'RunCommand', 'ssa{sv}a{sv}', client.id, 'status', {}, {})
        sent = client.hear('command')['data']['id']
        client.say_response(command_id=sent, status='in_progress')
        wait_for(lambda: get_property(f'/org/mserver1/command/{sent}', COMMAND, 'State') == 'running', 'it runs')
        client.say_response(command_id=sent, status='completed', result=[{'name': '3node0'}])
        client.hear('command_ack')
        self.assertEqual(side.result(), [sent, 'succeeded', '[{"name":"3node0"}]'])

    def test_its_failure_is_the_commands(self):
        self.allow_warnings(' failed after ')
        client = OldClient(self)
        sent, path = self.send(client)
        client.hear('command')
        client.say_response(command_id=sent, status='failed', error='no such container')
        client.hear('command_ack')
        self.assertEqual(get_property(path, COMMAND, 'State'), 'failed')
        finished = self.journal.wait(MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=sent)
        self.assertEqual((finished['MSERVER_STATUS'], finished['MSERVER_ERROR']), ('failed', 'no such container'))

    def test_an_outcome_said_twice_is_acknowledged_twice_and_recorded_once(self):
        client = OldClient(self)
        sent, _ = self.send(client)
        client.hear('command')
        for status in ('completed', 'completed', 'failed'):
            client.say_response(command_id=sent, status=status)
            client.hear('command_ack')
        ends = self.journal.entries(MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=sent)
        self.assertEqual([end['MSERVER_STATUS'] for end in ends], ['succeeded'])

    def test_it_is_asked_for_nothing_that_it_does_not_know(self):
        """No cancel: that is not supported, and said so. No command twice, no deadline (see KNOWN and above)."""
        client = OldClient(self)
        sent, path = self.send(client, timeout=('t', 60000000))
        self.assertNotIn('deadline', client.hear('command')['data'])
        with self.assertRaises(BusError) as caught:
            manager('CancelCommand', 's', sent)
        self.assertEqual(caught.exception.name, 'org.mserver1.Error.NotSupported')
        client.say(type='ping')
        client.hear('pong')
        client.say_response(command_id=sent, status='completed')
        client.hear('command_ack')
        self.assertEqual(get_property(path, COMMAND, 'State'), 'succeeded')

    def test_its_keys_are_kept(self):
        client = OldClient(self)
        new_key = '0x' + secrets.token_hex(96)
        client.say(type='key_update', data={'container': '3node0', 'session_key': new_key, 'timestamp': now_ms(),
                                            'action': 'rotate_keys'})
        self.assertEqual(client.hear('key_update_ack')['status'], 'success')
        key, received, command = manager('GetLatestKey', 'ss', client.id, '3node0')
        self.assertEqual((key, command), (new_key, ''))
        self.assertGreater(received, 0)
        entry = self.journal.wait(MSERVER_EVENT='key-update', MSERVER_CLIENT=client.id)
        self.assertEqual((entry['MSERVER_CONTAINER'], entry['MSERVER_SESSION_KEY']), ('3node0', key))

        client.say(type='backup_complete', data={'container': '3node0', 'backup_file': '/var/b.tar', 'timestamp': now_ms()})
        self.journal.wait(MSERVER_EVENT='backup-complete', MSERVER_CLIENT=client.id)
        self.assertEqual(manager('ListBackups', 'ss', client.id, '')[0][0][:3], [client.id, '3node0', '/var/b.tar'])

    def test_what_nobody_knows_is_answered_with_error_and_harms_nothing(self):
        client = OldClient(self)
        client.say(type='telemetry', data={})
        answer = client.hear('error')
        self.assertIn('telemetry', answer['message'] + answer['detail'])
        client.say(type='ping')
        client.hear('pong')

    def test_it_comes_back(self):
        client = OldClient(self)
        client.close()
        wait_for(lambda: client_state(client.id) == 'offline', 'it is offline')
        client.connect()
        self.assertEqual(client_state(client.id), 'online')
        sent, path = self.send(client)
        self.assertEqual(client.hear('command')['data']['id'], sent)
        client.say_response(command_id=sent, status='completed')
        client.hear('command_ack')

    def test_it_gets_no_command_twice(self):
        """It does not promise to know an id again; what it says later of the first time still counts."""
        client = OldClient(self)
        sent, path = self.send(client)
        client.hear('command')
        client.close()
        wait_for(lambda: client_state(client.id) == 'offline', 'it is offline')
        client.connect()
        client.say(type='ping')
        self.assertEqual(json.loads(client.run(client.socket.recv))['type'], 'pong')
        client.say_response(command_id=sent, status='completed')
        client.hear('command_ack')
        self.assertEqual(get_property(path, COMMAND, 'State'), 'succeeded')
