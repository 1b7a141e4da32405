# SPDX-License-Identifier: LGPL-2.1-or-later
"""The job all this is for: an operator restarts a container of a client, it happens once, and the journal says who."""
import json

from labtest import BusError, BusMonitor, Node, ServerTest, manager, run


def restart(container, user=None):
    """Runs it to its end; returns id, state and result."""
    command, state, result = manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'restart', {'container': container}, {}, user=user)
    return command, state, json.loads(result)


class MainJob(ServerTest):
    def test_a_restart_takes_effect_once_and_is_audited(self):
        node = Node('3node0')
        before = node.events()
        command, state, result = restart('3node0', user='oper')
        self.assertEqual((state, result), ('succeeded', {'container': '3node0', 'state': 'running'}))
        self.assertEqual(node.events()[len(before):], ['stop', 'start'])

        uid = run('id', '-u', 'oper').stdout.strip()
        requested = self.journal.wait(MSERVER_EVENT='command-requested', MSERVER_COMMAND_ID=command)
        finished = self.journal.wait(MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=command)
        for entry in (requested, finished):
            self.assertEqual(entry['MSERVER_CLIENT'], 'demo')
            self.assertEqual(entry['MSERVER_COMMAND'], 'restart')
            self.assertEqual(entry['MSERVER_CALLER_UID'], uid)
            self.assertEqual(entry['SYSLOG_IDENTIFIER'], 'mserver')
        self.assertEqual(requested['MSERVER_CONTAINER'], '3node0')
        self.assertEqual(finished['MSERVER_STATUS'], 'succeeded')
        self.assertEqual(len(self.journal.entries(MSERVER_COMMAND_ID=command, MSERVER_EVENT='command-finished')), 1)

    def test_who_may_not_is_refused_and_nothing_happens(self):
        node = Node('3node0')
        before = node.events()
        self.allow_warnings('^demo: restart 3node0 denied to uid')
        with self.assertRaises(BusError) as caught:
            restart('3node0', user='guest')
        self.assertIn(caught.exception.name, ('org.freedesktop.DBus.Error.AccessDenied',
                                              'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired'))
        self.journal.wait(MSERVER_EVENT='command-denied', MSERVER_CALLER_UID=run('id', '-u', 'guest').stdout.strip())
        self.assertEqual(node.events(), before)

    def test_the_bus_says_how_it_goes(self):
        with BusMonitor() as monitor:
            command, _, _ = restart('3node1')
            seen = []
            while not seen or seen[-1] != 'succeeded':
                arguments = monitor.signal('CommandStateChanged')
                self.assertEqual(arguments[:3], [command, 'demo', 'restart'])
                seen.append(arguments[3])
        self.assertEqual(seen[-2:], ['running', 'succeeded'])
