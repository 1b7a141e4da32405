# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine itself is what the other tests take it for, with nothing of ours in it."""
import os

from labtest import (NODES, BusError, BusMonitor, DockerSocket, Failed, Journal, LabTest, Lines, Node, bus, docker, run, systemctl,
                     unit_property, wait_for)

SYSTEMD = {'service': 'org.freedesktop.systemd1'}
SYSTEMD_PATH = '/org/freedesktop/systemd1'
SYSTEMD_MANAGER = 'org.freedesktop.systemd1.Manager'


class Machine(LabTest):
    def test_systemd_is_pid_1_and_content(self):
        with open('/proc/1/comm', encoding='ascii') as f:
            self.assertEqual(f.read().strip(), 'systemd')
        self.assertEqual(systemctl('is-system-running').strip(), 'running')
        self.assertEqual(systemctl('list-units', '--failed', '--plain', '--no-legend'), '')

    def test_only_the_loopback_is_there(self):
        self.assertEqual(os.listdir('/sys/class/net'), ['lo'])

    def test_a_command_in_the_machine_is_in_its_cgroups(self):
        with open('/proc/self/cgroup', encoding='ascii') as f:
            self.assertIn('0::/init.scope\n', f.readlines())

    def test_a_service_can_be_started_and_is_logged(self):
        # By the name it gives itself: of a process that is gone already journald does not learn the unit.
        run('systemd-run', '--quiet', '--property=SyslogIdentifier=lab-hello', 'echo', 'hello from a unit')
        self.assertEqual(self.journal.wait(SYSLOG_IDENTIFIER='lab-hello')['MESSAGE'], 'hello from a unit')

    def test_locales(self):
        self.assertLessEqual({'C.utf8', 'en_US.utf8', 'ko_KR.utf8'}, set(run('locale', '-a').stdout.split()))


class Bus(LabTest):
    def test_call_and_its_error(self):
        self.assertRegex(bus(SYSTEMD_PATH, SYSTEMD_MANAGER, 'GetUnit', 's', 'dbus.service', **SYSTEMD)[0], '^/org/')
        with self.assertRaises(BusError) as caught:
            bus(SYSTEMD_PATH, SYSTEMD_MANAGER, 'GetUnit', 's', 'nothing.service', **SYSTEMD)
        self.assertEqual(caught.exception.name, 'org.freedesktop.systemd1.NoSuchUnit')
        self.assertIn('nothing.service', caught.exception.message)

    def test_signal(self):
        bus(SYSTEMD_PATH, SYSTEMD_MANAGER, 'Subscribe', **SYSTEMD)
        with BusMonitor('org.freedesktop.systemd1') as monitor:
            systemctl('daemon-reload')
            self.assertEqual(monitor.signal('Reloading'), [True])

    def test_polkit_stands_between_a_user_and_systemd(self):
        restart = (SYSTEMD_PATH, SYSTEMD_MANAGER, 'RestartUnit', 'ss', 'systemd-tmpfiles-clean.service', 'replace')
        for user in ('oper', 'guest'):
            with self.subTest(user=user), self.assertRaises(BusError) as caught:
                bus(*restart, user=user, **SYSTEMD)
            self.assertEqual(caught.exception.name, 'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired')
        self.assertRegex(bus(*restart, **SYSTEMD)[0], '/job/')

    def test_polkit_follows_a_rule_at_once(self):
        rule = '/etc/polkit-1/rules.d/10-lab.rules'
        action = 'org.freedesktop.systemd1.manage-units'
        self.addCleanup(run, 'rm', '-f', rule)
        self.assertFalse(self.is_allowed(action))
        with open(rule, 'w', encoding='ascii') as f:
            f.write('polkit.addRule(function(action, subject) { if (subject.user == "guest") return polkit.Result.YES; });')
        wait_for(lambda: self.is_allowed(action), 'polkit reads the rule')

    @staticmethod
    def is_allowed(action):
        try:
            run('sh', '-c', f'exec pkcheck --action-id {action} --process $$', user='guest')
        except Failed:
            return False
        return True


class JournalAndTools(LabTest):
    def test_a_journal_begins_where_it_was_made(self):
        run('logger', '--journald', input='MESSAGE=before\nLAB_TEST=1\n')
        journal = Journal()
        run('logger', '--journald', input='MESSAGE=after\nLAB_TEST=1\n')
        self.assertEqual([e['MESSAGE'] for e in journal.entries(LAB_TEST=1)], ['after'])

    def test_lines_say_what_they_saw_when_the_wait_is_in_vain(self):
        with Lines('echo', 'something else') as lines, self.assertRaisesRegex(AssertionError, 'something else'):
            lines.wait(lambda line: line == 'this', 'a line')


class Nodes(LabTest):
    def setUp(self):
        super().setUp()
        self.node = Node('3node0')
        for name in NODES:
            Node(name).restore()

    def test_both_nodes_run_and_answer_on_their_ports(self):
        for name in NODES:
            with self.subTest(node=name):
                # As an operator asks them, with the curl that is in the container.
                health = Node(name).rpc('system_health', within=('docker', 'exec', name))['result']
                self.assertEqual(health, {'peers': 8, 'isSyncing': False, 'shouldHavePeers': True})

    def test_restart_over_the_docker_api(self):
        before = self.node.events()
        engine = DockerSocket()
        engine.request('POST', '/containers/3node0/restart?t=300')
        self.assertEqual(engine.getresponse().status, 204)
        engine.close()
        wait_for(lambda: len(self.node.events()) == len(before) + 2, 'the node starts again')
        self.assertEqual(self.node.events()[len(before):], ['stop', 'start'])

    def test_rotated_keys_are_in_the_keystore(self):
        before = set(self.node.keystore())
        keys = self.node.rpc('author_rotateKeys')['result']
        self.assertRegex(keys, '^0x[0-9a-f]{192}$')

        types = ('6772616e', '62616265', '696d6f6e')
        parts = [keys[2 + 64 * i:2 + 64 * (i + 1)] for i in range(3)]
        self.assertEqual(set(self.node.keystore()) - before, {t + p for t, p in zip(types, parts)})
        self.assertIs(self.node.rpc('author_hasSessionKeys', keys)['result'], True)
        self.assertIs(self.node.rpc('author_hasSessionKeys', '0x' + '00' * 96)['result'], False)
        self.assertIs(self.node.rpc('author_hasKey', '0x' + parts[1], 'babe')['result'], True)
        self.assertIs(self.node.rpc('author_hasKey', '0x' + parts[1], 'gran')['result'], False)
        self.assertEqual(self.node.events()[-1], f'rotate {keys}')

    def test_newer_runtimes_rotate_for_an_owner(self):
        self.assertEqual(self.node.rpc('author_rotateKeysWithOwner', '5Grw')['error']['code'], -32601)
        self.assertNotIn('author_rotateKeysWithOwner', self.node.rpc('rpc_methods')['result']['methods'])
        self.node.set('owner-keys')
        self.assertIn('author_rotateKeysWithOwner', self.node.rpc('rpc_methods')['result']['methods'])
        self.assertRegex(self.node.rpc('author_rotateKeysWithOwner', '5Grw')['result']['keys'], '^0x[0-9a-f]{192}$')

    def test_control_files_steer_it(self):
        self.node.set('syncing')
        self.node.set('peers', 2)
        self.assertEqual(self.node.rpc('system_health')['result'],
                         {'peers': 2, 'isSyncing': True, 'shouldHavePeers': True})
        state = self.node.rpc('system_syncState')['result']
        self.assertLess(state['currentBlock'], state['highestBlock'])

        self.node.set('author_rotateKeys.error', '-32603 keystore is read-only')
        self.assertEqual(self.node.rpc('author_rotateKeys')['error'],
                         {'code': -32603, 'message': 'keystore is read-only'})
        self.node.set('system_version.result', '"9"')
        self.assertEqual(self.node.rpc('system_version')['result'], '9')

    def test_an_answer_can_be_lost_after_the_effect(self):
        before = self.node.count('rotate')
        self.node.set('author_rotateKeys.drop')
        with self.assertRaises(Failed) as caught:
            self.node.rpc('author_rotateKeys')
        self.assertEqual(caught.exception.returncode, 52)  # curl: empty reply
        self.assertEqual(self.node.count('rotate'), before + 1)

    def test_blocks(self):
        head = self.node.rpc('chain_getFinalizedHead')['result']
        header = self.node.rpc('chain_getHeader', head)['result']
        self.assertLess(int(header['number'], 16), int(self.node.rpc('chain_getHeader')['result']['number'], 16) + 1)
        self.assertEqual(self.node.rpc('chain_getBlock', head)['result']['block']['header'], header)
        self.assertEqual(self.node.rpc('babe_epochAuthorship')['result'], {})

    def test_it_logs_as_long_as_it_runs(self):
        with Lines('docker', 'logs', '--follow', '--tail=0', '3node0') as lines:
            for _ in range(2):
                line = lines.wait(lambda line: 'Idle' in line, 'a line of the log')
        self.assertRegex(line, r'Idle \(8 peers\), best: #\d+')

    def test_plain_image_has_no_curl(self):
        self.assertIn('plain', docker('image', 'ls', '--format', '{{.Repository}}').split())
        docker('run', '--rm', '--network=none', '--entrypoint=/bin/sh', 'plain', '-c', '! command -v curl')


class Users(LabTest):
    def test_oper_and_guest_are_no_administrators(self):
        for user in ('oper', 'guest'):
            with self.subTest(user=user):
                groups = run('id', '-nG', user).stdout.split()
                self.assertFalse({'root', 'sudo', 'docker', 'systemd-journal'} & set(groups), groups)
        self.assertEqual(unit_property('docker.service', 'ActiveState'), 'active')
