# SPDX-License-Identifier: LGPL-2.1-or-later
"""The audit trail in a real journal: whole over restarts and kills; and whatever is done to it, "mserverctl audit verify" says
where. What is done is done to a copy: the journal as an export, edited, and made into a journal file again."""
import json
import os
import re
import signal
import sqlite3
import struct
import subprocess
import tempfile
import unittest

from labtest import Failed, ServerTest, client_state, get_property, manager, mserverctl, run, systemctl, unit_property, wait_for
from test_broadcast import CALLS, FLEET

SERVER, SOCKETS = 'mserver.service', ('mserver.socket',)
REMOTE = '/lib/systemd/systemd-journal-remote'
DATABASE = '/var/lib/mserver/mserver.db'
MANUAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'docs/AUDIT.md')
KEPT = 40  # entries of a copy


def verify(*options, user=None):
    """What "audit verify" says, and its exit code."""
    done = run('mserverctl', '--json=short', 'audit', 'verify', *options, check=False, user=user)
    return (json.loads(done.stdout)[0] if done.stdout.strip() else done.stderr), done.returncode


def vacuum():
    """Deletes all old entries, as an administrator does."""
    run('journalctl', '--rotate')
    run('journalctl', '--vacuum-size=1')


def parse(data):
    """The entries of an export: lists of (name, value)."""
    entries, fields, at = [], [], 0
    while at < len(data):
        end = data.index(b'\n', at)
        line, at = data[at:end], end + 1
        if not line:
            if fields:
                entries.append(fields)
            fields = []
        elif b'=' in line:
            fields.append(tuple(line.split(b'=', 1)))
        else:
            size, = struct.unpack('<Q', data[at:at + 8])
            fields.append((line, data[at + 8:at + 8 + size]))
            at += 8 + size + 1
    return entries + ([fields] if fields else [])


def serialise(entries):
    return b''.join(b''.join(name + b'\n' + struct.pack('<Q', len(value)) + value + b'\n' if b'\n' in value else
                             name + b'=' + value + b'\n' for name, value in entry) + b'\n' for entry in entries)


def seq(entry):
    return int(dict(entry)[b'MSERVER_SEQ'])


def put(entry, name, value):
    """Sets a field."""
    entry[:] = [(n, value if n == name else v) for n, v in entry]


class Copies(ServerTest):
    """What is done to a copy of the trail, and what verify says."""

    def setUp(self):
        super().setUp()
        self.instance = get_property('/org/mserver1', 'org.mserver1.Manager', 'AuditHead')[0]
        self.entries = self.newest()
        while len(self.entries) < KEPT:
            mserverctl('send', 'demo', 'status')
            self.entries = self.newest()
        self.first = seq(self.entries[0])
        self.directory = tempfile.mkdtemp()
        self.addCleanup(run, 'rm', '-r', self.directory)

    def newest(self):
        run('journalctl', '--sync')
        return parse(subprocess.run(['journalctl', '--output=export', '--all', f'--lines={KEPT}',
                                     f'MSERVER_INSTANCE={self.instance}'], stdout=subprocess.PIPE, check=True).stdout)

    def written(self):
        """These entries as a journal file."""
        file = os.path.join(self.directory, f'{len(os.listdir(self.directory))}.journal')
        subprocess.run([REMOTE, f'--output={file}', '-'], input=serialise(self.entries), check=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return file

    def found(self, code, options=None):
        """(problem, entries) of what verify finds in these entries."""
        said, returned = verify(*(options or [f'--file={self.written()}']))
        self.assertEqual(returned, code, said)
        for problem in said['problems']:
            if problem['problem'] not in ('missing',):
                self.assertIn('s=', problem['cursor'])
        self.said = said
        return [(p['problem'], p['entries']) for p in said['problems']]

    def test_whole(self):
        self.assertEqual(self.found(0), [])
        self.assertEqual([c['entries'] for c in self.said['chains']], [KEPT])
        self.assertFalse(self.said['head_compared'])
        said, code = verify(f'--directory={self.directory}')
        self.assertEqual((code, said['problems']), (0, []))

    def test_oldest_deleted(self):
        del self.entries[:10]
        self.assertEqual(self.found(0), [])
        self.assertEqual(self.said['chains'][0]['first'], self.first + 10)

    def by_hand(self):
        """What the verifier that docs/AUDIT.md prints, as it stands there, says of these entries: nothing, or what is wrong."""
        with open(MANUAL, encoding='utf-8') as f:
            program = re.search(r'```python\n(.*?)```', f.read(), re.DOTALL)[1]
        with tempfile.TemporaryDirectory() as directory:
            journalctl = os.path.join(directory, 'journalctl')
            with open(journalctl, 'w', encoding='utf-8', opener=lambda path, flags: os.open(path, flags, 0o755)) as f:
                f.write(f'#!/bin/sh\nexec /usr/bin/journalctl --file={self.written()} "$@"\n')
            done = subprocess.run(['python3', '-c', program], env={'PATH': f'{directory}:/usr/bin:/bin'}, check=False, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode != 0, 'AssertionError' in done.stderr, done.stderr)
        return done.stderr.strip().rpartition('AssertionError: ')[2] if done.returncode else ''

    def test_the_verifier_of_the_manual(self):
        self.assertEqual(self.by_hand(), '')
        whole = [list(entry) for entry in self.entries]
        put(self.entries[7], b'MESSAGE', b'nothing to see here')
        self.assertEqual(self.by_hand(), f'{self.first + 7} was changed')
        self.entries = whole
        del self.entries[10:13]
        self.assertEqual(self.by_hand(), f'{self.first + 10} to {self.first + 12} are missing')

    def test_missing(self):
        del self.entries[10:13], self.entries[20]
        self.assertEqual(self.found(1), [('missing', f'{self.first + 10}-{self.first + 12}'), ('missing', str(self.first + 23))])
        self.assertEqual(self.said['problems'][0]['time'], int(dict(self.entries[10])[b'__REALTIME_TIMESTAMP']))

    def test_changed(self):
        put(self.entries[7], b'MESSAGE', b'nothing to see here')
        self.assertEqual(self.found(1), [('changed', str(self.first + 7))])

    def test_reordered(self):
        self.entries[5], self.entries[6] = self.entries[6], self.entries[5]
        self.assertEqual(self.found(1), [('reordered', str(self.first + 5))])

    def test_repeated(self):
        again = list(self.entries[5])
        put(again, b'__REALTIME_TIMESTAMP', dict(self.entries[6])[b'__REALTIME_TIMESTAMP'])
        put(again, b'__MONOTONIC_TIMESTAMP', dict(self.entries[6])[b'__MONOTONIC_TIMESTAMP'])
        self.entries.insert(7, again)
        self.assertEqual(self.found(1), [('repeated', str(self.first + 5))])

    def test_forged(self):
        by_another, beside = list(self.entries[-1]), list(self.entries[-1])
        put(by_another, b'_UID', b'1000')
        put(beside, b'_SYSTEMD_UNIT', b'session-1.scope')
        for entry in by_another, beside:
            put(entry, b'MSERVER_SEQ', str(self.first + KEPT).encode())
            self.entries.append(entry)
        self.assertEqual(self.found(3), [('forged', str(self.first + KEPT))] * 2)
        self.assertIn('uid 1000', self.said['problems'][0]['details'])
        self.assertIn('session-1.scope', self.said['problems'][1]['details'])

    def test_shown_from_a_file(self):
        self.found(0)
        file = os.path.join(self.directory, '0.journal')
        lines = mserverctl('--json=short', 'audit', f'--file={file}', '--lines=5').splitlines()
        self.assertEqual([json.loads(line)['seq'] for line in lines], [self.first + KEPT - 5 + i for i in range(5)])


class Audit(ServerTest):
    """The journal of this machine."""

    def setUp(self):
        super().setUp()
        self.addCleanup(systemctl, 'start', *SOCKETS, SERVER)
        # systemd's about what was killed or stopped, and the agent's about a server that is away
        self.allow_warnings('Main process exited', "Failed with result 'signal'", 'next try in', 'does not answer')
        vacuum()  # what tests before did to the trail is past
        mserverctl('send', 'demo', 'status')

    def assert_whole(self, **fields):
        said, code = verify()
        self.assertEqual((code, said['problems']), (0, []), said)
        self.assertTrue(said['head_compared'])
        for name, value in fields.items():
            self.assertEqual(said['chains'][-1][name], value)
        return said['chains'][-1]

    def test_vacuum(self):
        self.assertGreater(self.assert_whole()['first'], 1)
        self.assertIn('were deleted with old journal files', mserverctl('audit', 'verify'))
        vacuum()
        self.assertEqual(verify()[1], 0)

    def test_restarts(self):
        before = self.assert_whole()
        for _ in range(3):
            systemctl('restart', SERVER)
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 40)
        after = self.assert_whole(instance=before['instance'], first=before['first'])
        self.assertGreaterEqual(after['last'], before['last'] + 3)

    def test_server_away(self):
        systemctl('stop', *SOCKETS, SERVER)
        done = run('mserverctl', 'audit', 'verify')
        self.assertIn('The server was not asked', done.stdout)
        self.assertNotEqual(unit_property(SERVER, 'ActiveState'), 'active')

    def test_who_may(self):
        done = run('mserverctl', 'audit', 'verify', user='guest', check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('systemd-journal', done.stderr)

    def test_queries(self):
        mserverctl('send', 'demo', 'restart', '3node0', user='oper')
        mserverctl('send', 'demo', 'status', user='root')
        text = mserverctl('audit', '--command=restart')
        self.assertRegex(text, r'(?m)^TIME +WHO +CLIENT +CONTAINER +WHAT +END +ID\n')
        self.assertRegex(text.splitlines()[-1], r'oper \(\d+\) +demo +3node0 +restart +succeeded +cmd_')
        uid = run('id', '-u', 'oper').stdout.strip()
        for who in ('oper', uid):
            lines = [json.loads(l) for l in mserverctl('--json=short', 'audit', f'--user={who}', '--since=-1h').splitlines()]
            self.assertEqual({l['event'] for l in lines}, {'command-requested', 'command-finished'})
            self.assertEqual({l['caller_uid'] for l in lines}, {int(uid)})
        one = json.loads(mserverctl('--json=short', 'audit', '--event=command-finished', '--container=3node0', '-n', '1'))
        self.assertEqual((one['client'], one['status'], one['command']), ('demo', 'succeeded', 'restart'))
        self.assertEqual(mserverctl('audit', '--no-legend', '--client=nobody'), '')
        self.assertEqual(mserverctl('audit', '--no-legend', '--until=-30d'), '')
        with self.assertRaises(Failed):
            mserverctl('audit', '--user=nobody-here')

    def test_denied_by_the_agent(self):
        """The agent's own policy says no: both journals have the rule, before the end, and once."""
        drop_in = '/etc/mclient/mclient.conf.d/90-policy.conf'
        with open(drop_in, 'w', encoding='utf-8') as f:
            f.write('[Policy]\nAllowCommands=status,logs,exec\nAllowExec=no\n')
        self.addCleanup(lambda: (os.unlink(drop_in), systemctl('restart', 'mclient.service')))
        systemctl('restart', 'mclient.service')
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 40)
        self.allow_warnings('Policy', ' rejected ', ' denied ')
        for words, rule in (('restart 3node0', 'AllowCommands'), ('exec 3node0 ls', 'AllowExec')):
            with self.subTest(rule=rule):
                self.assertEqual(run('mserverctl', 'send', 'demo', *words.split(), check=False).returncode, 1)
                denied = self.journal.wait(MSERVER_EVENT='command-denied', MSERVER_ACTION=rule)
                self.assertIn(f'[Policy] {rule}=', denied['MSERVER_REASON'])
                command = denied['MSERVER_COMMAND_ID']
                end = self.journal.wait(MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=command)
                self.assertEqual(end['MSERVER_STATUS'], 'rejected')
                self.assertLess(int(denied['MSERVER_SEQ']), int(end['MSERVER_SEQ']))
                self.assertEqual(len(self.journal.entries(MSERVER_EVENT='command-denied', MSERVER_COMMAND_ID=command)), 1)
                agent = self.journal.wait(MCLIENT_COMMAND_ID=command, MCLIENT_STATUS='rejected')
                self.assertIn(f'[Policy] {rule}=', agent['MCLIENT_ERROR'])
        self.assert_whole()

    def test_look_alike_is_not_shown(self):
        run('logger', '--journald', input='MESSAGE=a lie\nSYSLOG_IDENTIFIER=mserver\nMSERVER_EVENT=command-finished\n'
            'MSERVER_CLIENT=demo\nMSERVER_SEQ=1\n', user='guest')
        run('journalctl', '--sync')
        said, code = verify()
        self.assertEqual((code, [p['problem'] for p in said['problems']]), (3, ['forged']), said)
        self.assertIn('a lie', said['problems'][0]['details'])
        self.assertNotIn('a lie', mserverctl('--json=short', 'audit'))

    @unittest.skipUnless(os.path.exists(FLEET), '"lab install" has put no simulated fleet here')
    def test_killed_in_a_broadcast(self):
        size = 1000
        self.addCleanup(run, 'bash', '-c', 'mserverctl --json=short list "sim-*" | jq -r ".[].client" | '
                        'xargs -r -n 500 mserverctl forget', timeout=100)
        # Killed in the middle the batch is cut short; on a quick machine all of it is sent by then.
        self.allow_warnings(' interrupted ', 'commands are in flight', ' was cut short ')
        tokens = run(CALLS, 'tokens', size, timeout=100).stdout
        with subprocess.Popen([FLEET, '8443', str(size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as fleet:
            fleet.stdin.write(tokens)
            fleet.stdin.flush()
            self.assertEqual(fleet.stdout.readline(), 'ready\n')
            before = self.assert_whole()['last']
            broadcast = subprocess.Popen(['busctl', 'call', 'org.mserver1', '/org/mserver1', 'org.mserver1.Manager', 'Broadcast',
                                          'ssa{sv}a{sv}', 'sim-*', 'status', '0', '0'], stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)
            wait_for(lambda: self.journal.entries('--lines=1', '--output-fields=MESSAGE', MSERVER_COMMAND='status',
                                                  MSERVER_EVENT='command-requested', MSERVER_CLIENT='sim-7')
                     or self.journal.entries('--lines=1', '--output-fields=MESSAGE', MSERVER_SEQ=before + 20), 'it has begun')
            os.kill(int(unit_property(SERVER, 'MainPID')), signal.SIGKILL)
            broadcast.wait(60)
            wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)
            fleet.kill()
        self.journal.wait(MSERVER_EVENT='audit-resumed')
        self.assertGreater(self.assert_whole()['last'], before + 20)
        self.assertEqual(self.journal.entries(MSERVER_EVENT='audit-broken'), [])

    def change_head(self, sql):
        systemctl('stop', *SOCKETS, SERVER)
        with sqlite3.connect(DATABASE) as db:
            db.execute(sql)
        db.close()
        systemctl('start', *SOCKETS, SERVER)
        self.allow_warnings('The audit trail is broken')

    def test_head_ahead(self):
        last = self.assert_whole()['last']
        self.change_head('UPDATE audit_head SET seq = seq + 5')
        entry = self.journal.wait(MSERVER_EVENT='audit-broken')
        self.assertEqual(entry['PRIORITY'], '3')
        self.assertIn('the journal ends at', entry['MSERVER_REASON'])
        said, code = verify()
        self.assertEqual((code, [p['problem'] for p in said['problems']]), (1, ['missing', 'broken']), said)
        self.assertGreater(said['chains'][-1]['last'], last + 5)

    def test_another_entry_at_the_head(self):
        self.change_head(f"UPDATE audit_head SET hash = '{'0' * 64}'")
        self.assertIn('is not what the server wrote', self.journal.wait(MSERVER_EVENT='audit-broken')['MSERVER_REASON'])
        said, code = verify()
        self.assertEqual((code, [p['problem'] for p in said['problems']]), (1, ['broken']), said)

    def test_a_new_store(self):
        last = self.assert_whole()['last']
        self.change_head('DELETE FROM audit_head')
        self.assertIn('the store is a new one', self.journal.wait(MSERVER_EVENT='audit-broken')['MSERVER_REASON'])
        said, _ = verify()
        self.assertEqual([p['problem'] for p in said['problems']], ['broken'], said)
        self.assertGreater(said['chains'][-1]['last'], last)
        self.assertEqual(len(said['chains']), 1)

    def test_tail_removed(self):
        """The newest entries went, and the server was not asked to stop: what it says itself shows it."""
        head = get_property('/org/mserver1', 'org.mserver1.Manager', 'AuditHead')
        vacuum()
        run('logger', 'something older')  # the journal has something, but not that
        self.assertEqual(verify()[1], 0)
        manager('CreateToken', 'sa{sv}', 'nobody-9', {'replace': True})
        self.addCleanup(manager, 'ForgetClient', 's', 'nobody-9')
        self.assert_whole(first=head[1] + 1)
