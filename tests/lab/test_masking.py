# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secrets that people put into commands do not reach the journal: neither as parameters nor in what programs say of them,
whoever sends them and however that ends."""
import secrets
import subprocess

from labtest import OURS, BusError, ServerTest, manager, mserverctl, run, start
from peers import Peer

# The words of a mnemonic phrase, of lengths as they have; never one of the real list's that stands in an explanation.
WORDS = ['bottom', 'drive', 'obey', 'lake', 'curtain', 'smoke', 'basket', 'hold', 'race', 'lonely', 'fit', 'walk']


def secret():
    """One that is nowhere else."""
    return 'S3cr' + secrets.token_hex(8)


def forms():
    """Name to (the secret, the words of a command line that has it)."""
    phrase = WORDS[:]
    secrets.SystemRandom().shuffle(phrase)
    seed = '0x' + secrets.token_hex(32)
    made = {'mnemonic': (' '.join(phrase), ['key', 'insert', ' '.join(phrase)]),
            'mnemonic in words': (' '.join(phrase), ['key', 'insert', *phrase]),
            'mnemonic with a path': (' '.join(phrase), ['key', 'insert', f'{" ".join(phrase)}//stash']),
            'seed': (seed[2:], ['key', 'insert', seed])}
    for name, words in {'--suri': ['key', 'insert', '--suri', '{}'], '--suri=': ['key', 'insert', '--suri={}'],
                        '--password': ['login', '--password', '{}'], '--password=': ['login', '--password={}'],
                        'PASSWORD=': ['env', 'PASSWORD={}', 'login'], 'PASSWORD= alone': ['DB_PASSWORD={}', 'login'],
                        'token': ['curl', '--token', '{}'], 'header': ['curl', '-H', 'Authorization: Bearer {}'],
                        'header in words': ['curl', 'Authorization:', 'Bearer', '{}'],
                        'URL': ['curl', 'https://me:{}@example.com/'], 'JSON': ['curl', '--data', '{{"password":"{}"}}'],
                        'shell': ['sh', '-c', 'login --password {}; exit 3'], '--seed': ['key', '--seed', '{}'],
                        'api key': ['curl', '-H', 'X-Api-Key: {}'], 'private key': ['key', '--private-key', '{}'],
                        }.items():
        value = secret()
        made[name] = (value, [word.format(value) if '{' in word else word for word in words])
    return made


def quoted(words):
    return ' '.join("'" + word + "'" for word in words)


class Masking(ServerTest):
    expected_warnings = (' failed after ', ' denied to uid ', ' rejected after ')

    def journal_text(self):
        """All of ours since the test began: every field of every entry."""
        ours = ' + '.join(f'_SYSTEMD_UNIT={unit}' for unit in OURS).split()
        run('journalctl', '--sync')
        return run('journalctl', '--quiet', '--all', '--output=export', f'--cursor={self.journal.cursor}', *ours).stdout

    def assert_hidden(self, hidden, entries):
        text = self.journal_text()
        for name, value in hidden.items():
            with self.subTest(form=name):
                for part in (value, *(value.split() if ' ' in value else ())):
                    lines = [line for line in text.splitlines() if part in line]
                    if part != value:  # words of a phrase are words of the language, too
                        lines = [line for line in lines if line.startswith('MSERVER_PARAMS=')]
                    self.assertEqual(lines, [])
        self.assertGreaterEqual(text.count('MSERVER_PARAMS='), entries)
        self.assertIn('***', text)

    def test_of_commands_over_the_bus(self):
        all_forms = forms()
        for value, words in all_forms.values():
            manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'exec', {'container': '3node0', 'command': quoted(words)}, {})
        self.assert_hidden({name: value for name, (value, _) in all_forms.items()}, len(all_forms))

    def test_of_commands_that_are_denied(self):
        all_forms = forms()
        for value, words in all_forms.values():
            with self.assertRaises(BusError):
                manager('SendCommand', 'ssa{sv}a{sv}', 'demo', 'exec', {'container': '3node0', 'command': quoted(words)}, {},
                        user='guest')
        self.assert_hidden({name: value for name, (value, _) in all_forms.items()}, len(all_forms))

    def test_of_the_command_line_and_of_broadcasts(self):
        all_forms = forms()
        for value, words in all_forms.values():
            run('mserverctl', 'send', 'demo', 'exec', '3node0', *words, check=False)
        for name in ('--suri', 'mnemonic in words'):
            run('mserverctl', 'broadcast', '--yes', 'exec', '3node0', *all_forms[name][1], check=False)
        self.assert_hidden({name: value for name, (value, _) in all_forms.items()}, len(all_forms) + 2)

    def test_of_parameters_by_their_names(self):
        peer = Peer(self, register=False)
        peer.register(commands=['payout'], features=['progress'])
        hidden = {name: secret() for name in ('password', 'token', 'apiKey', 'wallet_passphrase', 'secret_seed')}
        for name, value in hidden.items():
            manager('SendCommand', 'ssa{sv}a{sv}', peer.id, 'payout', {'container': '3node0', name: value}, {})
            command = peer.hear('command')
            self.assertEqual(command['data']['params'][name], value)
            peer.answer(command, 'failed', error=f'payout: --{name} {value} is wrong')
        self.assert_hidden(hidden, len(hidden))

    def test_of_tokens(self):
        value = mserverctl('token', '--replace', 'masking-1').strip()
        self.addCleanup(manager, 'ForgetClient', 's', 'masking-1')
        self.addCleanup(manager, 'RevokeClient', 's', 'masking-1')
        with start('curl', '--insecure', '--silent', '-H', f'Authorization: Token {value}x',
                   'https://localhost:8443/ws/monitoring/') as process:
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
        self.assertNotIn(value, self.journal_text())
