#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""bench-fleet says what has gone wrong, and fails: one that ended without a word would be a benchmark of nobody.

    test_fleet.py BENCH-FLEET
"""
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import unittest

DEADLINE = 60  # seconds; nothing here takes one


def frame(message):
    """A text frame, as a server sends it."""
    payload = json.dumps(message).encode()
    return (struct.pack('!BB', 0x81, len(payload)) if len(payload) < 126 else struct.pack('!BBH', 0x81, 126, len(payload))) + payload


class Fleet(unittest.TestCase):
    """A fleet of one, and the server that it talks to."""
    program = None

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix='fleet-')
        cls.addClassCleanup(directory.cleanup)
        cert, key = f'{directory.name}/cert.pem', f'{directory.name}/key.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
                        '-subj', '/CN=server', '-keyout', key, '-out', cert], check=True, capture_output=True)
        cls.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.tls.load_cert_chain(cert, key)

    def setUp(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.listener.settimeout(DEADLINE)
        self.addCleanup(self.listener.close)

    def start(self, *argv, tokens='token\n', **options):
        process = subprocess.Popen([self.program, str(self.listener.getsockname()[1]), '1', *argv], stdin=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, **options)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.wait, DEADLINE)
        self.addCleanup(process.kill)
        process.stdin.write(tokens)
        process.stdin.flush()
        return process

    def accept(self):
        connection = self.tls.wrap_socket(self.listener.accept()[0], server_side=True)
        connection.settimeout(DEADLINE)
        self.addCleanup(connection.close)
        return connection

    def register(self, connection):
        """Takes the client in, until it is ready."""
        request = b''
        while b'\r\n\r\n' not in request:
            request += connection.recv(4096)
        connection.sendall(b'HTTP/1.1 101 Switching Protocols\r\n\r\n')
        connection.recv(4096)
        connection.sendall(frame({'type': 'register_ack', 'status': 'success', 'serverId': 'sim-0', 'timestamp': 1, 'message': 'yes'}))

    def assert_fails(self, process, said):
        """It does, by itself and not by a signal."""
        self.assertEqual(process.wait(DEADLINE), 1)
        self.assertRegex(process.stderr.read(), said)

    def test_reader_is_gone(self):
        reader, writer = os.pipe()
        process = self.start(stdout=writer)
        os.close(writer)
        os.close(reader)
        self.register(self.accept())
        self.assert_fails(process, r'^bench-fleet: standard output: Broken pipe\n\Z')

    def test_connection_is_gone(self):
        """While it sends stats."""
        process = self.start('200', stdout=subprocess.DEVNULL)
        connection = self.accept()
        self.register(connection)
        self.assertTrue(connection.recv(4096))
        raw = connection.detach()
        with socket.socket(fileno=raw) as s:  # without a word of TLS
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.assert_fails(process, r'^bench-fleet: client 0: (read|write): (Connection reset by peer|Broken pipe)\n\Z')

    def test_server_closes(self):
        process = self.start(stdout=subprocess.DEVNULL)
        connection = self.accept()
        self.register(connection)
        connection.sendall(b'\x88\x00')
        self.assert_fails(process, r'^bench-fleet: client 0: closed by the server\n\Z')

    def test_no_token(self):
        process = self.start(tokens='', stdout=subprocess.DEVNULL)
        process.stdin.close()
        self.assert_fails(process, r'^bench-fleet: client 0: no token on standard input\n\Z')

    def test_end(self):
        process = self.start(stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.register(self.accept())
        self.assertEqual(process.stdout.readline(), 'ready\n')
        process.stdin.close()
        self.assertEqual(process.wait(DEADLINE), 0)


if __name__ == '__main__':
    Fleet.program = sys.argv.pop(1)
    unittest.main()
