# SPDX-License-Identifier: LGPL-2.1-or-later
"""Alerts of real things that go wrong: a container that is stopped and one that does not stay up, an agent that is stopped, a
node that syncs, one that stands still and one that does not answer, a disk and a memory that are full, a certificate that
expires, commands that fail. All is raised and cleared at once here, by a drop-in; that times and thresholds are kept is
tests/daemon/test-alerts.c's."""
import contextlib
import json
import os
import shutil
import tempfile
import time

from labtest import (BusError, BusMonitor, Failed, Node, ServerTest, client_state, docker, manager, mserverctl,
                     mserverctl_json, run, systemctl, wait_for)
from peers import Peer

SERVER_CONFIG = '/etc/mserver/mserver.conf.d/alerts.conf'
AGENT_CONFIG = '/etc/mclient/mclient.conf.d/alerts.conf'
QUICK = '''[Alerts]
ClearFor=0
ClientOfflineFor=0
ContainerDownFor=0
NodeSyncingFor=0
NodeNoPeersFor=0
# The lab's machine is what it is.
DiskFull=no
MemoryFull=no
'''


def alerts(kind=None):
    """What lasts, as mserverctl has it; of a kind."""
    return [a for a in mserverctl_json('alerts') if kind in (None, a['kind'])]


def look():
    """The agent asks its nodes now, and the next sample tells what they said."""
    manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'status', {}, {})


class Alerts(ServerTest):
    def setUp(self):
        super().setUp()
        for path, text in ((SERVER_CONFIG, QUICK), (AGENT_CONFIG, '[Agent]\nStatsInterval=1\n[Docker]\nContainers=3node*,node9\n')):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', encoding='utf-8') as f:
                f.write(text)
        self.addCleanup(self.put_back)
        self.allow_warnings(r'^closed by the server \(1001', '^the connection was cut')
        systemctl('restart', 'mclient.service')
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)
        look()
        systemctl('reload', 'mserver.service')
        self.raised('container-down', 'node9: absent')  # it is configured and was never there

    def put_back(self):
        os.unlink(SERVER_CONFIG)
        os.unlink(AGENT_CONFIG)
        systemctl('reload', 'mserver.service')  # before the agent looks at its certificate
        systemctl('restart', 'mclient.service')
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)

    def raised(self, kind, message, deadline=60, client='demo'):
        """The alert, as soon as it is there."""
        return wait_for(lambda: next((a for a in alerts(kind) if a['client'] in (client, '') and a['message'].startswith(message)), None),
                        f'{kind}: {message}', deadline)

    def raised_asking(self, kind, message, deadline=100):
        """The same of what lasts only once the node has been asked several times."""
        def asked():
            look()
            return any(a['message'].startswith(message) for a in alerts(kind))
        wait_for(asked, f'{kind}: {message}', deadline)
        return self.raised(kind, message)

    def configure(self, text):
        """Besides what is quick here; the kind is off again when the test ends."""
        with open(SERVER_CONFIG, 'w', encoding='utf-8') as f:
            f.write(QUICK + text)
        systemctl('reload', 'mserver.service')

    def ask_all(self):
        """The agent asks its nodes everything, also what it asks once a minute."""
        systemctl('restart', 'mclient.service')
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)
        look()

    def cleared(self, alert, deadline=60):
        wait_for(lambda: alert['id'] not in [a['id'] for a in alerts()], f'{alert["kind"]} is over', deadline)
        entry = self.journal.wait(MSERVER_EVENT='alert-cleared', MSERVER_ALERT_ID=alert['id'])
        self.assertEqual(entry['MSERVER_ALERT_KIND'], alert['kind'])

    def once(self, alert):
        """It was told once."""
        self.assertEqual(len(self.journal.entries(MSERVER_EVENT='alert-raised', MSERVER_ALERT_ID=alert['id'])), 1)
        same = self.journal.entries(MSERVER_EVENT='alert-raised', MSERVER_ALERT_KIND=alert['kind'])
        self.assertEqual(sum((e.get('MSERVER_CLIENT', ''), e['MSERVER_REASON']) == (alert['client'], alert['message']) for e in same), 1)

    def test_container_stopped(self):
        with BusMonitor() as monitor:
            docker('stop', '-t', '1', '3node1')
            alert = self.raised('container-down', '3node1: exited')
            told = monitor.signal('AlertRaised')
            while told[0] != alert['id']:
                told = monitor.signal('AlertRaised')
            self.assertEqual(told[1:], ['critical', 'container-down', 'demo', '3node1: exited'])
            entry = self.journal.wait(MSERVER_EVENT='alert-raised', MSERVER_ALERT_ID=alert['id'])
            self.assertEqual((entry['MSERVER_CLIENT'], entry['MSERVER_CONTAINER'], entry['PRIORITY'], entry['MSERVER_ALERT_SEVERITY']),
                             ('demo', '3node1', '3', 'critical'))
            # A restart of the server, and of the agent, is no new incident.
            systemctl('restart', 'mserver.service')
            wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)
            samples = json.loads(manager('GetLatestStats', 's', 'demo')[0] or '{}')
            wait_for(lambda: json.loads(manager('GetLatestStats', 's', 'demo')[0] or '{}') not in (samples, {}), 'it tells again', 60)
            self.assertIn(alert['id'], [a['id'] for a in alerts()])
            systemctl('kill', '--signal=KILL', 'mserver.service')
            self.allow_warnings('code=killed', "Failed with result 'signal'")
            wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)
            self.assertIn(alert['id'], [a['id'] for a in alerts()])
            docker('start', '3node1')
            self.cleared(alert)
            self.once(alert)

    def test_agent_stopped(self):
        docker('stop', '-t', '1', '3node1')
        down = self.raised('container-down', '3node1: exited')
        systemctl('stop', 'mclient.service')
        alert = self.raised('client-offline', 'offline')
        docker('start', '3node1')
        self.assertIn(down['id'], [a['id'] for a in alerts()], 'who is away tells nothing')
        systemctl('start', 'mclient.service')
        self.cleared(alert)
        self.cleared(down)
        self.once(alert)

    def test_node(self):
        node = Node('3node0')
        node.set('syncing')
        look()
        syncing = self.raised('node-syncing', '3node0: syncing, 172689 blocks behind, 8 peers', 100)
        self.once(syncing)
        node.unset('syncing')
        node.set('peers', 0)
        look()
        self.cleared(syncing, 100)
        alone = self.raised('node-no-peers', '3node0: no peers', 100)
        node.unset('peers')
        look()
        self.cleared(alone, 100)

    @staticmethod
    def done(command, **params):
        """The result of a command that has succeeded."""
        _, state, result = manager('RunCommand', 'ssa{sv}a{sv}', 'demo', command, params, {})
        assert state == 'succeeded', result
        return json.loads(result)

    def test_keys_that_nobody_registers(self):
        node = Node('3node1')
        keys = self.done('rotate_keys', container='3node1', force=True)['session_key']
        self.configure('KeyUnregistered=1s\n')
        self.ask_all()
        alert = self.raised('key-unregistered', '3node1', 100)
        node.set('registered', keys)
        self.ask_all()
        self.cleared(alert, 100)
        self.once(alert)

    def test_finality(self):
        self.configure('FinalityLagFor=0\n')
        node = Node('3node0')
        best = int(node.rpc('chain_getHeader')['result']['number'], 16)
        node.set('chain_getFinalizedHead.result', json.dumps(f'0x{"0" * 56}{best - 300:08x}'))
        look()
        alert = self.raised('finality-lag', '3node0: 30', 100)
        node.unset('chain_getFinalizedHead.result')
        look()
        self.cleared(alert, 100)

    def everywhere(self, alert):
        """It is told once, and everything that shows alerts shows it."""
        self.once(alert)
        rows = [row for row in manager('ListAlerts')[0] if row[0] == alert['id']]
        self.assertEqual([row[:5] for row in rows],
                         [[alert['id'], alert['severity'], alert['kind'], alert['client'], alert['message']]])
        entry = self.journal.wait(MSERVER_EVENT='alert-raised', MSERVER_ALERT_ID=alert['id'])
        self.assertEqual((entry['MSERVER_ALERT_KIND'], entry['MSERVER_ALERT_SEVERITY'], entry['MSERVER_REASON']),
                         (alert['kind'], alert['severity'], alert['message']))
        self.assertIn(alert['message'], mserverctl('alerts', user='oper'))

    def over(self, alert, deadline=60):
        """It is, and belongs to the past."""
        self.cleared(alert, deadline)
        self.assertIn(alert['id'], [a['id'] for a in mserverctl_json('alerts', 'past', '-n20')])

    def test_container_that_does_not_stay_up(self):
        docker('run', '--detach', '--restart=always', '--network=none', '--name=3node7', '--entrypoint=/bin/false', 'plain')
        self.addCleanup(run, 'docker', 'rm', '--force', '3node7', check=False)
        alert = self.raised('container-restarting', '3node7: restarted ', 90)
        self.everywhere(alert)
        # That the server is restarted, and forgets how often that one was, ends nothing.
        systemctl('restart', 'mserver.service')
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)
        systemctl('restart', 'mclient.service')
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)
        down = self.raised('container-down', '3node7: ')
        docker('rm', '--force', '3node7')
        self.over(alert)
        self.cleared(down)
        self.once(alert)

    def test_node_that_stands_still(self):
        self.configure('BlockStalledFor=20s\n')  # there is a block every 6 s, and a busy machine takes as long to ask
        node = Node('3node1')
        best = int(node.rpc('chain_getHeader')['result']['number'], 16)
        node.set('best', best)
        alert = self.raised_asking('block-stalled', f'3node1: no block after {best}')
        self.everywhere(alert)
        self.assertEqual([a['message'] for a in alerts('block-stalled')], [alert['message']])  # the other node goes on
        node.unset('best')
        wait_for(lambda: int(node.rpc('chain_getHeader')['result']['number'], 16) > best, 'the next block')
        look()
        self.over(alert)

    def test_node_that_hangs(self):
        """It runs, and takes connections; but no answer comes."""
        self.configure('BlockStalledFor=8s\n')
        look()
        docker('kill', '--signal=STOP', '3node1')
        self.addCleanup(run, 'docker', 'kill', '--signal=CONT', '3node1', check=False)
        alert = self.raised_asking('block-stalled', '3node1: the node does not answer')
        self.everywhere(alert)
        docker('kill', '--signal=CONT', '3node1')
        look()
        self.over(alert)

    @contextlib.contextmanager
    def disk(self):
        """A small disk of the host's, as any other of /proc/mounts."""
        for device, kind, numbers in (('/dev/loop-control', 'c', ('10', '237')), *((f'/dev/loop{n}', 'b', ('7', n)) for n in range(16))):
            if not os.path.exists(device):
                run('mknod', device, kind, *numbers)
        with tempfile.TemporaryDirectory() as directory:
            image, mount = f'{directory}/disk.img', '/mnt/data'
            run('truncate', '--size=32M', image)
            run('mkfs.ext4', '-q', '-m0', image)
            os.makedirs(mount, exist_ok=True)
            run('mount', '-o', 'loop', image, mount)
            try:
                yield mount
            finally:
                run('umount', mount)

    def test_disk_full(self):
        with self.disk() as mount:
            self.configure('DiskFull=98\nDiskFullClear=98\nDiskFullFor=0\n')
            used = run('df', '--output=pcent', mount).stdout.split()[-1]
            self.assertLess(int(used[:-1]), 50)
            with self.assertRaises(Failed):
                run('dd', 'if=/dev/zero', f'of={mount}/full', 'bs=64k')
            alert = self.raised('disk-full', f'{mount} is ')  # 98 % or more: it is looked at while it fills
            self.everywhere(alert)
            os.unlink(f'{mount}/full')
            self.over(alert)

    def test_memory_full(self):
        """More than half of what is in use is enough here, and less than all is well again."""
        sample = json.loads(manager('GetLatestStats', 's', 'demo')[0])
        percent = int(sample['system']['memory_used_percent'])
        self.configure(f'MemoryFull={max(percent // 2, 1)}\nMemoryFullFor=0\n')
        alert = self.raised('memory-full', '')
        self.assertRegex(alert['message'], r'^\d+ % of the memory is in use$')
        self.everywhere(alert)
        self.configure('MemoryFull=100\nMemoryFullClear=100\nMemoryFullFor=0\n')
        self.over(alert)

    def certificate(self, days):
        """One of the operator's own, for so long."""
        directory = '/etc/mserver/test-alerts'
        os.makedirs(directory, exist_ok=True)
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', days, '-subj',
            '/CN=localhost', '-keyout', f'{directory}/own.key', '-out', f'{directory}/own.pem')
        run('chgrp', '--recursive', 'mserver', directory)
        run('chmod', '--recursive', 'u=rwX,g=rX', directory)
        self.configure(f'[TLS]\nCertificate={directory}/own.pem\nPrivateKey={directory}/own.key\n')

    def test_certificate_expires(self):
        self.allow_warnings(r'own\.pem expires in \d')
        self.certificate(30)
        self.assertEqual(alerts('certificate-expiring'), [])
        self.certificate(5)
        alert = self.raised('certificate-expiring', "the server's TLS certificate expires in ")
        self.assertEqual(alert['client'], '')
        self.everywhere(alert)
        self.certificate(30)
        self.over(alert)

    def test_backup_too_old(self):
        self.done('rotate_keys', container='3node1', force=True)  # or there may be no key yet
        self.done('backup_keys', container='3node1')
        self.configure('BackupTooOld=1s\n')
        alert = self.raised('backup-too-old', '3node1')
        self.configure('BackupTooOld=1d\n')
        self.cleared(alert)

    def test_clock_skew(self):
        self.configure('ClockSkewFor=0\n')
        peer = Peer(self)
        peer.say('stats', serverId=peer.id, sequence=1, interval=10, timestamp=int(time.time() * 1000) - 3600_000, data={})
        alert = self.raised('clock-skew', '', client=peer.id)
        peer.say('stats', serverId=peer.id, sequence=2, interval=10, timestamp=int(time.time() * 1000), data={})
        self.cleared(alert)

    def test_command_failed(self):
        self.allow_warnings(' failed')
        mserverctl('send', 'demo', 'exec', '3node0', 'true')  # ends one that a test before has left
        with self.assertRaises(Failed):
            mserverctl('send', 'demo', 'exec', '3node0', 'false')
        alert = self.raised('command-failed', 'exec 3node0 failed')
        with self.assertRaises(Failed):
            mserverctl('send', 'demo', 'exec', '3node0', 'false')
        self.once(alert)
        mserverctl('send', 'demo', 'exec', '3node0', 'true')
        self.cleared(alert)
        self.assertEqual(mserverctl_json('alerts', 'past', '-n1')[0]['id'], alert['id'])

    def test_acknowledge_and_silence(self):
        """As an operator does it; who may not look may not do that either."""
        self.allow_warnings(' denied to uid ')
        alert = self.raised('container-down', 'node9: absent')
        for argv in (['alerts'], ['alerts', 'ack', alert['id']], ['alerts', 'silence', '--until=1h']):
            with self.assertRaises(Failed):
                mserverctl('--no-ask-password', *argv, user='guest')
        mserverctl('alerts', 'ack', alert['id'], user='oper')
        self.assertTrue(self.raised('container-down', 'node9')['acknowledged'])
        self.assertEqual(self.journal.wait(MSERVER_EVENT='alert-acknowledged')['MSERVER_CALLER_UID'], run('id', '-u', 'oper').stdout.strip())
        with self.assertRaises(BusError) as caught:
            manager('AcknowledgeAlert', 's', 'alert_1_1')
        self.assertEqual(caught.exception.name, 'org.mserver1.Error.InvalidParameter')

        silence = mserverctl('alerts', 'silence', '--on=demo', '--kind=container-down', '--until=1h', 'work', 'on', 'it', user='oper').strip()
        docker('stop', '-t', '1', '3node1')
        quiet = self.raised('container-down', '3node1: exited')
        self.assertEqual(self.journal.wait(MSERVER_EVENT='alert-raised', MSERVER_ALERT_ID=quiet['id'])['MSERVER_ALERT_SILENCED'], 'yes')
        self.assertEqual(mserverctl_json('alerts', 'silences')[0]['comment'], 'work on it')
        with BusMonitor() as monitor:
            mserverctl('alerts', 'unsilence', silence, user='oper')
            self.assertIn(monitor.signal('AlertRaised')[0], (quiet['id'], alert['id']))  # what still lasts is told now
        self.assertEqual(mserverctl_json('alerts', 'silences'), [])
        docker('start', '3node1')
        self.cleared(quiet)

    def test_turned_off(self):
        self.raised('container-down', 'node9: absent')
        with open(SERVER_CONFIG, 'a', encoding='utf-8') as f:
            f.write('ContainerDown=no\n')
        systemctl('reload', 'mserver.service')
        wait_for(lambda: not alerts('container-down'), 'a kind that is turned off has no alerts')
        with open(SERVER_CONFIG, 'a', encoding='utf-8') as f:
            f.write('ClientOfflineFor=soon\n')
        self.allow_warnings(r'not reloaded, all stays as it was: .*alerts.conf:\d+: \[Alerts\] ClientOfflineFor=soon: expected a time')
        systemctl('reload', 'mserver.service')
        self.journal.wait(SYSLOG_IDENTIFIER='mserver', PRIORITY='3')
        with open(SERVER_CONFIG, 'w', encoding='utf-8') as f:
            f.write(QUICK)
        systemctl('reload', 'mserver.service')
        self.raised('container-down', 'node9: absent')
