# SPDX-License-Identifier: LGPL-2.1-or-later
"""backup_keys in the machine: from a node that runs on, encrypted or not, whole or not at all."""
import glob
import hashlib
import json
import os
import random
import re
import shutil
import stat
import tarfile
import threading

from labtest import (Failed, Node, ServerTest, client_state, docker, manager, run, systemctl,
                     unit_property, wait_for)

BACKUPS = '/var/lib/mclient/backups'
DROP_IN = '/etc/mclient/mclient.conf.d/test.conf'
NAME = re.compile(r'3node\d_\d{8}_\d{6}(_\d+)?\.tar(\.cms)?')


def back_up(container='3node0', **params):
    """Runs it to its end; returns id, state and result."""
    command, state, result = manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'backup_keys',
                                     {'container': container, **params}, {})
    return command, state, json.loads(result)


def restart_agent():
    systemctl('restart', 'mclient.service')
    wait_for(lambda: client_state('demo') == 'online', 'client demo is online')


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def sha256(path):
    return hashlib.sha256(read(path)).hexdigest()


def names_in(path):
    with tarfile.open(path) as archive:
        return sorted(archive.getnames())


class BackupTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        self.node = Node('3node0')
        self.keys = self.node.rpc('author_rotateKeys')['result']

    def _clean_up(self):
        if os.path.exists(DROP_IN):
            os.unlink(DROP_IN)
            restart_agent()
        shutil.rmtree(BACKUPS, ignore_errors=True)

    def configure(self, text):
        os.makedirs(os.path.dirname(DROP_IN), exist_ok=True)
        with open(DROP_IN, 'w', encoding='utf-8') as f:
            f.write(text)
        restart_agent()

    def wanted(self):
        """What the archive must hold: each of the node's keys."""
        return sorted(f'keystore/{name}' for name in self.node.keystore())

    def assert_whole(self, path):
        """A backup is what its record says."""
        with open(path + '.json', encoding='utf-8') as f:
            record = json.load(f)
        self.assertEqual(record['file'], os.path.basename(path))
        self.assertEqual(record['sha256'], sha256(path))
        self.assertEqual(record['size'], os.path.getsize(path))


class Backup(BackupTest):
    def test_a_node_is_backed_up_while_it_runs(self):
        facts = '{{.State.Pid}} {{.State.StartedAt}} {{.RestartCount}}'
        before, events = self.node.inspect(facts), self.node.events()
        command, state, result = back_up()
        self.assertEqual(state, 'succeeded', result)
        self.assertEqual(set(result), {'backup_file', 'sha256', 'size', 'encrypted'})
        self.assertFalse(result['encrypted'])
        self.assertEqual(self.node.inspect(facts), before)
        self.assertEqual(self.node.events(), events)

        path = result['backup_file']
        self.assertEqual(names_in(path), self.wanted())
        self.assertEqual((result['sha256'], result['size']), (sha256(path), os.path.getsize(path)))
        self.assert_whole(path)
        for name in (path, path + '.json', BACKUPS):
            st = os.stat(name)
            self.assertEqual(stat.S_IMODE(st.st_mode), 0o700 if name == BACKUPS else 0o600)
            self.assertEqual(st.st_uid, int(run('id', '-u', 'mclient').stdout))

        entry = self.journal.wait(MSERVER_EVENT='backup-complete', MSERVER_COMMAND_ID=command)
        self.assertEqual(entry['MSERVER_BACKUP_FILE'], path)
        self.assertEqual(entry['MSERVER_SHA256'], result['sha256'])
        listed = wait_for(lambda: [b for b in manager('ListBackups', 'ss', 'demo', '3node0')[0] if b[2] == path],
                          'the backup is listed')
        self.assertEqual(listed[0][:5], ['demo', '3node0', path, result['sha256'], result['size']])

    def test_the_network_identity_is_in_it_on_demand(self):
        docker('exec', '3node0', 'sh', '-c', 'mkdir -p /root/data/chains/creditcoin3/network && '
               'head -c 32 /dev/zero >/root/data/chains/creditcoin3/network/secret_ed25519')
        self.addCleanup(docker, 'exec', '3node0', 'rm', '-r', '/root/data/chains/creditcoin3/network')
        self.assertEqual(names_in(back_up()[2]['backup_file']), self.wanted())
        self.assertEqual(names_in(back_up(network=True)[2]['backup_file']), self.wanted() + ['network/secret_ed25519'])

    def test_a_stopped_node_is_backed_up_as_well(self):
        wanted = self.wanted()
        docker('stop', '3node0')
        _, state, result = back_up()
        self.assertEqual(state, 'succeeded', result)
        self.assertEqual(names_in(result['backup_file']), wanted)
        self.assertFalse(self.node.is_running())

    def test_only_the_agent_reads_what_is_not_encrypted(self):
        path = back_up()[2]['backup_file']
        for user in ('oper', 'guest'):
            with self.assertRaises(Failed):
                run('cat', path, user=user)

    def test_old_ones_go_but_never_the_last_copy_of_a_key(self):
        self.configure('[Backup]\nKeep=2\n')
        for _ in range(4):
            back_up()
        self.assertEqual(len(glob.glob(f'{BACKUPS}/3node0_*.tar')), 2)
        lost = back_up()[2]['backup_file']
        docker('exec', '3node0', 'sh', '-c', 'rm /root/data/chains/creditcoin3/keystore/*')
        self.node.rpc('author_rotateKeys')
        for _ in range(4):
            latest = back_up()[2]['backup_file']
        kept = glob.glob(f'{BACKUPS}/3node0_*.tar')
        self.assertEqual(len(kept), 3, kept)
        self.assertIn(lost, kept)
        self.assertIn(latest, kept)
        for path in kept:
            self.assert_whole(path)


class Encrypted(BackupTest):
    def setUp(self):
        super().setUp()
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
            '-subj', '/CN=operator', '-keyout', '/root/backup.key', '-out', '/etc/mclient/backup.pem')
        self.configure('[Backup]\nRecipient=/etc/mclient/backup.pem\n')

    def test_only_the_operator_reads_it(self):
        _, state, result = back_up()
        self.assertEqual(state, 'succeeded', result)
        self.assertTrue(result['encrypted'])
        path = result['backup_file']
        self.assert_whole(path)
        run('openssl', 'cms', '-decrypt', '-inform', 'DER', '-in', path, '-inkey', '/root/backup.key', '-out', '/root/backup.tar')
        self.addCleanup(os.unlink, '/root/backup.tar')
        self.assertEqual(names_in('/root/backup.tar'), self.wanted())

        with tarfile.open('/root/backup.tar') as archive:
            secrets = [archive.extractfile(name).read() for name in archive.getnames()]
        for folder, _, names in os.walk('/var/lib/mclient'):
            for name in names:
                content = read(os.path.join(folder, name))
                for secret in secrets:
                    self.assertNotIn(secret.strip(b'"'), content, f'{folder}/{name}')

    def test_nothing_is_written_where_it_cannot_be_encrypted(self):
        self.allow_warnings('backup_keys 3node0 failed after .*: no backup was made')
        os.unlink('/etc/mclient/backup.pem')
        _, state, result = back_up()
        self.assertEqual(state, 'failed')
        self.assertEqual(result['error'], 'no backup was made: cannot open /etc/mclient/backup.pem: No such file or directory')
        self.assertEqual(os.listdir(BACKUPS), [])

        # The agent starts all the same, and says so.
        self.allow_warnings('Recipient=: cannot open /etc/mclient/backup.pem')
        restart_agent()
        self.assertEqual(back_up()[1], 'failed')


class Whole(BackupTest):
    def test_a_full_disk_leaves_nothing_and_takes_nothing(self):
        """The good one stays, the one that did not fit leaves no trace, and there is no word of it to the server."""
        os.makedirs('/srv/small', exist_ok=True)
        run('mount', '-t', 'tmpfs', '-o', 'size=28k,mode=777', 'small', '/srv/small')
        self.addCleanup(run, 'umount', '-l', '/srv/small')
        os.makedirs('/run/systemd/system/mclient.service.d', exist_ok=True)
        with open('/run/systemd/system/mclient.service.d/test.conf', 'w', encoding='utf-8') as f:
            f.write('[Service]\nReadWritePaths=/srv/small\n')
        self.addCleanup(systemctl, 'daemon-reload')
        self.addCleanup(shutil.rmtree, '/run/systemd/system/mclient.service.d')
        systemctl('daemon-reload')
        self.configure('[Backup]\nDirectory=/srv/small/backups\n')

        self.allow_warnings('backup_keys 3node0 failed after .*: no backup was made')
        good, full = [], None
        while not full:
            command, state, result = back_up()
            if state == 'succeeded':
                good.append(result['backup_file'])
            else:
                full = result['error']
            self.assertLess(len(good), 10)
        self.assertRegex(full, 'no backup was made: cannot write /srv/small/backups/.*: No space left on device')
        self.assertGreater(len(good), 0)
        self.assertEqual(sorted(os.listdir('/srv/small/backups')), sorted(
            name for path in good for name in (os.path.basename(path), os.path.basename(path) + '.json')))
        for path in good:
            self.assert_whole(path)
        self.assertEqual(self.journal.entries(MSERVER_EVENT='backup-complete', MSERVER_COMMAND_ID=command), [])

    def test_killed_at_any_moment_there_is_no_half_one(self):
        self.allow_warnings('mclient.service: (Main process exited, code=killed|Failed with result)',
                            'demo: backup_keys 3node0 interrupted')
        ended = []
        for _ in range(10):
            command = manager('SendCommand', 'ssa{sv}a{sv}', 'demo', 'backup_keys', {'container': '3node0'}, {})[0]
            threading.Event().wait(random.uniform(0, 0.2))  # the moment of the kill, anywhere in the command's life
            systemctl('kill', '--signal=KILL', 'mclient.service')
            restart_agent()
            entry = self.journal.wait(MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=command)
            ended.append((command, entry['MSERVER_STATUS']))
        self.assertLessEqual({state for _, state in ended}, {'succeeded', 'interrupted'})

        # Whatever has a backup's name is one, and each that was called done is there and known to the server.
        for name in os.listdir(BACKUPS):
            if NAME.fullmatch(name):
                self.assert_whole(f'{BACKUPS}/{name}')
        for command, state in ended:
            if state == 'succeeded':
                entry = self.journal.wait(MSERVER_EVENT='backup-complete', MSERVER_COMMAND_ID=command)
                self.assert_whole(entry['MSERVER_BACKUP_FILE'])

        # The next start sweeps up.
        self.assertEqual(back_up()[1], 'succeeded')
        leftovers = [n for n in os.listdir(BACKUPS) if not NAME.fullmatch(n.removesuffix('.json'))]
        self.assertEqual(leftovers, [])
