# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine as a run needs it, and as it was afterwards: a second agent, small file systems for the states (so that they
can be full), and a clock of each service's own (so that it can jump; the machine's is the host's)."""
import glob
import os
import re
import shutil

from labtest import client_state, docker, manager, mserverctl, run, systemctl, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER, AGENT, AGENT_TWO = 'mserver.service', 'mclient.service', 'mclient-two.service'
SERVICES = (SERVER, AGENT, AGENT_TWO)
STATES = {SERVER: '/var/lib/mserver', AGENT: '/var/lib/mclient', AGENT_TWO: '/var/lib/mclient-two'}
STATE_BYTES = 96 << 20
CLOCKS = '/run/chaos'
FAKETIME = f'{HERE}/libfaketimeMT.so.1'
AGENT_CONF = '/etc/mclient/mclient.conf'
DROP_IN = '/etc/mclient/mclient.conf.d/chaos.conf'
# Rotations as often as they are asked for; the callers' sum up to more than the keys of an hour.
RULES = '[Docker]\nContainers={container}\n[Keys]\nRotateInterval=0\n'


def _write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    os.chmod(path, mode)


def _make_second_agent():
    unit = run('systemctl', 'cat', AGENT).stdout
    unit = re.sub(r'^ExecStart=(\S+).*$', r'ExecStart=\1 --config=/etc/mclient-two/mclient.conf', unit, flags=re.M)
    unit = unit.replace('/etc/mclient/token', '/etc/mclient-two/token')
    unit = re.sub(r'^BusName=.*\n', '', unit, flags=re.M)  # one unit's alone; whichever agent comes first has the name
    unit = unit.replace('StateDirectory=mclient', 'StateDirectory=mclient-two')
    _write(f'/run/systemd/system/{AGENT_TWO}', unit)
    conf = ''
    for path in (AGENT_CONF, *sorted(glob.glob(f'{AGENT_CONF}.d/*.conf'))):
        with open(path, encoding='utf-8') as f:
            conf += f.read() + '\n'
    conf = re.sub(r'^Id=.*$', 'Id=demo2', conf, flags=re.M)
    _write('/etc/mclient-two/mclient.conf', conf + RULES.format(container='3node1'))
    _write('/etc/mclient-two/token', mserverctl('token', '--replace', 'demo2'), 0o600)
    _write(DROP_IN, RULES.format(container='3node0'))


def clock_file(service):
    return f'{CLOCKS}/{service}'


def set_clock(service, seconds):
    """Sets a service's clock off by this much, now. In place: the service watches the file."""
    _write(clock_file(service), f'{seconds:+d}')


def _make_clocks():
    if not os.path.exists(FAKETIME):
        return
    for service in SERVICES:
        set_clock(service, 0)
        _write(f'/run/systemd/system/{service}.d/chaos.conf',
               f'[Service]\nEnvironment=LD_PRELOAD={FAKETIME} FAKETIME_TIMESTAMP_FILE={clock_file(service)} '
               'FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 FAKETIME_CACHE_DURATION=1 FAKETIME_DISABLE_SHM=1\n')


def _copy(source, to):
    """With owners, modes and all."""
    os.makedirs(to, exist_ok=True)
    run('cp', '-a', f'{source}/.', to)


def _exchange(path, *command):
    """Keeps what is in the directory while this command puts another file system in its place."""
    kept = '/run/chaos-state'
    shutil.rmtree(kept, ignore_errors=True)
    _copy(path, kept)
    run(*command)
    _copy(kept, path)
    shutil.rmtree(kept)


def _mount_states():
    for path in STATES.values():
        os.makedirs(path, exist_ok=True)
        _exchange(path, 'mount', '-t', 'tmpfs', '-o', f'size={STATE_BYTES}', 'chaos', path)


def _unmount_states():
    for path in STATES.values():
        if os.path.ismount(path):
            _exchange(path, 'umount', path)


def online():
    return all(client_state(c) == 'online' for c in ('demo', 'demo2'))


def set_up():
    _make_second_agent()
    systemctl('stop', 'mserver.socket', *SERVICES, check=False)
    _make_clocks()
    _mount_states()
    systemctl('daemon-reload')
    systemctl('start', 'mserver.socket', *SERVICES)
    for container in ('3node0', '3node1'):
        docker('start', container)
        if os.path.exists(f'/srv/{container}/count'):
            os.unlink(f'/srv/{container}/count')
    wait_for(online, 'both agents are online', 60)


def tear_down():
    systemctl('stop', 'mserver.socket', *SERVICES, check=False)
    _unmount_states()
    for path in (f'/run/systemd/system/{AGENT_TWO}', '/etc/mclient-two/mclient.conf', '/etc/mclient-two/token', DROP_IN,
                 *(f'/run/systemd/system/{s}.d/chaos.conf' for s in SERVICES)):
        if os.path.exists(path):
            os.unlink(path)
    shutil.rmtree('/var/lib/mclient-two', ignore_errors=True)
    systemctl('daemon-reload')
    systemctl('reset-failed')
    systemctl('start', 'mserver.socket', SERVER, AGENT)
    manager('RevokeClient', 's', 'demo2')
    manager('ForgetClient', 's', 'demo2')
    wait_for(lambda: client_state('demo') == 'online', 'client demo is online', 60)
