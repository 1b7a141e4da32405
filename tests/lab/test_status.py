# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the command status tells of nodes: in their own words, wherever they listen, and in bounded time."""
import json
import time

from labtest import Node, ServerTest, docker, manager, run


def status(**params):
    """Each container's entry, by name."""
    _, state, result = manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'status', params, {})
    assert state == 'succeeded', result
    return {entry['name']: entry for entry in json.loads(result)}


class Status(ServerTest):
    def test_a_node_tells_how_it_does(self):
        for node in status().values():
            with self.subTest(node=node['name']):
                told = node['node']
                self.assertEqual((told['peers'], told['syncing'], told['version']), (8, False, '3.39.0-lab'))
                self.assertGreaterEqual(told['best'], 1204331)
                self.assertGreaterEqual(told['target'], told['best'])
                self.assertIn(told['best'] - told['finalized'], (told['finality_lag'], told['finality_lag'] + 1))

    def test_what_it_tells_is_of_now(self):
        node = Node('3node0')
        node.set('syncing')
        node.set('peers', 2)
        told = status(container='3node0')['3node0']['node']
        self.assertEqual((told['peers'], told['syncing']), (2, True))
        self.assertGreater(told['target'], told['best'])
        node.unset('syncing')
        self.assertIs(status(container='3node0')['3node0']['node']['syncing'], False)

    def test_a_node_that_hangs_holds_nothing_up(self):
        Node('3node0').set('system_health.delay', 60000)
        began = time.monotonic()
        told = status()
        self.assertLess(time.monotonic() - began, 30)
        self.assertIn('error', told['3node0']['node'])
        self.assertEqual(told['3node0']['state'], 'running')
        self.assertEqual(told['3node1']['node']['peers'], 8)

    def test_only_nodes_that_run_are_asked(self):
        docker('stop', '3node1')
        run('docker', 'run', '--detach', '--name', 'web', '--network', 'none', '--entrypoint', 'sleep', 'substrate-node',
            '1000')
        self.addCleanup(docker, 'rm', '--force', 'web')
        told = status()
        self.assertNotIn('node', told['3node1'])
        self.assertNotIn('node', told['web'])
        self.assertIn('node', told['3node0'])

    def test_a_node_on_the_hosts_own_network(self):
        run('mkdir', '-p', '/srv/3node7')
        docker('run', '--detach', '--name', '3node7', '--network', 'host', '--volume', '/srv/3node7:/control',
               'substrate-node', '--name', '3node7', '--rpc-port', '33987')
        self.addCleanup(docker, 'rm', '--force', '--volumes', '3node7')
        Node('3node7').restore()
        self.assertEqual(status(container='3node7')['3node7']['node']['peers'], 8)
