# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who is let in as which client, and when a session ends: tokens, registration, replacement, revocation."""
import time

import wsclient
from labtest import BusMonitor, ServerTest, client_state, get_property, manager, run, wait_for
from peers import Peer, connect, new_address, new_id, new_token


class Tokens(ServerTest):
    expected_warnings = (' rejected: ',)

    def setUp(self):
        super().setUp()
        self.address = new_address()  # wrong tokens count per address

    def assert_refused(self, **how):
        with connect(self.address) as connection, self.assertRaises(wsclient.Closed) as caught:
            connection.upgrade(**how)
        self.assertEqual(caught.exception.code, 401)

    def test_without_a_right_token_there_is_no_upgrade(self):
        client = new_id(self)
        token = new_token(client)
        for name, how in {'none': {'token': None}, 'wrong': {'token': 'wrong'}, 'empty': {'token': ''},
                          'cut': {'token': token[:-1]}, 'longer': {'token': token + 'A'},
                          'other scheme': {'token': token, 'scheme': 'Basic'}, 'huge': {'token': 'A' * 4000}}.items():
            with self.subTest(token=name):
                self.assert_refused(**how)
        entry = self.journal.wait(MSERVER_EVENT='client-rejected')
        self.assertEqual(entry['MSERVER_ADDRESS'], self.address)
        self.assertNotIn(token, str(self.journal.entries(MSERVER_EVENT='client-rejected')))
        for scheme in ('Token', 'Bearer'):
            with self.subTest(scheme=scheme), connect(self.address) as connection:
                connection.upgrade(token=token, scheme=scheme)

    def test_only_its_hash_is_kept(self):
        token = new_token(new_id(self))
        self.assertGreaterEqual(len(token), 32)
        self.assertEqual(run('grep', '--recursive', '--files-with-matches', '--text', token, '/var/lib/mserver', '/run/log',
                             check=False).stdout, '')

    def test_it_expires(self):
        client = new_id(self)
        token = new_token(client, expires=('t', time.time_ns() // 1000 + 1500000))
        Peer(self, client, token).is_listed('online')

        def refused():
            try:
                with connect(self.address) as connection:
                    connection.upgrade(token=token)
            except wsclient.Closed as e:
                return e.code == 401
            return False
        wait_for(refused, 'the token expires', 5)

    def test_a_new_one_ends_the_session_of_the_old(self):
        peer = Peer(self)
        token = new_token(peer.id)
        code, reason = peer.closing()
        self.assertEqual(code, 1008, reason)
        Peer(self, peer.id, token).is_listed('online')

    def test_too_many_wrong_ones_are_put_off_and_others_are_not(self):
        statuses = []
        while 429 not in statuses:
            with connect(self.address) as connection:
                connection.send(wsclient.request(token='guess'))
                status, headers, _ = connection.response()
                statuses.append(status)
        self.assertEqual(statuses[:-1], [401] * 30)
        self.assertGreater(int(headers['retry-after']), 0)
        Peer(self).is_listed('online')


class Registration(ServerTest):
    expected_warnings = (' rejected: ',)

    def test_the_token_decides_who_it_is(self):
        peer = Peer(self, register=False)
        peer.id, own = 'demo', peer.id
        answer = peer.register()
        self.assertNotEqual(answer['status'], 'success')
        code, reason = peer.closing()
        self.assertEqual(code, 1008)
        self.assertIn(own, reason)
        self.assertEqual(self.journal.wait(MSERVER_EVENT='client-rejected')['MSERVER_CLIENT'], own)
        self.assertEqual(client_state('demo'), 'online')

    def test_it_comes_first(self):
        peer = Peer(self, register=False)
        peer.say('stats', data={})
        self.assertEqual(peer.closing()[0], 1008)

    def test_what_it_says_is_shown(self):
        client = new_id(self)
        peer = Peer(self, client, register=False)
        peer.register(hostName='h.example', labels={'role': 'validator'}, commands=['restart', 'dance'])
        path = manager('GetClient', 's', client)[0]
        shown = {name: get_property(path, 'org.mserver1.Client', name)
                 for name in ('Id', 'Host', 'State', 'Address', 'Version', 'Labels', 'Commands')}
        self.assertEqual(shown, {'Id': client, 'Host': 'h.example', 'State': 'online', 'Address': '127.0.0.1',
                                 'Version': '9.9', 'Labels': {'role': 'validator'}, 'Commands': ['restart', 'dance']})


class Sessions(ServerTest):
    def test_a_second_connection_replaces_the_first(self):
        client = new_id(self)
        token = new_token(client)
        first = Peer(self, client, token)
        since = get_property(manager('GetClient', 's', client)[0], 'org.mserver1.Client', 'Since')
        with BusMonitor() as monitor:
            second = Peer(self, client, token)
            code, reason = first.closing()
            self.assertEqual(code, 1008)
            self.assertIn('replaced', reason)
            self.assertEqual(monitor.signal('ClientOnline')[0], client)
        self.assertGreaterEqual(
            get_property(manager('GetClient', 's', client)[0], 'org.mserver1.Client', 'Since'), since)

        sent, _ = manager('SendCommand', 'ssa{sv}a{sv}', client, 'status', {}, {})
        command = second.hear('command')
        self.assertEqual(command['data']['id'], sent)
        second.answer(command)
        self.assertEqual(self.journal.entries(MSERVER_EVENT='client-offline', MSERVER_CLIENT=client), [])

    def test_revoked_it_ends_at_once(self):
        peer = Peer(self)
        with BusMonitor() as monitor:
            manager('RevokeClient', 's', peer.id)
            self.assertEqual(client_state(peer.id), 'offline')
            code, reason = peer.closing()
            self.assertEqual(code, 1008)
            self.assertIn('revoked', reason)
            self.assertEqual(monitor.signal('ClientOffline')[0], peer.id)
        entry = self.journal.wait(MSERVER_EVENT='client-revoked', MSERVER_CLIENT=peer.id)
        self.assertEqual(entry['MSERVER_CALLER_UID'], '0')

    def test_forgotten_it_is_off_the_list_and_its_history_stays(self):
        peer = Peer(self)
        manager('SendCommand', 'ssa{sv}a{sv}', peer.id, 'status', {}, {})
        peer.answer(peer.hear('command'))
        manager('ForgetClient', 's', peer.id)
        self.assertEqual(peer.closing()[0], 1008)
        self.assertIsNone(client_state(peer.id))
        history = manager('ListCommands', 'a{sv}', {'client': peer.id})[0]
        self.assertEqual([row[1:4] for row in history], [[peer.id, 'status', 'succeeded']])

    def test_gone_it_is_offline_at_once(self):
        peer = Peer(self)
        peer.connection.sock.close()
        peer.is_listed('offline')
        self.assertIn('MSERVER_REASON', self.journal.wait(MSERVER_EVENT='client-offline', MSERVER_CLIENT=peer.id))
