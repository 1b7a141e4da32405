# SPDX-License-Identifier: LGPL-2.1-or-later
"""Alerts of real things that go wrong: a container that is stopped, an agent that is, a node that syncs and one that does not
answer, commands that fail. All is raised and cleared at once here, by a drop-in; that times and thresholds are kept is
tests/daemon/test-alerts.c's."""
import json
import os
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
        systemctl('restart', 'mclient.service')
        systemctl('reload', 'mserver.service')
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)

    def raised(self, kind, message, deadline=60, client='demo'):
        """The alert, as soon as it is there."""
        return wait_for(lambda: next((a for a in alerts(kind) if a['client'] in (client, '') and a['message'].startswith(message)), None),
                        f'{kind}: {message}', deadline)

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
        same = self.journal.entries(MSERVER_EVENT='alert-raised', MSERVER_ALERT_KIND=alert['kind'], MSERVER_CLIENT=alert['client'])
        self.assertEqual(sum(e['MSERVER_REASON'] == alert['message'] for e in same), 1)

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
