# SPDX-License-Identifier: LGPL-2.1-or-later
"""What "meson install" puts on a machine is what systemd, dbus, polkit and the journal take."""
import glob
import os
import re
import unittest

from labtest import LabTest, bus, run, systemctl, unit_property

UNITS = ('mserver.socket', 'mserver-plain.socket', 'mserver-metrics.socket', 'mserver-notify.socket', 'mserver-notify.service',
         'mserver.service', 'mclient.service')
COMMANDS = ('start', 'stop', 'restart', 'logs', 'status', 'exec', 'backup_keys', 'payout', 'rotate_keys', 'check_keys')
# Without a session nobody is asked for a password: what is not allowed is refused.
OPERATORS_MAY = {'read', 'manage-alerts', *(f'command.{c}' for c in ('status', 'logs', 'check_keys', 'start', 'stop', 'restart'))}
ACTIONS = {'read', 'read-output', 'broadcast', 'cancel', 'manage-clients', 'manage-alerts', 'command.custom',
           *(f'command.{c}' for c in COMMANDS)}


def known_actions():
    """What polkit knows of ours, without the prefix."""
    listed = run('pkaction').stdout.split()
    return {name.removeprefix('org.mserver1.') for name in listed if name.startswith('org.mserver1.')}


@unittest.skipUnless(os.path.exists('/usr/bin/mserver'), '"lab install" was not run')
class Install(LabTest):
    def test_systemd_has_nothing_to_say_about_our_units(self):
        # There is no man(1) here; tests/manual looks for the pages that they name.
        process = run('systemd-analyze', 'verify', '--man=no', *UNITS)
        self.assertEqual(process.stdout + process.stderr, '')

    def test_services_run_as_their_own_users(self):
        for name in ('mserver', 'mclient'):
            with self.subTest(service=name):
                self.assertEqual(unit_property(f'{name}.service', 'User'), name)

    def test_the_plain_port_is_off_and_the_tls_port_is_on(self):
        self.assertEqual(systemctl('is-enabled', 'mserver.socket').strip(), 'enabled')
        self.assertEqual(systemctl('is-enabled', 'mserver-plain.socket', check=False).strip(), 'disabled')
        self.assertIn(':8443', run('ss', '-Hltn').stdout)
        self.assertNotIn(':8080', run('ss', '-Hltn').stdout)

    def test_the_bus_can_start_the_server(self):
        names = bus('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'ListActivatableNames', service='org.freedesktop.DBus')
        self.assertIn('org.mserver1', names[0])

    def test_polkit_knows_the_actions(self):
        self.assertLessEqual(ACTIONS, known_actions())

    def test_operators_may_do_the_daily_business_and_nobody_else_may(self):
        for user, allowed in (('oper', OPERATORS_MAY), ('guest', set())):
            for action in sorted(known_actions()):
                with self.subTest(user=user, action=action):
                    check = f'exec pkcheck --action-id org.mserver1.{action} --process $$'
                    process = run('sh', '-c', check, user=user, check=False)
                    self.assertEqual(process.returncode == 0, action in allowed, process.stderr)

    def test_the_journal_can_explain_our_messages_in_both_languages(self):
        ids = {re.search(r'\S+', line)[0] for line in run('journalctl', '--list-catalog').stdout.splitlines()}
        for path in glob.glob('/usr/lib/systemd/catalog/mserver*.catalog'):
            with self.subTest(file=path), open(path, encoding='utf-8') as f:
                self.assertLessEqual(set(re.findall(r'^-- ([0-9a-f]{32})', f.read(), re.MULTILINE)), ids)
