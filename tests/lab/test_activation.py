# SPDX-License-Identifier: LGPL-2.1-or-later
"""systemd starts the server when it is needed, keeps its port while it is away, and stops it cleanly."""
import wsclient
from labtest import (Journal, ServerTest, client_state, get_property, manager, mserverctl, run, systemctl, unit_property,
                     wait_for)
from peers import Peer, Side, connect, new_address

SERVICE, SOCKET, AGENT = 'mserver.service', 'mserver.socket', 'mclient.service'


def state(unit):
    return unit_property(unit, 'ActiveState')


class Activation(ServerTest):
    expected_warnings = (' rejected: ', 'next try in')

    def stop(self, *units):
        """Without the agent, which would wake it at once; it comes back after the test."""
        self.addCleanup(systemctl, 'start', AGENT)
        systemctl('stop', AGENT)
        systemctl('stop', *units)
        for unit in units:
            self.assertEqual(state(unit), 'inactive')

    def test_a_connection_starts_it(self):
        self.stop(SERVICE)
        self.assertEqual(state(SOCKET), 'active')
        with connect(new_address()) as connection:
            connection.send(wsclient.request(token='wrong'))
            self.assertEqual(connection.response()[0], 401)
        self.assertEqual(state(SERVICE), 'active')

    def test_a_call_starts_it_and_its_socket(self):
        self.stop(SOCKET, SERVICE)
        self.assertEqual(manager('ListClients')[0][0][0], 'demo')
        self.assertEqual((state(SERVICE), state(SOCKET)), ('active', 'active'))
        with connect(new_address()) as connection:
            connection.send(wsclient.request(token='wrong'))
            self.assertEqual(connection.response()[0], 401)

    def test_an_operator_starts_it(self):
        """Who may use it needs no right to start it."""
        self.stop(SOCKET, SERVICE)
        self.assertIn('demo', mserverctl('list', user='oper'))
        self.assertEqual(state(SERVICE), 'active')

    def test_the_fleet_itself_starts_it(self):
        systemctl('stop', SERVICE)
        self.journal.wait(MSERVER_EVENT='client-online', MSERVER_CLIENT='demo')
        self.assertEqual(state(SERVICE), 'active')

    def test_with_its_socket_it_stays_stopped_until_started(self):
        self.stop(SOCKET, SERVICE)
        with self.assertRaises(ConnectionRefusedError):
            connect()
        systemctl('start', SERVICE)
        self.assertEqual(state(SOCKET), 'active')

    def test_during_a_restart_the_port_stays_open(self):
        pid = unit_property(SERVICE, 'MainPID')
        side = Side(systemctl, 'restart', SERVICE)
        while side.running():
            connect(tls=False).sock.close()
        side.result()
        self.assertNotEqual(unit_property(SERVICE, 'MainPID'), pid)

    def test_reload_keeps_the_sessions(self):
        peer = Peer(self)
        pid = unit_property(SERVICE, 'MainPID')
        fingerprint = get_property('/org/mserver1', 'org.mserver1.Manager', 'Fingerprint')
        systemctl('reload', SERVICE)
        peer.say('ping')
        peer.hear('pong')
        self.assertEqual(unit_property(SERVICE, 'MainPID'), pid)
        self.assertEqual(get_property('/org/mserver1', 'org.mserver1.Manager', 'Fingerprint'), fingerprint)
        self.assertEqual(client_state('demo'), 'online')


class Stop(ServerTest):
    expected_warnings = ('next try in',)

    def test_clients_are_told_and_commands_in_flight_are_kept(self):
        peer = Peer(self)
        sent, path = manager('SendCommand', 'ssa{sv}a{sv}', peer.id, 'restart', {'container': 'x'}, {}, user='oper')
        command = peer.hear('command')
        systemctl('restart', SERVICE)
        self.assertEqual(peer.closing()[0], 1001)
        self.assertEqual(get_property(path, 'org.mserver1.Command', 'State'), 'sent')

        # Whoever promises to know an id again is sent it again, and the end is recorded once, for who asked.
        again = Peer(self, peer.id)
        self.assertEqual(again.hear('command')['data']['id'], command['data']['id'])
        again.answer(command)
        ends = self.journal.entries(MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=sent)
        self.assertEqual([(e['MSERVER_STATUS'], e['MSERVER_CALLER_UID']) for e in ends],
                         [('succeeded', run('id', '-u', 'oper').stdout.strip())])
        reasons = [e.get('MSERVER_REASON') for e in
                   self.journal.entries(MSERVER_EVENT='command-requested', MSERVER_COMMAND_ID=sent)]
        self.assertEqual(reasons, [None, 'sent after the server was restarted'])

    def test_it_stops_within_seconds_and_says_so(self):
        peers = [Peer(self) for _ in range(3)]  # none of which answers the close
        self.assertTrue(peers)
        before = Journal()
        systemctl('restart', SERVICE, timeout=20)
        self.assertEqual(unit_property(SERVICE, 'Result'), 'success')
        self.assertEqual(before.entries('--priority=err', _SYSTEMD_UNIT=SERVICE), [])
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back')
