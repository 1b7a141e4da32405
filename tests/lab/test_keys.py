# SPDX-License-Identifier: LGPL-2.1-or-later
"""Session keys: rotated once, whatever is killed, refused where that would harm, and stored by the server."""
import json
import os
import signal

from labtest import Node, ServerTest, client_state, manager, run, start, systemctl, unit_property, wait_for

KEYS = '/var/lib/mserver/session_keys'


def command(name, container, **params):
    """Runs it to its end; returns id, state and result."""
    identity, state, result = manager('RunCommand', 'ssa{sv}a{sv}', 'demo', name, {'container': container, **params}, {})
    return identity, state, json.loads(result)


class Keys(ServerTest):
    expected_warnings = ('rotate_keys 3node[01] rejected',)

    def rotate(self, container, **params):
        return command('rotate_keys', container, **params)

    def assert_stored(self, identity, container, key):
        """The server has it: journal, file and symlink."""
        entry = self.journal.wait(MSERVER_EVENT='key-update', MSERVER_COMMAND_ID=identity)
        self.assertEqual((entry['MSERVER_CONTAINER'], entry['MSERVER_SESSION_KEY']), (container, key))
        with open(f'{KEYS}/demo_{container}_latest.json', encoding='utf-8') as f:
            self.assertEqual(json.load(f)['session_key'], key)
        self.assertTrue(os.path.islink(f'{KEYS}/demo_{container}_latest.json'))

    def test_rotates_and_stores(self):
        node = Node('3node0')
        before = node.count('rotate')
        identity, state, result = self.rotate('3node0', force=True)
        self.assertEqual((state, result['confirmed']), ('succeeded', True))
        self.assertEqual(node.count('rotate'), before + 1)
        self.assertEqual(node.events()[-1], f'rotate {result["session_key"]}')
        self.assert_stored(identity, '3node0', result['session_key'])
        _, state, checked = command('check_keys', '3node0', session_keys=result['session_key'])
        self.assertEqual((state, checked['has_keys']), ('succeeded', True))
        _, _, checked = command('check_keys', '3node0', public_key='0x' + '00' * 32, key_type='gran')
        self.assertIs(checked['has_keys'], False)
        _, state, refused = self.rotate('3node0')
        self.assertEqual(state, 'rejected')
        self.assertIn('RotateInterval', refused['error'])
        self.assertEqual(node.count('rotate'), before + 1)

    def told(self, container):
        """What the node tells of itself, everything asked anew."""
        systemctl('restart', 'mclient.service')
        wait_for(lambda: client_state('demo') == 'online', 'client demo is online')
        return command('status', container)[2][0]['node']

    def test_says_whether_they_are_registered(self):
        self.allow_warnings('next try in')
        node = Node('3node1')
        _, state, result = self.rotate('3node1', force=True)
        self.assertEqual(state, 'succeeded', result)
        self.assertIs(self.told('3node1')['keys_registered'], False)
        node.set('registered', result['session_key'])
        self.assertIs(self.told('3node1')['keys_registered'], True)
        node.set('registered', result['session_key'][:66] + '00' * 64)  # the account has others by now
        self.assertIs(self.told('3node1')['keys_registered'], False)
        node.set('state_getStorage.error', '-32601 Method not found')
        self.assertNotIn('keys_registered', self.told('3node1'))

    def test_refuses_a_node_that_is_not_well(self):
        node = Node('3node1')
        drop_in = '/etc/mclient/mclient.conf.d/interval.conf'  # whatever was rotated before
        os.makedirs(os.path.dirname(drop_in), exist_ok=True)
        with open(drop_in, 'w', encoding='utf-8') as f:
            f.write('[Keys]\nRotateInterval=1ms\n')
        self.addCleanup(systemctl, 'restart', 'mclient.service')
        self.addCleanup(os.unlink, drop_in)
        systemctl('restart', 'mclient.service')
        wait_for(lambda: client_state('demo') == 'online', 'client demo is online')
        for name, content, text in (('syncing', '', 'syncing'), ('peers', 0, 'no peers')):
            node.set(name, content)
            before = node.count('rotate')
            _, state, result = self.rotate('3node1')
            self.assertEqual(state, 'rejected')
            self.assertIn(text, result['error'])
            self.assertEqual(node.count('rotate'), before)
            node.unset(name)

    def test_one_at_a_time(self):
        node = Node('3node0')
        before = node.count('rotate')
        node.set('author_rotateKeys.delay', 1500)
        first = start('mserverctl', 'send', 'demo', 'rotate_keys', '3node0', '--force')
        wait_for(lambda: 'author_rotateKeys' in run('docker', 'top', '3node0').stdout, 'the node is asked')
        _, state, result = self.rotate('3node0', force=True)
        self.assertEqual((state, result['error']), ('rejected', '3node0 refused to rotate: it is rotating already'))
        first.communicate(timeout=30)
        self.assertEqual(first.returncode, 0)
        self.assertEqual(node.count('rotate'), before + 1)

    def test_killed_in_the_middle_it_is_not_repeated(self):
        node = Node('3node0')
        before = node.count('rotate')
        node.set('author_rotateKeys.delay', 3000)
        self.allow_warnings('^mclient.service: ', '^Failed to start')
        caller = start('mserverctl', 'send', 'demo', 'rotate_keys', '3node0', '--force')
        wait_for(lambda: 'author_rotateKeys' in run('docker', 'top', '3node0').stdout, 'the node is asked')
        os.kill(int(unit_property('mclient.service', 'MainPID')), signal.SIGKILL)
        caller.communicate(timeout=60)
        self.assertEqual(caller.returncode, 0)
        entry = self.journal.wait(MSERVER_EVENT='key-update', MSERVER_CONTAINER='3node0')
        self.assertEqual(node.count('rotate'), before + 1)
        self.assertEqual(node.events()[-1], f'rotate {entry["MSERVER_SESSION_KEY"]}')
        self.assert_stored(entry['MSERVER_COMMAND_ID'], '3node0', entry['MSERVER_SESSION_KEY'])
