# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes wrong. Each fault is a method that does it, waits as long as the plan says, and heals it. All of it is done
from outside: signals, the firewall, the file system, a service's clock."""
import os
import shutil
import signal
import time

from labtest import Failed, run, systemctl, unit_property, wait_for
from machine import AGENT, SERVER, SERVICES, STATES, clock_file, set_clock
from plan import CLIENTS
from watch import Probe, pids

UNITS = {'server': (SERVER,), 'agent': (AGENT,), 'both': (SERVER, AGENT), 'docker': ('docker.service',),
         'journal': ('systemd-journald.service',)}
DATABASES = {'server': f'{STATES[SERVER]}/mserver.db', 'agent': f'{STATES[AGENT]}/agent.db'}
GARBAGE_BYTES = 10 << 20
KEPT = '/run/chaos-kept.db'
PROBE_SECONDS = 15
FIREWALL = ('INPUT', '-i', 'lo', '-p', 'tcp', '--dport', '8443')


def signal_units(what, number):
    """Sends a signal to the main processes; true where there was one."""
    targets = [pid for unit in UNITS[what] for pid in pids(unit)]
    for pid in targets:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass
    return bool(targets)


def _exchange_database(source, to):
    """Moves a database with its two companions, in place of what is there."""
    for suffix in ('', '-wal', '-shm'):
        if os.path.exists(to + suffix):
            os.unlink(to + suffix)
        if os.path.exists(source + suffix):
            owner = os.stat(source + suffix)
            shutil.move(source + suffix, to + suffix)
            os.chown(to + suffix, owner.st_uid, owner.st_gid)


def is_active(unit):
    return unit_property(unit, 'ActiveState') == 'active'


class Faults:
    def __init__(self, ask_probe, problems):
        """ask_probe(client, container, command) asks for a command and does not wait for its end. problems: a list that
        what should not have been is added to."""
        self.ask_probe, self.problems = ask_probe, problems
        self.counts, self.docker_deaths = {}, 0

    def do(self, fault):
        """Does it and heals it, then waits until the services are up again."""
        name = ' '.join((fault.kind, *map(str, fault.arguments[:2])))
        self.counts[name] = self.counts.get(name, 0) + 1
        try:
            result = getattr(self, fault.kind)(fault.hold, *fault.arguments)
            for unit in (*SERVICES, 'docker.service'):
                wait_for(lambda unit=unit: is_active(unit), f'{unit} runs again after {name}', 60)
            return result
        except (AssertionError, Failed, OSError) as e:
            self.problems.append(f'{name}: {e}')
            self.heal()
            systemctl('restart', *SERVICES, check=False)
            return 'NOT AS IT SHOULD'

    def _killed(self, what):
        self.docker_deaths += what == 'docker'

    def kill(self, _hold, what):
        self._killed(what)
        signal_units(what, signal.SIGKILL)

    def kill_at(self, _hold, what, step, command):
        client = 'demo'  # whose agent it is that is killed
        probe = Probe(client, CLIENTS[client], command, step, PROBE_SECONDS)
        self.ask_probe(client, CLIENTS[client], command)
        seen = probe.wait()
        self.kill(0, what)
        return 'seen' if seen else 'not seen'

    def freeze(self, hold, what):
        signal_units(what, signal.SIGSTOP)
        time.sleep(hold)
        signal_units(what, signal.SIGCONT)

    def restart(self, _hold, what):
        systemctl('restart', *UNITS[what])

    def cut(self, hold, how):
        target = ['DROP'] if how == 'drop' else ['REJECT', '--reject-with', 'tcp-reset']
        run('iptables', '-I', *FIREWALL, '-j', *target)
        time.sleep(hold)
        run('iptables', '-D', *FIREWALL, '-j', *target)

    def full_disk(self, hold, what):
        filler = f'{STATES[UNITS[what][0]]}/filler'
        run('dd', 'if=/dev/zero', f'of={filler}', 'bs=64k', check=False)
        with open(filler, 'ab', buffering=0) as f:
            try:
                while True:
                    f.write(bytes(512))
            except OSError:
                pass
        time.sleep(hold)
        os.unlink(filler)

    def read_only(self, hold, what):
        """With writers, the kernel refuses: the service finds it like that when it comes back."""
        state = STATES[UNITS[what][0]]
        signal_units(what, signal.SIGKILL)
        while run('mount', '-o', 'remount,ro', state, check=False).returncode != 0:
            signal_units(what, signal.SIGKILL)
        time.sleep(hold)
        run('mount', '-o', 'remount,rw', state)

    def clock(self, hold, what, seconds):
        unit = UNITS[what][0]
        if not os.path.exists(clock_file(unit)):
            return 'no libfaketime'
        set_clock(unit, seconds)
        time.sleep(hold)
        set_clock(unit, 0)
        return None

    def garbage(self, _hold, what):
        """10 MB of it where the database was: refused, left as it is, and said so."""
        unit, path = UNITS[what][0], DATABASES[what]
        signal_units(what, signal.SIGKILL)
        systemctl('stop', unit)
        owner = os.stat(path)
        _exchange_database(path, KEPT)
        garbage = os.urandom(GARBAGE_BYTES)
        with open(path, 'wb') as f:
            f.write(garbage)
        os.chown(path, owner.st_uid, owner.st_gid)
        try:
            self._assert_refused(unit, path, garbage)
        finally:
            systemctl('stop', unit, check=False)
            _exchange_database(KEPT, path)
            systemctl('reset-failed', unit, check=False)
            systemctl('start', 'mserver.socket', unit)

    def _assert_refused(self, unit, path, garbage):
        run('systemctl', 'start', unit, check=False, timeout=60)
        wait_for(lambda: 'file is not a database' in run('systemctl', 'status', '--full', unit, check=False).stdout,
                 f'systemctl status {unit} says what is wrong', 20)
        with open(path, 'rb') as f:
            assert f.read() == garbage, f'{path}: the garbage that was refused has changed'

    def heal(self):
        """All that may be left of a fault that was cut short."""
        for what in UNITS:
            signal_units(what, signal.SIGCONT)
        while run('iptables', '-F', 'INPUT', check=False).returncode != 0:
            pass
        for unit in SERVICES:
            if os.path.exists(clock_file(unit)):
                set_clock(unit, 0)
            run('mount', '-o', 'remount,rw', STATES[unit], check=False)
            if os.path.exists(f'{STATES[unit]}/filler'):
                os.unlink(f'{STATES[unit]}/filler')
