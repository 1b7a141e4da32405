# SPDX-License-Identifier: LGPL-2.1-or-later
"""The callers: each asks for one thing after the other, as its plan says, and writes down what it was told. A command's
effect is a line with its tag in the container's /control/count, once each time it really ran."""
import re
import threading
import time
from dataclasses import dataclass, field

from labtest import BusError, Failed, manager, run
from plan import CLIENTS, asks

CALL_SECONDS = 100  # no call may take longer: each command's own time is 20 s, and it may be a restart of the server more
COMMAND_USEC = 20_000_000


@dataclass
class Told:
    """What a caller asked for and what it was told."""
    kind: str
    tag: str
    clients: tuple
    began: float
    ids: dict = field(default_factory=dict)  # client to command id
    state: str = None  # as RunCommand or mserverctl said
    result: str = None
    error: str = None  # instead: the name of the D-Bus error, or mserverctl's text
    seconds: float = 0


def options(**more):
    return {'timeout': ('t', COMMAND_USEC), **more}


def count(tag, then=''):
    return f"sh -c 'echo {tag} >>/control/count{then}'"


class Caller(threading.Thread):
    def __init__(self, seed, number, stop, told):
        super().__init__(name=f'caller {number}', daemon=True)
        self.plan, self.stop, self.told, self.crashed = asks(seed, number), stop, told, None

    def run(self):
        try:
            for ask in self.plan:
                if self.stop.wait(ask.pause):
                    return
                self.ask(ask)
        except Exception as e:  # a mistake in here must not pass for a quiet caller
            self.crashed = repr(e)
            raise

    def ask(self, ask):
        told = Told(ask.kind, ask.tag, (ask.client,), time.time())
        begin = time.monotonic()
        try:
            getattr(self, 'exec_now' if ask.kind == 'run' else ask.kind)(ask, told)
        except BusError as e:
            told.error = e.name
        except Failed as e:
            told.error = e.stderr.strip() or e.stdout.strip()
        told.seconds = time.monotonic() - begin
        self.told.append(told)
        if told.error:
            self.stop.wait(0.3)  # somebody who was refused looks before he tries again

    def _call(self, method, told, ask, command, params, **opts):
        params = {'container': CLIENTS[ask.client], **params} if command != 'status' else params
        answer = manager(method, 'ssa{sv}a{sv}', ask.client, command, params, options(**opts), deadline=CALL_SECONDS)
        told.ids[ask.client] = answer[0]
        if method == 'RunCommand':
            told.state, told.result = answer[1:]

    def _run(self, ask, told, command, params):
        self._call('RunCommand', told, ask, command, params)


    def exec_now(self, ask, told):
        self._run(ask, told, 'exec', {'command': count(ask.tag)})

    def send(self, ask, told):
        self._call('SendCommand', told, ask, 'exec', {'command': count(ask.tag)})

    def queue(self, ask, told):
        self._call('SendCommand', told, ask, 'exec', {'command': count(ask.tag)}, queue=True,
                   expires=('t', time.time_ns() // 1000 + 15_000_000))

    def cancel(self, ask, told):
        self._call('SendCommand', told, ask, 'exec', {'command': count(ask.tag, '; sleep 5')}, queue=True)
        self.stop.wait(ask.delay)
        manager('CancelCommand', 's', told.ids[ask.client], deadline=CALL_SECONDS)

    def ctl(self, ask, told):
        done = run('mserverctl', '--json=short', 'send', ask.client, '--no-wait', 'exec', '-p',
                   f'container={CLIENTS[ask.client]}', '-p', f'command={count(ask.tag)}', timeout=CALL_SECONDS)
        told.ids[ask.client] = re.search(r'cmd_\d+_\d+', done.stdout)[0]

    def broadcast(self, ask, told):
        told.clients = tuple(CLIENTS)
        answer = manager('Broadcast', 'ssa{sv}a{sv}', 'demo*', 'exec', {'command': count(ask.tag)}, options(),
                         deadline=CALL_SECONDS)
        told.ids.update(answer[2])

    def restart(self, ask, told):
        self._run(ask, told, 'restart', {})

    def rotate_keys(self, ask, told):
        self._run(ask, told, 'rotate_keys', {'force': True})

    def backup_keys(self, ask, told):
        self._run(ask, told, 'backup_keys', {})

    def status(self, ask, told):
        self._run(ask, told, 'status', {})

    def logs(self, ask, told):
        self._run(ask, told, 'logs', {})


class Load:
    """All callers."""

    def __init__(self, seed, callers):
        self.told, self._stop = [], threading.Event()
        self.callers = [Caller(seed, n, self._stop, self.told) for n in range(callers)]
        for caller in self.callers:
            caller.start()
        self._probes = 0

    def ask_probe(self, client, container, command):
        """Asks for one more command without waiting; what it was told is in told, too."""
        self._probes += 1
        tag = f'probe-{self._probes}'
        params = {'exec': {'command': count(tag)}, 'rotate_keys': {'force': True}}.get(command, {})
        told = Told(command if command != 'exec' else 'run', tag, (client,), time.time())

        def call():
            begin = time.monotonic()
            try:
                answer = manager('RunCommand', 'ssa{sv}a{sv}', client, command, {'container': container, **params},
                                 options(), deadline=CALL_SECONDS)
                told.ids[client], told.state, told.result = answer
            except BusError as e:
                told.error = e.name
            except Failed as e:
                told.error = e.stderr.strip()
            told.seconds = time.monotonic() - begin
            self.told.append(told)

        thread = threading.Thread(target=call, name=tag, daemon=True)
        thread.start()
        self.callers.append(thread)

    def stop(self):
        """Lets each finish what it is at. Returns what went wrong with the callers themselves."""
        self._stop.set()
        problems = []
        for caller in self.callers:
            caller.join(CALL_SECONDS + 20)
            if caller.is_alive():
                problems.append(f'{caller.name} got no answer within {CALL_SECONDS} s')
            elif getattr(caller, 'crashed', None):
                problems.append(f'{caller.name} crashed: {caller.crashed}')
        return problems
