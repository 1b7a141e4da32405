# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian packages, in a machine that has nothing else of ours ("lab packages DIRECTORY" puts them there): installed,
upgraded under a fleet at work, removed, purged."""
import glob
import os
import pwd
import re
import shutil
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import unittest

from labtest import Journal, LabTest, Node, client_state, get_property, manager, run, systemctl, unit_property, wait_for
from test_recovery import Marks

PLACE = '/opt/packages'
PACKAGES = ('mserver', 'mclient', 'mserverctl')
SERVER, SOCKET, AGENT = 'mserver.service', 'mserver.socket', 'mclient.service'
STATE = '/var/lib/mclient'

# What an operator adds: a command of their own, which goes on until a file is there.
HOLD = '/srv/hold'
FILES = (
    ('/etc/mclient/mclient.conf.d/90-hold.conf',
     f'[Policy]\nAllowExec=yes\n[Command hold]\nExec={HOLD}/script\nContainer=no\n', 0o644),
    (f'{HOLD}/script',
     f'#!/bin/sh\necho run >>{HOLD}/effects/runs; until test -e {HOLD}/go; do sleep 0.05; done; echo done\n', 0o755),
    ('/run/systemd/system/mclient-script@.service.d/50-lab.conf',
     f'[Service]\nReadWritePaths={HOLD}/effects\n', 0o644))


def dpkg(*argv):
    """What it printed."""
    process = run('dpkg', '--force-unsafe-io', *argv, env={'DEBIAN_FRONTEND': 'noninteractive'})
    return process.stdout + process.stderr


def status(package):
    return run('dpkg-query', '-W', '-f', '${db:Status-Status}', package, check=False).stdout


def files(*packages):
    return [glob.glob(f'{PLACE}/{name}_*.deb')[0] for name in packages]


def remake(package, version):
    """The package again, as a later version. Returns its file."""
    with tempfile.TemporaryDirectory() as work:
        run('dpkg-deb', '--raw-extract', files(package)[0], work)
        with open(f'{work}/DEBIAN/control', encoding='utf-8') as f:
            control = f.read()
        with open(f'{work}/DEBIAN/control', 'w', encoding='utf-8') as f:
            f.writelines(f'Version: {version}\n' if line.startswith('Version:') else line
                         for line in control.splitlines(keepends=True))
        made = f'/tmp/{package}_{version}.deb'
        run('dpkg-deb', '--root-owner-group', '-Znone', '--build', work, made)
        return made


def install():
    if any(status(name) != 'installed' for name in PACKAGES):
        dpkg('--install', *files(*PACKAGES))


def enroll():
    """This host as client "demo", as the README says it, and what tests of this file need of it."""
    if not os.path.exists('/etc/mclient/token'):
        line = run('mserverctl', 'enroll', '--replace', 'demo').stdout
        run('mclient', 'enroll', input=line)
    for path, text, mode in FILES:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(path, mode)
    systemctl('daemon-reload')
    systemctl('restart', AGENT)
    wait_for(lambda: client_state('demo') == 'online', 'client demo is online')


class Connections:
    """Opens one connection after the other, with TLS, until it is left: no one may be refused."""

    def __init__(self):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.made, self.failed = 0, []
        self.end = threading.Event()
        self.thread = threading.Thread(target=self._connect, daemon=True)

    def _connect(self):
        while not self.end.is_set():
            try:
                with socket.create_connection(('127.0.0.1', 8443), timeout=60) as plain:
                    self.context.wrap_socket(plain).close()
                self.made += 1
            except (ConnectionResetError, ssl.SSLZeroReturnError, ssl.SSLEOFError):
                pass  # accepted by the process that ended, in the middle of its handshake; whoever it was comes again
            except OSError as e:
                self.failed.append(repr(e))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()


@unittest.skipUnless(glob.glob(f'{PLACE}/mserver_*.deb'), '"lab packages" was not run')
class Packages(LabTest):
    # A purge takes the store, and leaves the journal with its trail.
    expected_warnings = (' interrupted after ', 'Connection', 'connection', 'server', 'mclient.service', 'mserver.service',
                         '^The audit trail is broken: the store is a new one, ')

    def setUp(self):
        install()
        super().setUp()

    def test_install_and_purge_without_use(self):
        dpkg('--purge', *PACKAGES)
        shutil.rmtree(STATE, ignore_errors=True)
        dpkg('--install', *files(*PACKAGES))
        # The lab's machines have no documentation.
        verified = run('dpkg', '--verify', *PACKAGES).stdout.splitlines()
        self.assertEqual([line for line in verified if not re.search(r'/usr/share/(doc|man)(/|$)', line)], [])
        for unit, enabled, active in ((SOCKET, 'enabled', 'active'), (SERVER, 'disabled', 'inactive'),
                                      (AGENT, 'disabled', 'inactive'), ('mserver-plain.socket', 'disabled', 'inactive')):
            with self.subTest(unit=unit):
                self.assertEqual(systemctl('is-enabled', unit, check=False).strip(), enabled)
                self.assertEqual(systemctl('is-active', unit, check=False).strip(), active)
        for user in ('mserver', 'mclient'):
            pwd.getpwnam(user)
        self.assertEqual(stat.S_IMODE(os.stat('/etc/mclient/mclient.conf').st_mode), 0o644)
        self.assertIn('mserver:', run('journalctl', '--list-catalog').stdout)
        # The bus starts the server, and there is Korean.
        self.assertEqual(run('mserverctl', 'list', '--json=short').stdout.strip(), '[]')
        for program in ('mserverctl', 'mclient'):
            self.assertRegex(run(program, '--help', env={'LANG': 'ko_KR.UTF-8', 'LC_ALL': 'ko_KR.UTF-8'}).stdout, '[가-힣]')

        self.assertNotIn('stays', dpkg('--purge', *PACKAGES))
        for path in ('/etc/mclient', '/etc/mserver', '/var/lib/mserver', STATE):
            self.assertFalse(os.path.lexists(path), path)

    def test_two_commands_are_enough(self):
        enroll()
        self.assertEqual(systemctl('is-enabled', AGENT).strip(), 'enabled')
        self.assertIn('running', run('mserverctl', 'send', 'demo', 'status', '3node0').stdout)

    def test_upgrade_of_the_server(self):
        """With a command under way, hosts that connect all the time, and a command that comes meanwhile."""
        enroll()
        new = [remake(name, '0.1.0+server') for name in ('mserver', 'mserverctl')]
        marks = Marks(f'upgraded-{os.getpid()}').send()
        self.addCleanup(marks.release)
        marks.wait_running()
        before = {unit: unit_property(unit, 'InvocationID') for unit in (SERVER, SOCKET, AGENT)}
        with Connections() as connections:
            wait_for(lambda: connections.made, 'a first connection')
            journal = Journal()
            dpkg('--install', *new)
            journal.wait(MSERVER_EVENT='client-online', MSERVER_CLIENT='demo')
            made = connections.made
            wait_for(lambda: connections.made > made, 'a connection to the new server')
        self.assertEqual(connections.failed, [])
        after = {unit: unit_property(unit, 'InvocationID') for unit in before}
        self.assertEqual({unit for unit in before if before[unit] != after[unit]}, {SERVER})
        marks.release()
        wait_for(lambda: marks.state() == 'succeeded', 'the command ends')
        self.assertEqual(marks.runs(), 1)

    def test_upgrade_of_the_agent(self):
        """With a script of the operator's under way, and commands that come while the agent is away."""
        enroll()
        new = remake('mclient', '0.1.0+agent')
        shutil.rmtree(f'{HOLD}/effects', ignore_errors=True)
        os.mkdir(f'{HOLD}/effects')
        shutil.chown(f'{HOLD}/effects', 'mclient')
        node, before = Node('3node0'), unit_property(AGENT, 'InvocationID')
        hold = manager('SendCommand', 'ssa{sv}a{sv}', 'demo', 'hold', {}, {})[1]
        wait_for(lambda: os.path.exists(f'{HOLD}/effects/runs'), 'the script runs')
        starts, restarts = node.count('start'), []
        upgrade = subprocess.Popen(['dpkg', '--install', new], stdout=subprocess.DEVNULL)
        while upgrade.poll() is None or not restarts:
            restarts.append(manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'restart', {'container': '3node0'},
                                    {'queue': True})[1])
        self.assertEqual(upgrade.returncode, 0)
        self.assertNotEqual(unit_property(AGENT, 'InvocationID'), before)
        # All have ended. One that the old agent was in the middle of may be "interrupted", which it is only where nobody knows.
        self.assertLessEqual(set(restarts), {'succeeded', 'interrupted'})
        self.assertLessEqual(restarts.count('interrupted'), 1)
        self.assertEqual(restarts[-1], 'succeeded')
        self.assertIn(node.count('start') - starts, (restarts.count('succeeded'), len(restarts)))
        with open(f'{HOLD}/go', 'w', encoding='ascii'):
            pass
        self.addCleanup(os.unlink, f'{HOLD}/go')
        wait_for(lambda: get_property(hold, 'org.mserver1.Command', 'State') == 'succeeded', 'the script ends')
        with open(f'{HOLD}/effects/runs', encoding='ascii') as f:
            self.assertEqual(f.read(), 'run\n')

    def test_remove_keeps_what_install_takes_up_again(self):
        enroll()
        dpkg('--remove', *PACKAGES)
        self.assertNotIn(':8443', run('ss', '-Hltn').stdout)
        for unit in (SERVER, SOCKET, AGENT, 'mclient-script.socket'):
            self.assertNotEqual(systemctl('is-active', unit, check=False).strip(), 'active')
        self.assertTrue(os.path.exists('/etc/mclient/token'))
        dpkg('--install', *files(*PACKAGES))
        wait_for(lambda: client_state('demo') == 'online', 'client demo is online again')

    def test_purge_keeps_keys(self):
        enroll()
        Node('3node0').rpc('author_rotateKeys')
        self.assertEqual(manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'backup_keys', {'container': '3node0'}, {})[1],
                         'succeeded')
        backups = sorted(glob.glob(f'{STATE}/backups/*'))
        self.assertNotEqual(backups, [])
        own = '/etc/mserver/tls.key'
        with open(own, 'w', encoding='ascii') as f:
            f.write('the operator\'s\n')
        self.addCleanup(os.unlink, own)
        said = dpkg('--purge', *PACKAGES)
        self.assertIn(f'{STATE} stays', said)
        self.assertEqual(sorted(glob.glob(f'{STATE}/backups/*')), backups)
        self.assertTrue(os.path.exists(f'{STATE}/agent.db'))
        self.assertTrue(os.path.exists(own))
        for path in ('/etc/mclient', '/var/lib/mserver', '/var/lib/mclient-script', '/usr/bin/mserver', '/usr/libexec/mserver',
                     '/etc/systemd/system/multi-user.target.wants/mclient.service',
                     '/etc/systemd/system/sockets.target.wants/mserver.socket'):
            with self.subTest(path=path):
                self.assertFalse(os.path.lexists(path))
        self.assertEqual([name for name in PACKAGES if status(name) not in ('', 'not-installed')], [])
