# SPDX-License-Identifier: LGPL-2.1-or-later
"""journalctl -x explains each entry of the audit trail, in English and in Korean: the entries are real, and what the
explanation speaks of is in them."""
import hashlib
import os
import re
import sqlite3
import time

from labtest import BusError, ServerTest, bus, manager, run, systemctl
from peers import Peer, certificate_request

DROP_IN = '/etc/mserver/mserver.conf.d/60-lab-catalog.conf'
CATALOGS = {'C.UTF-8': '/usr/lib/systemd/catalog/mserver.catalog',
            'en_US.UTF-8': '/usr/lib/systemd/catalog/mserver.catalog',
            'ko_KR.UTF-8': '/usr/lib/systemd/catalog/mserver.ko.catalog'}


def entries_of(path):
    """Message id to the text, as a catalog file has it."""
    with open(path, encoding='utf-8') as f:
        parts = re.split(r'^-- ([0-9a-f]{32})\n', f.read(), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2]))


class Catalog(ServerTest):
    expected_warnings = (' rejected', ' denied to uid ', 'The audit trail is broken', 'next try in', ' interrupted ', r'^closed by the server \(1001')

    def make_entries(self):
        """Causes every event, and returns the entry of each."""
        with open(DROP_IN, 'w', encoding='utf-8') as f:
            f.write('[TLS]\nClientCertificates=optional\n')
        self.addCleanup(systemctl, 'restart', 'mserver.service')
        self.addCleanup(os.unlink, DROP_IN)
        systemctl('restart', 'mserver.service')  # audit-resumed comes once in a run of the server
        peer = Peer(self)  # client-enrolled, client-online
        peer.say('certificate_request', data={'request': certificate_request(peer.id)})
        peer.hear('certificate')
        manager('CreateEnrollment', 'sa{sv}', peer.id, {'replace': True})
        self.seen = {'client-enrolled': {}, 'client-online': {}, 'client-certificate-issued': {}, 'command-denied': {},
                     'enrollment-created': {}}
        with self.assertRaises(BusError):
            manager('SendCommand', 'ssa{sv}a{sv}', peer.id, 'restart', {}, {}, user='guest')

        sent = manager('SendCommand', 'ssa{sv}a{sv}', peer.id, 'restart', {'container': '3node0'}, {})[0]
        peer.answer(peer.hear('command'))
        self.seen.update({name: {'MSERVER_COMMAND_ID': sent} for name in ('command-requested', 'command-finished')})

        key = '0x' + hashlib.sha256(peer.id.encode()).hexdigest() * 4  # nobody else's
        peer.say('key_update', data={'container': '3node0', 'session_key': key, 'timestamp': 1,
                                     'action': 'rotate_keys', 'id': 'k1'})
        peer.hear('key_update_ack')
        peer.say('backup_complete', data={'container': '3node0', 'backup_file': '/b/3node0.tar', 'timestamp': 1, 'id': 'b1',
                                          'sha256': 'cd' * 32, 'size': 1})
        peer.hear('backup_complete_ack')
        self.seen.update({'key-update': {}, 'backup-complete': {}})

        denied = manager('SendCommand', 'ssa{sv}a{sv}', peer.id, 'exec', {'container': '3node0', 'command': 'ls'}, {})[0]
        peer.answer(peer.hear('command'), 'rejected', error='[Policy] AllowExec= of this agent is off, as it is by default')

        manager('CreateSchedule', 'ssssa{sv}a{sv}', peer.id, '*-*-* 04:00', peer.id, 'status', {}, {})
        self.addCleanup(manager, 'DeleteSchedule', 's', peer.id)
        manager('RunSchedule', 's', peer.id)
        peer.answer(peer.hear('command'))

        # Away for longer than its command may take, and then it answers after all.
        late, path = manager('SendCommand', 'ssa{sv}a{sv}', peer.id, 'stop', {'container': '3node0'}, {'timeout': ('t', 1)})
        command = peer.hear('command')
        peer.connection.sock.close()
        self.seen.update({'client-offline': {}, 'command-settled': {'MSERVER_COMMAND_ID': late}})
        self.journal.wait(30, MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=late, MSERVER_STATUS='interrupted')
        alert = self.journal.wait(MSERVER_EVENT='alert-raised', MSERVER_CLIENT=peer.id)['MSERVER_ALERT_ID']
        manager('AcknowledgeAlert', 's', alert)
        again = Peer(self, peer.id)
        again.answer(command)
        self.seen.update({name: {'MSERVER_ALERT_ID': alert} for name in ('alert-raised', 'alert-acknowledged', 'alert-cleared')})
        silence = manager('SilenceAlerts', 'ssts', peer.id, 'node-syncing', int((time.time() + 3600) * 1e6), 'why')[0]
        manager('RemoveSilence', 's', silence)
        self.assertEqual(bus(path, 'org.mserver1.Command', 'GetResult')[2], '')

        other = Peer(self, register=False)
        other.say('stats', data={})
        other.closing()
        manager('RevokeClient', 's', peer.id)
        self.seen.update({'client-rejected': {'MSERVER_CLIENT': other.id}, 'client-revoked': {}})
        found = {name: self.journal.wait(MSERVER_EVENT=name, **{'MSERVER_CLIENT': peer.id, **fields})
                 for name, fields in self.seen.items()}
        for name in ('silence-created', 'silence-ended'):
            found[name] = self.journal.wait(MSERVER_EVENT=name, MSERVER_SILENCE_ID=silence)
        for name in ('schedule-changed', 'schedule-run'):
            found[name] = self.journal.wait(MSERVER_EVENT=name, MSERVER_SCHEDULE=peer.id)
        found['command-denied by the agent'] = self.journal.wait(MSERVER_EVENT='command-denied', MSERVER_COMMAND_ID=denied)

        systemctl('stop', 'mserver.socket', 'mserver.service')
        with sqlite3.connect('/var/lib/mserver/mserver.db') as db:
            db.execute('UPDATE audit_head SET seq = seq + 1')
        db.close()
        systemctl('start', 'mserver.socket', 'mserver.service')
        return {**found, **{name: self.journal.wait(MSERVER_EVENT=name) for name in ('audit-broken', 'audit-resumed')}}

    def explanation(self, entry, language):
        """What journalctl -x says behind an entry, without its frame."""
        text = run('journalctl', '--quiet', '--catalog', '--no-pager', f'--cursor={entry["__CURSOR"]}', '--lines=1',
                   f'MESSAGE_ID={entry["MESSAGE_ID"]}', env={'LANG': language, 'LC_ALL': ''}).stdout
        return [line.removeprefix('░░').strip() for line in text.splitlines() if line.startswith('░░')]

    def test_every_entry_is_explained(self):
        entries = self.make_entries()
        self.assertEqual({e['MESSAGE_ID'] for e in entries.values()}, set(entries_of(CATALOGS['C.UTF-8'])),
                         'this test does not cause all that the catalog explains')
        for language, path in CATALOGS.items():
            texts = entries_of(path)
            for name, entry in entries.items():
                with self.subTest(event=name, language=language):
                    wanted = texts[entry['MESSAGE_ID']]
                    for field in set(re.findall(r'@(\w+)@', wanted)):
                        self.assertTrue(entry.get(field), f'the entry has no {field}')
                        wanted = wanted.replace(f'@{field}@', entry[field])
                    shown = self.explanation(entry, language)
                    self.assertEqual([line.strip() for line in wanted.splitlines() if line.strip()
                                      and not line.startswith('Defined-By:')],
                                     [line for line in shown if line and not line.startswith(('Defined-By:', 'Support:'))])
