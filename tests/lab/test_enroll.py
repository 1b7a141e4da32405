# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host becomes a client by one line: with the real programs, a connection that is cut, and people who try again."""
import os
import queue
import re
import socket
import ssl
import stat
import subprocess
import threading
import time

from labtest import BusError, ServerTest, client_state, get_property, manager, places_of, run, systemctl, wait_for
from peers import connect, new_address, new_id

DROP_IN = '/etc/mclient/mclient.conf.d/50-enrolled.conf'
TOKEN = '/etc/mclient/token'
PENDING = '/etc/mclient/enrollment'
HASH = '11' * 32


def read(path):
    with open(path, encoding='utf-8') as f:
        return f.read()


def line_for(client, **options):
    return manager('CreateEnrollment', 'sa{sv}', client, {'replace': True, **options})[0]


def by_way_of(line, port):
    """The same line, for a server that is found at another port of this host."""
    return ' '.join([f'wss://localhost:{port}/ws/monitoring/', *line.split()[1:]])


def enroll(line, *options, check=True):
    return run('mclient', 'enroll', *options, input=line + '\n', check=check)


def post(body, token=None, source=None, head=''):
    """POST /enroll by hand: the status, and the body of the answer."""
    with connect(source) as connection:
        authorization = f'Authorization: Token {token}\r\n' if token else ''
        connection.send(f'POST /enroll HTTP/1.1\r\nHost: x\r\n{authorization}{head or f"Content-Length: {len(body)}"}\r\n\r\n'
                        f'{body}'.encode())
        status, _, answer = connection.response()
        return status, answer.decode()


class Middle:
    """Stands between a host and the server, with the server's own certificate, and passes requests on. The answers to the
    first so many of them never arrive: the connection is cut, or with hold stays open without a word."""

    def __init__(self, case, swallow=0, hold=False):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain('/var/lib/mserver/tls/cert.pem', '/var/lib/mserver/tls/key.pem')
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.swallow, self.hold = swallow, hold
        self.answers = queue.Queue()  # of the server, as they came
        self.held = []
        threading.Thread(target=self._accept, daemon=True).start()
        case.addCleanup(self.listener.close)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self._serve(client)

    def _serve(self, client):
        try:
            client = self.context.wrap_socket(client, server_side=True)
        except OSError:
            return
        request = b''
        while not self._is_whole(request):
            request += client.recv(65536)
        with connect() as connection:
            connection.send(request)
            while connection.more():
                pass
        if self.swallow > 0:
            self.swallow -= 1
        else:
            client.sendall(connection.buffer)
            self.hold = False
        if self.hold:
            self.held.append(client)
        else:
            client.close()
        self.answers.put(connection.buffer)

    @staticmethod
    def _is_whole(request):
        head, end, body = request.partition(b'\r\n\r\n')
        return end and len(body) == int(re.search(rb'Content-Length: (\d+)', head)[1])


class Enroll(ServerTest):
    """The agent of this machine is another client for a while."""

    expected_warnings = (' rejected: ', 'does not accept the token', 'closed by the server')

    def setUp(self):
        super().setUp()
        self.client = new_id(self)
        self.addCleanup(run, '/opt/lab/machine/enroll', 'demo')

    def assert_enrolled(self):
        self.assertEqual(client_state(self.client), 'online')
        for path, mode in ((TOKEN, 0o600), (DROP_IN, 0o644)):
            status = os.stat(path)
            self.assertEqual((stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid), (mode, 0, 0), path)
        self.assertFalse(os.path.exists(PENDING))
        self.assertEqual(systemctl('is-enabled', 'mclient.service').strip(), 'enabled')

    def test_two_commands(self):
        fingerprint = get_property('/org/mserver1', 'org.mserver1.Manager', 'Fingerprint')
        line = run('mserverctl', 'enroll', self.client).stdout
        self.assertRegex(line, rf'^wss://[^ ]+:8443/ws/monitoring/ {fingerprint} [0-9a-f]{{32}}\n$')
        said = run('mclient', 'enroll', '--force', input=line).stdout
        self.assertIn(fingerprint, said)
        self.assertIn(f'{self.client} is online', said)
        self.assert_enrolled()
        self.assertIn(f'Id={self.client}\n', read(DROP_IN))
        self.assertIn(f'Fingerprint={fingerprint}\n', read(DROP_IN))
        made, used = (self.journal.wait(MSERVER_EVENT=event, MSERVER_CLIENT=self.client)
                      for event in ('enrollment-created', 'client-enrolled'))
        self.assertEqual((made['MSERVER_CALLER_UID'], used['MSERVER_CALLER_UID']), ('0', '0'))
        self.assertIn(used['MSERVER_ADDRESS'], ('127.0.0.1', '::1', '127.0.1.1'), used)
        # Neither secret is anywhere but where it belongs.
        for secret in (line.split()[2], read(TOKEN).strip()):
            found = run('grep', '--recursive', '--files-with-matches', '--text', secret, '/var/lib/mserver', '/var/lib/mclient',
                        '/var/log/journal', '/run/log/journal', '/etc/mclient', check=False).stdout.split()
            self.assertEqual([f for f in found if f != TOKEN], [])

    def test_as_arguments(self):
        said = run('mclient', 'enroll', '--force', *line_for(self.client).split()).stdout
        self.assertIn(f'{self.client} is online', said)
        self.assert_enrolled()
        said = run('mclient', 'enroll', '--force', line_for(self.client)).stdout
        self.assertIn(f'{self.client} is online', said)

    def test_an_enrolled_host_is_not_enrolled_by_mistake(self):
        token, line = read(TOKEN), line_for(self.client)
        process = enroll(line, check=False)
        self.assertEqual(process.returncode, 1)
        self.assertIn('--force', process.stderr)
        self.assertEqual(read(TOKEN), token)
        self.assertEqual(client_state('demo'), 'online')
        enroll(line, '--force')
        self.assert_enrolled()

    def test_an_answer_that_is_lost(self):
        """Once: it is asked again at once. More often: the same line does it, given again."""
        middle = Middle(self, swallow=1)
        line = by_way_of(line_for(self.client), middle.port)
        run('mclient', 'enroll', '--force', '--no-start', input=line)
        self.assertEqual([middle.answers.get(timeout=10).split()[1] for _ in range(2)], [b'200', b'200'])

        line = line_for(self.client)
        middle = Middle(self, swallow=3)
        token = read(TOKEN)
        process = enroll(by_way_of(line, middle.port), '--force', check=False)
        self.assertEqual(process.returncode, 1)
        self.assertIn('cannot be reached', process.stderr)
        self.assertEqual(read(TOKEN), token)  # nothing is half done
        status, _ = post(f'{{"credential":"{HASH}"}}', line.split()[2])
        self.assertEqual(status, 401)  # it is this host's, whoever has seen the line
        enroll(line)  # and it needs no --force to go on
        self.assert_enrolled()

    def test_killed_in_the_middle(self):
        middle = Middle(self, swallow=1, hold=True)
        line = line_for(self.client)
        process = subprocess.Popen(['mclient', 'enroll', '--force'], stdin=subprocess.PIPE, text=True)
        process.stdin.write(by_way_of(line, middle.port) + '\n')
        process.stdin.close()
        self.assertEqual(middle.answers.get(timeout=20).split()[1], b'200')
        process.kill()
        process.wait()
        self.assertEqual(stat.S_IMODE(os.stat(PENDING).st_mode), 0o600)
        systemctl('restart', 'mserver.service')
        enroll(line)
        self.assert_enrolled()

    def test_no_secret_is_seen_beside_it(self):
        """While the host waits for the server's answer it has both, the line's and its own; and when it is enrolled."""
        middle = Middle(self, swallow=1, hold=True)
        line = line_for(self.client)
        with subprocess.Popen(['mclient', 'enroll', '--force'], stdin=subprocess.PIPE, text=True) as process:
            process.stdin.write(by_way_of(line, middle.port) + '\n')
            process.stdin.close()
            self.assertEqual(middle.answers.get(timeout=20).split()[1], b'200')
            secrets = [line.split()[2], read(PENDING).split()[-1]]
            self.assertEqual([places_of(s) for s in secrets], [[], []])
            self.assertEqual(os.stat(f'/proc/{process.pid}/mem').st_uid, 0)
            process.kill()
        enroll(line)
        self.assert_enrolled()
        self.assertEqual([places_of(s) for s in (*secrets, read(TOKEN).strip())], [[], [], []])

    def test_a_start_that_fails_takes_the_same_line_again(self):
        drop_in = '/run/systemd/system/mclient.service.d/broken.conf'
        os.makedirs(os.path.dirname(drop_in), exist_ok=True)
        with open(drop_in, 'w', encoding='utf-8') as f:
            f.write('[Service]\nExecStartPre=/bin/false\nRestart=no\n')
        self.addCleanup(lambda: os.path.exists(drop_in) and os.unlink(drop_in))
        self.allow_warnings('mclient.service', 'Fleet agent')
        line = line_for(self.client)
        process = enroll(line, '--force', check=False)
        self.assertEqual(process.returncode, 1)
        self.assertIn('journalctl --unit=mclient.service', process.stderr)
        os.unlink(drop_in)
        systemctl('daemon-reload')
        systemctl('reset-failed', 'mclient.service')
        enroll(line)
        self.assert_enrolled()

    def test_what_the_operator_wrote_stays(self):
        main, late = '/etc/mclient/mclient.conf', '/etc/mclient/mclient.conf.d/90-site.conf'
        before = read(main)
        self.addCleanup(lambda: os.path.exists(late) and os.unlink(late))
        with open(late, 'w', encoding='utf-8') as f:
            f.write('[Agent]\nLabels=role=validator\nServer=wss://elsewhere.example:8443\n')
        line = line_for(self.client)
        process = enroll(line, '--force', check=False)
        self.assertEqual(process.returncode, 1)
        self.assertIn('Server=wss://elsewhere.example:8443', process.stderr)
        with open(late, 'w', encoding='utf-8') as f:
            f.write('[Agent]\nLabels=role=validator\n')
        enroll(line)
        self.assert_enrolled()
        self.assertEqual(read(main), before)

    def test_another_server(self):
        """One that cannot show what the fingerprint names is told nothing."""
        url, pin, token = line_for(self.client).split()
        wrong = pin[:-2] + ('00' if pin[-2:] != '00' else '11')
        process = enroll(f'{url} {wrong} {token}', '--force', check=False)
        self.assertEqual(process.returncode, 1)
        self.assertIn('not the pinned one', process.stderr)
        self.assertNotIn(token, process.stderr)
        enroll(f'{url} {pin} {token}', '--force')
        self.assert_enrolled()

    def test_lines_that_are_none(self):
        for text, said in {'': '0 words', 'wss://a SHA256:00': '2 words', 'ws://a:1 SHA256:' + '00' * 32 + ' ' + '1' * 32: 'wss://'}.items():
            with self.subTest(line=text):
                process = enroll(text, '--force', check=False)
                self.assertEqual(process.returncode, 1)
                self.assertIn(said, process.stderr)
        self.assertEqual(run('mclient', 'enroll', input=line_for(self.client), user='guest', check=False).returncode, 1)


class Server(ServerTest):
    """What the server answers, by hand."""

    expected_warnings = (' rejected: ', 'CreateEnrollment denied to uid ')

    def setUp(self):
        super().setUp()
        self.client, self.address = new_id(self), new_address()

    def test_once_and_for_one_host(self):
        token = line_for(self.client).split()[2]
        good, other = (f'{{"credential":"{h * 32}"}}' for h in ('11', '22'))
        for body, with_token, status in ((good, None, 401), (good, 'wrong', 401), ('{}', token, 400), ('', token, 400),
                                         (good, token, 200), (other, token, 401), (good, token, 200)):
            with self.subTest(body=body, token=with_token):
                self.assertEqual(post(body, with_token, source=self.address)[0], status)
        self.assertEqual(post(good, token, source=self.address)[1], f'{{"serverId":"{self.client}"}}')

    def test_revoked_and_expired_lines(self):
        line = line_for(self.client)
        manager('RevokeClient', 's', self.client)
        body = f'{{"credential":"{HASH}"}}'
        self.assertEqual(post(body, line.split()[2], source=self.address)[0], 401)
        token = line_for(self.client, expires=('t', time.time_ns() // 1000 + 1000000)).split()[2]
        wait_for(lambda: post('{}', token, source=new_address())[0] == 400, 'the server is there')
        until = time.time() + 1

        def refused():
            return time.time() > until and post(body, token, source=new_address())[0] == 401
        wait_for(refused, 'the line expires', 10)

    def test_the_line_is_for_managers_alone(self):
        for user in ('oper', 'guest'):
            with self.subTest(user=user), self.assertRaises(BusError) as caught:
                manager('CreateEnrollment', 'sa{sv}', self.client, {}, user=user)
            self.assertRegex(caught.exception.name, 'AccessDenied|InteractiveAuthorizationRequired')

    def test_requests_that_are_none(self):
        for head, status in (('X: y', 411), ('Content-Length: 5000', 413), ('Content-Length: x', 400),
                             ('Transfer-Encoding: chunked', 400)):
            with self.subTest(head=head):
                self.assertEqual(post('', 'x', source=self.address, head=head)[0], status)

    def test_guesses_are_put_off(self):
        statuses, began = [], time.monotonic()
        while 429 not in statuses:
            statuses.append(post(f'{{"credential":"{HASH}"}}', 'guess', source=self.address)[0])
            # 30 at once, and then one every two seconds.
            self.assertLessEqual(len(statuses), 32 + (time.monotonic() - began) / 2)
        self.assertEqual(set(statuses[:-1]), {401})
        self.assertGreaterEqual(len(statuses), 30)
        self.assertEqual(post(f'{{"credential":"{HASH}"}}', line_for(self.client).split()[2], source=self.address)[0], 429)
        self.assertEqual(post(f'{{"credential":"{HASH}"}}', line_for(self.client).split()[2], source=new_address())[0], 200)
