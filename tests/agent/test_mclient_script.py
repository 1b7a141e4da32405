#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mclient-script, spoken to as the agent does, with scripts that note each of their effects.

    test_mclient_script.py MCLIENT_SCRIPT     prints TAP
"""
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

SECONDS = 100  # that anything may take


class Place:
    """A configuration, a state directory, and a script "act" that does what its parameter "do" says."""

    ACT = r'''#!/bin/sh
echo "run $MCLIENT_COMMAND_ID" >>@/effects
case $MCLIENT_PARAM_DO in
args) for a; do printf '<%s>' "$a"; done; echo; env | sort ;;
fail) echo wrong >&2; exit 3 ;;
odd) exit 7 ;;
wait) echo waiting; until test -e @/go; do sleep 0.05; done; echo done ;;
stubborn) trap 'echo asked' TERM; echo waiting; until test -e @/go; do sleep 0.05; done ;;
print) yes 0123456789abcde | head -c 100000; echo end >>@/effects ;;
endless) exec yes ;;
daemon) (setsid sh -c 'echo $$ >@/daemon; exec sleep 1000' &); until test -s @/daemon; do sleep 0.05; done ;;
killed) kill -9 $$ ;;
esac
'''

    CONFIG = r'''[Docker]
Containers=3node*
[Policy]
AllowCommands=payout twin other quick host missing open foreign nouser data
AllowContainers=3node[0-7] postgres
[Command forbidden]
Exec=@/act
Parameter.do=[a-z]+
[Command payout]
Exec=@/act fixed 'two words'
Parameter.do=[a-z]+
Parameter.era=[0-9]{1,6}
Parameter.memo=[^!]*
Optional=era memo
Timeout=10min
OutputMax=64K
SuccessExitStatus=7
[Command twin]
Exec=@/act
Parameter.do=[a-z]+
Lock=payout
[Command other]
Exec=@/act
Parameter.do=[a-z]+
[Command quick]
Exec=@/act
Parameter.do=[a-z]+
Timeout=300ms
[Command host]
Exec=@/act
Parameter.do=[a-z]+
Container=no
[Command missing]
Exec=@/nothing
[Command open]
Exec=@/open
[Command foreign]
Exec=@/act
User=nobody
Parameter.do=[a-z]+
[Command nouser]
Exec=@/act
User=no_such_user_here
Parameter.do=[a-z]+
[Command data]
Exec=@/data
'''

    def __init__(self, program):
        self.program, self.dir, self.helpers = program, tempfile.mkdtemp(prefix='mclient-script-'), []
        self.write('act', self.ACT, 0o755)
        self.write('open', '#!/bin/sh\necho bad\n', 0o777)
        self.write('data', 'neither a program nor a script\n', 0o644)
        self.write('mclient.conf', self.CONFIG, 0o644)

    def write(self, name, text, mode):
        with open(f'{self.dir}/{name}', 'w', encoding='utf-8') as f:
            f.write(text.replace('@', self.dir))
        os.chmod(f'{self.dir}/{name}', mode)

    def helper(self, **options):
        self.helpers.append(Helper(self, **options))
        return self.helpers[-1]

    def run(self, id, command='payout', container='3node0', timeout=600, **params):
        """A helper that was asked to run this."""
        request = {'id': id, 'command': command, 'container': container, 'params': params,
                   'timeout_usec': int(timeout * 1e6)}
        return self.helper().send('R', request)

    def query(self, id):
        return self.helper().send('Q', {'id': id})

    def effects(self):
        try:
            with open(f'{self.dir}/effects', encoding='ascii') as f:
                return f.read().split('\n')[:-1]
        except FileNotFoundError:
            return []

    def go(self):
        with open(f'{self.dir}/go', 'w', encoding='ascii'):
            pass

    def close(self):
        self.go()
        for h in self.helpers:
            h.close()
        shutil.rmtree(self.dir)


def frame(type, body=None):
    data = b'' if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return type.encode() + struct.pack('>I', len(data)) + data


class Helper:
    def __init__(self, place, own_user=True):
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(SECONDS)
        argv = [place.program, f'--config={place.dir}/mclient.conf', f'--state={place.dir}/state']
        self.process = subprocess.Popen(argv + ['--own-user'] * own_user, stdin=theirs, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env={'PATH': os.environ['PATH'], 'LEAK': 'secret'})
        theirs.close()
        self.output, self.pending = {'O': b'', 'E': b''}, b''

    def send(self, type, body=None):
        return self.write(frame(type, body))

    def write(self, data):
        self.socket.sendall(data)
        return self

    def frame(self):
        """The next one, or None at the end of the stream."""
        while True:
            if len(self.pending) >= 5:
                size = struct.unpack('>I', self.pending[1:5])[0]
                if len(self.pending) >= 5 + size:
                    type, data = chr(self.pending[0]), self.pending[5:5 + size]
                    self.pending = self.pending[5 + size:]
                    return type, data
            piece = self.socket.recv(65536)
            if not piece:
                return None
            self.pending += piece

    def wait(self, type, text=b''):
        """Until such a frame comes, and this was printed."""
        while True:
            frame = self.frame()
            assert frame, f'the helper ended before {type}'
            if frame[0] in self.output:
                self.output[frame[0]] += frame[1]
            if frame[0] == type and text in self.output.get(type, b''):
                return frame[1]
            assert frame[0] != 'X', f'ended: {frame[1]}'

    def end(self):
        end = json.loads(self.wait('X'))
        assert self.frame() is None
        assert self.process.wait(SECONDS) == 0
        return end

    def text(self):
        return (self.output['O'] + self.output['E']).decode()

    def leave(self):
        self.socket.close()

    def close(self):
        self.socket.close()
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(SECONDS)


def equal(seen, expected):
    assert seen == expected, f'{seen!r}, expected {expected!r}'


def until(condition, what):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f'{what}: not within {SECONDS} s'
        time.sleep(0.02)


def ended(helper, state, code=None, error=None):
    end = helper.end()
    equal((end['state'], end.get('exit_code')), (state, code))
    if error:
        assert error in end['error'], end['error']
    return end


def runs_with_arguments_and_environment(p):
    h = p.run('cmd_1', do='args', era=12, memo='$(id); `id` "x" \'y\' | > & * \\ ~')
    ended(h, 'succeeded', 0)
    lines = h.text().splitlines()
    equal(lines[0], '<fixed><two words><--do=args><--era=12><--memo=$(id); `id` "x" \'y\' | > & * \\ ~>')
    names = {line.split('=')[0] for line in lines[1:]}
    equal(names - {'PWD', 'SHLVL', '_', 'OLDPWD'},
          {'PATH', 'LANG', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'MCLIENT_COMMAND', 'MCLIENT_COMMAND_ID',
           'MCLIENT_CONTAINER', 'MCLIENT_PARAM_DO', 'MCLIENT_PARAM_ERA', 'MCLIENT_PARAM_MEMO'})
    assert 'MCLIENT_CONTAINER=3node0' in lines and 'MCLIENT_COMMAND_ID=cmd_1' in lines and 'MCLIENT_PARAM_ERA=12' in lines
    equal(p.effects(), ['run cmd_1'])


def refuses_what_is_not_declared(p):
    for params, error in (
            ({'do': 'wait', 'era': '12; reboot'}, 'payout: era is "12; reboot", expected all of it to match [0-9]{1,6}'),
            ({'do': 'wait', 'memo': 'a!'}, 'payout: memo is "a!", expected all of it to match [^!]*'),
            ({'do': 'wait', 'evil': 'x'}, 'payout: no parameter "evil" ("x") is declared'),
            ({'era': '1'}, 'payout: do is missing')):
        ended(p.run('cmd_1', **params), 'failed', None, error)
    ended(p.run('cmd_1', command='reboot'), 'failed', None, 'no command "reboot" is declared')
    ended(p.run('cmd_1', container=None, do='args'), 'failed', None, 'container is missing')
    ended(p.run('cmd_1', container='postgres', do='args'), 'rejected', None, 'container "postgres" is not managed')
    ended(p.run('cmd_1', command='host', do='args'), 'failed', None, 'expected none')
    ended(p.run('cmd_1', command='forbidden', do='args'), 'rejected', None, 'AllowCommands=')
    ended(p.run('cmd_1', container='3node8', do='args'), 'rejected', None, 'AllowContainers=')
    equal(p.effects(), [])
    # none of these has used the id up
    ended(p.run('cmd_1', do='args'), 'succeeded', 0)


def refuses_files_that_others_may_write(p):
    ended(p.run('cmd_1', 'open'), 'failed', None, 'others than its owner may write')
    ended(p.run('cmd_2', 'missing'), 'failed', None, 'No such file')
    ended(p.run('cmd_3', 'nouser', do='args'), 'failed', None, 'there is no user no_such_user_here')
    ended(p.run('cmd_4', 'data'), 'failed', None, 'Permission denied')
    equal(p.effects(), [])


def refuses_a_configuration_that_others_may_write(p):
    os.chmod(f'{p.dir}/mclient.conf', 0o666)
    ended(p.run('cmd_1', do='args'), *(('failed', None, 'may be written by others') if os.geteuid() == 0
                                       else ('succeeded', 0)))


def one_at_a_time_for_a_container(p):
    first = p.run('cmd_1', do='wait')
    first.wait('O', b'waiting')
    ended(p.run('cmd_2', do='args'), 'rejected', None, 'payout is not run for 3node0: payout cmd_1 runs already')
    ended(p.run('cmd_3', 'twin', do='args'), 'rejected', None, 'twin is not run for 3node0: payout cmd_1 runs already')
    ended(p.run('cmd_4', container='3node1', do='args'), 'succeeded', 0)
    ended(p.run('cmd_5', 'other', do='args'), 'succeeded', 0)
    ended(p.run('cmd_6', 'host', None, do='args'), 'succeeded', 0)
    p.go()
    ended(first, 'succeeded', 0)
    ended(p.run('cmd_7', do='args'), 'succeeded', 0)
    equal([e.split()[1] for e in p.effects()], ['cmd_1', 'cmd_4', 'cmd_5', 'cmd_6', 'cmd_7'])


def an_id_runs_once(p):
    ended(p.run('cmd_1', do='fail'), 'failed', 3, 'exited with code 3')
    ended(p.run('cmd_1', do='args'), 'failed', None, 'cmd_1 was taken before, and is not run again')
    equal(p.effects(), ['run cmd_1'])
    h = p.query('cmd_1')
    ended(h, 'failed', 3, 'exited with code 3')
    equal(h.text(), 'wrong\n')


def exit_codes(p):
    ended(p.run('cmd_1', do='odd'), 'succeeded', 7)
    ended(p.run('cmd_2', do='killed'), 'failed', 137, 'killed by signal 9')


def time_is_limited(p):
    ended(p.run('cmd_1', 'quick', do='wait'), 'timed-out', 143, 'timed out after 300 ms')


def cancel_ends_it(p):
    h = p.run('cmd_1', do='wait')
    h.wait('O', b'waiting')
    h.send('C')
    ended(h, 'cancelled', 143, 'cancelled; killed by signal 15')


def cancel_with_the_request(p):
    """All in one piece: nothing wakes the helper for the second frame."""
    request = {'id': 'cmd_1', 'command': 'payout', 'container': '3node0', 'params': {'do': 'wait'},
               'timeout_usec': 600 * 10**6}
    h = p.helper().write(frame('R', request) + frame('C'))
    ended(h, 'cancelled', None, 'cancelled before it ran')
    equal(p.effects(), [])


def cancel_ends_the_stubborn(p):
    h = p.run('cmd_1', do='stubborn')
    h.wait('O', b'waiting')
    h.send('C')
    ended(h, 'cancelled', 137, 'killed by signal 9')
    assert 'asked' in h.text()


def output_is_limited(p):
    h = p.run('cmd_1', do='print')
    end = ended(h, 'succeeded', 0)
    assert end['cut'] is True
    equal((len(h.output['O']), h.output['E']), (65536, b'\n[beyond 65536 bytes output is left out]\n'))
    equal(p.effects(), ['run cmd_1', 'end'])  # it was not held up


def an_agent_that_does_not_read(p):
    h = p.run('cmd_1', 'other', do='endless')
    h.wait('O')
    h.send('C')
    end = ended(h, 'cancelled', 143)
    assert len(h.output['O']) < 8 * 1024 * 1024, len(h.output['O'])
    assert 'cut' not in end or end['cut']


def an_agent_that_leaves_changes_nothing(p):
    h = p.run('cmd_1', do='wait')
    h.wait('O', b'waiting')
    h.leave()
    asks, again = p.query('cmd_1'), p.run('cmd_2', do='args')
    ended(again, 'rejected', None, 'payout cmd_1 runs already')
    p.go()
    ended(asks, 'succeeded', 0)
    equal(asks.text(), 'waiting\ndone\n')
    equal(h.process.wait(SECONDS), 0)
    ended(p.query('cmd_1'), 'succeeded', 0)
    equal(p.effects(), ['run cmd_1'])


def who_asks_can_cancel(p):
    h = p.run('cmd_1', do='wait')
    h.wait('O', b'waiting')
    h.leave()
    asks = p.query('cmd_1').send('C')
    ended(asks, 'cancelled', 143)


def what_cannot_be_known_is_not_said(p):
    """The agent takes an end for the script's own: without one it asks again."""
    ended(p.run('cmd_1', do='args'), 'succeeded', 0)
    record = f'{p.dir}/state/records/cmd_1.json'
    with open(record, encoding='ascii') as f:
        text = f.read()
    p.write('state/records/cmd_1.json', text[:20], 0o600)
    equal(p.query('cmd_1').frame(), None)
    os.rename(f'{p.dir}/state', f'{p.dir}/away')
    p.write('state', 'no directory', 0o600)
    equal(p.query('cmd_1').frame(), None)
    ended(p.run('cmd_2', do='args'), 'failed', None, 'Cannot make')  # but that this did not run is known
    os.unlink(f'{p.dir}/state')
    os.rename(f'{p.dir}/away', f'{p.dir}/state')
    p.write('state/records/cmd_1.json', text, 0o600)
    ended(p.query('cmd_1'), 'succeeded', 0)
    equal(p.effects(), ['run cmd_1'])


def whether_it_runs_cannot_be_known(p):
    h = p.run('cmd_1', do='wait')
    h.wait('O', b'waiting')
    lock = f'{p.dir}/state/locks/payout@3node0'
    os.rename(lock, f'{p.dir}/lock')
    os.symlink(f'{p.dir}/lock', lock)  # which is not followed
    equal(p.query('cmd_1').frame(), None)
    os.rename(f'{p.dir}/lock', lock)
    p.go()
    ended(h, 'succeeded', 0)
    ended(p.query('cmd_1'), 'succeeded', 0)


def an_id_that_never_came_does_not_run_later(p):
    ended(p.query('cmd_1'), 'failed', None, 'it did not run')
    ended(p.run('cmd_1', do='args'), 'failed', None)
    equal(p.effects(), [])


def a_killed_helper(p):
    h = p.run('cmd_1', do='wait')
    h.wait('O', b'waiting')
    h.process.send_signal(signal.SIGKILL)
    h.process.wait(SECONDS)
    # The script is there still, and so is its lock.
    ended(p.run('cmd_2', do='args'), 'rejected', None, 'payout cmd_1 runs already')
    asks = p.query('cmd_1')
    p.go()
    ended(asks, 'interrupted', None, 'it was killed in the middle')
    ended(p.run('cmd_3', do='args'), 'succeeded', 0)


def a_stopped_service(p):
    h = p.run('cmd_1', do='wait')
    h.wait('O', b'waiting')
    h.process.terminate()
    ended(h, 'interrupted', 143, 'the service or the host stopped')


def nothing_is_left_behind(p):
    ended(p.run('cmd_1', do='daemon'), 'succeeded', 0)
    with open(f'{p.dir}/daemon', encoding='ascii') as f:
        pid = int(f.read())
    until(lambda: not os.path.exists(f'/proc/{pid}'), 'the daemon is gone')


def needs_the_user(p):
    h = p.helper(own_user=os.geteuid() != 0).send('R', {'id': 'cmd_1', 'command': 'foreign', 'container': '3node0',
                                                        'params': {'do': 'args'}, 'timeout_usec': 10**7})
    if os.geteuid() == 0:  # to the script, for which the directory is not there
        ended(h, 'failed', None, 'Cannot run')
        os.chmod(p.dir, 0o755)
        h = p.run('cmd_2', 'foreign', do='args')
        ended(h, 'succeeded', 0)
        assert 'USER=nobody' in h.text(), h.text()
    else:
        ended(h, 'failed', None, 'declared for user nobody')


def bad_requests(p):
    for type, body in (('R', b'x'), ('R', b'{}'), ('Q', b'[]'), ('C', b''), ('O', b'a'),
                       ('R', {'id': 'a/../b', 'command': 'payout', 'timeout_usec': 1})):
        ended(p.helper().send(type, body), 'failed')
    h = p.helper()
    h.socket.sendall(b'\0\0\0\0\0')
    equal(h.frame(), None)
    h = p.helper()
    h.leave()
    equal(h.process.wait(SECONDS), 0)
    equal(p.effects(), [])


TESTS = (runs_with_arguments_and_environment, refuses_what_is_not_declared, refuses_files_that_others_may_write,
         refuses_a_configuration_that_others_may_write, one_at_a_time_for_a_container, an_id_runs_once, exit_codes,
         time_is_limited, cancel_ends_it, cancel_with_the_request, cancel_ends_the_stubborn, output_is_limited,
         an_agent_that_does_not_read, an_agent_that_leaves_changes_nothing, who_asks_can_cancel,
         what_cannot_be_known_is_not_said, whether_it_runs_cannot_be_known, an_id_that_never_came_does_not_run_later,
         a_killed_helper, a_stopped_service, nothing_is_left_behind, needs_the_user, bad_requests)


def main():
    bad = 0
    print(f'1..{len(TESTS)}')
    for number, test in enumerate(TESTS, 1):
        place, problem = Place(sys.argv[1]), None
        try:
            test(place)
        except Exception:  # pylint: disable=broad-except
            problem = traceback.format_exc()
        finally:
            place.close()
        bad += problem is not None
        print('not ok' if problem else 'ok', number, '-', test.__name__, flush=True)
        for line in (problem or '').splitlines():
            print('#  ', line)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
