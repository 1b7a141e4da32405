# SPDX-License-Identifier: LGPL-2.1-or-later
"""The server run by hand, without systemd's units, with the flags of its command line: the real agent connects to it and a
command takes effect."""
import json
import os
import shutil
import signal
import tempfile

from labtest import (Lines, Node, ServerTest, bus, client_state, configure_agent, get_property, manager, run, systemctl,
                     wait_for)

PLAIN = {'Server': 'ws://127.0.0.1:8080/ws/monitoring/', 'Fingerprint': ''}


def has_name():
    """Whether the server is on the bus; asking it would start its unit."""
    return bus('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'NameHasOwner', 's', 'org.mserver1',
               service='org.freedesktop.DBus')[0]


def listening(port):
    """The addresses on which somebody listens on this port."""
    addresses = [line.split()[3] for line in run('ss', '-Hltn').stdout.splitlines()]
    return sorted(a.rpartition(':')[0] for a in addresses if a.rpartition(':')[2] == str(port))


class ByHand(ServerTest):
    # What one that is run by hand writes into the trail is not the service's, which says so when it comes back.
    expected_warnings = ('next try in', 'does not answer', 'Cannot connect', '^closed by the server', '^The audit trail is broken: the store says')

    def setUp(self):
        super().setUp()
        self.addCleanup(systemctl, 'start', 'mserver.socket', 'mserver.service')
        systemctl('stop', 'mserver.socket', 'mserver.service')

    def server(self, *options, user='mserver', says='listening on '):
        """Starts it, and waits until it listens and is on the bus. Returns what it says, as Lines."""
        lines = Lines('sh', '-c', 'exec mserver "$@" 2>&1', 'sh', *options, user=user)
        self.addCleanup(lines.close)
        lines.wait(lambda line: says in line, f'"{says}"')
        wait_for(has_name, 'the server is on the bus')
        return lines

    def assert_works(self):
        """The agent is there, and a command takes effect."""
        wait_for(lambda: client_state('demo') == 'online', 'the agent is online', 30)
        node = Node('3node0')
        before = node.count('start')
        command, state, result = manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'restart', {'container': '3node0'}, {})
        self.assertEqual((state, json.loads(result)), ('succeeded', {'container': '3node0', 'state': 'running'}))
        wait_for(lambda: node.count('start') == before + 1, 'one start')
        self.journal.wait(MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=command)

    def test_plain(self):
        server = self.server('--port', '8080', says='listening on ws://127.0.0.1:8080/ws/monitoring/')
        self.assertEqual((listening(8080), listening(8443)), (['127.0.0.1'], []))
        configure_agent(self, **PLAIN)
        self.assert_works()
        self.assertEqual(get_property('/org/mserver1', 'org.mserver1.Manager', 'ListenAddresses'), ['ws://127.0.0.1:8080'])
        # Who runs it by hand reads the trail on the terminal.
        server.wait(lambda line: line.startswith('demo: restart 3node0 succeeded after '), 'the trail')
        server.process.send_signal(signal.SIGINT)
        self.assertEqual(server.process.wait(15), 0)

    def test_tls_with_a_certificate_of_its_own(self):
        self.server('--ssl', says='the TLS fingerprint is SHA256:')
        self.assertEqual(len(listening(8443)), 1)
        systemctl('restart', 'mclient.service')  # pinned as before
        self.assert_works()

    def test_tls_on_another_port_with_a_given_certificate(self):
        directory = tempfile.mkdtemp(dir='/run')
        self.addCleanup(shutil.rmtree, directory)
        os.chmod(directory, 0o755)
        cert, key = f'{directory}/cert.pem', f'{directory}/key.pem'
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
            '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert)
        shutil.chown(key, 'mserver')
        self.server('--ssl', '--ssl-port', '9443', '--cert', cert, '--key', key, says='the TLS fingerprint is SHA256:')
        self.assertEqual((len(listening(9443)), listening(8443)), (1, []))
        configure_agent(self, Server='wss://localhost:9443/ws/monitoring/', Fingerprint='', CAFile=cert)
        self.assert_works()
        digest = run('openssl', 'x509', '-noout', '-fingerprint', '-sha256', '-in', cert).stdout
        self.assertEqual(get_property('/org/mserver1', 'org.mserver1.Manager', 'Fingerprint').lower(),
                         'sha256:' + digest.partition('=')[2].strip().replace(':', '').lower())

    def test_both_at_once_on_one_address(self):
        self.server('--port', '8080', '--ssl', '--host', '127.0.0.7', says='listening on wss://127.0.0.7:8443/')
        self.assertEqual((listening(8080), listening(8443)), (['127.0.0.7'], ['127.0.0.7']))
        configure_agent(self, Server='ws://127.0.0.7:8080/ws/monitoring/', Fingerprint='')
        self.assert_works()

    def test_debug_says_more(self):
        server = self.server('--port', '8080', '--debug')
        configure_agent(self, **PLAIN)
        self.assert_works()
        systemctl('stop', 'mclient.service')
        server.wait(lambda line: line.startswith('127.0.0.1 (demo): '), 'why a connection ended')

    def test_as_root_and_then_the_service_again(self):
        server = self.server('--port', '8080', user=None)
        configure_agent(self, **PLAIN)
        self.assert_works()
        server.process.kill()  # what root leaves behind then is the service's to take up
        server.process.wait()
        systemctl('start', 'mserver.socket', 'mserver.service')
        configure_agent(self)
        self.assert_works()


class Refused(ServerTest):
    """What cannot be is said in one line that names it."""

    def assert_refused(self, text, *options):
        ended = run('mserver', *options, user='mserver', check=False, timeout=20)
        self.assertEqual(ended.returncode, 1)
        self.assertEqual(len(ended.stderr.splitlines()), 1, ended.stderr)
        self.assertIn(text, ended.stderr)

    def test_options(self):
        for text, options in {'--port is 70000': ('--port', '70000'),
                              '--ssl-port is -1': ('--ssl', '--ssl-port', '-1'),
                              'the key (--key': ('--ssl', '--cert', '/etc/hosts'),
                              '/nowhere/cert.pem': ('--ssl', '--ssl-port', '9443', '--cert', '/nowhere/cert.pem', '--key', '/x'),
                              '"localhost"': ('--port', '8080', '--host', 'localhost'),
                              '"extra"': ('--port', '8080', 'extra'),
                              '8443': ('--ssl',)}.items():
            with self.subTest(options=options):
                self.assert_refused(text, *options)

    def test_beside_one_that_runs(self):
        self.assert_refused('/var/lib/mserver/mserver.db', '--port', '8080')
        self.assertEqual(client_state('demo'), 'online')
