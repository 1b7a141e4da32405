# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may do what, decided by the real polkit: rules per client and container, one's own, and what a page is told."""
import os

from labtest import BusError, ServerTest, bus, manager, wait_for

RULES = '/etc/polkit-1/rules.d/10-lab.rules'
DENIED = ('org.freedesktop.DBus.Error.AccessDenied', 'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired')


def can_run(command, user, client='demo'):
    return manager('CanRun', 'ss', client, command, user=user)[0]


class Polkit(ServerTest):
    expected_warnings = (' denied to uid ',)

    def rule(self, condition):
        """From here on guest may do what this JavaScript says of action."""
        with open(RULES, 'w', encoding='utf-8') as f:
            f.write('polkit.addRule(function(action, subject) {\n'
                    f'    if (subject.user == "guest" && {condition})\n        return polkit.Result.YES;\n}});\n')
        self.addCleanup(os.unlink, RULES)

    def assert_denied(self, *call, user='guest'):
        with self.assertRaises(BusError) as caught:
            manager(*call, user=user)
        self.assertIn(caught.exception.name, DENIED)

    def test_rules_decide_by_client_command_and_container(self):
        self.rule('action.id == "org.mserver1.command.exec" && action.lookup("client") == "demo" && '
                  'action.lookup("container") == "3node0"')
        run_it = ('RunCommand', 'ssa{sv}a{sv}', 'demo', 'exec')
        wait_for(lambda: manager(*run_it, {'container': '3node0', 'command': 'true'}, {}, user='guest'),
                 'polkit has read the rule')
        self.assert_denied(*run_it, {'container': '3node1', 'command': 'true'}, {})
        denied = self.journal.wait(MSERVER_EVENT='command-denied', MSERVER_CONTAINER='3node1')
        self.assertEqual(denied['MSERVER_ACTION'], 'org.mserver1.command.exec')

    def test_a_broadcast_needs_two_permissions(self):
        self.rule('action.id == "org.mserver1.command.restart"')
        wait_for(lambda: can_run('restart', 'guest') == 'yes', 'polkit has read the rule')
        self.assert_denied('Broadcast', 'ssa{sv}a{sv}', 'all', 'restart', {'container': '3node0'}, {})
        denied = self.journal.wait(MSERVER_EVENT='command-denied', MSERVER_ACTION='org.mserver1.broadcast')
        self.assertEqual(denied['MSERVER_SELECTOR'], 'all')

    def test_ones_own_command_is_read_and_cancelled_without_asking(self):
        command, path = manager('SendCommand', 'ssa{sv}a{sv}', 'demo', 'logs', {'container': '3node0', 'follow': True}, {},
                                user='oper')
        self.allow_warnings('^demo: logs 3node0 cancelled after')
        self.assert_denied('CancelCommand', 's', command)
        bus(path, 'org.mserver1.Command', 'GetOutput', 'tu', 0, 1000, user='oper')
        manager('CancelCommand', 's', command, user='oper')
        ended = self.journal.wait(MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=command)
        self.assertEqual(ended['MSERVER_STATUS'], 'cancelled')

    def test_a_page_can_ask_what_would_be_refused(self):
        self.assertEqual(can_run('restart', 'oper'), 'yes')
        self.assertEqual(can_run('payout', 'oper'), 'challenge')
        self.assertEqual(can_run('restart', 'guest'), 'challenge')
        self.assertEqual(can_run('payout', None), 'yes')
        self.assertEqual(self.journal.entries(MSERVER_EVENT='command-denied'), [])
