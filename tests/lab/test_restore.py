# SPDX-License-Identifier: LGPL-2.1-or-later
"""mclient backup in the machine: a backup is looked into, and its keys go back into a stopped node, or nowhere."""
import json
import os
import subprocess

from labtest import Node, ServerTest, docker, manager, run

BACKUPS = '/var/lib/mclient/backups'
KEYSTORE = '/root/data/chains/creditcoin3/keystore'
SECRETS = f'cat {KEYSTORE}/* | sort'


def mclient(*words, code=0, answer=None):
    """mclient backup WORDS; returns what it printed, standard error included."""
    done = subprocess.run(['mclient', 'backup', *words], input=answer, stdin=None if answer else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
                          env={**os.environ, 'LC_ALL': 'C.UTF-8'})
    assert done.returncode == code, f'{words}: {done.returncode}, expected {code}: {done.stdout}'
    return done.stdout


class Restore(ServerTest):
    def setUp(self):
        super().setUp()
        self.node, self.other = Node('3node0'), Node('3node1')
        self.keys = self.node.rpc('author_rotateKeys')['result']
        _, state, result = manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'backup_keys', {'container': '3node0'}, {})
        self.assertEqual(state, 'succeeded', result)
        self.path = json.loads(result)['backup_file']
        self.secrets = docker('exec', '3node0', 'sh', '-c', SECRETS)

    def assert_no_secret(self, text):
        for secret in self.secrets.replace('"', '\n').split('\n'):
            if len(secret) > 8:
                self.assertNotIn(secret, text)

    def test_lists_and_verifies(self):
        name = os.path.basename(self.path)
        self.assertIn(name, mclient('list'))
        self.assertIn(name, mclient('list', '3node0'))
        self.assertNotIn(name, mclient('list', '3node1'))
        text = mclient('verify', name)
        self.assertIn('as its record says', text)
        self.assertIn(f'{len(self.node.keystore())} keys', text)
        for i, kind in enumerate(('gran', 'babe', 'imon')):
            self.assertIn(f'{kind} 0x{self.keys[2 + 64 * i:66 + 64 * i]}', text)
        self.assert_no_secret(text)

        copy = f'/root/{name}'
        with open(self.path, 'rb') as f:
            content = bytearray(f.read())
        content[600] ^= 1
        with open(copy, 'wb') as f:
            f.write(content)
        self.addCleanup(os.unlink, copy)
        run('cp', self.path + '.json', copy + '.json')
        self.addCleanup(os.unlink, copy + '.json')
        self.assertIn('was changed or damaged', mclient('verify', copy, code=1))
        mclient('verify', code=64)
        mclient('erase', code=64)

    def test_refuses(self):
        self.assertIn('3node0 is running', mclient('restore', self.path, '3node0', '--yes', code=1))
        self.addCleanup(docker, 'start', '3node1')
        docker('stop', '3node1')
        text = mclient('restore', self.path, '3node1', '--yes', code=1)
        self.assertIn('3node0, which is running, has the same keys', text)
        self.assert_no_secret(text)

    def test_restores_what_is_missing(self):
        names, facts = self.node.keystore(), f'stat -c "%n %a %u %g" {KEYSTORE}/* | sort'
        before = docker('exec', '3node0', 'sh', '-c', facts)
        lost = names[0]
        docker('exec', '3node0', 'rm', f'{KEYSTORE}/{lost}')
        self.addCleanup(docker, 'start', '3node0')
        docker('stop', '3node0')
        self.assertIn('there is nobody to ask', mclient('restore', self.path, '3node0', code=1))
        text = mclient('restore', self.path, '3node0', '--yes')
        self.assertIn(f'1 file goes into {KEYSTORE} of 3node0', text)
        self.assertIn('read back', text)
        self.assert_no_secret(text)
        self.assertIn('Nothing to do', mclient('restore', self.path, '3node0', '--yes'))
        docker('start', '3node0')
        self.assertEqual(self.node.keystore(), names)
        self.assertEqual(docker('exec', '3node0', 'sh', '-c', SECRETS), self.secrets)
        self.assertEqual(docker('exec', '3node0', 'sh', '-c', facts), before)
        self.assertIs(self.node.rpc('author_hasSessionKeys', self.keys)['result'], True)

    def test_never_overwrites(self):
        lost = self.node.keystore()[0]
        self.addCleanup(docker, 'start', '3node0')
        docker('exec', '3node0', 'sh', '-c', f'echo \'"other"\' >{KEYSTORE}/{lost}')
        docker('stop', '3node0')
        self.assertIn(f'{lost} is there already', mclient('restore', self.path, '3node0', '--yes', code=1))
        docker('start', '3node0')
        self.assertEqual(docker('exec', '3node0', 'cat', f'{KEYSTORE}/{lost}').strip(), '"other"')
        docker('exec', '3node0', 'rm', f'{KEYSTORE}/{lost}')

    def test_an_encrypted_one(self):
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
            '-subj', '/CN=operator', '-keyout', '/root/backup.key', '-out', '/root/backup.pem')
        sealed = '/root/3node0_20260101_000000.tar.cms'
        run('openssl', 'cms', '-encrypt', '-binary', '-aes-256-gcm', '-outform', 'DER', '-in', self.path, '-out', sealed,
            '/root/backup.pem')
        self.addCleanup(os.unlink, sealed)
        self.assertIn('cannot be seen', mclient('verify', sealed))
        text = mclient('verify', sealed, '--key', '/root/backup.key', '--cert', '/root/backup.pem')
        self.assertIn(f'{len(self.node.keystore())} keys', text)
        self.assertIn('give the private key with --key', mclient('restore', sealed, '3node0', '--yes', code=1))
