# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that do harm, or nothing: each is put out with the right words, and meanwhile the others are served."""
import os
import re
import socket
import subprocess
import time

import wsclient
from labtest import BusError, ServerTest, client_state, get_property, manager, unit_property
from peers import Peer, Side, connect, new_address, new_id, new_token
from wsclient import BINARY, TEXT, frame

SERVED_WITHIN = 5  # seconds that a command of an honest client may take beside any of this
LEAST = 8  # seconds a peer is given to say something; the limit is 10


def resident_kib():
    with open(f'/proc/{unit_property("mserver.service", "MainPID")}/status', encoding='ascii') as f:
        return next(int(line.split()[1]) for line in f if line.startswith('VmRSS'))


class Hostile(ServerTest):
    expected_warnings = (' rejected: ', ': offline: ')

    def assert_served(self):
        begin = time.monotonic()
        _, state, _ = manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'status', {}, {})
        self.assertEqual(state, 'succeeded')
        self.assertLess(time.monotonic() - begin, SERVED_WITHIN)

    def assert_closed(self, peer, code, *words):
        got, reason = peer.closing()
        self.assertEqual(got, code, reason)
        for word in words:
            self.assertIn(word, reason)
        self.assert_served()

    def test_silent_and_slow_ones_have_ten_seconds(self):
        """In whichever state they fall silent; all at the same time, as each takes its time."""
        def half_a_request(connection):
            connection.send(wsclient.request(token='x')[:40])

        def trickle(connection):
            """One byte a second of a request that never ends."""
            request = wsclient.request(token='x') * 2
            for byte in request:
                connection.send(bytes([byte]))
                connection.sock.settimeout(1)
                try:
                    if not connection.sock.recv(100):
                        return
                except (TimeoutError, socket.timeout):
                    pass
                except OSError:
                    return

        def how_long(connection, say):
            begin = time.monotonic()
            connection.sock.settimeout(20)
            say(connection)
            connection.wait_end()
            return time.monotonic() - begin

        def unregistered():
            begin = time.monotonic()
            peer.connection.sock.settimeout(20)
            return peer.closing()[0], time.monotonic() - begin

        peer = Peer(self, register=False)
        sides = {'no TLS': Side(how_long, connect(tls=False), lambda c: None),
                 'no request': Side(how_long, connect(), lambda c: None),
                 'half a request': Side(how_long, connect(), half_a_request),
                 'a byte a second': Side(how_long, connect(), trickle)}
        unregistered = Side(unregistered)
        self.assert_served()
        for name, side in sides.items():
            with self.subTest(peer=name):
                took = side.result()
                self.assertTrue(LEAST < took < 15, took)
        with self.subTest(peer='no register'):
            code, took = unregistered.result()
            self.assertEqual(code, 1008)
            self.assertTrue(LEAST < took < 15, took)
        self.assert_served()

    def test_broken_frames(self):
        for name, data, code in (
                ('unmasked', frame('{"type":"ping"}', masked=False), 1002),
                ('reserved bit', frame('{"type":"ping"}', reserved=0x40), 1002),
                ('unknown opcode', frame('x', opcode=5), 1002),
                ('long control frame', frame('x' * 126, opcode=wsclient.PING), 1002),
                ('binary', frame('{"type":"ping"}', opcode=BINARY), 1003),
                ('no UTF-8', frame(b'{"type":"\xff\xfe"}'), 1007),
                ('no JSON', frame('dance'), 1002),
                ('no object', frame('[1,2,3]'), 1002),
                ('no type', frame('{"a":1}'), 1002),
                ('deep', frame('{"type":"stats","data":' + '[' * 5000 + ']' * 5000 + '}'), 1002),
                ('wrong type of a field', frame('{"type":"command_response","data":{"id":7,"status":[]}}'), 1002)):
            with self.subTest(frame=name):
                peer = Peer(self)
                peer.connection.send(data)
                self.assert_closed(peer, code)

    def test_oversized(self):
        big = 10 * 1024 * 1024
        with self.subTest(size='just fits'):
            peer = Peer(self)
            text = '{"type":"summary","padding":"%s"}'
            peer.connection.send(frame(text % ('x' * (big - len(text) + 2))))
            peer.hear('summary_ack')
        with self.subTest(size='announced'):
            peer = Peer(self)
            peer.connection.send(frame('x' * (big + 1))[:100])
            self.assert_closed(peer, 1009)
        with self.subTest(size='in pieces'):
            peer = Peer(self)
            piece = 'x' * (1 << 20)
            side = Side(peer.closing)
            try:
                peer.connection.send(frame(piece, TEXT, fin=False))
                for _ in range(11):
                    peer.connection.send(frame(piece, 0, fin=False))
            except OSError:
                pass
            self.assertEqual(side.result()[0], 1009)
        self.assert_served()

    def test_garbage(self):
        """To the TLS port, inside TLS, and after the upgrade."""
        address = new_address()
        for start in (b'\0', b'\xff', b'SSH-2.0-x\r\n', b'GET / HTTP/1.1\r\n\r\n', b'\x16\x03\x01\x01\x00\x02'):
            with connect(address, tls=False) as connection:
                connection.send(start + os.urandom(300))
                connection.wait_end()
            with connect(address) as connection:
                connection.send(os.urandom(300).replace(b'\n', b'') + b'\r\n\r\n')
                self.assertNotIn(b'101', connection.wait_end()[:15])
        token = new_token(client := new_id(self))
        for _ in range(20):
            peer = Peer(self, client, token)
            peer.connection.send(b'\x81\xff' + b'\x7f' + os.urandom(300))
            self.assertIn(peer.closing()[0], (1002, 1007, 1009))
        self.assert_served()

    def test_plain_http_is_answered_once(self):
        with connect() as connection:
            connection.send(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n' * 2)
            self.assertEqual(connection.response()[0], 426)
            self.assertEqual(connection.wait_end(), b'')

    def test_flood(self):
        peer = Peer(self)
        pings = b''.join(frame('{"type":"ping"}') for _ in range(3000))
        side = Side(self.assert_served)
        try:
            peer.connection.send(pings)
        except OSError:
            pass
        self.assert_closed(peer, 1008, 'more than 100 messages a second')
        side.result()

    def test_one_that_does_not_read_holds_up_nobody(self):
        peer = Peer(self)
        before, sent = resident_kib(), 0
        with self.assertRaisesRegex(BusError, 'LimitExceeded'):
            while True:
                manager('SendCommand', 'ssa{sv}a{sv}', peer.id, 'exec', {'command': 'x' * 4000}, {})
                sent += 1
        self.assertEqual(sent, 256)
        self.assert_served()
        self.assertLess(resident_kib() - before, 30 * 1024)
        for command in [peer.hear('command') for _ in range(sent)]:  # all of it was kept
            peer.answer(command)

    def test_half_open_connections_leave_room(self):
        """More of them than handshakes may be in flight, from many addresses and from one."""
        before = resident_kib()
        silent = [connect(new_address() if i % 2 else None, tls=False) for i in range(600)]
        try:
            self.assert_served()
            peer = Peer(self)
            peer.is_listed('online')
            self.assertLess(resident_kib() - before, 40 * 1024)
            self.assertEqual(get_property('/org/mserver1', 'org.mserver1.Manager', 'ClientsOnline') >= 2, True)
        finally:
            for connection in silent:
                connection.sock.close()

    def test_a_crowd_at_the_door_holds_up_nobody(self):
        """Five thousand that are silent, slow, garbage or hang after their hello, and return when they are put out;
        tests/bench/crowd.py measures what they cost. Who arrives while they push gets through."""
        peer, before = Peer(self), resident_kib()
        crowd = subprocess.Popen(['/usr/lib/mserver-lab/bench-crowd', '8443', '5000'], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        try:
            self.assertEqual(crowd.stdout.readline(), 'ready\n')
            for _ in range(10):
                self.assert_served()
                Peer(self, source=new_address()).is_listed('online')
            self.assertLess(resident_kib() - before, 60 * 1024)
            self.assertEqual(client_state(peer.id), 'online')
        finally:
            said, _ = crowd.communicate()
        self.assertGreater(int(re.search(r'put out (\d+)', said)[1]), 0, said)

    def test_strangers_do_not_fill_the_journal(self):
        address = new_address()
        for _ in range(400):
            with connect(address) as connection:
                connection.send(wsclient.request(token='wrong'))
                self.assertIn(connection.response()[0], (401, 429))
        self.assertLess(len(self.journal.entries(MSERVER_EVENT='client-rejected', MSERVER_ADDRESS=address)), 300)
        self.assert_served()
