# SPDX-License-Identifier: LGPL-2.1-or-later
"""org.mclient1 on the real bus: commands of the agent's own host, by the real polkit and the agent's own policy."""
import json
import os
import time

from labtest import (BusError, BusMonitor, Node, ServerTest, bus, client_state, get_property, manager, run, start, systemctl,
                     unit_property, wait_for)

PATH, INTERFACE, SERVICE = '/org/mclient1', 'org.mclient1.Agent', 'org.mclient1'
RULES = '/etc/polkit-1/rules.d/10-lab-agent.rules'
POLICY = '/etc/mclient/mclient.conf.d/60-lab-policy.conf'
DENIED = ('org.freedesktop.DBus.Error.AccessDenied', 'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired')


def agent(method, signature='', *args, **options):
    return bus(PATH, INTERFACE, method, signature, *args, service=SERVICE, **options)


def run_local(command, user=None, **params):
    """Run(): the state and the result, parsed."""
    state, result = agent('Run', 'sa{sv}', command, params, user=user)
    return state, json.loads(result)


def agent_property(name, user=None):
    return get_property(PATH, INTERFACE, name, service=SERVICE, user=user)


class AgentBus(ServerTest):
    def setUp(self):
        super().setUp()
        wait_for(lambda: agent_property('State') == 'online', 'the agent is on the bus')

    def rule(self, condition):
        """From here on guest may do what this JavaScript says of action."""
        with open(RULES, 'w', encoding='utf-8') as f:
            f.write('polkit.addRule(function(action, subject) {\n'
                    f'    if (subject.user == "guest" && action.id == "org.mclient1.run" && {condition})\n'
                    '        return polkit.Result.YES;\n});\n')
        self.addCleanup(os.unlink, RULES)

    def policy(self, text):
        """From here to the end of the test this is the agent's policy."""
        with open(POLICY, 'w', encoding='utf-8') as f:
            f.write(f'[Policy]\n{text}\n')
        self.addCleanup(systemctl, 'restart', 'mclient.service')
        self.addCleanup(os.unlink, POLICY)
        systemctl('restart', 'mclient.service')
        wait_for(lambda: agent_property('State') == 'online', 'the agent is back')

    def assert_denied(self, command, user='guest', **params):
        with self.assertRaises(BusError) as caught:
            run_local(command, user=user, **params)
        self.assertIn(caught.exception.name, DENIED)

    def test_root_runs_commands_on_the_real_containers(self):
        node = Node('3node0')
        before = node.count('start')
        state, containers = run_local('status')
        self.assertEqual((state, {c['name']: c['state'] for c in containers}),
                         ('succeeded', {'3node0': 'running', '3node1': 'running'}))
        self.assertEqual(run_local('restart', container='3node0')[0], 'succeeded')
        self.assertEqual(node.count('start'), before + 1)
        wanted = {'MCLIENT_COMMAND': 'restart', 'MCLIENT_CONTAINER': '3node0', 'MCLIENT_ORIGIN': 'local',
                  'MCLIENT_CALLER_UID': '0', '_SYSTEMD_UNIT': 'mclient.service'}
        asked = self.journal.wait(MCLIENT_EVENT='command-requested', **wanted)
        self.assertEqual(json.loads(asked['MCLIENT_PARAMS']), {'container': '3node0'})
        ended = self.journal.wait(MCLIENT_EVENT='command-finished', MCLIENT_STATUS='succeeded', **wanted)
        self.assertEqual(ended['MCLIENT_COMMAND_ID'], asked['MCLIENT_COMMAND_ID'])
        # The server heard nothing of it, and is owed nothing.
        self.assertEqual(self.journal.entries(MSERVER_EVENT='command-requested'), [])
        self.assertEqual(agent_property('Pending'), 0)

    def test_a_command_of_the_server_is_in_the_same_journal(self):
        command, _, _ = manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'status', {}, {}, user='oper')
        asked = self.journal.wait(MCLIENT_EVENT='command-requested', MCLIENT_COMMAND_ID=command)
        self.assertEqual((asked['MCLIENT_ORIGIN'], asked['MCLIENT_CALLER_UID']),
                         ('server', run('id', '-u', 'oper').stdout.strip()))
        explained = run('journalctl', '--catalog', '--no-pager', f'--cursor={asked["__CURSOR"]}', '--lines=1').stdout
        self.assertIn('MCLIENT_ORIGIN=', explained)

    def test_others_are_refused(self):
        self.allow_warnings(' denied to uid ')
        for user in ('guest', 'oper'):
            self.assert_denied('status', user=user)
        denied = self.journal.wait(MCLIENT_EVENT='command-denied', MCLIENT_COMMAND='status')
        self.assertEqual((denied['MCLIENT_ACTION'], denied['MCLIENT_ORIGIN']), ('org.mclient1.run', 'local'))
        with self.assertRaises(BusError):
            agent('Reconnect', user='guest')
        self.assertEqual(agent_property('State', user='guest'), 'online')  # that anybody may see
        self.assertEqual(self.journal.entries(MCLIENT_EVENT='command-requested'), [])

    def test_a_rule_allows(self):
        self.allow_warnings(' denied to uid ')
        self.rule('action.lookup("command") == "status" && action.lookup("container") == "3node0" && '
                  'action.lookup("client") == "demo"')
        state, containers = wait_for(lambda: run_local('status', user='guest', container='3node0'), 'polkit has read the rule')
        self.assertEqual((state, [c['name'] for c in containers]), ('succeeded', ['3node0']))
        self.assert_denied('status', container='3node1')
        self.assert_denied('restart', container='3node0')

    def test_without_polkit_only_root_is_let_through(self):
        self.allow_warnings(' denied to uid ')
        self.addCleanup(systemctl, 'start', 'polkit.service')
        self.addCleanup(systemctl, 'unmask', '--runtime', 'polkit.service')
        systemctl('mask', '--runtime', 'polkit.service')
        systemctl('stop', 'polkit.service')
        self.assertEqual(run_local('status')[0], 'succeeded')
        self.assert_denied('status')

    def test_the_agents_own_policy_says_no_with_its_rule(self):
        self.policy('AllowCommands=status\nAllowExec=no')
        node = Node('3node0')
        before = node.events()
        state, result = run_local('restart', container='3node0')
        self.assertEqual(state, 'rejected')
        self.assertIn('AllowCommands= of this agent does not list "restart"', result['error'])
        self.assertEqual(node.events(), before)
        ended = self.journal.wait(MCLIENT_EVENT='command-finished', MCLIENT_COMMAND='restart', MCLIENT_STATUS='rejected')
        self.assertIn('AllowCommands=', ended['MCLIENT_ERROR'])

    def test_allow_callers_is_about_the_server(self):
        self.allow_warnings('demo: status rejected', 'demo: status denied to uid 0 by the client')
        self.policy('AllowCallers=4711')
        self.assertEqual(manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'status', {}, {})[1], 'rejected')
        self.journal.wait(MCLIENT_EVENT='command-finished', MCLIENT_ORIGIN='server', MCLIENT_STATUS='rejected')
        self.assertEqual(run_local('status')[0], 'succeeded')

    def test_what_is_wrong_is_an_error_that_says_so(self):
        for call, name, text in ((('restrat', {}), 'UnknownCommand', '"restrat"'),
                                 (('logs', {'lines': 'many'}), 'InvalidParameter', '"many"')):
            with self.subTest(call=call), self.assertRaises(BusError) as caught:
                agent('Run', 'sa{sv}', *call)
            self.assertEqual(caught.exception.name, f'org.mclient1.Error.{name}')
            self.assertIn(text, caught.exception.message)

    def test_reconnect_really_does(self):
        self.allow_warnings(': offline: ')
        since = manager('ListClients')[0][0][3]
        with BusMonitor() as server, BusMonitor(SERVICE) as monitor:
            agent('Reconnect')
            self.assertEqual(server.signal('ClientOffline')[0], 'demo')
            self.assertEqual(server.signal('ClientOnline')[0], 'demo')
            states = [monitor.signal('PropertiesChanged')[1]['State']['data'] for _ in range(2)]
        self.assertEqual(states, ['connecting', 'online'])
        self.assertGreater(manager('ListClients')[0][0][3], since)
        self.journal.wait(MCLIENT_EVENT='reconnect-requested', MCLIENT_CALLER_UID='0')

    def test_properties(self):
        self.assertEqual(agent_property('Id'), 'demo')
        self.assertRegex(agent_property('Server'), '^wss://')
        wait_for(lambda: time.time() * 1e6 - agent_property('LastContact') < 60e6, 'the server was heard of')
        self.allow_warnings('.')  # what comes of a server that is stopped
        with BusMonitor(SERVICE) as monitor:
            systemctl('stop', 'mserver.socket', 'mserver.service')
            monitor.signal('PropertiesChanged')
            wait_for(lambda: agent_property('State') in ('waiting', 'connecting'), 'the server is away')
            systemctl('start', 'mserver.socket', 'mserver.service')
            agent('Reconnect')
            wait_for(lambda: agent_property('State') == 'online', 'it is back')

    def test_nobody_starts_an_agent_that_was_stopped(self):
        self.allow_warnings(': offline: ')
        self.addCleanup(wait_for, lambda: client_state('demo') == 'online', 'the agent is back')
        self.addCleanup(systemctl, 'start', 'mclient.service')
        systemctl('stop', 'mclient.service')
        with self.assertRaises(BusError) as caught:
            run_local('status')
        self.assertIn('ServiceUnknown', caught.exception.name)
        self.assertEqual(unit_property('mclient.service', 'ActiveState'), 'inactive')

    def test_a_caller_that_leaves_stops_nothing(self):
        node = Node('3node0')
        before = node.count('start')
        with start('busctl', '--timeout=60', 'call', SERVICE, PATH, INTERFACE, 'Run', 'sa{sv}', 'restart', '1',
                   'container', 's', '3node0') as caller:
            asked = self.journal.wait(MCLIENT_EVENT='command-requested', MCLIENT_COMMAND='restart')
            caller.kill()
        self.journal.wait(MCLIENT_EVENT='command-finished', MCLIENT_COMMAND_ID=asked['MCLIENT_COMMAND_ID'],
                          MCLIENT_STATUS='succeeded')
        self.assertEqual(node.count('start'), before + 1)
