# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests in the lab's machine share: ways to act like a user, and to wait for what then happens.

A test file is tests/lab/test_SUBJECT.py with classes derived from LabTest (the machine alone) or ServerTest (our
server, and the agent of this machine as client "demo", are up). "lab test" runs it in the machine as root:

    class Restart(ServerTest):
        def test_restart_takes_effect_once(self):
            node = Node('3node0')
            before = node.count('start')
            mserverctl('send', 'demo', 'restart', '3node0', user='oper')
            self.assertEqual(node.count('start'), before + 1)
            entry = self.journal.wait(MSERVER_EVENT='command-finished')
            self.assertEqual(entry['MSERVER_STATUS'], 'succeeded')

A warning or error that mserver or mclient log during a test fails it, unless the test said that it is expected
(allow_warnings). Nothing here sleeps for a fixed time: waits end when what they wait for is there, and fail at a
deadline.
"""
import contextlib
import glob
import http.client
import json
import os
import queue
import re
import shlex
import socket
import subprocess
import threading
import time
import unittest

DEADLINE = 15  # seconds that an event may take which nothing holds up
NODES = ('3node0', '3node1')
AGENT_DROP_IN = '/etc/mclient/mclient.conf.d/50-lab.conf'
OURS = ('mserver.service', 'mclient.service', 'mserver.socket')


class Failed(Exception):
    """A command ended with another status than 0; has .returncode, .stdout and .stderr."""

    def __init__(self, argv, process):
        self.returncode, self.stdout, self.stderr = process.returncode, process.stdout, process.stderr
        super().__init__(f'{shlex.join(argv)}: exit status {self.returncode}\n{self.stdout}{self.stderr}')


class BusError(Exception):
    """A D-Bus call was answered by an error; has .name and .message."""

    def __init__(self, name, message):
        self.name, self.message = name, message
        super().__init__(f'{name}: {message}')


# Running things

def _as_user(argv, user):
    """argv as it must be started to run as this user, with the user's groups and a clean environment."""
    if user is None:
        return list(argv)
    return ['setpriv', f'--reuid={user}', f'--regid={user}', '--init-groups', '--reset-env', '--', *argv]


def run(*argv, user=None, check=True, input=None, timeout=60, env=None):
    """Runs a command and returns the subprocess.CompletedProcess, with text. Raises Failed when it fails, unless
    check is false. user: "oper" (in mserver-operator) or "guest" (in no group); else root. stdin is input or empty."""
    argv = [str(a) for a in argv]
    process = subprocess.run(_as_user(argv, user), input=input or '', capture_output=True, text=True, timeout=timeout,
                             errors='backslashreplace', env={**os.environ, **env} if env else None)
    if check and process.returncode != 0:
        raise Failed(argv, process)
    return process


def start(*argv, user=None, **options):
    """Starts a command and returns its subprocess.Popen; for what runs beside the test. Text, output piped."""
    return subprocess.Popen(_as_user([str(a) for a in argv], user), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **options)


def mserverctl(*argv, **options):
    """Runs mserverctl and returns what it printed; options are those of run()."""
    return run('mserverctl', *argv, **options).stdout


def mserverctl_json(*argv, **options):
    """Runs mserverctl --json=short and returns what it printed, parsed."""
    return json.loads(mserverctl('--json=short', *argv, **options))


def docker(*argv, **options):
    """Runs docker and returns what it printed."""
    return run('docker', *argv, **options).stdout


def systemctl(*argv, **options):
    """Runs systemctl and returns what it printed."""
    return run('systemctl', *argv, **options).stdout


def unit_property(unit, name):
    """The value of a property of a systemd unit, as text."""
    return systemctl('show', '--value', '--property', name, unit).strip()


# Waiting

def wait_for(condition, what, deadline=DEADLINE):
    """Calls condition until it returns something true, and returns that. Raises AssertionError, saying what was waited
    for and the last value or error, when that takes more than deadline seconds. It leaves most of the processor to what it
    waits for: a question that takes long, as one of a program that is started for it, is asked less often."""
    end, last = time.monotonic() + deadline, None
    while True:
        asked = time.monotonic()
        try:
            last = condition()
            if last:
                return last
        except (Failed, BusError, OSError) as e:
            last = e
        now = time.monotonic()
        if now >= end:
            raise AssertionError(f'{what}: not within {deadline} s; last: {last!r}')
        time.sleep(min(max(0.02, 3 * (now - asked)), 0.25, end - now))


class Lines:
    """The lines that a command prints, as they come. A context manager: the command ends with it."""

    def __init__(self, *argv, user=None):
        self.argv = [str(a) for a in argv]
        self.process = start(*self.argv, user=user)
        self.seen = []
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip('\n'))
        self._lines.put(None)

    def wait(self, matches, what, deadline=DEADLINE):
        """Returns the next line for which matches(line) is true; raises AssertionError at the deadline or the end."""
        end = time.monotonic() + deadline
        while True:
            try:
                line = self._lines.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f'{what}: not within {deadline} s; seen: {self.seen[-20:]}') from None
            if line is None:
                raise AssertionError(f'{what}: {shlex.join(self.argv)} ended; seen: {self.seen[-20:]}\n'
                                     + self.process.stderr.read())
            self.seen.append(line)
            if matches(line):
                return line

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# D-Bus

def variants(values):
    """A Python dict as busctl's arguments for a{sv}: str → s, bool → b, int → u; (signature, value) for any other."""
    argv = [str(len(values))]
    for key, value in values.items():
        if isinstance(value, tuple):
            signature, value = value
        else:
            signature = {str: 's', bool: 'b', int: 'u'}[type(value)]
        argv += [key, signature, str(value).lower() if signature == 'b' else str(value)]
    return argv


def bus(path, interface, method, signature='', *args, service='org.mserver1', user=None, deadline=60):
    """Calls a D-Bus method and returns the list of its results. An argument that is a dict is an a{sv} (variants()).
    Raises BusError. Nobody is there to answer a password prompt."""
    argv = ['busctl', '--json=short', f'--timeout={deadline}', 'call', service, path, interface, method]
    if signature:
        argv.append(signature)
    for arg in args:
        if isinstance(arg, dict):
            argv += variants(arg)
        else:
            argv.append(str(arg).lower() if isinstance(arg, bool) else str(arg))

    # busctl prints the message of an error, but its name only while debugging.
    process = run('env', 'SYSTEMD_LOG_LEVEL=debug', *argv, user=user, check=False, timeout=deadline + 5)
    if process.returncode == 0:
        return json.loads(process.stdout)['data'] if process.stdout.strip() else []
    names = re.findall(r'error-name=(\S+)', process.stderr)
    message = re.findall(r'^Call failed: (.*)$', process.stderr, re.MULTILINE)
    if not message:
        raise Failed(argv, process)
    raise BusError(names[-1] if names else 'unknown', message[-1])


def manager(method, signature='', *args, **options):
    """Calls a method of org.mserver1.Manager: manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'status', {}, {})."""
    return bus('/org/mserver1', 'org.mserver1.Manager', method, signature, *args, **options)


def get_property(path, interface, name, service='org.mserver1', user=None):
    """The value of a D-Bus property."""
    result = run('busctl', '--json=short', 'get-property', service, path, interface, name, user=user)
    return json.loads(result.stdout)['data']


class BusMonitor(Lines):
    """All messages from or to a service, unicast signals too. Ready to see them when constructed."""

    def __init__(self, service='org.mserver1'):
        super().__init__('busctl', '--json=short', 'monitor', service)
        # busctl says on stderr that it listens, after it does.
        self.process.stderr.readline()

    def signal(self, member, deadline=DEADLINE):
        """Waits for a signal of this name and returns the list of its arguments."""
        line = self.wait(lambda text: self._is_signal(text, member), f'signal {member}', deadline)
        return json.loads(line)['payload']['data']

    @staticmethod
    def _is_signal(text, member):
        message = json.loads(text)
        return message['type'] == 'signal' and message['member'] == member


# The journal

class Journal:
    """The journal from now on."""

    def __init__(self):
        run('journalctl', '--sync')
        text = run('journalctl', '--lines=0', '--show-cursor', '--quiet').stdout
        self.cursor = re.search(r'-- cursor: (\S+)', text)[1]

    def _argv(self, fields):
        # Not --after-cursor: with matches it skips the first one when the entry of the cursor is no match itself.
        return ['journalctl', '--quiet', '--output=json', '--all', f'--cursor={self.cursor}',
                *(f'{k}={v}' for k, v in fields.items())]

    def _is_new(self, line):
        return json.loads(line)['__CURSOR'] != self.cursor

    def entries(self, *options, **fields):
        """The entries so far that have all these fields; options are journalctl's."""
        run('journalctl', '--sync')
        lines = run(*self._argv(fields), *options).stdout.splitlines()
        return [json.loads(line) for line in lines if self._is_new(line)]

    def wait(self, deadline=DEADLINE, **fields):
        """The first entry with all these fields, as soon as it is there."""
        what = 'journal entry ' + ' '.join(f'{k}={v}' for k, v in fields.items())
        with Lines(*self._argv(fields), '--follow', '--no-tail') as lines:
            return json.loads(lines.wait(self._is_new, what, deadline))

    def text(self, *units):
        """What the units logged, as a reader would see it."""
        run('journalctl', '--sync')
        return run('journalctl', '--quiet', '--output=short-precise', '--no-hostname', f'--cursor={self.cursor}',
                   *(f'--unit={unit}' for unit in units)).stdout

    def warnings(self):
        """The messages of warnings and errors by and about our units."""
        ours = [f'_SYSTEMD_UNIT={u}' for u in OURS] + [f'UNIT={u}' for u in OURS]
        matches = ' + '.join(ours).split()
        # Alerts are of what lasts for minutes, and so of clients and commands of tests before; test_alerts.py looks at them.
        return [str(e.get('MESSAGE')) for e in self.entries('--priority=warning', *matches)
                if e.get('MSERVER_EVENT') != 'alert-raised']


# The nodes

class DockerSocket(http.client.HTTPConnection):
    """The Docker Engine API as the agent speaks it, for a thousandth of what a docker program costs."""

    def __init__(self):
        super().__init__('localhost', timeout=30)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect('/run/docker.sock')


class Node:
    """A container that runs the test node. Its control files are tests/lab/node/rpc.c's."""

    def __init__(self, name):
        self.name = name
        self.control = f'/srv/{name}'
        self.port = (33980 if name.startswith('3node') else 33880) + int(re.search(r'\d+$', name)[0])

    def set(self, name, content=''):
        """Writes a control file: set('syncing'), set('peers', 0), set('author_rotateKeys.delay', 500), …"""
        with open(f'{self.control}/{name}', 'w', encoding='utf-8') as f:
            f.write(str(content))

    def unset(self, name):
        """Removes a control file."""
        os.unlink(f'{self.control}/{name}')

    def events(self):
        """What really happened to it since it was created: "start", "stop", "rotate KEYS", in this order."""
        with open(f'{self.control}/events', encoding='utf-8') as f:
            return f.read().splitlines()

    def count(self, event):
        """How many of its events are of this kind."""
        return sum(line.split()[0] == event for line in self.events())

    def inspect(self, template):
        """A fact from docker, by its template: inspect('{{.State.Pid}}')."""
        return docker('inspect', '--format', template, self.name).strip()

    def state(self):
        """What docker says of it now: Running, Pid, StartedAt, …"""
        with contextlib.closing(DockerSocket()) as engine:
            engine.request('GET', f'/containers/{self.name}/json')
            return json.load(engine.getresponse())['State']

    def is_running(self):
        return self.state()['Running']

    def rpc(self, method, *params, within=()):
        """Calls the node on the loopback of its container. Returns the answer, with result or error. within: the program
        that runs curl there; docker's takes twenty times as long."""
        request = json.dumps({'jsonrpc': '2.0', 'id': 1, 'method': method, 'params': params})
        within = within or ('nsenter', f'--net=/proc/{self.state()["Pid"]}/ns/net')
        return json.loads(run(*within, 'curl', '--silent', '--show-error', '--json', request,
                              f'http://127.0.0.1:{self.port}/').stdout)

    def keystore(self):
        """The names of its key files."""
        return docker('exec', self.name, 'ls', '/root/data/chains/creditcoin3/keystore').split()

    def restore(self):
        """Running, and well: without control files but its events."""
        for path in glob.glob(f'{self.control}/*'):
            if not path.endswith('/events'):
                os.unlink(path)
        if not self.is_running():
            docker('start', self.name)
        wait_for(lambda: 'result' in self.rpc('system_health'), f'{self.name} answers')


# Test cases

class LabTest(unittest.TestCase):
    """A test in the machine. Has self.journal, from the test's beginning. A setUp of your own calls this one."""

    expected_warnings = ()  # regular expressions; for all tests of a class

    def setUp(self):
        self.journal = Journal()
        self._allowed = list(self.expected_warnings)
        self.addCleanup(self._check_warnings)

    def allow_warnings(self, *patterns):
        """From here on warnings and errors of ours whose message matches one of these are expected."""
        self._allowed += patterns

    def _check_warnings(self):
        unexpected = [m for m in self.journal.warnings() if not any(re.search(p, m) for p in self._allowed)]
        self.assertEqual(unexpected, [], 'unexpected warnings or errors in the journal')


class ServerTest(LabTest):
    """A test of the installed server and the agent of this machine, client "demo", online; the nodes are well."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not os.path.exists('/etc/mclient/token'):
            raise unittest.SkipTest('the server and the agent are not set up; "lab install" and "lab enroll" do it')

    def setUp(self):
        systemctl('reset-failed', 'mserver.socket')  # and the count of its starts: many tests may want it within seconds
        systemctl('start', 'mserver.socket', 'mserver.service', 'mclient.service')
        if client_state('demo') != 'online':
            systemctl('restart', 'mclient.service')  # after what tests before did to it, it may wait before it tries again
        for name in NODES:
            Node(name).restore()
        wait_for(lambda: client_state('demo') == 'online', 'client demo is online')
        super().setUp()


def places_of(secret):
    """Where it can be read that it should not: every process's arguments and environment, the server's state, the journal."""
    places = []
    for pattern in ('/proc/[0-9]*/cmdline', '/proc/[0-9]*/environ', '/var/lib/mserver/**', '/run/systemd/units/*'):
        for path in glob.glob(pattern, recursive=True):
            try:
                with open(path, 'rb') as f:
                    if secret.encode() in f.read():
                        places.append(path)
            except OSError:  # those of /proc come and go
                pass
    run('journalctl', '--sync')
    # As it is stored, in whichever field of whichever entry.
    if secret in run('journalctl', '--output=export', '--boot', '--all').stdout:
        places.append('the journal')
    return places


def configure_agent(case, **settings):
    """From here to the end of the test these stand in [Agent] of its configuration; an empty one takes it out."""
    os.makedirs(os.path.dirname(AGENT_DROP_IN), exist_ok=True)
    with open(AGENT_DROP_IN, 'w', encoding='utf-8') as f:
        f.write('[Agent]\n' + ''.join(f'{key}={value}\n' for key, value in settings.items()))
    case.addCleanup(_restore_agent)
    systemctl('restart', 'mclient.service')


def _restore_agent():
    if os.path.exists(AGENT_DROP_IN):
        os.unlink(AGENT_DROP_IN)
        systemctl('restart', 'mclient.service')


def client_state(client):
    """"online", "offline", or None for a client that the server does not know."""
    return {row[0]: row[2] for row in manager('ListClients')[0]}.get(client)
