# SPDX-License-Identifier: LGPL-2.1-or-later
"""Alerts are told: to a real Alertmanager, and in the shapes of Slack, Discord, Telegram and a webhook to a listener of the test's; once
each, whatever is killed, and nowhere is the secret of an URL."""
import glob
import http.server
import json
import os
import queue
import ssl
import tempfile
import threading
import urllib.request

from labtest import (Lines, Node, ServerTest, client_state, configure_agent, docker, manager, places_of, run, systemctl,
                     unit_property, wait_for)

DROP_IN = '/etc/mserver/mserver.conf.d/50-lab-notify.conf'
SECRETS = '/etc/mserver/notify'
SECRET = 's3cret-Zm9vYmFy'
ALERTMANAGER = '127.0.0.1:9793'
# An alert that a container can be made to raise within seconds, and no other.
RULES = '[Alerts]\n' + ''.join(f'{kind}=no\n' for kind in (
    'ClientOffline', 'ContainerRestarting', 'NodeSyncing', 'NodeNoPeers', 'BlockStalled', 'FinalityLag', 'DiskFull', 'MemoryFull',
    'ClockSkew', 'KeyUnregistered', 'BackupTooOld', 'CertificateExpiring', 'CommandFailed', 'CommandInterrupted', 'AuditBroken'))
QUICK = 'ContainerDownFor=1s\nClearFor=1s\n'
NODE = '3node1'


class Target:
    """An HTTP server; .requests has (path, body) of each."""

    def __init__(self, port=0, tls=None):
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                target.requests.put((self.path, json.loads(self.rfile.read(int(self.headers['Content-Length'])))))
                self.send_response(200)
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_):
                pass

        self.requests = queue.Queue()
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Handler)
        self.port = self.server.server_address[1]
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def next(self):
        """The next request: (path, body)."""
        return self.requests.get(timeout=60)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class NotifyTest(ServerTest):
    """Alerts of a container that does not run come and go within seconds."""

    def setUp(self):
        super().setUp()
        self.allow_warnings(f'container-down: {NODE}')
        configure_agent(self, StatsInterval=1)
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back')
        self.addCleanup(self.no_alerts)
        self.addCleanup(Node(NODE).restore)
        # What tests before have left is over.
        self.write(RULES + 'ContainerDown=no\n')
        wait_for(lambda: not manager('ListAlerts')[0], 'no alert lasts')

    def no_alerts(self):
        """As it was: nobody is told of anything."""
        for path in [DROP_IN, *glob.glob(f'{SECRETS}/*')]:
            os.unlink(path)
        systemctl('reload', 'mserver.service')

    def configure(self, text, **secrets):
        for name, secret in secrets.items():
            with open(os.open(f'{SECRETS}/{name}', os.O_WRONLY | os.O_CREAT, 0o600), 'w', encoding='utf-8') as f:
                f.write(secret + '\n')
        self.write(RULES + QUICK + text)

    @staticmethod
    def write(text):
        with open(DROP_IN, 'w', encoding='utf-8') as f:
            f.write(text)
        systemctl('reload', 'mserver.service')

    def target(self, **options):
        target = Target(**options)
        self.addCleanup(target.close)
        return target

    @staticmethod
    def alert():
        """The id of the alert that the container does not run; None: it lasts not."""
        rows = manager('ListAlerts')[0]
        return next((row[0] for row in rows if (row[2], row[3]) == ('container-down', 'demo') and NODE in row[4]), None)

    def break_it(self):
        docker('stop', '--time', '0', NODE)
        return wait_for(self.alert, 'the alert is raised', 60)

    def repair_it(self):
        docker('start', NODE)
        wait_for(lambda: not self.alert(), 'the alert is cleared', 60)


class Shapes(NotifyTest):
    def test_each_is_told_once(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        cert, key = '/etc/mserver/lab-target.pem', f'{directory.name}/key.pem'
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
            '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert)
        self.addCleanup(os.unlink, cert)
        os.chmod(cert, 0o644)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert, key)
        secure, plain = self.target(tls=tls), self.target()
        url = f'https://localhost:{secure.port}'
        self.configure(''.join(f'[Notify {name}]\nType={name}\nCAFile={cert}\n{more}' for name, more in (
            ('slack', ''), ('discord', ''), ('telegram', 'Chat=@duty\n'))) +
            f'[Notify hook]\nType=webhook\nUrl=http://127.0.0.1:{plain.port}/hook\nClients=demo\n'
            f'[Notify others]\nType=webhook\nUrl=http://127.0.0.1:{plain.port}/others\nClients=tokyo-*\n',
            slack=f'{url}/services/{SECRET}', discord=f'{url}/webhooks/{SECRET}', telegram=f'{url}/bot1:{SECRET}/sendMessage')
        alert = self.break_it()
        path, body = plain.next()
        self.assertEqual((path, body['event'], body['id'], body['client'], body['container'], body['severity']),
                         ('/hook', 'alert-raised', alert, 'demo', NODE, 'critical'))
        raised = dict(secure.next() for _ in range(3))
        self.assertIn('container-down, demo, ' + NODE, raised[f'/services/{SECRET}']['text'])
        self.assertIn(NODE, raised[f'/webhooks/{SECRET}']['content'])
        self.assertEqual(raised[f'/bot1:{SECRET}/sendMessage']['chat_id'], '@duty')

        self.repair_it()
        self.assertEqual(plain.next()[1]['event'], 'alert-cleared')
        cleared = dict(secure.next() for _ in range(3))
        self.assertEqual(set(cleared), set(raised))
        self.assertIn('✅', cleared[f'/services/{SECRET}']['text'])
        self.assertEqual(places_of(SECRET), [])
        self.assertTrue(plain.requests.empty() and secure.requests.empty())

        # The server's sandbox is what it was, and the sender has one of its own.
        with open(f'/proc/{unit_property("mserver.service", "MainPID")}/net/dev', encoding='ascii') as f:
            self.assertEqual([line.split(':')[0].strip() for line in f if ':' in line], ['lo'])
        with open(f'/proc/{unit_property("mserver-notify.service", "MainPID")}/status', encoding='ascii') as f:
            status = dict(line.rstrip('\n').split(':\t', 1) for line in f if ':\t' in line)
        self.assertNotEqual(status['Uid'].split()[0], '0')
        self.assertEqual((status['CapEff'], status['NoNewPrivs'], status['Seccomp']), ('0' * 16, '1', '2'))


class Killed(NotifyTest):
    def kill(self, service):
        """And wait until systemd has noticed."""
        pid = unit_property(service, 'MainPID')
        self.assertNotEqual(pid, '0')
        systemctl('kill', '--kill-whom=main', '--signal=KILL', service)
        wait_for(lambda: unit_property(service, 'MainPID') != pid, f'{service} is gone')

    def test_a_target_that_was_away_and_kills_in_between(self):
        self.allow_warnings(r'^\[Notify hook\]', 'KILL', "Failed with result 'signal'", 'the connection was cut', '^closed by the server',
                            'Closed before conn')
        target = Target()
        port = target.port
        target.close()
        self.configure(f'[Notify hook]\nType=webhook\nUrl=http://127.0.0.1:{port}/\n')
        first = self.break_it()
        self.journal.wait(_SYSTEMD_UNIT='mserver.service', PRIORITY='4')
        self.kill('mserver-notify.service')
        self.kill('mserver.service')
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)
        self.repair_it()
        second = self.break_it()
        target = self.target(port=port)
        told = [target.next()[1] for _ in range(3)]
        self.assertEqual([(n['event'], n['id']) for n in told],
                         [('alert-raised', first), ('alert-cleared', first), ('alert-raised', second)])
        # What was told is not told again, whoever is killed; what was raised in another life is cleared.
        self.kill('mserver-notify.service')
        self.kill('mserver.service')
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)
        self.repair_it()
        cleared = target.next()[1]
        self.assertEqual((cleared['event'], cleared['id']), ('alert-cleared', second))
        self.assertTrue(target.requests.empty())


class Alertmanager(NotifyTest):
    """The real one, which in turn tells a listener of the test's what it makes of it."""

    def start(self, listener):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        with open(f'{directory.name}/alertmanager.yml', 'w', encoding='utf-8') as f:
            json.dump({'route': {'receiver': 'test', 'group_wait': '0s', 'group_interval': '1s'},
                       'receivers': [{'name': 'test', 'webhook_configs': [{'url': f'http://127.0.0.1:{listener.port}/',
                                                                           'send_resolved': True}]}]}, f)
        lines = Lines('sh', '-c', 'exec "$@" 2>&1', 'sh', 'prometheus-alertmanager', f'--config.file={directory.name}/alertmanager.yml',
                      f'--storage.path={directory.name}/data', f'--web.listen-address={ALERTMANAGER}', '--cluster.listen-address=')
        self.addCleanup(lines.close)
        wait_for(lambda: urllib.request.urlopen(f'http://{ALERTMANAGER}/-/ready', timeout=10).status == 200, 'Alertmanager is ready', 60)

    def active(self):
        """What it says lasts."""
        with urllib.request.urlopen(f'http://{ALERTMANAGER}/api/v2/alerts', timeout=10) as answer:
            return json.load(answer)

    def test_it_knows_what_lasts_and_that_it_is_over(self):
        listener = self.target()
        self.start(listener)
        self.configure(f'[Notify am]\nType=alertmanager\nUrl=http://{ALERTMANAGER}/api/v2/alerts\nSeverity=info\n')
        alert = self.break_it()
        found = wait_for(lambda: [a for a in self.active() if a['annotations'].get('id') == alert], 'Alertmanager has it')[0]
        self.assertEqual({k: found['labels'][k] for k in ('alertname', 'severity', 'client', 'container')},
                         {'alertname': 'container-down', 'severity': 'critical', 'client': 'demo', 'container': NODE})
        self.assertEqual(found['status']['state'], 'active')
        listed = run('amtool', f'--alertmanager.url=http://{ALERTMANAGER}', 'alert', 'query', f'container={NODE}').stdout
        self.assertIn('container-down', listed)
        self.assertEqual(self.told(listener, 'firing')['annotations']['id'], alert)

        self.repair_it()
        self.assertEqual(self.told(listener, 'resolved')['annotations']['id'], alert)
        self.assertEqual([a for a in self.active() if a['labels'].get('container') == NODE], [])

    @staticmethod
    def told(listener, status):
        """The alert about our node in Alertmanager's next notice with this status."""
        while True:
            for alert in listener.next()[1]['alerts']:
                if alert['labels'].get('container') == NODE and alert['status'] == status:
                    return alert
