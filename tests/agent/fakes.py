# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test of the real mclient needs around it: a server written from the protocol alone, and an engine.

Server speaks version 1.1.0 and nothing more unless it is given features. Engine answers the little of the Docker
Engine API that the agent asks for one container, "3node0", and counts; its gate holds answers back; the container's log
is numbered lines without end. Agent runs the program. Nothing here sleeps for a fixed time: waits end when what they wait
for is there, and fail at a deadline.
"""
import asyncio
import http
import json
import os
import re
import ssl
import subprocess
import time

import websockets

DEADLINE = 15  # seconds that an event may take
TOKEN = 'the-token'


class Session:
    """One connection of the agent, after its register."""

    def __init__(self, socket, register):
        self.socket, self.register = socket, register
        self.messages = []
        self.news = asyncio.Condition()

    async def add(self, message):
        async with self.news:
            self.messages.append(message)
            self.news.notify_all()

    async def expect(self, kind, **data):
        """The first message of this type whose data has these values; it and all before it of its type are gone."""
        def find():
            for i, m in enumerate(self.messages):
                if m['type'] == kind and all(m.get('data', m).get(k) == v for k, v in data.items()):
                    del self.messages[i]
                    return m
            return None

        async with self.news:
            found = find()
            deadline = asyncio.get_running_loop().time() + DEADLINE
            while found is None:
                left = deadline - asyncio.get_running_loop().time()
                try:
                    await asyncio.wait_for(self.news.wait(), left)
                except asyncio.TimeoutError:
                    raise AssertionError(f'no {kind} {data}; there are {self.messages}') from None
                found = find()
            return found

    def seen(self, kind, **data):
        return [m for m in self.messages
                if m['type'] == kind and all(m.get('data', m).get(k) == v for k, v in data.items())]

    async def send(self, kind, **fields):
        await self.socket.send(json.dumps({'type': kind, **fields}))

    async def command(self, identity, command, target=None, **params):
        data = {'id': identity, 'command': command, 'params': params, 'timestamp': int(time.time() * 1000)}
        if target:
            data['target'] = target
        await self.send('command', data=data)

    async def close(self, code=1001, reason=''):
        await self.socket.close(code, reason)


class Server:
    def __init__(self, features=None, tls=None, acks=True):
        self.features, self.tls, self.acks = features, tls, acks
        self.sessions = asyncio.Queue()
        self.requests = 0
        self.port = 0
        self.server = None

    async def start(self):
        self.server = await websockets.serve(self._session, '127.0.0.1', self.port, ssl=self.tls,
                                             process_request=self._check, max_size=None, ping_interval=None)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self):
        self.server.close()
        await self.server.wait_closed()

    @property
    def url(self):
        return f'{"wss" if self.tls else "ws"}://localhost:{self.port}/ws/monitoring/'

    async def session(self):
        return await asyncio.wait_for(self.sessions.get(), DEADLINE)

    async def _check(self, path, headers):
        self.requests += 1
        if path != '/ws/monitoring/' or headers.get('Authorization') != f'Token {TOKEN}':
            return http.HTTPStatus.UNAUTHORIZED, [], b'no\n'
        return None

    async def _session(self, socket):
        register = json.loads(await socket.recv())
        assert register['type'] == 'register', register
        session = Session(socket, register)
        answer = {'type': 'register_ack', 'status': 'success', 'serverId': register['serverId'],
                  'timestamp': int(time.time() * 1000), 'message': 'Registered'}
        if self.features is not None:
            answer['features'] = self.features
        await socket.send(json.dumps(answer))
        await self.sessions.put(session)
        try:
            async for text in socket:
                message = json.loads(text)
                await self._answer(session, message)
                await session.add(message)
        except websockets.ConnectionClosed:
            pass

    async def _answer(self, session, message):
        kind = message['type']
        if kind == 'stats':
            await session.send('stats_ack', status='success', sequence=message['sequence'])
        elif kind == 'heartbeat':
            await session.send('heartbeat_ack')
        elif kind == 'command_response' and self.acks:
            data = message['data']
            await session.send('command_ack', command_id=data.get('command_id') or data['id'])


def line(n):
    """The n-th line of the log."""
    return f'line {n} 서울\n'.encode()


class Engine:
    def __init__(self, path):
        self.path = path
        self.counts = {}
        self.lines = 0  # of the log, that were taken
        self.gate = asyncio.Event()
        self.gate.set()
        self.news = asyncio.Condition()
        self.server = None

    async def start(self):
        self.server = await asyncio.start_unix_server(self._connection, self.path)

    async def stop(self):
        self.gate.set()
        self.server.close()

    async def asked(self, verb, n=1):
        """Returns when the n-th request for this verb has come in."""
        async with self.news:
            await asyncio.wait_for(self.news.wait_for(lambda: self.counts.get(verb, 0) >= n), DEADLINE)

    def _reply(self, method, path):
        container = {'Id': 'c0' * 32, 'Names': ['/3node0'], 'Name': '/3node0', 'Image': 'node:1', 'State': 'running',
                     'Status': 'Up'}
        if method == 'POST':
            return 204, None
        if path.endswith('/containers/json'):
            return 200, [container]
        if path.endswith('/3node0/json'):
            return 200, {**container, 'State': {'Status': 'running', 'Running': True, 'Pid': 1},
                         'Config': {'Tty': True},
                         'RestartCount': 0}
        return 404, {'message': 'no such thing'}

    async def _log(self, writer):
        writer.write(b'HTTP/1.1 200 X\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n')
        while True:
            writer.write(b''.join(line(n) for n in range(self.lines, self.lines + 100)))
            await writer.drain()
            self.lines += 100

    async def _connection(self, reader, writer):
        try:
            while (line := await reader.readline()):
                method, target, _ = line.decode().split()
                length = 0
                while (header := (await reader.readline()).decode().strip()):
                    if header.lower().startswith('content-length:'):
                        length = int(header.split(':')[1])
                await reader.readexactly(length)
                path = target.split('?')[0]
                if method == 'POST':
                    async with self.news:
                        verb = path.rsplit('/', 1)[1]
                        self.counts[verb] = self.counts.get(verb, 0) + 1
                        self.news.notify_all()
                    await self.gate.wait()
                if path.endswith('/logs'):
                    await self._log(writer)
                status, body = self._reply(method, path)
                text = b'' if body is None else json.dumps(body).encode()
                writer.write(f'HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n'
                             f'Content-Length: {len(text)}\r\n\r\n'.encode() + text)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class Agent:
    def __init__(self, program, directory, url, **keys):
        self.program, self.directory = program, directory
        self.process = None
        self.lines = []
        self.news = asyncio.Condition()
        self.reader = None
        os.makedirs(self._path('state'), exist_ok=True)
        os.makedirs(self._path('credentials'), exist_ok=True)
        self.set_token(TOKEN)
        with open(self._path('mclient.conf'), 'w', encoding='utf-8') as f:
            f.write(f'[Agent]\nId=demo\nServer={url}\nLabels=role=validator\nStatsInterval=1\n')
            f.writelines(f'{key}={value}\n' for key, value in keys.items())
            f.write(f'[Docker]\nSocket={self._path("docker.sock")}\n[Policy]\nAllowExec=yes\n')

    def _path(self, name):
        return os.path.join(self.directory, name)

    def set_token(self, token):
        with open(self._path('credentials/token'), 'w', encoding='utf-8') as f:
            f.write(token + '\n')

    async def start(self, **environment):
        env = {'STATE_DIRECTORY': self._path('state'), 'CREDENTIALS_DIRECTORY': self._path('credentials'),
               **{k: v for k, v in os.environ.items() if k.startswith(('ASAN', 'UBSAN', 'LD_'))},
               **environment}
        self.process = await asyncio.create_subprocess_exec(
            self.program, '--config', self._path('mclient.conf'), stderr=subprocess.PIPE, env=env)
        self.reader = asyncio.create_task(self._read())

    async def _read(self):
        async for line in self.process.stderr:
            async with self.news:
                self.lines.append(line.decode().rstrip())
                self.news.notify_all()

    async def logged(self, pattern):
        """The first line of the log that matches; waits for it."""
        def find():
            return next((line for line in self.lines if re.search(pattern, line)), None)

        async with self.news:
            try:
                await asyncio.wait_for(self.news.wait_for(find), DEADLINE)
            except asyncio.TimeoutError:
                raise AssertionError(f'no line matches {pattern!r} in {self.lines}') from None
            return find()

    async def end(self, terminate=True):
        """SIGTERM or SIGKILL, and the exit status."""
        if terminate:
            self.process.terminate()
        else:
            self.process.kill()
        status = await asyncio.wait_for(self.process.wait(), DEADLINE)
        await self.reader
        self.process = None
        return status


class Certificates:
    """A CA, and a certificate for localhost that it signed."""

    def __init__(self, directory):
        self.ca, self.chain, self.key = (os.path.join(directory, n) for n in ('ca.pem', 'chain.pem', 'key.pem'))
        ca_key, cert = os.path.join(directory, 'ca-key.pem'), os.path.join(directory, 'cert.pem')
        new = ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
        for command in (
                [*new, '-keyout', ca_key, '-out', self.ca, '-subj', '/CN=CA'],
                [*new, '-CA', self.ca, '-CAkey', ca_key, '-keyout', self.key, '-out', cert, '-subj', '/CN=server',
                 '-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=critical,CA:FALSE']):
            subprocess.run(command, check=True, capture_output=True)
        with open(self.chain, 'w', encoding='utf-8') as f:
            for path in (cert, self.ca):
                with open(path, encoding='utf-8') as part:
                    f.write(part.read())

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context

    @staticmethod
    def fingerprint(path):
        text = subprocess.run(['openssl', 'x509', '-in', path, '-noout', '-fingerprint', '-sha256'], check=True,
                              capture_output=True, text=True).stdout
        return 'SHA256:' + text.split('=')[1].strip().replace(':', '').lower()
