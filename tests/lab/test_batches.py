# SPDX-License-Identifier: LGPL-2.1-or-later
"""Batches over real sessions: the agent of this machine and clients of the test's own take part side by side. Whom a
selector means, how far a plan goes at a time, what stops it, and what its object says meanwhile."""
import json
import os
import queue
import secrets
import socket
import threading

import wsclient
from labtest import (Node, ServerTest, client_state, get_property, manager, mserverctl, run, start, systemctl,
                     wait_for)
from peers import Peer, forget

BATCH = 'org.mserver1.Batch'
ALL_WELL = [{'name': '3node0', 'state': 'running', 'node': {'peers': 3, 'syncing': False}}]
ENDS_BADLY = (': .* (failed|cancelled|timed-out|interrupted) after ', r'^Batch .* is stopped, \d+ of ')


class Member(Peer):
    """A client that answers commands by itself: status as all is well, others as reply says (None: not at all, until
    finish()). Its id sorts behind "demo", before those of members made later."""

    made = 0

    def __init__(self, case, reply='completed', labels=None):
        Member.made += 1
        client = f'demo-{Member.made:04}-{secrets.token_hex(3)}'
        case.addCleanup(forget, client)
        super().__init__(case, client, register=False)
        self.connection.sock.settimeout(None)  # the server's pings are answered for as long as it takes
        self.register(features=['progress', 'cancel', 'deadline', 'ledger'], labels=labels or {})
        self.reply, self.got, self.cancelled, self._lock = reply, queue.Queue(), queue.Queue(), threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        try:
            while True:
                message = self.hear('command', 'command_cancel')
                if message['type'] == 'command_cancel':
                    self.cancelled.put(message['data']['id'])
                    self.finish(message['data']['id'], 'cancelled')
                elif message['data']['command'] == 'status':
                    self.finish(message['data']['id'], 'completed', result=ALL_WELL)
                else:
                    self.got.put(message['data'])
                    if self.reply:
                        self.finish(message['data']['id'], self.reply)
        except (wsclient.Closed, OSError, ValueError):
            pass

    def leave(self):
        self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.is_listed('offline')

    def finish(self, identity, status='completed', **data):
        if status != 'completed':
            data['error'] = f'it {status}'
        with self._lock:
            self.say('command_response', data={'id': identity, 'status': status, **data})

    def next(self, deadline=30):
        """The next command that it gets."""
        return self.got.get(timeout=deadline)


class Batch:
    def __init__(self, selector, command, params=None, **options):
        self.id, self.path, self.commands = manager('Broadcast', 'ssa{sv}a{sv}', selector, command, params or {}, options)

    def __getattr__(self, name):
        """State, Status, Total, Sent, … of its object."""
        return get_property(self.path, BATCH, name)

    def counts(self):
        return tuple(getattr(self, name) for name in ('Total', 'Succeeded', 'Failed', 'Skipped'))

    def ended(self, deadline=60):
        """Its state at its end, when all of its commands have ended as well."""
        return wait_for(lambda: self.Finished > 0 and self.State, 'the batch ends', deadline)


def planned(selector, **options):
    """Whom it would be sent to."""
    return sorted(manager('Broadcast', 'ssa{sv}a{sv}', selector, 'start', {}, {'dry-run': True, **options})[2])


class Selectors(ServerTest):
    def test_whom_they_mean(self):
        site = secrets.token_hex(4)
        first = Member(self, labels={'role': 'validator', 'site': site})
        second = Member(self, labels={'role': 'archive', 'site': site})
        both = [first.id, second.id]
        self.assertLessEqual({'demo', *both}, set(planned('all')))
        self.assertLessEqual({'demo', *both}, set(planned('demo*')))
        for selector, expected in ((first.id, [first.id]), (f'site={site}', both), (f'demo-*,site={site}', both),
                                   (f'site={site},role=archive', [second.id]), (f'role=*,site={site}', both)):
            with self.subTest(selector=selector):
                self.assertEqual(planned(selector), expected)
        self.assertTrue(first.got.empty() and second.got.empty(), 'a dry run sends nothing')
        for command, *_ in manager('ListCommands', 'a{sv}', {'client': first.id})[0]:
            self.fail(f'a dry run has left {command}')

    def test_labels_of_the_agent(self):
        drop_in = '/etc/mclient/mclient.conf.d/labels.conf'
        os.makedirs(os.path.dirname(drop_in), exist_ok=True)
        with open(drop_in, 'w', encoding='utf-8') as f:
            f.write('[Agent]\nLabels=role=validator,lab=here\n')
        self.addCleanup(systemctl, 'restart', 'mclient.service')
        self.addCleanup(os.unlink, drop_in)
        systemctl('restart', 'mclient.service')
        wait_for(lambda: client_state('demo') == 'online' and planned('all') and
                 get_property('/org/mserver1/client/demo', 'org.mserver1.Client', 'Labels').get('lab') == 'here',
                 'the agent is back with its labels')
        self.assertEqual(planned('role=validator,lab=here'), ['demo'])
        batch = Batch('lab=here', 'start', {'container': '3node0'})
        self.assertEqual((batch.ended(), batch.counts()), ('finished', (1, 1, 0, 0)))


class Plans(ServerTest):
    expected_warnings = ENDS_BADLY

    def test_all_at_once_and_none_holds_up_the_rest(self):
        gone, failing, well = Member(self), Member(self, 'failed'), Member(self)
        gone.leave()
        batch = Batch('demo*', 'start', {'container': '3node0'})
        self.assertNotIn(gone.id, batch.commands)
        self.assertEqual(batch.ended(), 'finished')
        self.assertEqual(batch.counts(), (4, 2, 1, 1))
        self.assertEqual(batch.Commands, batch.commands)
        self.assertEqual((batch.Selector, batch.Command, batch.Sent), ('demo*', 'start', 3))
        self.assertEqual(set(batch.commands), {'demo', failing.id, well.id})
        states = {row[1]: row[3] for row in manager('ListCommands', 'a{sv}', {'batch': batch.id})[0]}
        self.assertEqual(states, {'demo': 'succeeded', failing.id: 'failed', well.id: 'succeeded'})
        for client, status in states.items():
            entry = self.journal.wait(MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=batch.commands[client])
            self.assertEqual((entry['MSERVER_CLIENT'], entry['MSERVER_STATUS']), (client, status))

    def test_so_many_at_a_time(self):
        members = [Member(self, None) for _ in range(3)]
        batch = Batch('demo*', 'start', {'container': '3node0'}, **{'max-parallel': 2})
        first = members[0].next()
        second = members[1].next()  # the agent has ended and left its place
        self.assertTrue(members[2].got.empty())
        self.assertEqual((batch.State, batch.Sent), ('running', 3))
        members[1].finish(second['id'])
        third = members[2].next()
        members[0].finish(first['id'])
        members[2].finish(third['id'])
        self.assertEqual((batch.ended(), batch.counts()), ('finished', (4, 4, 0, 0)))

    def test_too_many_failures_stop_it(self):
        members = [Member(self, 'failed'), Member(self, 'failed'), Member(self)]
        batch = Batch('demo*', 'start', {'container': '3node0'}, **{'max-parallel': 1, 'max-failures': 1})
        self.assertEqual((batch.ended(), batch.counts()), ('failed', (4, 1, 2, 1)))
        self.assertTrue(members[2].got.empty())
        self.assertIn('2', batch.Status)

    def test_a_pause_between_waves(self):
        members = [Member(self), Member(self)]
        batch = Batch('demo*', 'start', {'container': '3node0'}, pause=('t', 1500000))
        self.assertEqual(batch.ended(), 'finished')
        rows = {row[1]: row for row in manager('ListCommands', 'a{sv}', {'batch': batch.id})[0]}
        for before, after in (('demo', members[0].id), (members[0].id, members[1].id)):
            self.assertGreaterEqual(rows[after][4] - rows[before][5], 1400000)

    def test_the_next_wave_waits_for_the_nodes(self):
        node, member = Node('3node0'), Member(self)
        node.set('syncing')
        node.set('peers', 2)
        batch = Batch('demo*', 'restart', {'container': '3node0', 'timeout': 10}, **{'max-parallel': 1, 'require-healthy': True})

        def waits_for(text):
            wait_for(lambda: text in batch.Status, f'it waits for "{text}"', 60)
            self.assertTrue(member.got.empty())

        waits_for('demo waiting for 3node0: syncing, 2 peers')
        node.set('peers', 0)
        node.unset('syncing')
        waits_for('demo waiting for 3node0: no peers')
        node.set('peers', 5)
        member.next(60)
        self.assertEqual((batch.ended(), batch.counts()), ('finished', (2, 2, 0, 0)))
        self.assertEqual(batch.Status, '')

    def test_nodes_that_stay_ill_fail_it(self):
        Node('3node0').set('syncing')
        member = Member(self)
        batch = Batch('demo*', 'start', {'container': '3node0'}, **{'require-healthy': True, 'health-timeout': ('t', 4000000)})
        self.assertEqual((batch.ended(), batch.counts()), ('failed', (2, 1, 0, 1)))
        self.assertTrue(member.got.empty())
        self.assertIn('3node0', batch.Status)


class Ends(ServerTest):
    expected_warnings = ENDS_BADLY

    def test_cancel_stops_what_has_not_started(self):
        members = [Member(self, None), Member(self)]
        batch = Batch('demo*', 'start', {'container': '3node0'}, **{'max-parallel': 1})
        running = members[0].next()
        manager('CancelBatch', 's', batch.id)
        self.assertEqual(members[0].cancelled.get(timeout=30), running['id'])
        self.assertEqual((batch.ended(), batch.counts()), ('cancelled', (3, 1, 1, 1)))
        self.assertTrue(members[1].got.empty())

    def test_the_end_of_the_server_interrupts_it(self):
        members = [Member(self, None), Member(self)]
        batch = Batch('demo*', 'start', {'container': '3node0'}, **{'max-parallel': 1})
        running = members[0].next()
        self.allow_warnings('interrupted', r'^closed by the server \(1001', '^Batch .* was cut short by the end of the server')
        systemctl('restart', 'mserver.service')
        self.assertEqual(wait_for(lambda: batch.State, 'its object answers'), 'interrupted')
        self.assertEqual(batch.Total, 3)
        wait_for(lambda: client_state('demo') == 'online', 'client demo is back', 60)
        self.assertTrue(members[1].got.empty())
        self.assertEqual([row[1] for row in manager('ListCommands', 'a{sv}', {'batch': batch.id, 'limit': 10})[0]
                          if row[1] == members[1].id], [])
        Peer(self, members[0].id).answer({'data': running})  # or it ended minutes later, in another test
        self.journal.wait(MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=running['id'])


class CommandLine(ServerTest):
    expected_warnings = ENDS_BADLY

    def test_it_says_how_each_ended(self):
        gone, failing, well = Member(self), Member(self, 'failed'), Member(self)
        gone.leave()
        process = run('mserverctl', 'broadcast', 'start', '3node0', '--on', 'demo*', '--yes', check=False)
        self.assertEqual(process.returncode, 1)
        said = process.stdout + process.stderr
        for client, words in (('demo', 'succeeded'), (failing.id, 'it failed'), (well.id, 'succeeded'), (gone.id, 'offline')):
            with self.subTest(client=client):
                lines = [line for line in said.splitlines() if client in line.split()]
                self.assertTrue(any(words in line for line in lines), said)

    def test_json_and_dry_run(self):
        member = Member(self)
        plan = mserverctl('broadcast', 'start', '3node0', '--on', 'demo*', '--dry-run')
        self.assertIn(member.id, plan)
        self.assertTrue(member.got.empty())
        said = json.loads(mserverctl('--json=short', 'broadcast', 'start', '3node0', '--on', 'demo*', '--yes'))
        self.assertIn(member.id, json.dumps(said))
        self.assertEqual(member.next()['command'], 'start')

    def test_ctrl_c_cancels_it(self):
        member, later = Member(self, None), Member(self)
        process = start('mserverctl', 'broadcast', 'start', '3node0', '--on', 'demo*', '--yes', '--max-parallel', '1')
        member.next()
        process.send_signal(2)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        member.cancelled.get(timeout=30)
        self.assertTrue(later.got.empty())
