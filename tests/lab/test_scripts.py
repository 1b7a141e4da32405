# SPDX-License-Identifier: LGPL-2.1-or-later
"""payout and commands of the operator's own: scripts that count their effects, run by the real socket and sandbox."""
import json
import os
import pwd
import shutil
import signal
import subprocess

from labtest import (BusError, Failed, ServerTest, bus, client_state, get_property, manager, mserverctl, run, systemctl,
                     unit_property, wait_for)
from test_polkit import DENIED, RULES

AGENT, SOCKET = 'mclient.service', 'mclient-script.socket'
COMMAND = 'org.mserver1.Command'
PLACE = '/srv/scripts'
DROP_IN = '/etc/mclient/mclient.conf.d/90-scripts.conf'
UNIT_DROP_IN = '/run/systemd/system/mclient-script@.service.d/50-lab.conf'

CONFIG = f'''[Command payout]
Exec={PLACE}/payout
Parameter.era=[0-9]{{1,6}}
Parameter.how=[a-z]*
Parameter.memo=.*
Parameter.token=[a-z]+
Optional=era how memo token
Timeout=10min
OutputMax=10K

[Command reindex]
Exec={PLACE}/payout
Parameter.how=[a-z]*
Optional=how
User=payer
Container=no

[Command brief]
Exec={PLACE}/payout
Parameter.how=[a-z]*
Timeout=500ms
'''

SCRIPT = f'''#!/bin/sh
echo "$MCLIENT_COMMAND_ID" >>{PLACE}/effects/runs
case $MCLIENT_PARAM_HOW in
wait) echo signing; until test -e {PLACE}/go; do sleep 0.05; done; echo "done" | tee -a {PLACE}/effects/ends ;;
print) yes 0123456789abcdef | head -c 50000; echo end >>{PLACE}/effects/ends ;;
fail) echo "no funds" >&2; exit 4 ;;
sandbox)
    for f in /etc/mclient/x /usr/x /var/lib/mclient/x /var/lib/mclient-script/x {PLACE}/x /root/x /home/oper/x; do
        (echo >"$f") 2>/dev/null && echo "wrote $f"
    done
    echo >/tmp/private && echo "tmp is there"
    ls /var/lib/mclient-script 2>&1 | head -n 1
    grep -E '^(CapEff|CapPrm|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status ;;
secret) cat "$CREDENTIALS_DIRECTORY/signer" ;;
*) id -un; for a; do printf '<%s>' "$a"; done; echo; env | grep ^MCLIENT_ | sort ;;
esac
'''


def effects(name):
    try:
        with open(f'{PLACE}/effects/{name}', encoding='ascii') as f:
            return f.read().split()
    except FileNotFoundError:
        return []


def send(command='payout', params=None, **options):
    """The id and object of a command."""
    return manager('SendCommand', 'ssa{sv}a{sv}', 'demo', command, params or {}, options)


class Scripts(ServerTest):
    """What the agent offers is declared in a drop-in, and the script counts its effects in a directory of its own."""
    expected_warnings = ('^demo: payout', '^demo: reindex', '^demo: brief')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            pwd.getpwnam('payer')
        except KeyError:
            run('useradd', '--system', 'payer')
        os.makedirs(f'{PLACE}/effects', exist_ok=True)
        os.chmod(f'{PLACE}/effects', 0o777)
        cls.write(f'{PLACE}/payout', SCRIPT, 0o755)
        cls.write(DROP_IN, CONFIG)
        cls.write(UNIT_DROP_IN, f'[Service]\nReadWritePaths={PLACE}/effects\n')
        systemctl('daemon-reload')
        systemctl('restart', AGENT)
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 30)

    @classmethod
    def tearDownClass(cls):
        for path in (DROP_IN, UNIT_DROP_IN):
            os.unlink(path)
        shutil.rmtree(PLACE)
        systemctl('daemon-reload')
        systemctl('restart', AGENT)
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 30)
        super().tearDownClass()

    @staticmethod
    def write(path, text, mode=0o644):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(path, mode)

    def setUp(self):
        super().setUp()
        for path in ('go', 'effects/runs', 'effects/ends'):
            if os.path.exists(f'{PLACE}/{path}'):
                os.unlink(f'{PLACE}/{path}')
        self.addCleanup(self.release)

    def release(self):
        """Those that wait go on, and all are over."""
        with open(f'{PLACE}/go', 'w', encoding='ascii'):
            pass
        wait_for(lambda: not self.instances(), 'no script runs', 30)

    def instances(self):
        lines = systemctl('list-units', '--plain', '--no-legend', '--state=active', 'mclient-script@*').splitlines()
        return [line.split()[0] for line in lines]

    def start_waiting(self, command='payout', **params):
        """Of a command that waits until release(): its id and object, when the script runs."""
        id, path = send(command, {'how': 'wait', **params})
        wait_for(lambda: id in effects('runs'), 'the script runs')
        return id, path

    def wait_end(self, id, status):
        end = self.journal.wait(40, MSERVER_EVENT='command-finished', MSERVER_COMMAND_ID=id)
        self.assertEqual(end['MSERVER_STATUS'], status, end.get('MSERVER_ERROR'))
        return end.get('MSERVER_ERROR', '')

    @staticmethod
    def result(path):
        return json.loads(bus(path, COMMAND, 'GetResult')[1])

    def refused(self, *argv):
        with self.assertRaises(Failed) as caught:
            mserverctl('send', 'demo', *argv)
        return caught.exception.stderr


class Payout(Scripts):
    def test_it_runs_once_with_its_parameters(self):
        text = mserverctl('send', 'demo', 'payout', '3node0', 'era=1234', '-p', 'memo=a "b" $(reboot); `id` | x')
        self.assertEqual(text.splitlines()[0], 'mclient')
        self.assertIn('<--era=1234><--memo=a "b" $(reboot); `id` | x>', text)
        self.assertIn('MCLIENT_CONTAINER=3node0\nMCLIENT_PARAM_ERA=1234\n', text)
        self.assertEqual(len(effects('runs')), 1)
        asked = self.journal.wait(MSERVER_EVENT='command-requested', MSERVER_COMMAND='payout')
        self.assertEqual(asked['MSERVER_CONTAINER'], '3node0')
        self.assertEqual(json.loads(asked['MSERVER_PARAMS'])['era'], '1234')

    def test_secrets_are_masked_in_the_journal(self):
        mserverctl('send', 'demo', 'payout', '3node0', 'token=hunter')
        asked = self.journal.wait(MSERVER_EVENT='command-requested', MSERVER_COMMAND='payout')
        self.assertEqual(json.loads(asked['MSERVER_PARAMS'])['token'], '***')

    def test_what_is_not_as_declared_is_refused(self):
        for words, text in ((('era=12x',), 'era is "12x", expected all of it to match [0-9]{1,6}'),
                            (('era=1;reboot',), 'era is "1;reboot"'),
                            (('ear=1',), 'no parameter "ear" ("1") is declared, did you mean "era"?'),
                            (('to=me',), 'no parameter "to" ("me") is declared, expected era, how, memo, token')):
            self.assertIn(text, self.refused('payout', '3node0', *words))
        self.assertIn('name one: 3node0, 3node1', self.refused('payout'))
        self.assertEqual(effects('runs'), [])

    def test_its_failure_is_the_commands(self):
        with self.assertRaises(Failed) as caught:
            mserverctl('send', 'demo', 'payout', '3node0', 'how=fail')
        self.assertEqual((caught.exception.returncode, caught.exception.stdout), (4, 'no funds\n'))

    def test_two_at_once_are_refused(self):
        first, path = self.start_waiting(container='3node0')
        error = self.refused('payout', '3node0')
        self.assertIn(f'payout is not run for 3node0: payout {first} runs already', error)
        mserverctl('send', 'demo', 'payout', '3node1')
        self.release()
        self.wait_end(first, 'succeeded')
        self.assertEqual(self.result(path), {'output': 'signing\ndone\n', 'exit_code': 0})
        mserverctl('send', 'demo', 'payout', '3node0')
        self.assertEqual(len(effects('runs')), 3)

    def test_it_is_cancelled(self):
        id, path = self.start_waiting(container='3node0')
        manager('CancelCommand', 's', id)
        self.wait_end(id, 'cancelled')
        self.assertEqual(self.result(path), {'output': 'signing\n', 'exit_code': 143})
        wait_for(lambda: not self.instances(), 'nothing of it runs')

    def test_its_time_is_limited(self):
        id, _ = send('brief', {'container': '3node0', 'how': 'wait'})
        self.assertIn('timed out after 500 ms', self.wait_end(id, 'timed-out'))
        id, _ = send('payout', {'container': '3node0', 'how': 'wait'}, timeout=('t', 1000000))
        self.assertIn('timed out after 1 s', self.wait_end(id, 'timed-out'))

    def test_its_output_is_limited(self):
        id, path = send('payout', {'container': '3node0', 'how': 'print'})
        self.wait_end(id, 'succeeded')
        result = self.result(path)
        self.assertEqual((result['truncated'], len(result['output']) < 10400), (True, True))
        self.assertIn('beyond 10240 bytes output is left out', result['output'])
        self.assertEqual(effects('ends'), ['end'])

    def test_the_agent_is_killed_in_the_middle(self):
        self.allow_warnings('Main process exited', "Failed with result 'signal'", 'next try in')
        id, path = self.start_waiting(container='3node0')
        os.kill(int(unit_property(AGENT, 'MainPID')), signal.SIGKILL)
        wait_for(lambda: client_state('demo') == 'online' and unit_property(AGENT, 'ActiveState') == 'active',
                 'the agent is back', 30)
        # It goes on, and is still the only one.
        wait_for(lambda: 'runs already' in self.refused('payout', '3node0'), 'a second one is refused', 30)
        self.release()
        self.wait_end(id, 'succeeded')
        wait_for(lambda: get_property(path, COMMAND, 'State') == 'succeeded', 'it is known')
        self.assertEqual(self.result(path), {'output': 'signing\ndone\n', 'exit_code': 0})
        self.assertEqual((effects('runs'), effects('ends')), ([id], ['done']))

    def test_it_ends_while_the_agent_is_away(self):
        self.allow_warnings('next try in')
        self.addCleanup(systemctl, 'start', AGENT)
        id, path = self.start_waiting(container='3node0')
        systemctl('stop', AGENT)
        self.release()
        self.assertEqual(effects('ends'), ['done'])
        systemctl('start', AGENT)
        self.wait_end(id, 'succeeded')
        self.assertEqual(self.result(path)['output'], 'signing\ndone\n')
        self.assertEqual(effects('runs'), [id])

    def test_one_of_an_earlier_agent_is_cancelled(self):
        self.allow_warnings('next try in')
        id, _ = self.start_waiting(container='3node0')
        systemctl('restart', AGENT)
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 30)
        manager('CancelCommand', 's', id)
        self.wait_end(id, 'cancelled')
        self.assertEqual(effects('ends'), [])

    def test_the_helper_is_killed_in_the_middle(self):
        self.allow_warnings('Main process exited', "Failed with result 'signal'")
        id, _ = self.start_waiting(container='3node0')
        unit = self.instances()[0]
        os.kill(int(unit_property(unit, 'MainPID')), signal.SIGKILL)
        self.assertIn('killed in the middle', self.wait_end(id, 'interrupted'))
        self.assertEqual((effects('runs'), effects('ends')), ([id], []))

    def test_without_the_socket_nothing_is_run(self):
        self.addCleanup(systemctl, 'start', SOCKET)
        systemctl('stop', SOCKET)
        self.assertIn('not run: mclient-script.socket does not answer', self.refused('payout', '3node0'))
        self.assertEqual(effects('runs'), [])


class Sandbox(Scripts):
    def test_a_script_cannot_write_outside(self):
        text = mserverctl('send', 'demo', 'payout', '3node0', 'how=sandbox')
        self.assertNotIn('wrote', text)
        self.assertIn('tmp is there', text)
        self.assertIn('Permission denied', text)
        status = dict(line.split(':\t') for line in text.splitlines() if ':\t' in line)
        self.assertEqual({k: int(v, 16) for k, v in status.items() if k.startswith('Cap')},
                         {'CapEff': 0, 'CapPrm': 0, 'CapAmb': 0})
        self.assertEqual(status['NoNewPrivs'], '1')
        self.assertFalse(os.path.exists('/tmp/private'))

    def test_the_unit_is_what_it_says(self):
        self.start_waiting(container='3node0')
        unit, = self.instances()
        for name, value in (('NoNewPrivileges', 'yes'), ('ProtectSystem', 'strict'), ('ProtectHome', 'yes'),
                            ('PrivateTmp', 'yes'), ('PrivateDevices', 'yes'), ('KillMode', 'control-group'),
                            ('MemoryMax', str(1 << 30)), ('TasksMax', '256'), ('RestrictSUIDSGID', 'yes'),
                            ('CapabilityBoundingSet', 'cap_kill cap_setgid cap_setuid')):
            self.assertEqual(unit_property(unit, name), value, name)
        with open('/proc/self/status', encoding='ascii') as f:
            self.assertIn('CapEff', f.read())
        pid = unit_property(unit, 'MainPID')
        child = run('pgrep', '--parent', pid).stdout.split()[0]
        self.assertEqual(os.stat(f'/proc/{child}').st_uid, pwd.getpwnam('mclient').pw_uid)

    def test_only_the_agent_may_ask(self):
        st = os.stat('/run/mclient-script.sock')
        self.assertEqual((st.st_mode & 0o777, st.st_uid), (0o600, pwd.getpwnam('mclient').pw_uid))
        script = 'import socket; socket.socket(socket.AF_UNIX).connect("/run/mclient-script.sock")'
        for user in ('oper', 'guest'):
            self.assertIn('PermissionError', run('python3', '-c', script, user=user, check=False).stderr)

    def test_the_helper_believes_its_caller_nothing(self):
        """What a compromised agent could say."""
        script = ('import json, socket, struct, sys\n'
                  's = socket.socket(socket.AF_UNIX)\ns.connect("/run/mclient-script.sock")\n'
                  'd = sys.argv[1].encode()\ns.sendall(b"R" + struct.pack(">I", len(d)) + d)\n'
                  'print(s.makefile("rb").read())')
        for i, (change, text) in enumerate((
                ({'params': {'era': '1; reboot'}}, 'era is'), ({'params': {'x': '1'}}, 'is declared'),
                ({'command': 'reboot'}, 'no command'), ({'container': None}, 'container is missing'),
                ({'command': '../../bin/sh'}, 'without a valid command'))):
            request = {'id': f'evil_{i}', 'command': 'payout', 'container': '3node0', 'params': {}, 'timeout_usec': 10**7}
            answer = run('python3', '-c', script, json.dumps(request | change), user='mclient').stdout
            self.assertIn(text, answer)
        self.assertEqual(effects('runs'), [])

    def test_another_user_and_no_container(self):
        text = mserverctl('send', 'demo', 'reindex')
        self.assertEqual(text.splitlines()[0], 'payer')
        self.assertNotIn('MCLIENT_CONTAINER', text)
        self.assertIn('expected none', self.refused('reindex', '3node0'))

    def test_a_secret_reaches_the_script_alone(self):
        self.write('/run/lab-signer', 'a seed\n', 0o600)
        self.addCleanup(os.unlink, '/run/lab-signer')
        path = UNIT_DROP_IN.replace('50-lab', '60-secret')
        self.write(path, '[Service]\nLoadCredential=signer:/run/lab-signer\n')
        self.addCleanup(systemctl, 'daemon-reload')
        self.addCleanup(os.unlink, path)
        systemctl('daemon-reload')
        self.assertEqual(mserverctl('send', 'demo', 'payout', '3node0', 'how=secret'), 'a seed\n')


class Permission(Scripts):
    expected_warnings = Scripts.expected_warnings + (' denied to uid ',)

    def test_custom_commands_have_an_action_of_their_own(self):
        for command, params, action in (('payout', {'container': '3node0'}, 'payout'), ('reindex', {}, 'custom')):
            with self.assertRaises(BusError) as caught:
                manager('RunCommand', 'ssa{sv}a{sv}', 'demo', command, params, {}, user='guest')
            self.assertIn(caught.exception.name, DENIED)
            denied = self.journal.wait(MSERVER_EVENT='command-denied', MSERVER_COMMAND=command)
            self.assertEqual(denied['MSERVER_ACTION'], f'org.mserver1.command.{action}')
        self.write(RULES, 'polkit.addRule(function(action, subject) {\n'
                          '    if (action.id == "org.mserver1.command.custom" && subject.user == "guest" &&\n'
                          '        action.lookup("command") == "reindex") return polkit.Result.YES;\n});\n')
        self.addCleanup(os.unlink, RULES)
        wait_for(lambda: manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'reindex', {}, {}, user='guest'),
                 'polkit has read the rule')
        with self.assertRaises(BusError):
            manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'brief', {'container': '3node0'}, {}, user='guest')

    def test_offered_only_where_declared(self):
        commands = get_property('/org/mserver1/client/demo', 'org.mserver1.Client', 'Commands')
        self.assertEqual([c for c in commands if c in ('payout', 'reindex', 'brief')], ['payout', 'reindex', 'brief'])
        self.assertIn('reindex', mserverctl('show', 'demo'))
        self.assertEqual(mserverctl('__complete', '--', 'send', 'demo', 're').split(), ['reindex', 'restart'])
        self.addCleanup(self.write, DROP_IN, CONFIG)
        self.addCleanup(systemctl, 'restart', AGENT)
        os.unlink(DROP_IN)
        systemctl('restart', AGENT)
        self.allow_warnings('next try in')
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 30)
        self.assertIn('no command "payout"', self.refused('payout', '3node0'))
