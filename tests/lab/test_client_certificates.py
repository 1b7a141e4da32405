# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates of clients: made at the enrolment, asked for by the server, renewed, and nobody else's."""
import json
import os
import re
import ssl
import stat
import subprocess
import tempfile
import time

import wsclient
from labtest import (ServerTest, bus, client_state, get_property, manager, run, systemctl, unit_property, wait_for)
from peers import CA, PORT, Peer, certificate_request, new_address, new_id, new_token

SERVICE = 'mserver.service'
DROP_IN = '/etc/mserver/mserver.conf.d/60-lab-clients.conf'
TLS = '/var/lib/mserver/tls'
KEY, FIRST, RENEWED = '/etc/mclient/client.key', '/etc/mclient/client.pem', '/var/lib/mclient/client.pem'
SIGNER = """[ca]
default_ca = ours
[ours]
dir = {directory}
database = {directory}/index
new_certs_dir = {directory}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = client
unique_subject = no
[any]
commonName = supplied
[client]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = clientAuth
"""


def configure(mode):
    with open(DROP_IN, 'w', encoding='utf-8') as f:
        f.write(f'[TLS]\nClientCertificates={mode}\n')
    systemctl('reload', SERVICE)


def enroll():
    line = manager('CreateEnrollment', 'sa{sv}', 'demo', {'replace': True})[0]
    run('mclient', 'enroll', '--force', input=line + '\n')


def subject(path):
    return run('openssl', 'x509', '-in', path, '-noout', '-subject', '-nameopt', 'RFC2253').stdout.strip()


def days_left(path):
    end = run('openssl', 'x509', '-in', path, '-noout', '-enddate').stdout.strip().split('=')[1]
    return (ssl.cert_time_to_seconds(end) - time.time()) / 86400


class Pair:
    """A key and certificate for a client id, by the server's own CA of clients (which root can read) or by another; of times in
    seconds from now."""

    def __init__(self, case, client, begin=-3600, end=3600, foreign=False, key=None):
        folder = tempfile.TemporaryDirectory()
        case.addCleanup(folder.cleanup)
        d = folder.name
        self.key, self.cert = key or f'{d}/key.pem', f'{d}/cert.pem'
        ca, ca_key = f'{TLS}/client-ca.pem', f'{TLS}/client-ca-key.pem'
        if foreign:
            ca, ca_key = f'{d}/ca.pem', f'{d}/ca-key.pem'
            run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
                '-keyout', ca_key, '-out', ca, '-subj', '/O=mserver/CN=mserver CA of clients of trust')
        new = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', self.key]
        run('openssl', 'req', '-new', *(['-key', key] if key else new), '-out', f'{d}/csr.pem', '-subj', f'/CN={client}')
        with open(f'{d}/ca.conf', 'w', encoding='utf-8') as f:
            f.write(SIGNER.format(directory=d))
        open(f'{d}/index', 'w', encoding='utf-8').close()
        times = [time.strftime('%Y%m%d%H%M%SZ', time.gmtime(time.time() + t)) for t in (begin, end)]
        run('openssl', 'ca', '-batch', '-config', f'{d}/ca.conf', '-cert', ca, '-keyfile', ca_key, '-in', f'{d}/csr.pem', '-out',
            self.cert, '-notext', '-startdate', times[0], '-enddate', times[1])


def ask(token, pair=None, source=None):
    """Asks to be let in, with this certificate: the status."""
    context = ssl.create_default_context(cafile=CA)
    if pair:
        context.load_cert_chain(pair.cert, pair.key)
    with wsclient.Connection(PORT, context, source=source or new_address()) as connection:
        connection.send(wsclient.request(token=token))
        return connection.response()[0]


class ClientCertificates(ServerTest):
    expected_warnings = (r'^closed by the server \(1001', ': offline: ', ' rejected: ', 'another host was enrolled as this client')

    def setUp(self):
        super().setUp()
        self.addCleanup(self.restore)
        configure('optional')
        enroll()

    def restore(self):
        os.unlink(DROP_IN)
        systemctl('restart', SERVICE)
        wait_for(lambda: client_state('demo') == 'online', 'demo is online again', 60)

    def assert_refused(self, client, pair, reason):
        self.assertEqual(ask(new_token(client), pair), 403)
        entry = self.journal.wait(MSERVER_EVENT='client-rejected', MSERVER_CLIENT=client)
        self.assertRegex(entry['MSERVER_REASON'], reason)

    def assert_audited(self, path, reason):
        """The audit trail has this very certificate, as an auditor would look for it."""
        serial = run('openssl', 'x509', '-in', path, '-noout', '-serial').stdout.strip().split('=')[1]
        entry = self.journal.wait(MSERVER_EVENT='client-certificate-issued', MSERVER_CERTIFICATE_SERIAL=serial)
        fingerprint = run('openssl', 'x509', '-in', path, '-noout', '-fingerprint', '-sha256').stdout.strip().split('=')[1]
        self.assertEqual(entry['MSERVER_CERTIFICATE_FINGERPRINT'], 'SHA256:' + fingerprint.replace(':', '').lower())
        self.assertEqual((entry['MSERVER_CLIENT'], entry['MSERVER_REASON']), ('demo', reason))
        self.assertTrue(entry['MSERVER_ADDRESS'])
        self.assertAlmostEqual((int(entry['MSERVER_UNTIL_USEC']) / 1e6 - time.time()) / 86400, days_left(path), delta=0.01)
        self.assertTrue(entry['MSERVER_SEQ'] and entry['MSERVER_CHAIN'])
        shown = run('mserverctl', '--json=short', 'audit', '--event', 'client-certificate-issued', '--client', 'demo').stdout
        self.assertIn(serial, shown)

    def test_an_enrolled_host_has_its_own(self):
        self.assertEqual(stat.S_IMODE(os.stat(KEY).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(f'{TLS}/client-ca-key.pem').st_mode), 0o600)
        self.assertRegex(subject(FIRST), r'CN=demo\b')
        self.assertIn(': OK', run('openssl', 'verify', '-purpose', 'sslclient', '-CAfile', f'{TLS}/client-ca.pem', FIRST).stdout)
        self.assertGreater(days_left(FIRST), 80)
        self.assert_audited(FIRST, 'enrolled')
        configure('required')
        self.assertEqual(client_state('demo'), 'online')  # sessions stay
        systemctl('restart', 'mclient.service')
        wait_for(lambda: get_property('/org/mclient1', 'org.mclient1.Agent', 'State', service='org.mclient1') == 'online',
                 'it is let in with it')
        self.assertEqual(manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'status', {}, {})[1], 'succeeded')

    def test_whom_a_server_lets_in_that_requires_one(self):
        configure('required')
        client = new_id(self)
        token = new_token(client)
        own = Pair(self, client)
        self.assertEqual(ask(token, own), 101)
        self.assertEqual(ask('wrong', own), 401)  # it does not do without the token
        self.assert_refused(client, None, 'it shows no certificate')

    def test_impostors(self):
        for mode in ('optional', 'required'):
            configure(mode)
            for what, pair, reason in (('another id', Pair(self, 'demo'), 'its certificate is for "demo"'),
                                       ('expired', None, 'expired'), ('not yet', None, 'not yet valid'),
                                       ('foreign', None, 'its certificate is refused: ')):
                with self.subTest(mode=mode, what=what):
                    client = new_id(self)
                    pair = pair or Pair(self, client, foreign=what == 'foreign',
                                        **{'expired': {'begin': -7200, 'end': -60}, 'not yet': {'begin': 1800}}.get(what, {}))
                    self.assert_refused(client, pair, reason)

    def test_optional_takes_those_without(self):
        client = new_id(self)
        self.assertEqual(ask(new_token(client)), 101)

    def test_renewed_before_it_ends(self):
        configure('required')
        systemctl('stop', 'mclient.service')
        if os.path.exists(RENEWED):
            os.unlink(RENEWED)
        short = Pair(self, 'demo', begin=-3600, end=900, key=KEY)
        with open(short.cert, encoding='utf-8') as source, open(FIRST, 'w', encoding='utf-8') as target:
            target.write(source.read())
        systemctl('start', 'mclient.service')
        wait_for(lambda: os.path.exists(RENEWED), 'the server has signed a new one')
        self.assertGreater(days_left(RENEWED), 80)
        self.assert_audited(RENEWED, 'renewed')
        self.assertRegex(subject(RENEWED), r'CN=demo\b')
        # The old one ends: the next connections are let in by the new one.
        ended = Pair(self, 'demo', begin=-7200, end=-60, key=KEY)
        with open(ended.cert, encoding='utf-8') as source, open(FIRST, 'w', encoding='utf-8') as target:
            target.write(source.read())
        bus('/org/mclient1', 'org.mclient1.Agent', 'Reconnect', service='org.mclient1')
        wait_for(lambda: client_state('demo') == 'online', 'it is let in with the new one')
        systemctl('restart', 'mclient.service')
        wait_for(lambda: get_property('/org/mclient1', 'org.mclient1.Agent', 'State', service='org.mclient1') == 'online',
                 'also after a restart')

    def test_nobody_gets_one_for_another(self):
        """Whatever a request says, the certificate is for whom the session is."""
        peer = Peer(self, features=('progress', 'ledger'))
        with tempfile.TemporaryDirectory() as d:
            peer.say('certificate_request', data={'request': certificate_request('demo')})
            text = peer.hear('certificate', 'error')['data']['certificate']
            with open(f'{d}/c', 'w', encoding='utf-8') as f:
                f.write(text)
            self.assertIn(f'CN={peer.id}', subject(f'{d}/c'))
            peer.say('certificate_request', data={'request': text})
            self.assertIn('a moment ago', peer.hear('certificate', 'error')['detail'])
        other = Peer(self)
        other.say('certificate_request', data={'request': 'no request'})
        self.assertEqual(other.hear('error')['message'], 'no certificate')

    def test_revoked_at_once_whatever_it_shows(self):
        configure('required')
        client = new_id(self)
        token = new_token(client)
        own = Pair(self, client)
        context = ssl.create_default_context(cafile=CA)
        context.load_cert_chain(own.cert, own.key)
        with wsclient.Connection(PORT, context, source=new_address()) as connection:
            connection.upgrade(token=token)
            connection.send(wsclient.frame(json.dumps({'type': 'register', 'serverId': client, 'version': '9'})))
            connection.receive()
            manager('RevokeClient', 's', client)
            with self.assertRaises(wsclient.Closed):
                while True:
                    connection.receive()
        self.assertEqual(ask(token, own), 401)

    def test_off_asks_for_none(self):
        configure('off')
        text = subprocess.run(['openssl', 's_client', '-connect', 'localhost:8443', '-CAfile', CA], input='', text=True,
                              capture_output=True, timeout=30, check=False).stdout
        self.assertIn('No client certificate CA names sent', text)
        client = new_id(self)
        self.assertEqual(ask(new_token(client), Pair(self, 'demo')), 101)

    def test_a_word_that_is_none_changes_nothing(self):
        self.allow_warnings('not reloaded')
        configure('sometimes')
        self.assertRegex(unit_property(SERVICE, 'StatusText'), re.escape('reload that failed'))
        client = new_id(self)
        self.assert_refused(client, Pair(self, 'demo'), 'its certificate is for "demo"')
