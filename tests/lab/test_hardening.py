# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a service that was broken into could reach, and where a secret could be found that should be nowhere."""
import glob
import os
import re
import signal

import wsclient
from labtest import ServerTest, manager, places_of, run, systemctl, unit_property, wait_for
from peers import Peer, connect, new_id, new_token

SERVICES = {'mserver': 1.5, 'mclient': 2.5}  # with the exposure that systemd-analyze may see at most


def main_pid(service):
    return unit_property(f'{service}.service', 'MainPID')


def status_of(pid):
    """/proc/PID/status as a dict."""
    with open(f'/proc/{pid}/status', encoding='ascii') as f:
        return dict(line.rstrip('\n').split(':\t', 1) for line in f if ':\t' in line)


class Sandbox(ServerTest):
    def test_exposure(self):
        for service, most in {**SERVICES, 'mserver-notify': 1.3}.items():
            with self.subTest(service=service):
                rating = run('systemd-analyze', 'security', '--no-pager', f'{service}.service').stdout.splitlines()[-1]
                self.assertLessEqual(float(re.search(r'(\d+\.\d+) \w+', rating)[1]), most, rating)

    def test_the_kernel_holds_them_to_it(self):
        """What the unit says is what the process has: rights, filter, limits, user."""
        for service in SERVICES:
            with self.subTest(service=service):
                pid = main_pid(service)
                status = status_of(pid)
                self.assertEqual({status[name] for name in ('CapPrm', 'CapEff', 'CapBnd', 'CapAmb')}, {'0' * 16})
                self.assertEqual((status['NoNewPrivs'], status['Seccomp']), ('1', '2'))
                self.assertNotEqual(status['Uid'].split()[0], '0')
                with open(f'/proc/{pid}/limits', encoding='ascii') as f:
                    self.assertRegex(f.read(), r'Max core file size +0 +0 ')
                self.assertEqual(os.stat(f'/proc/{pid}/mem').st_uid, 0)  # PR_SET_DUMPABLE: no core, whatever core_pattern says
                self.assertGreater(int(unit_property(f'{service}.service', 'MemoryMax')), 0)
                for kind in ('user', 'mnt', 'ipc', 'uts'):
                    self.assertNotEqual(os.readlink(f'/proc/{pid}/ns/{kind}'), os.readlink(f'/proc/1/ns/{kind}'), kind)

    def test_the_server_has_no_network_but_the_sockets_it_was_passed(self):
        """It serves its clients all the same, as each test of this class shows by its setUp."""
        with open(f'/proc/{main_pid("mserver")}/net/dev', encoding='ascii') as f:
            interfaces = [line.split(':')[0].strip() for line in f if ':' in line]
        self.assertEqual(interfaces, ['lo'])
        self.assertNotEqual(os.readlink(f'/proc/{main_pid("mserver")}/ns/net'), os.readlink('/proc/1/ns/net'))

    def test_they_can_write_their_state_and_nothing_else_that_lasts(self):
        # A container that was started after them shows its mount in their namespaces, where systemd has made it no better than
        # its owner's mode does.
        self.allow_warnings('the connection was cut', 'next try in')
        systemctl('restart', *(f'{service}.service' for service in SERVICES))
        for service in SERVICES:
            with self.subTest(service=service):
                with open(f'/proc/{main_pid(service)}/mountinfo', encoding='utf-8') as f:
                    mounts = [line.split() for line in f]
                writable = {m[4] for m in mounts if 'rw' in m[5].split(',')}
                self.assertEqual({path for path in writable if not re.match('/(proc|dev|run)(/|$)', path)},
                                 {f'/var/lib/{service}', '/tmp', '/var/tmp'})


class Secrets(ServerTest):
    """A token is with root, its agent, and nobody else: not for a moment, and not after a crash."""

    expected_warnings = (' rejected: ', ': offline: ', 'SEGV', "Failed with result 'signal'",
                         'the connection was cut')

    def test_the_token_of_a_running_agent(self):
        with open('/etc/mclient/token', encoding='ascii') as f:
            token = f.read().strip()
        self.assertEqual(os.stat('/etc/mclient/token').st_mode & 0o777, 0o600)
        self.assertEqual(places_of(token), [])

    def test_a_token_that_is_made_used_and_refused(self):
        client = new_id(self)
        token = new_token(client)
        Peer(self, client, token)
        self.assertEqual(places_of(token), [])
        manager('RevokeClient', 's', client)
        with connect() as connection:
            connection.send(wsclient.request(token=token))
            self.assertEqual(connection.response()[0], 401)
        self.assertEqual(places_of(token), [])

    def test_a_crash_leaves_no_core(self):
        for service in SERVICES:
            with self.subTest(service=service):
                pid = main_pid(service)
                os.kill(int(pid), signal.SIGSEGV)
                entry = self.journal.wait(UNIT=f'{service}.service', EXIT_STATUS='11')
                self.assertEqual(entry['EXIT_CODE'], 'killed')  # "dumped" otherwise
                self.assertEqual(glob.glob('/core*') + glob.glob(f'/var/lib/{service}/**/core*', recursive=True), [])
                systemctl('restart', f'{service}.service')
        wait_for(lambda: unit_property('mclient.service', 'ActiveState') == 'active', 'the agent is up again')
