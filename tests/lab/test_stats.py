# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the agent measures, as the server keeps it: samples, the summary of a minute, and what mserverctl makes of them."""
import fcntl
import json
import os
import pty
import select
import struct
import termios
import time

from labtest import BusError, Node, ServerTest, client_state, docker, manager, mserverctl, systemctl, wait_for

CONFIG = '/etc/mclient/mclient.conf.d/stats.conf'


def latest():
    """The latest stats and summary, None where there is none."""
    return tuple(json.loads(text) if text else None for text in manager('GetLatestStats', 's', 'demo'))


def container(data, name):
    return next((c for c in (data or {}).get('containers', []) if c['name'] == name), {})


class Stats(ServerTest):
    def setUp(self):
        super().setUp()
        os.makedirs(os.path.dirname(CONFIG), exist_ok=True)
        with open(CONFIG, 'w', encoding='utf-8') as f:
            f.write('[Agent]\nStatsInterval=2\n[Docker]\nContainers=3node*,node9\n')
        self.addCleanup(systemctl, 'restart', 'mclient.service')
        self.addCleanup(os.unlink, CONFIG)
        systemctl('restart', 'mclient.service')
        wait_for(lambda: client_state('demo') == 'online' and container(latest()[0], 'node9'), 'the agent is back', 60)

    def test_samples_and_summary(self):
        manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'status', {'container': '3node0'}, {})  # else it is asked in its turn
        node = wait_for(lambda: container(latest()[0], '3node0').get('node'), 'a sample tells of the node', 90)
        self.assertEqual((node['peers'], node['syncing']), (8, False))
        self.assertEqual(container(latest()[0], 'node9'), {'name': 'node9', 'state': 'absent'})
        summary = wait_for(lambda: (s := latest()[1]) and s.get('sequence') and s, 'the summary of a minute', 100)
        self.assertGreaterEqual(summary['period_seconds'], 60)
        self.assertGreater(summary['data_points'], 5)
        self.assertIn('average_memory_percent', summary)
        self.assertEqual(container(summary, '3node0')['node']['version'], '3.39.0-lab')
        self.assertEqual(summary['lost'], 0)

    def test_usage_is_read_from_the_kernel(self):
        """What the agent says a container used is what the kernel counts, and the engine is not asked for it."""
        pid = docker('inspect', '-f', '{{.State.Pid}}', '3node0').strip()
        self.assertNotEqual(pid, '0')
        docker('exec', '-d', '3node0', 'sh', '-c', 'end=$(($(date +%s) + 60)); while [ $(date +%s) -lt $end ]; do :; done')
        busy = wait_for(lambda: (c := container(latest()[0], '3node0')).get('cpu_percent', 0) > 5 and c, 'it uses a processor', 60)
        for name in ('rx_bytes', 'tx_bytes'):  # it has no network but its loopback
            self.assertNotIn(name, busy)
        docker('restart', '-t', '1', '3node0')
        again = wait_for(lambda: (c := container(latest()[0], '3node0')).get('started') != busy['started'] and 'cpu_percent' in c and c,
                         'it is followed over a restart', 60)
        self.assertEqual((again['state'], again['image'], again['restarts']), ('running', busy['image'], busy['restarts']))

    def test_a_container_with_a_network(self):
        docker('run', '-d', '--name', '3node-host', '--network', 'host', '--entrypoint', 'sleep', 'substrate-node', '1000')
        self.addCleanup(docker, 'rm', '-f', '3node-host')
        seen = wait_for(lambda: (c := container(latest()[0], '3node-host')).get('cpu_percent') is not None and c, 'it is sampled', 60)
        self.assertNotIn('rx_bytes', seen)  # what the host's interfaces carry is in "system"
        docker('stop', '-t', '1', '3node-host')
        wait_for(lambda: container(latest()[0], '3node-host').get('state') == 'exited', 'one that does not run is still listed', 60)

    def test_payout_info(self):
        with open('/usr/local/bin/payout-info', 'w', encoding='utf-8') as f:
            f.write('#!/bin/sh\necho \'{"unclaimed":[{"era":1234}]}\'\n')
        os.chmod('/usr/local/bin/payout-info', 0o755)
        self.addCleanup(os.unlink, '/usr/local/bin/payout-info')
        with open(CONFIG, 'a', encoding='utf-8') as f:
            f.write('[Command payout_info]\nExec=/usr/local/bin/payout-info\nContainer=no\n')
        systemctl('restart', 'mclient.service')
        summary = wait_for(lambda: (s := latest()[1]) and s.get('payout_info') and s, 'a summary has it', 100)
        self.assertEqual(summary['payout_info'], {'unclaimed': [{'era': 1234}]})

    def series(self, *path, client='demo', since=None):
        """What GetStats has from then (default: ten minutes ago) on, without what is not there."""
        values = json.loads(manager('GetStats', 'sttu', client, int((since or time.time() - 600) * 1e6), 0, 70)[0])
        for key in path:
            values = values.get(key, {})
        return [v for v in values if v is not None]

    def test_history_outlives_the_server(self):
        self.allow_warnings(r'^closed by the server \(1001', '^the connection was cut', 'code=killed', "Failed with result 'signal'")
        since = time.time() - 600
        wait_for(lambda: len(self.series('series', 'load', since=since)) >= 2, 'there is a history', 60)
        before = len(self.series('series', 'load', since=since))
        systemctl('restart', 'mserver.service')
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)
        self.assertGreaterEqual(len(self.series('series', 'load', since=since)), before)
        systemctl('kill', '--signal=KILL', 'mserver.service')
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)
        self.assertGreaterEqual(len(self.series('series', 'load', since=since)), before, 'what was asked for is on disk')
        self.assertEqual(set(self.series('containers', 'node9', 'running')), {0})
        self.assertIn(1, self.series('containers', '3node0', 'running'))
        self.assertRegex(mserverctl('show', 'demo'), r'Load, 1 h: +[▁▂▃▄▅▆▇█ ]+ [0-9.]+')

    def test_history_asks_polkit(self):
        with self.assertRaises(BusError) as caught:
            manager('GetStats', 'sttu', 'demo', 0, 0, 0, user='guest')
        self.assertIn(caught.exception.name.rsplit('.', 1)[1], ('AccessDenied', 'InteractiveAuthorizationRequired'))
        self.assertTrue(json.loads(manager('GetStats', 'sttu', 'demo', 0, 0, 0, user='oper')[0])['points'])

    def test_watch(self):
        """An operator at a terminal sees a client go and come back, and gets the terminal back as it was."""
        pid, fd = pty.fork()
        if pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 12, 100, 0, 0))
            os.environ.update(TERM='xterm', NO_COLOR='1')
            os.execvp('setpriv', ['setpriv', '--reuid=oper', '--regid=oper', '--init-groups', 'mserverctl', 'watch', 'demo'])
        seen = ''

        def until(text):
            nonlocal seen
            end = time.monotonic() + 60
            while text not in seen:
                self.assertTrue(select.select([fd], [], [], max(0, end - time.monotonic()))[0], f'no {text!r} in {seen!r}')
                seen += os.read(fd, 65536).decode(errors='replace')
            seen = seen.split(text, 1)[1]

        before = termios.tcgetattr(fd)
        until('1 with "demo"')
        until('online')
        until('3node0 ●')
        systemctl('stop', 'mclient.service')
        until('offline')
        systemctl('start', 'mclient.service')
        until('online')
        os.write(fd, b'q')
        until('\033[?1049l')
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.assertEqual(termios.tcgetattr(fd)[3], before[3])
        os.close(fd)

    def test_a_person_sees_how_nodes_do(self):
        Node('3node0').set('syncing')
        manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'status', {'container': '3node0'}, {})
        wait_for(lambda: 'syncing' in mserverctl('list', 'demo'), 'the list says so', 60)
        self.assertIn('node9 ○ absent', mserverctl('list', 'demo'))
        self.assertRegex(mserverctl('show', 'demo'), r'3node0 ● \(syncing, 8 peers, block [0-9,]+ of [0-9,]+, 2 not final\)')
