# SPDX-License-Identifier: LGPL-2.1-or-later
"""The TLS that strangers meet: which versions, suites and tricks, by openssl's own client."""
import hashlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import time

from labtest import BusError, Journal, ServerTest, client_state, get_property, manager, run, systemctl, unit_property, wait_for
from peers import Peer

SERVICE = 'mserver.service'
MANAGER = ('/org/mserver1', 'org.mserver1.Manager')
DROP_IN = '/etc/mserver/mserver.conf.d/test.conf'
ADDRESS = 'localhost:8443'
CA = '/var/lib/mserver/tls/ca.pem'
# OpenSSL has to be told that it may try what nobody should.
ANYTHING = ('-cipher', 'ALL:@SECLEVEL=0')


def s_client(*options, say=''):
    """What openssl's client says of a handshake, and whether there was one."""
    process = subprocess.run(['openssl', 's_client', '-connect', ADDRESS, '-CAfile', CA, '-servername', 'localhost', *options],
                             input=say, capture_output=True, text=True, timeout=30, check=False)
    text = process.stdout + process.stderr
    cipher = re.search(r'Cipher is (\S+)', text)
    return text, bool(cipher and cipher[1] != '(NONE)')


def shown():
    """The fingerprint of the certificate that the server shows."""
    context = ssl._create_unverified_context()  # pylint: disable=protected-access
    with socket.create_connection(('localhost', 8443), timeout=15) as s, context.wrap_socket(s) as tls:
        return hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()


class Reload(ServerTest):
    """New certificates and a new configuration, and nobody's session ends for it."""

    expected_warnings = (r'^closed by the server \(1001',)  # when all is put back

    def setUp(self):
        super().setUp()
        self.directory = '/etc/mserver/test-tls'
        os.makedirs(self.directory, exist_ok=True)
        self.addCleanup(self.restore)
        self.peer = Peer(self)
        self.pid = unit_property(SERVICE, 'MainPID')

    def restore(self):
        shutil.rmtree(self.directory)
        if os.path.exists(DROP_IN):
            os.unlink(DROP_IN)
        systemctl('restart', SERVICE)

    def make(self, days, name='own'):
        """A certificate as an ACME client leaves it: its fingerprint."""
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', days,
            '-subj', '/CN=fleet.example', '-addext', 'subjectAltName=DNS:localhost', '-keyout', f'{self.directory}/{name}.key',
            '-out', f'{self.directory}/{name}.pem')
        run('chgrp', '--recursive', 'mserver', self.directory)
        run('chmod', '--recursive', 'u=rwX,g=rX', self.directory)
        return run('openssl', 'x509', '-in', f'{self.directory}/{name}.pem', '-noout', '-fingerprint',
                   '-sha256').stdout.split('=')[1].strip().replace(':', '').lower()

    def configure(self, text):
        os.makedirs(os.path.dirname(DROP_IN), exist_ok=True)
        with open(DROP_IN, 'w', encoding='utf-8') as f:
            f.write(text)

    def reload(self, said):
        """Reloads, waits until the journal says how that went, and that nobody was the worse for it."""
        journal = Journal()
        systemctl('reload', SERVICE)
        wait_for(lambda: said in journal.text(SERVICE), f'"{said}" in the journal')
        self.peer.say('ping')
        self.peer.hear('pong')
        self.assertEqual(client_state('demo'), 'online')
        self.assertEqual(unit_property(SERVICE, 'MainPID'), self.pid)
        self.assertEqual(unit_property(SERVICE, 'ActiveState'), 'active')
        return journal.text(SERVICE)

    def use_own(self):
        self.configure(f'[TLS]\nCertificate={self.directory}/own.pem\nPrivateKey={self.directory}/own.key\n')

    def test_own_certificate_comes_and_is_renewed(self):
        before, first = shown(), self.make(60)
        self.use_own()
        self.assertEqual(shown(), before)
        self.reload('reloaded, ')
        self.assertEqual(shown(), first)
        self.assertEqual(get_property(*MANAGER, 'Fingerprint'), f'SHA256:{first}')
        second = self.make(60)
        self.reload('reloaded, ')
        self.assertEqual(shown(), second)
        os.unlink(DROP_IN)
        self.reload('reloaded, ')
        self.assertEqual(shown(), before)

    def test_what_cannot_be_used_changes_nothing(self):
        before = shown()
        self.allow_warnings('not reloaded')
        self.make(60, 'other')
        self.make(60)
        for text in (f'[TLS]\nCertificate={self.directory}/own.pem\nPrivateKey={self.directory}/other.key\n',
                     f'[TLS]\nCertificate={self.directory}/own.pem\n', '[TLS]\nCertificate=/nonexistent\nPrivateKey=/nonexistent\n',
                     '[Limits]\nMaxClients=many\n', '[Server]\nAdvertiseUrl=http://x\n'):
            with self.subTest(configuration=text):
                self.configure(text)
                self.reload('not reloaded, all stays as it was')
                self.assertEqual(shown(), before)
                self.assertIn('reload that failed', unit_property(SERVICE, 'StatusText'))

    def test_configuration(self):
        self.configure('[Server]\nAdvertiseUrl=wss://fleet.example:443/ws/monitoring/\n[Limits]\nMaxClients=1\n')
        self.reload('reloaded, ')
        line = manager('CreateEnrollment', 'sa{sv}', self.peer.id, {'replace': True})[0]
        self.assertRegex(line, r'^wss://fleet\.example:443/ws/monitoring/ SHA256:')
        with self.assertRaises(BusError) as caught:
            manager('CreateToken', 'sa{sv}', 'one-too-many', {})
        self.assertRegex(caught.exception.name, 'LimitExceeded')

    def test_one_that_expires_is_warned_about(self):
        self.allow_warnings('expires in')
        self.make(60)
        self.use_own()
        self.assertNotIn('expires in', self.reload('reloaded, '))
        self.make(5)
        self.assertRegex(self.reload('reloaded, '), r'own\.pem expires in \d')
        left = get_property(*MANAGER, 'CertificateExpires') / 1e6 - time.time()
        self.assertTrue(4 * 86400 < left < 6 * 86400, left)


class Handshakes(ServerTest):
    def test_versions(self):
        for version, works in {'-tls1': False, '-tls1_1': False, '-tls1_2': True, '-tls1_3': True}.items():
            with self.subTest(version=version):
                text, done = s_client(version, *(() if works else ANYTHING))
                self.assertEqual(done, works, text)
                if works:
                    self.assertIn('Verify return code: 0 (ok)', text)

    def test_suites(self):
        """Of TLS 1.2 those with forward secrecy and AEAD, and nothing else."""
        offered = subprocess.run(['openssl', 'ciphers', '-s', '-tls1_2', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'], capture_output=True,
                                 text=True, check=True).stdout.strip().split(':')
        taken = {c for c in offered if s_client('-tls1_2', '-cipher', f'{c}:@SECLEVEL=0')[1]}
        self.assertEqual(taken, {'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-AES128-GCM-SHA256',
                                 'ECDHE-ECDSA-CHACHA20-POLY1305'})

    def test_groups(self):
        for group, works in {'X25519': True, 'P-256': True, 'P-384': True, 'P-521': False, 'ffdhe2048': False}.items():
            with self.subTest(group=group):
                text, done = s_client('-groups', group)
                self.assertEqual(done, works, text)

    def test_signatures(self):
        for algorithm, works in {'ECDSA+SHA256': True, 'ECDSA+SHA1': False, 'RSA+SHA1': False}.items():
            with self.subTest(algorithm=algorithm):
                text, done = s_client('-tls1_2', '-sigalgs', algorithm, '-cipher', 'ALL:@SECLEVEL=0')
                self.assertEqual(done, works, text)

    def test_no_renegotiation(self):
        # "R" alone on a line asks for one.
        text, done = s_client('-tls1_2', say='R\n')
        self.assertTrue(done)
        self.assertIn('RENEGOTIATING', text)
        self.assertRegex(text, 'no renegotiation|handshake failure|unexpected message')
        self.assertIn('Secure Renegotiation IS supported', text)

    def test_no_compression_and_no_other_protocol(self):
        text, _ = s_client('-tls1_2', '-comp')
        self.assertIn('Compression: NONE', text)
        text, done = s_client('-alpn', 'h2')
        self.assertFalse(done, text)
        text, done = s_client('-alpn', 'h2,http/1.1')
        self.assertIn('ALPN protocol: http/1.1', text)

    def test_no_early_data(self):
        """What could be replayed is not taken."""
        text, _ = s_client('-tls1_3')
        self.assertNotRegex(text, r'Max Early Data: [1-9]')

    def test_plain_text_gets_nothing(self):
        with socket.create_connection(('localhost', 8443), timeout=15) as s:
            s.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
            self.assertNotIn(b'HTTP', s.recv(4096))
