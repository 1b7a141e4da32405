#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real mclient on a message bus of the test's own: org.mclient1, and its documentation.

    test_mclient_bus.py MCLIENT INTERFACE.xml     prints TAP

No polkit is on that bus, so nobody but root is let through; what polkit allows is the lab's to test.
"""
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import xml.etree.ElementTree as ElementTree

from fakes import Agent, DEADLINE, Engine, Server

NAME, PATH, INTERFACE = 'org.mclient1', '/org/mclient1', 'org.mclient1.Agent'
NOBODY = 65534
CONFIG = """<busconfig>
  <type>system</type>
  <listen>unix:path={directory}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context='default'>
    <allow user='*'/><allow own='*'/>
    <allow send_type='method_call'/><allow send_type='signal'/>
    <allow send_requested_reply='true' send_type='method_return'/><allow send_requested_reply='true' send_type='error'/>
    <allow receive_type='method_call'/><allow receive_type='method_return'/>
    <allow receive_type='error'/><allow receive_type='signal'/>
  </policy>
</busconfig>
"""


class CallFailed(Exception):
    pass


class Case:
    """A bus, an engine, a server and an agent; everything ends with the test."""

    def __init__(self, program, interface):
        self.interface = interface
        self.directory = tempfile.mkdtemp(prefix='mclient-bus-')
        os.chmod(self.directory, 0o711)  # another user connects to the bus
        self.address = f'unix:path={self.directory}/bus'
        self.engine = Engine(f'{self.directory}/docker.sock')
        self.server = Server()
        self.program, self.agent, self.bus = program, None, None

    async def start_bus(self):
        config = f'{self.directory}/bus.conf'
        with open(config, 'w', encoding='utf-8') as f:
            f.write(CONFIG.format(directory=self.directory))
        self.bus = await asyncio.create_subprocess_exec(
            'dbus-daemon', f'--config-file={config}', '--nofork', '--print-address', stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        await asyncio.wait_for(self.bus.stdout.readline(), DEADLINE)  # it listens

    async def kill_bus(self):
        self.bus.kill()
        await self.bus.wait()

    async def start(self, **keys):
        await self.engine.start()
        await self.server.start()
        self.agent = Agent(self.program, self.directory, self.server.url, **keys)
        await self.agent.start(DBUS_SYSTEM_BUS_ADDRESS=self.address)
        return await self.server.session()

    async def busctl(self, *argv, user=None):
        """What busctl prints, parsed; CallFailed with its words."""
        options = {'user': user, 'extra_groups': []} if user else {}
        process = await asyncio.create_subprocess_exec(
            'busctl', f'--address={self.address}', '--json=short', *argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, 'SYSTEMD_LOG_LEVEL': 'debug'}, **options)
        out, err = await asyncio.wait_for(process.communicate(), DEADLINE)
        if process.returncode:
            raise CallFailed(err.decode())
        return json.loads(out)['data'] if out.strip() else None

    async def call(self, member, *argv, user=None):
        return await self.busctl('call', NAME, PATH, INTERFACE, member, *argv, user=user)

    async def property(self, name):
        return await self.busctl('get-property', NAME, PATH, INTERFACE, name)

    async def run(self, command, *params, user=None):
        state, result = await self.call('Run', 'sa{sv}', command, *(params or ['0']), user=user)
        return state, json.loads(result)

    async def named(self):
        """Returns when the agent has its name."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                return await self.property('Id')
            except CallFailed:
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.05)

    async def close(self):
        if self.agent and self.agent.process:
            await self.agent.end()
        await self.server.stop()
        await self.engine.stop()
        if self.bus and self.bus.returncode is None:
            await self.kill_bus()
        shutil.rmtree(self.directory)


def equal(seen, expected):
    assert seen == expected, f'{seen!r}, expected {expected!r}'


async def fails(awaitable, name, text):
    try:
        answer = await awaitable
    except CallFailed as e:
        assert name in str(e), f'{e}, expected {name}'
        assert text in str(e), f'{e}, expected {text!r} in it'
    else:
        raise AssertionError(f'{answer!r}, expected {name}')


async def runs(case):
    await case.start_bus()
    session = await case.start()
    equal(await case.run('restart', '1', 'container', 's', '3node0'),
          ('succeeded', {'container': '3node0', 'state': 'running'}))
    equal(case.engine.counts['restart'], 1)
    state, result = await case.run('status')
    equal((state, [c['name'] for c in result]), ('succeeded', ['3node0']))
    state, result = await case.run('restart', '1', 'container', 's', 'nobody')
    equal(state, 'failed')
    assert 'nobody' in result['error'], result
    # The server hears nothing of it.
    await session.expect('stats')
    equal(session.seen('command_response') + session.seen('command_progress'), [])
    equal(await case.property('Pending'), 0)


async def refuses_what_is_wrong(case):
    await case.start_bus()
    await case.start()
    await fails(case.run('restrat'), 'org.mclient1.Error.UnknownCommand', 'no command "restrat"; this agent has: start,')
    await fails(case.run('logs', '1', 'lines', 's', 'many'), 'org.mclient1.Error.InvalidParameter', '"many"')
    await fails(case.run('logs', '1', 'colour', 's', 'red'), 'org.mclient1.Error.InvalidParameter', 'colour')
    await fails(case.run('logs', '1', 'lines', 'd', 'nan'), 'org.mclient1.Error.InvalidParameter', 'lines')


async def obeys_the_policy(case):
    await case.start_bus()
    await case.start(**{'[Policy]\nAllowContainers': 'none-*\n[Agent]'})
    state, result = await case.run('restart', '1', 'container', 's', '3node0')
    equal(state, 'rejected')
    assert 'AllowContainers= of this agent does not list "3node0"' in result['error'], result
    equal(case.engine.counts.get('restart', 0), 0)
    await case.agent.logged('restart 3node0 rejected after .*AllowContainers=')


async def lets_only_root_through_without_polkit(case):
    if os.getuid() != 0:
        return
    await case.start_bus()
    await case.start()
    for call in (case.run('status', user=NOBODY), case.call('Reconnect', user=NOBODY)):
        await fails(call, 'org.freedesktop.DBus.Error.AccessDenied', 'polkit is not running')
    await case.agent.logged(f'status denied to uid {NOBODY}')
    await case.agent.logged(f'reconnect denied to uid {NOBODY}')


async def says_how_it_is(case):
    await case.start_bus()
    before = time.time() * 1e6
    session = await case.start()
    await session.expect('stats')
    equal(await case.property('Id'), 'demo')
    equal(await case.property('Server'), case.server.url)
    equal(await case.property('State'), 'online')
    contact = await case.property('LastContact')
    assert before <= contact <= time.time() * 1e6, contact
    case.server.acks = False
    await session.command('cmd_1_0001', 'restart', '3node0')
    await session.expect('command_response')
    equal(await case.property('Pending'), 1)


async def reconnects(case):
    await case.start_bus()
    first = await case.start()
    await case.call('Reconnect')
    await first.socket.wait_closed()
    equal(first.socket.close_code, 1001)
    await case.server.session()
    await case.agent.logged('A new connection to the server requested by uid')
    # Also where it would have waited for half a minute or more.
    case.agent.set_token('another')
    await case.agent.end()
    await case.agent.start(DBUS_SYSTEM_BUS_ADDRESS=case.address)
    await case.agent.logged(r'HTTP 401.*next try in [3-6]\d')
    equal(await case.property('State'), 'refused')
    seen = case.server.requests
    await case.call('Reconnect')
    end = time.monotonic() + DEADLINE
    while case.server.requests == seen:
        assert time.monotonic() < end, 'no second try'
        await asyncio.sleep(0.02)


async def works_without_a_bus_and_finds_it(case):
    await case.start()
    await case.agent.logged('Cannot connect to the system bus.*tried every second')
    await case.start_bus()
    equal(await case.named(), 'demo')
    await case.kill_bus()
    await case.agent.logged('The system bus went away')
    await case.start_bus()
    equal(await case.named(), 'demo')


async def tells_who_waits_that_it_stops(case):
    await case.start_bus()
    await case.start()
    case.engine.gate.clear()
    call = asyncio.create_task(case.run('restart', '1', 'container', 's', '3node0'))
    await case.engine.asked('restart')
    equal(await case.agent.end(), 0)
    state, result = await call
    equal(state, 'interrupted')
    assert 'unknown' in result['error'], result


def members(interface):
    """What of an interface matters: its members with their arguments."""
    found = set()
    for member in interface:
        if member.tag in ('method', 'signal', 'property'):
            arguments = tuple((a.get('name'), a.get('type'), a.get('direction')) for a in member.findall('arg'))
            found.add((member.tag, member.get('name'), member.get('type'), member.get('access'), arguments))
    return found


async def is_as_documented(case):
    await case.start_bus()
    await case.start()
    xml = await case.busctl('call', NAME, PATH, 'org.freedesktop.DBus.Introspectable', 'Introspect')
    said = ElementTree.fromstring(xml[0]).find(f'interface[@name="{INTERFACE}"]')
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    written = ElementTree.parse(case.interface, parser).getroot().find(f'interface[@name="{INTERFACE}"]')
    assert members(said), xml
    equal(members(said), members(written))
    comment = ''
    for element in written:
        if element.tag is ElementTree.Comment:
            comment = element.text
            continue
        wanted = [element.get('name') + ':'] + [f'@{a.get("name")}:' for a in element.findall('arg')]
        equal([w for w in wanted if not re.search(re.escape(w), comment)], [])


TESTS = [runs, refuses_what_is_wrong, obeys_the_policy, lets_only_root_through_without_polkit, says_how_it_is, reconnects,
         works_without_a_bus_and_finds_it, tells_who_waits_that_it_stops, is_as_documented]


async def run(test, program, interface):
    case = Case(program, interface)
    try:
        await test(case)
    finally:
        await case.close()


def main(program, interface):
    bad = 0
    print(f'1..{len(TESTS)}')
    for number, test in enumerate(TESTS, 1):
        problem = ''
        try:
            asyncio.run(run(test, program, interface))
        except Exception:  # whatever it is, the other tests run
            problem = traceback.format_exc()
        bad += bool(problem)
        print('not ok' if problem else 'ok', number, test.__name__.replace('_', '-'), flush=True)
        for text in problem.splitlines():
            print('#', text)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2]))
