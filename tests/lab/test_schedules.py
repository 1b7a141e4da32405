# SPDX-License-Identifier: LGPL-2.1-or-later
"""Schedules are timers of the real systemd: they fire, last, go, and nobody gets anything else out of them."""
import json
import os
import re
import shutil

from labtest import (BusError, Node, ServerTest, get_property, manager, mserverctl, mserverctl_json, run, systemctl,
                     unit_property, wait_for)

DEFINITIONS = '/var/lib/mserver/schedules'
EVERY_OTHER_SECOND = '*:*:0/2'
DENIED = ('org.freedesktop.DBus.Error.AccessDenied', 'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired')
# How far user mserver gets with systemd itself: member, signature and arguments of org.freedesktop.systemd1.Manager.
SYSTEMD = ('busctl', 'call', 'org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager')


def timer(name):
    return f'mserver-schedule@{name}.timer'


def names():
    return [row[0] for row in manager('ListSchedules')[0]]


class Schedules(ServerTest):
    expected_warnings = (' denied to uid ', 'closed by the server', 'was cut short by the end of the server',
                         ' skipped: the last run of schedule ')  # on a slow machine that is so of one every other second

    def setUp(self):
        super().setUp()
        for name in names():
            manager('DeleteSchedule', 's', name)
        self.addCleanup(lambda: [manager('DeleteSchedule', 's', name) for name in names()])

    def create(self, name, calendar='*-*-* 04:00', selector='demo', command='status', parameters=None, options=None,
               user=None):
        manager('CreateSchedule', 'ssssa{sv}a{sv}', name, calendar, selector, command, parameters or {}, options or {},
                user=user)

    def assert_refused(self, text, *args, **options):
        with self.assertRaises(BusError) as caught:
            self.create(*args, **options)
        self.assertIn(text, caught.exception.message)
        return caught.exception

    def test_it_is_a_timer_that_fires(self):
        self.create('often', EVERY_OTHER_SECOND)
        self.assertIn(timer('often'), run('systemctl', 'list-timers', '--no-pager').stdout)
        ran = self.journal.wait(MSERVER_EVENT='schedule-run', MSERVER_SCHEDULE='often')
        self.assertEqual(ran['MSERVER_STATUS'], 'started')
        self.assertEqual(ran['MSERVER_CALLER_UID'], run('id', '-u', 'mserver').stdout.strip())
        self.assertTrue(ran['MSERVER_CALLER_EXE'].endswith('busctl'), ran['MSERVER_CALLER_EXE'])
        requested = self.journal.wait(MSERVER_EVENT='command-requested', MSERVER_SCHEDULE='often')
        self.assertEqual(requested['MSERVER_BATCH_ID'], ran['MSERVER_BATCH_ID'])
        ended = self.journal.wait(MSERVER_EVENT='command-finished', MSERVER_BATCH_ID=ran['MSERVER_BATCH_ID'])
        self.assertEqual(ended['MSERVER_STATUS'], 'succeeded')
        # Again and again, as long as it is there.
        wait_for(lambda: len(self.journal.entries(MSERVER_EVENT='schedule-run', MSERVER_SCHEDULE='often')) >= 3,
                 'it has run three times')
        row, = manager('ListSchedules')[0]
        self.assertEqual(row[:6], ['often', EVERY_OTHER_SECOND, 'demo', 'status', '{}', True])
        self.assertGreater(row[6], 0)

        manager('DeleteSchedule', 's', 'often')
        self.assertNotIn('often', run('systemctl', 'list-timers', '--all', '--no-pager').stdout)
        self.assertEqual(unit_property(timer('often'), 'ActiveState'), 'inactive')
        self.assertEqual(os.listdir(DEFINITIONS), [])
        self.assertFalse(os.path.exists(f'/run/systemd/generator/{timer("often")}.d'))
        self.assertIn('delete', self.journal.wait(MSERVER_EVENT='schedule-changed', MSERVER_ACTION='delete')['MESSAGE'])

    def test_settings_are_systemds(self):
        self.create('set', 'Mon *-*-* 04:00 Asia/Seoul', options={'persistent': True, 'randomized-delay': 90 * 10**6})
        self.assertIn('OnCalendar=Mon *-*-* 04:00:00 Asia/Seoul', unit_property(timer('set'), 'TimersCalendar'))
        self.assertEqual(unit_property(timer('set'), 'Persistent'), 'yes')
        self.assertEqual(unit_property(timer('set'), 'RandomizedDelayUSec'), '1min 30s')
        self.assertEqual(unit_property(timer('set'), 'Unit'), 'mserver-schedule@set.service')
        # Next as systemd has it, to the µs.
        listed = json.loads(run('systemctl', 'list-timers', '--output=json', timer('set')).stdout)
        self.assertEqual(manager('ListSchedules')[0][0][7], listed[0]['next'])

    def test_it_lasts(self):
        """Through a restart of the server, through a reload of systemd, and where systemd lost it."""
        self.create('lasting', EVERY_OTHER_SECOND)
        systemctl('restart', 'mserver.service')
        systemctl('daemon-reload')
        self.assertEqual(unit_property(timer('lasting'), 'ActiveState'), 'active')
        before = len(self.journal.entries(MSERVER_EVENT='schedule-run', MSERVER_SCHEDULE='lasting'))
        wait_for(lambda: client_is_back() and
                 len(self.journal.entries(MSERVER_EVENT='schedule-run', MSERVER_SCHEDULE='lasting')) > before,
                 'it runs after the restart')
        self.assertEqual(names(), ['lasting'])
        # At boot timers.target wants it.
        self.assertIn(timer('lasting'), unit_property('timers.target', 'Wants'))

        systemctl('stop', timer('lasting'))
        systemctl('restart', 'mserver.service')
        wait_for(lambda: unit_property(timer('lasting'), 'ActiveState') == 'active', 'the server starts it')

    def test_disable_and_enable(self):
        self.create('onoff', EVERY_OTHER_SECOND, options={'enabled': False})
        self.assertEqual(unit_property(timer('onoff'), 'ActiveState'), 'inactive')
        batch, path = manager('RunSchedule', 's', 'onoff')
        self.assertEqual(path, f'/org/mserver1/batch/{batch}')
        self.journal.wait(MSERVER_EVENT='command-finished', MSERVER_BATCH_ID=batch)
        manager('EnableSchedule', 'sb', 'onoff', True)
        self.assertEqual(unit_property(timer('onoff'), 'ActiveState'), 'active')
        self.assertTrue(get_property('/org/mserver1/schedule/onoff', 'org.mserver1.Schedule', 'Enabled'))
        manager('EnableSchedule', 'sb', 'onoff', False)
        self.assertEqual(unit_property(timer('onoff'), 'ActiveState'), 'inactive')
        systemctl('restart', 'mserver.service')
        wait_for(client_is_back, 'the agent is back')
        self.assertEqual(unit_property(timer('onoff'), 'ActiveState'), 'inactive')

    def test_a_timer_that_goes_on_runs_nothing_that_is_disabled(self):
        self.allow_warnings('^schedule off: status to demo not started: schedule "off" is disabled')
        self.create('off', options={'enabled': False})
        run('systemctl', 'start', 'mserver-schedule@off.service', check=False)  # as its timer does
        ran = self.journal.wait(MSERVER_EVENT='schedule-run', MSERVER_SCHEDULE='off')
        self.assertEqual((ran['MSERVER_STATUS'], ran['MSERVER_REASON']), ('failed', 'schedule "off" is disabled'))
        mserverctl('schedule', 'run', 'off')  # a person may
        self.journal.wait(MSERVER_EVENT='schedule-run', MSERVER_SCHEDULE='off', MSERVER_STATUS='started')

    def test_persistent_makes_up_for_what_was_missed(self):
        """As on a host that was off: the stamp that systemd keeps says that it last ran long ago."""
        stamp = f'/var/lib/systemd/timers/stamp-{timer("missed")}'
        self.addCleanup(lambda: os.path.exists(stamp) and os.unlink(stamp))
        self.create('missed', '*-*-* 04:00', options={'persistent': True, 'enabled': False})
        os.makedirs(os.path.dirname(stamp), exist_ok=True)
        with open(stamp, 'w', encoding='ascii'):
            pass
        os.utime(stamp, (86400, 86400))
        manager('EnableSchedule', 'sb', 'missed', True)
        self.journal.wait(MSERVER_EVENT='schedule-run', MSERVER_SCHEDULE='missed', MSERVER_STATUS='started')

    def test_what_systemd_does_not_take_is_refused_with_the_reason(self):
        for calendar in ('whenever', '25:00', '04:00 Asia/Atlantis', '', 'daily\\nUnit=docker.service', 'daily%n'):
            with self.subTest(calendar=calendar):
                error = self.assert_refused('is no calendar event: expected', 'wrong', calendar)
                self.assertEqual(error.name, 'org.mserver1.Error.InvalidParameter')
        self.assert_refused('never comes', 'wrong', '2001-01-01')
        self.assertEqual(names(), [])
        self.assertEqual(os.listdir(DEFINITIONS), [])

    def test_it_is_no_way_around_who_may_what(self):
        for user in ('oper', 'guest'):
            error = self.assert_refused('', 'mine', user=user)
            self.assertIn(error.name, DENIED)
        self.create('roots', command='exec', parameters={'container': '3node0', 'command': 'true'})
        for member, signature, *args in (('RunSchedule', 's', 'roots'), ('DeleteSchedule', 's', 'roots'),
                                         ('EnableSchedule', 'sb', 'roots', False)):
            with self.subTest(member=member), self.assertRaises(BusError) as caught:
                manager(member, signature, *args, user='oper')
            self.assertIn(caught.exception.name, DENIED)
        self.assertEqual(names(), ['roots'])

    def test_a_second_run_beside_the_first_is_left_out(self):
        self.allow_warnings(': logs 3node0 cancelled after ')
        self.create('long', command='logs', parameters={'container': '3node0', 'follow': True})
        batch, _ = manager('RunSchedule', 's', 'long')
        with self.assertRaises(BusError) as caught:
            manager('RunSchedule', 's', 'long')
        self.assertEqual(caught.exception.name, 'org.mserver1.Error.AlreadyExists')
        self.assertIn(batch, caught.exception.message)
        self.journal.wait(MSERVER_EVENT='schedule-run', MSERVER_STATUS='skipped')
        manager('CancelBatch', 's', batch)
        self.journal.wait(MSERVER_EVENT='command-finished', MSERVER_BATCH_ID=batch)

    def test_a_definition_can_become_nothing_else(self):
        """What the server's user may write, systemd takes for a timer of ours or for nothing: whole units are compared."""
        texts = {
            'a': '[Schedule]\nCalendar=daily\nUnit=docker.service\n[Service]\nExecStart=/bin/touch /injected\n',
            'b': '[Schedule]\nCalendar=daily\\\nUnit=docker.service\n',
            'c': '[Schedule]\nCalendar=daily\rUnit=docker.service\n',
            'd': '[Schedule]\nCalendar=%t\n',
            'e': '[Timer]\nOnCalendar=daily\nUnit=docker.service\n',
        }
        for name, text in texts.items():
            path = f'{DEFINITIONS}/{name}.conf'
            with open(path, 'w', encoding='ascii', newline='') as f:
                f.write(text)
            self.addCleanup(os.unlink, path)
        os.symlink('/etc/shadow', f'{DEFINITIONS}/f.conf')
        self.addCleanup(os.unlink, f'{DEFINITIONS}/f.conf')
        systemctl('daemon-reload')
        self.addCleanup(systemctl, 'daemon-reload')
        made = [f for f in os.listdir('/run/systemd/generator') if f.startswith('mserver-schedule')]
        self.assertEqual(made, [f'{timer("a")}.d'])
        with open(f'/run/systemd/generator/{made[0]}/schedule.conf', encoding='ascii') as f:
            self.assertEqual([line for line in f.read().splitlines() if not line.startswith('#')],
                             ['[Timer]', 'OnCalendar=daily', 'Persistent=no', 'RandomizedDelaySec=0us'])
        self.assertEqual(unit_property(timer('a'), 'Unit'), 'mserver-schedule@a.service')
        # A name without a definition is no timer.
        self.assertNotEqual(run('systemctl', 'start', timer('nothing'), check=False).returncode, 0)

    def test_what_the_servers_user_may_of_systemd(self):
        """To reload, and to start, stop and restart timers of schedules: not one step more. (systemd asks the same question
        about Reexecute as about Reload, so that comes with it.)"""
        self.create('allowed')
        for call in (('Reload', ''), ('StopUnit', 'ss', timer('allowed'), 'replace'),
                     ('StartUnit', 'ss', timer('allowed'), 'replace'), ('RestartUnit', 'ss', timer('allowed'), 'replace')):
            with self.subTest(call=call):
                run(*SYSTEMD, *call, user='mserver')
        refused = [
            ('StartUnit', 'ss', 'docker.service', 'replace'),
            ('StopUnit', 'ss', 'docker.service', 'replace'),
            ('RestartUnit', 'ss', 'mserver.service', 'replace'),
            ('StartUnit', 'ss', 'mserver-schedule@allowed.service', 'replace'),
            ('StartUnit', 'ss', 'xmserver-schedule@allowed.timer', 'replace'),
            ('StartUnit', 'ss', 'mserver-schedule@a:b.timer', 'replace'),
            ('ReloadUnit', 'ss', timer('allowed'), 'replace'),
            ('KillUnit', 'ssi', timer('allowed'), 'all', '9'),
            ('SetUnitProperties', 'sba(sv)', timer('allowed'), 'true', '0'),
            ('StartTransientUnit', 'ssa(sv)a(sa(sv))', timer('made-up'), 'replace', '1', 'Description', 's', 'x', '0'),
            ('StartTransientUnit', 'ssa(sv)a(sa(sv))', 'made-up.service', 'replace', '1', 'Description', 's', 'x', '0'),
            ('EnableUnitFiles', 'asbb', '1', 'docker.service', 'false', 'false'),
            ('MaskUnitFiles', 'asbb', '1', 'docker.service', 'true', 'false'),
            ('PowerOff', ''),
        ]
        for call in refused:
            with self.subTest(call=call):
                process = run(*SYSTEMD, *call, user='mserver', check=False)
                self.assertNotEqual(process.returncode, 0)
                self.assertRegex(process.stderr, 'Access denied|authentication required|not permitted|Access to')
        # And nobody else by this rule.
        self.assertNotEqual(run(*SYSTEMD, 'Reload', '', user='oper', check=False).returncode, 0)

    def test_the_service_of_a_run_is_sandboxed(self):
        rating = run('systemd-analyze', 'security', '--no-pager', 'mserver-schedule@x.service').stdout.splitlines()[-1]
        self.assertLessEqual(float(re.search(r'(\d+\.\d+) \w+', rating)[1]), 1.5, rating)


def client_is_back():
    return any(row[0] == 'demo' and row[2] == 'online' for row in manager('ListClients')[0])


class CommandLine(ServerTest):
    def test_from_add_to_remove(self):
        Node('3node0').rpc('author_rotateKeys')
        self.addCleanup(lambda: [manager('DeleteSchedule', 's', name) for name in names()])
        mserverctl('schedule', 'add', 'nightly-backup', '--calendar=Mon *-*-* 04:00 Asia/Seoul', '--on=demo',
                   'backup_keys', '3node0')
        row, = mserverctl_json('schedule', 'list')
        self.assertEqual({key: row[key] for key in ('name', 'enabled', 'selector', 'command', 'parameters')},
                         {'name': 'nightly-backup', 'enabled': True, 'selector': 'demo', 'command': 'backup_keys',
                          'parameters': {'container': '3node0'}})
        self.assertGreater(row['next'], 0)
        batch = mserverctl('schedule', 'run', 'nightly-backup').strip()
        self.journal.wait(MSERVER_EVENT='command-finished', MSERVER_BATCH_ID=batch, MSERVER_STATUS='succeeded')
        self.assertLess(mserverctl_json('backups', 'demo', '3node0')[0]['finished'] / 1e6 - row['next'] / 1e6, 0)
        mserverctl('schedule', 'disable', 'nightly-backup')
        self.assertEqual(unit_property(timer('nightly-backup'), 'ActiveState'), 'inactive')
        mserverctl('schedule', 'enable', 'nightly-backup')
        self.assertEqual(unit_property(timer('nightly-backup'), 'ActiveState'), 'active')
        mserverctl('schedule', 'remove', 'nightly-backup')
        self.assertEqual(mserverctl_json('schedule'), [])


class AgentTimers(ServerTest):
    """The host's own, which need no server."""

    def test_they_are_off(self):
        for name in ('mclient-backup-keys.timer', 'mclient-rotate-keys.timer'):
            self.assertEqual(run('systemctl', 'is-enabled', name, check=False).stdout.strip(), 'disabled')
            self.assertEqual(unit_property(name, 'ActiveState'), 'inactive')

    def test_the_backup_fires(self):
        for node in ('3node0', '3node1'):
            Node(node).rpc('author_rotateKeys')  # there is something to back up
        drop_in = '/run/systemd/system/mclient-backup-keys.timer.d'
        os.makedirs(drop_in)
        self.addCleanup(systemctl, 'daemon-reload')
        self.addCleanup(shutil.rmtree, drop_in)
        self.addCleanup(run, 'systemctl', 'reset-failed', 'mclient-backup-keys.service', check=False)
        self.addCleanup(systemctl, 'stop', 'mclient-backup-keys.timer', 'mclient-backup-keys.service')
        self.allow_warnings('backup_keys .* interrupted')  # by the end of the test
        with open(f'{drop_in}/often.conf', 'w', encoding='ascii') as f:
            f.write('[Timer]\nOnCalendar=\nOnCalendar=*:*:0/5\nRandomizedDelaySec=0\nAccuracySec=1s\nPersistent=no\n')
        systemctl('daemon-reload')
        systemctl('start', 'mclient-backup-keys.timer')
        for node in ('3node0', '3node1'):
            self.journal.wait(deadline=60, MSERVER_EVENT='backup-complete', MSERVER_CONTAINER=node)

    def test_the_rotation_is_for_each_node_and_says_what_failed(self):
        nodes = [Node('3node0'), Node('3node1')]
        drop_in = '/etc/mclient/mclient.conf.d/60-rotations.conf'
        with open(drop_in, 'w', encoding='ascii') as f:
            f.write('[Keys]\nRotateInterval=1ms\n')  # another test may just have rotated
        self.addCleanup(systemctl, 'restart', 'mclient.service')
        self.addCleanup(os.unlink, drop_in)
        systemctl('restart', 'mclient.service')
        before = [node.count('rotate') for node in nodes]
        nodes[1].set('syncing')
        self.addCleanup(nodes[1].unset, 'syncing')
        self.addCleanup(run, 'systemctl', 'reset-failed', 'mclient-rotate-keys.service', check=False)
        self.allow_warnings('rotate_keys')
        process = run('systemctl', 'start', 'mclient-rotate-keys.service', check=False)
        self.assertNotEqual(process.returncode, 0)
        invocation = unit_property('mclient-rotate-keys.service', 'InvocationID')
        text = run('journalctl', f'_SYSTEMD_INVOCATION_ID={invocation}', '--output=cat').stdout
        self.assertIn('3node0: rotate_keys succeeded', text)
        self.assertRegex(text, '3node1: rotate_keys (failed|rejected): .*syncing')
        self.assertEqual([node.count('rotate') for node in nodes], [before[0] + 1, before[1]])

    def test_run_by_hand(self):
        self.allow_warnings('status denied to uid ')
        self.assertIn('status succeeded', run('mclient', 'run', 'status').stdout)
        process = run('mclient', 'run', 'zebra', check=False)
        self.assertEqual(process.returncode, 1)
        self.assertIn('zebra', process.stderr + process.stdout)
        self.assertEqual(run('mclient', 'run', 'status', user='guest', check=False).returncode, 1)

    def test_their_services_are_sandboxed(self):
        for name in ('mclient-backup-keys.service', 'mclient-rotate-keys.service'):
            rating = run('systemd-analyze', 'security', '--no-pager', name).stdout.splitlines()[-1]
            self.assertLessEqual(float(re.search(r'(\d+\.\d+) \w+', rating)[1]), 2.5, rating)
