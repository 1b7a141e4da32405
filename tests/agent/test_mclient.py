#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real mclient against servers written from the protocol alone: one of version 1.1.0 and one that can do more.

    test_mclient.py MCLIENT     prints TAP
"""
import asyncio
import json
import shutil
import sys
import tempfile
import traceback

from fakes import Agent, Certificates, Engine, Server, line

ALL = ['progress', 'cancel', 'deadline', 'backup_ack', 'ledger', 'flow']


class Case:
    """One agent's host: a directory, an engine, and what a test starts; everything ends with the test."""

    def __init__(self, program):
        self.program = program
        self.directory = tempfile.mkdtemp(prefix='mclient-')
        self.engine = Engine(f'{self.directory}/docker.sock')
        self.servers, self.agents = [], []

    async def server(self, **options):
        server = Server(**options)
        await server.start()
        self.servers.append(server)
        return server

    async def agent(self, url, **keys):
        agent = Agent(self.program, self.directory, url, **keys)
        await agent.start()
        self.agents.append(agent)
        return agent

    async def connected(self, **options):
        """A server, an agent, and the agent's session there."""
        server = await self.server(**options)
        agent = await self.agent(server.url)
        return server, agent, await server.session()

    async def close(self):
        for agent in self.agents:
            if agent.process:
                await agent.end()
        for server in self.servers:
            await server.stop()
        await self.engine.stop()
        shutil.rmtree(self.directory)


def equal(seen, expected):
    assert seen == expected, f'{seen!r}, expected {expected!r}'


async def registers_and_reports(case):
    _, _, session = await case.connected()
    register = session.register
    equal(register['serverId'], 'demo')
    equal(register['labels'], {'role': 'validator'})
    assert 'restart' in register['commands'], register
    assert 'ledger' in register['features'], register
    assert register['version'] and register['hostName'] and register['timestamp'], register
    first = await session.expect('stats')
    second = await session.expect('stats')
    equal(second['sequence'], first['sequence'] + 1)
    equal(first['interval'], 1)
    equal([c['name'] for c in first['data']['containers']], ['3node0'])
    assert 'memory_used_percent' in first['data']['system'], first


async def answers_an_old_server(case):
    _, _, session = await case.connected()
    await session.command('cmd_1_0001', 'restart', '3node0')
    await case.engine.asked('restart')
    data = (await session.expect('command_response'))['data']
    equal((data['id'], data['command_id'], data['status']), ('cmd_1_0001', 'cmd_1_0001', 'completed'))
    equal(data['result']['container'], '3node0')
    await session.command('cmd_1_0002', 'restart', 'nobody')
    data = (await session.expect('command_response'))['data']
    equal((data['id'], data['status']), ('cmd_1_0002', 'failed'))
    assert 'nobody' in data['error'], data
    await session.command('cmd_1_0003', 'no_such_command')
    equal((await session.expect('command_response'))['data']['status'], 'failed')
    # Nothing that a server of version 1.1.0 does not know.
    equal({m['type'] for m in session.messages} - {'stats', 'heartbeat'}, set())


async def answers_pings(case):
    _, _, session = await case.connected()
    await session.send('ping')
    await session.expect('pong')
    await session.send('heartbeat', timestamp=1)
    await session.expect('heartbeat_ack')
    await session.send('dance')
    assert 'dance' in (await session.expect('error'))['detail']
    await session.socket.send('no json')
    await session.expect('error')
    await session.send('ping')
    await session.expect('pong')


async def old_server_hears_nothing_of_progress(case):
    _, _, session = await case.connected()
    case.engine.gate.clear()
    await session.command('cmd_1_0001', 'restart', '3node0')
    await case.engine.asked('restart')
    await session.expect('stats')
    await session.expect('stats')  # well over the time after which a new server would be told
    case.engine.gate.set()
    equal((await session.expect('command_response'))['data']['status'], 'completed')
    equal(session.seen('command_progress') + session.seen('command_response'), [])


async def new_server_hears_that_it_runs(case):
    _, _, session = await case.connected(features=ALL)
    case.engine.gate.clear()
    await session.command('cmd_1_0001', 'restart', '3node0')
    equal((await session.expect('command_progress', id='cmd_1_0001'))['data']['state'], 'running')
    case.engine.gate.set()
    equal((await session.expect('command_response'))['data']['status'], 'completed')


async def side_by_side(case):
    _, _, session = await case.connected(features=ALL)
    case.engine.gate.clear()
    for n in range(8):
        await session.command(f'cmd_1_000{n}', 'restart', '3node0')
    await case.engine.asked('restart', 8)
    await session.command('cmd_1_0009', 'status')
    await session.expect('command_response', id='cmd_1_0009')
    case.engine.gate.set()
    for n in range(8):
        await session.expect('command_response', id=f'cmd_1_000{n}', status='completed')


async def cancels(case):
    _, _, session = await case.connected(features=ALL)
    case.engine.gate.clear()
    await session.command('cmd_1_0001', 'restart', '3node0')
    await case.engine.asked('restart')
    await session.send('command_cancel', data={'id': 'cmd_1_0001'})
    equal((await session.expect('command_response'))['data']['status'], 'cancelled')


class Output:
    """What a server has of the output of a command."""

    def __init__(self, identity):
        self.identity, self.data = identity, b''

    async def take(self, session):
        """The next piece: nothing may be missing before it, and what is known must be as it was."""
        data = (await session.expect('command_progress', id=self.identity))['data']
        offset, piece = data['offset'], data['output'].encode()
        assert offset <= len(self.data), f'{offset - len(self.data)} bytes are missing at {len(self.data)}'
        known = self.data[offset:offset + len(piece)]
        equal(piece[:len(known)], known)
        self.data += piece[len(known):]

    async def take_until(self, session, size, passed=True):
        while len(self.data) < size:
            await self.take(session)
            if passed:
                await session.send('command_flow', data={'id': self.identity, 'offset': len(self.data)})


async def output_survives_cuts(case):
    server, _, session = await case.connected(features=ALL)
    output = Output('cmd_1_0001')
    await session.command('cmd_1_0001', 'logs', '3node0', follow=True)
    await output.take_until(session, 300_000)  # more than the agent keeps
    for _ in range(3):
        await output.take_until(session, len(output.data) + 50_000, passed=False)
        session.socket.transport.abort()  # what is on its way is lost
        session = await server.session()
        await output.take_until(session, len(output.data) + 100_000)
    n, rest = 0, output.data
    while len(rest) > 100:
        assert rest.startswith(line(n)), f'{rest[:100]!r}, expected {line(n)!r}'
        rest = rest[len(line(n)):]
        n += 1
    await session.send('command_cancel', data={'id': 'cmd_1_0001'})
    end = (await session.expect('command_response'))['data']
    equal(end['status'], 'cancelled')
    while session.seen('command_progress'):
        await output.take(session)
    equal(len(output.data), end['output_bytes'])
    equal(output.data[-1000:], end['result'].encode()[-1000:])


async def output_waits_for_a_slow_server(case):
    _, _, session = await case.connected(features=ALL)
    output = Output('cmd_1_0001')
    await session.command('cmd_1_0001', 'logs', '3node0', follow=True)
    await output.take_until(session, 96 * 1024, passed=False)
    await session.expect('stats')
    await session.expect('stats')  # a second, in which it says nothing
    lines = case.engine.lines
    await session.expect('stats')
    equal((case.engine.lines, session.seen('command_progress')), (lines, []))
    assert len(output.data) < 128 * 1024, len(output.data)
    await session.command('cmd_1_0002', 'status')  # and only this one command waits
    await session.expect('command_response', id='cmd_1_0002', status='completed')
    await session.send('command_flow', data={'id': 'cmd_1_0001', 'offset': len(output.data)})
    await output.take_until(session, 500_000)
    assert case.engine.lines > lines


async def keeps_deadlines(case):
    _, _, session = await case.connected(features=ALL)
    case.engine.gate.clear()
    # The server's clock may be wrong: what counts is the difference.
    await session.send('command', data={'id': 'cmd_1_0001', 'command': 'restart', 'target': '3node0', 'params': {},
                                        'timestamp': 5000, 'deadline': 5300})
    equal((await session.expect('command_response'))['data']['status'], 'timed_out')


async def never_acts_twice(case):
    _, agent, session = await case.connected(features=ALL)
    await session.command('cmd_1_0001', 'restart', '3node0')
    await session.command('cmd_1_0001', 'restart', '3node0')
    first = await session.expect('command_response')
    await session.command('cmd_1_0001', 'restart', '3node0')
    again = await session.expect('command_response')
    equal((again['data']['status'], again['data']['result']), (first['data']['status'], first['data']['result']))
    equal(await agent.end(), 0)
    await agent.start()
    session = await case.servers[0].session()
    await session.command('cmd_1_0001', 'restart', '3node0')
    equal((await session.expect('command_response'))['data']['status'], 'completed')
    equal(case.engine.counts['restart'], 1)


async def repeats_until_acknowledged(case):
    server, _, session = await case.connected(acks=False)
    await session.command('cmd_1_0001', 'restart', '3node0')
    await session.expect('command_response')
    await session.command('cmd_1_0002', 'restart', '3node0')
    await session.expect('command_response')
    await session.close()
    server.acks = True
    session = await server.session()
    for n in (1, 2):  # in order
        equal((await session.expect('command_response'))['data']['id'], f'cmd_1_000{n}')
    await session.expect('stats')
    await session.close()
    session = await server.session()
    await session.expect('stats')
    equal(session.seen('command_response'), [])
    equal(case.engine.counts['restart'], 2)


async def answers_what_ended_while_away(case):
    server, agent, session = await case.connected(features=ALL)
    case.engine.gate.clear()
    await session.command('cmd_1_0001', 'restart', '3node0')
    await case.engine.asked('restart')
    await server.stop()
    await agent.logged('next try')
    case.engine.gate.set()
    await agent.logged(r'succeeded.*cmd_1_0001')
    await server.start()
    session = await server.session()
    equal((await session.expect('command_response'))['data']['status'], 'completed')
    # What was sampled meanwhile comes as well, in order.
    sequences = [(await session.expect('stats'))['sequence'] for _ in range(3)]
    equal(sequences, list(range(sequences[0], sequences[0] + 3)))


async def killed_in_the_middle(case):
    for features, status in ((ALL, 'interrupted'), (None, 'failed')):
        case.engine.counts.clear()
        case.engine.gate.clear()
        server, agent, session = await case.connected(features=features)
        identity = f'cmd_1_000{len(case.servers)}'
        await session.command(identity, 'restart', '3node0')
        await case.engine.asked('restart')
        await agent.end(terminate=False)
        case.engine.gate.set()
        await agent.start()
        session = await server.session()
        data = (await session.expect('command_response', id=identity))['data']
        equal(data['status'], status)
        assert 'unknown' in data['error'], data
        await session.command(identity, 'restart', '3node0')
        equal((await session.expect('command_response', id=identity))['data']['status'], status)
        equal(case.engine.counts['restart'], 1)
        await agent.end()


async def large_and_split_messages(case):
    _, agent, session = await case.connected()
    text = json.dumps({'type': 'ping', 'padding': 'x' * 300000})
    await session.socket.send(text[i:i + 7777] for i in range(0, len(text), 7777))
    await session.expect('pong')
    await session.socket.send(json.dumps({'type': 'ping', 'padding': 'x' * (10 * 1024 * 1024)}))
    await session.socket.wait_closed()
    equal(session.socket.close_code, 1009)
    session = await case.servers[0].session()
    await session.socket.send(b'binary')
    await session.socket.wait_closed()
    equal(session.socket.close_code, 1003)
    await agent.logged('closed by us')


async def says_goodbye(case):
    _, agent, session = await case.connected()
    equal(await agent.end(), 0)
    await session.socket.wait_closed()
    equal(session.socket.close_code, 1001)


async def replaced(case):
    _, agent, session = await case.connected()
    await session.close(1008, 'replaced by a newer connection')
    await agent.logged(r'replaced by a newer connection.*next try in [3-6]\d')


async def wrong_token(case):
    server = await case.server()
    agent = await case.agent(server.url)
    await server.session()
    await agent.end()
    agent.set_token('another')
    await agent.start()
    await agent.logged(r'does not accept the token \(HTTP 401\).*next try in [3-6]\d')


async def trusts_by_ca(case):
    certificates = Certificates(case.directory)
    server = await case.server(tls=certificates.context())
    agent = await case.agent(server.url, CAFile=certificates.ca)
    await server.session()
    await agent.end()
    agent = await case.agent(server.url.replace('localhost', '127.0.0.1'), CAFile=certificates.ca)
    await agent.logged('IP address mismatch')
    equal(server.requests, 1)


async def trusts_by_fingerprint(case):
    certificates = Certificates(case.directory)
    server = await case.server(tls=certificates.context())
    for path in (certificates.ca, certificates.chain):
        agent = await case.agent(server.url.replace('localhost', '127.0.0.1'), Fingerprint=Certificates.fingerprint(path))
        session = await server.session()
        await session.command(f'cmd_{len(case.agents)}_0001', 'status')
        await session.expect('command_response')
        await agent.end()


async def distrusts_others(case):
    certificates = Certificates(case.directory)
    server = await case.server(tls=certificates.context())
    wrong = 'SHA256:' + '00' * 32
    agent = await case.agent(server.url, Fingerprint=wrong)
    line = await agent.logged('not the pinned one')
    for fingerprint in (wrong, Certificates.fingerprint(certificates.ca), Certificates.fingerprint(certificates.chain)):
        assert fingerprint in line, line
    equal(await agent.end(), 0)
    agent = await case.agent(server.url)  # by the system's CAs
    await agent.logged('not to be trusted')
    equal(server.requests, 0)


CASES = [registers_and_reports, answers_an_old_server, answers_pings, old_server_hears_nothing_of_progress,
         new_server_hears_that_it_runs, side_by_side, cancels, output_survives_cuts,
         output_waits_for_a_slow_server, keeps_deadlines, never_acts_twice,
         repeats_until_acknowledged, answers_what_ended_while_away, killed_in_the_middle, large_and_split_messages,
         says_goodbye, replaced, wrong_token, trusts_by_ca, trusts_by_fingerprint, distrusts_others]


async def run(case_function, program):
    case = Case(program)
    try:
        await case.engine.start()
        await case_function(case)
    except BaseException:
        for agent in case.agents:
            print('\n'.join(f'# mclient: {line}' for line in agent.lines))
        raise
    finally:
        await case.close()


def main():
    program = sys.argv[1]
    failures = 0
    print(f'1..{len(CASES)}', flush=True)
    for n, case_function in enumerate(CASES, 1):
        name = case_function.__name__.replace('_', '-')
        try:
            asyncio.run(run(case_function, program))
            print(f'ok {n} {name}', flush=True)
        except Exception:  # pylint: disable=broad-except
            failures += 1
            print('\n'.join('# ' + line for line in traceback.format_exc().splitlines()))
            print(f'not ok {n} {name}', flush=True)
    sys.exit(failures > 0)


main()
