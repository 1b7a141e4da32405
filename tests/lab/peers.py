# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that a test plays itself, over TLS to the installed server: well-behaved ones, and whatever else connects."""
import contextlib
import json
import random
import secrets
import socket
import ssl
import struct
import threading
import time

import wsclient
from labtest import BusError, manager, run, wait_for

PORT = 8443
CA = '/var/lib/mserver/tls/ca.pem'
FEATURES = ('progress', 'cancel', 'deadline', 'backup_ack', 'ledger')


def new_id(case):
    """An id that no client ever had; the client is forgotten when the test ends."""
    client = f'{case._testMethodName[:50]}-{secrets.token_hex(4)}'
    case.addCleanup(forget, client)
    return client


def forget(client):
    """Forgets a client, if the server knows it."""
    try:
        manager('ForgetClient', 's', client)
    except BusError as e:
        if not e.name.endswith('NoSuchClient'):
            raise


def new_address():
    """An address of this host to connect from, of which the server has seen nothing bad yet."""
    return f'127.{random.randint(1, 254)}.{random.randint(0, 255)}.{random.randint(1, 254)}'


def new_token(client, **options):
    """A token for this client, in place of the one it may have."""
    return manager('CreateToken', 'sa{sv}', client, {'replace': True, **options})[0]


def certificate_request(name):
    """PKCS #10 of a new key, in PEM form."""
    return run('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '/dev/null',
               '-subj', f'/CN={name}').stdout


def connect(source=None, tls=True, **how):
    """A connection to the server, with nothing said yet. source: the address to come from, any of 127.0.0.0/8."""
    context = ssl.create_default_context(cafile=CA) if tls else None
    return wsclient.Connection(PORT, context, source=source, **how)


class Peer:
    """A client of the test's own, upgraded and, unless register is false, registered; with features, a current one."""

    def __init__(self, case, client=None, token=None, register=True, features=FEATURES, source=None):
        self.id = client or new_id(case)
        self.connection = connect(source)
        case.addCleanup(self.connection.sock.close)
        self.connection.upgrade(token=token or new_token(self.id))
        if register:
            self.register(features=list(features))

    def register(self, **fields):
        """Registers, and returns the answer."""
        self.say('register', serverId=self.id, version='9.9', timestamp=int(time.time() * 1000), **fields)
        return self.hear('register_ack')

    def say(self, kind, **fields):
        self.connection.send(wsclient.frame(json.dumps({'type': kind, **fields})))

    def hear(self, *kinds):
        """The next message of one of these types; others are passed over."""
        while True:
            message = json.loads(self.connection.receive())
            if message['type'] in kinds:
                return message

    def answer(self, command, status='completed', **data):
        """Answers a command message, and waits until the server has the outcome for good."""
        self.say('command_response', data={'id': command['data']['id'], 'status': status, **data})
        return self.hear('command_ack')

    def closing(self):
        """Waits for the server to close; returns code and reason, or (None, '') where there was no close frame."""
        try:
            while True:
                self.connection.receive()
        except wsclient.Closed as e:
            return e.code, e.reason

    def is_listed(self, state):
        return wait_for(lambda: {row[0]: row[2] for row in manager('ListClients')[0]}.get(self.id) == state,
                        f'{self.id} is {state}')


class Side:
    """Runs a function beside the test; result() waits for it, and raises what it raised."""

    def __init__(self, function, *args):
        self._result = self._error = None
        self._thread = threading.Thread(target=self._run, args=(function, args), daemon=True)
        self._thread.start()

    def _run(self, function, args):
        try:
            self._result = function(*args)
        except BaseException as e:  # pylint: disable=broad-except
            self._error = e

    def running(self):
        return self._thread.is_alive()

    def result(self, deadline=30):
        self._thread.join(deadline)
        assert not self._thread.is_alive(), f'not done within {deadline} s'
        if self._error:
            raise self._error
        return self._result


class Wire:
    """A port of this host that leads to another one until it is cut, with all that is on its way; then to it again."""

    def __init__(self, case, to):
        self._to, self._open, self._lock = to, set(), threading.Lock()
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        case.addCleanup(self.cut)
        case.addCleanup(self._listener.close)

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(('127.0.0.1', self._to))
            except OSError:
                near.close()
                continue
            with self._lock:
                self._open |= {near, far}
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        self._close(one, other)

    def _close(self, *ends):
        with self._lock:
            for end in self._open.intersection(ends):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)  # ends a recv() in another thread, as close() does not
                end.close()
                self._open.discard(end)

    def connections(self):
        return len(self._open) // 2

    def cut(self):
        self._close(*list(self._open))
