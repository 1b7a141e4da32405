# SPDX-License-Identifier: LGPL-2.1-or-later
"""What must hold after a run, from what the callers were told, both databases, the journal and the nodes' own counts. Each
function returns the problems it found, as text."""
import collections
import glob
import hashlib
import json
import os

from labtest import Node, manager, run, systemctl
from machine import STATES, SERVER
from plan import CLIENTS
from watch import AGENT_DBS, FINAL, SERVER_DB, read, rows

MEMORY_KIB = 128 << 10  # of any of the three at any time; they need about 20 MiB
FILES = 256


def _must(path, sql, *args):
    answer = rows(path, sql, *args)
    assert answer is not None, f'{path} cannot be asked: {sql}'
    return answer


def rotated():
    """The session keys that each node has made so far, by its container."""
    return {container: [line.split()[1] for line in Node(container).events() if line.startswith('rotate')]
            for container in CLIENTS.values()}


class Evidence:
    """All that is known, read once at the end. rotated_before: rotated(), from before the run."""

    def __init__(self, journal, told, first_row, rotated_before):
        self.told = told
        self.rotated = {container: made[len(rotated_before[container]):] for container, made in rotated().items()}
        columns = 'id, client, command, container, state, phase, sent, caller_uid, error'
        self.commands = {r[0]: dict(zip(columns.split(', '), r))
                         for r in _must(SERVER_DB, f'SELECT {columns} FROM commands WHERE rowid > ?', first_row)}
        self.tags = {}
        for i, params in _must(SERVER_DB, 'SELECT id, params FROM commands WHERE rowid > ?', first_row):
            words = str(json.loads(params).get('command', '')).split()
            if len(words) > 3 and words[2].startswith("'echo"):
                self.tags[i] = words[3]
        self.ledgers = {c: {r[0]: r[1:] for r in _must(path, 'SELECT id, state, acked FROM commands')}
                        for c, path in AGENT_DBS.items()}
        self.outboxes = {c: _must(path, 'SELECT kind, id FROM outbox') for c, path in AGENT_DBS.items()}
        self.journal = collections.defaultdict(list)  # event to entries, in order
        for n, entry in enumerate(journal.entries()):
            if 'MSERVER_EVENT' in entry:
                self.journal[entry['MSERVER_EVENT']].append({**entry, 'n': n})
        self.counts = {}
        for container in CLIENTS.values():
            self.counts[container] = collections.Counter(read(f'/srv/{container}/count').split())

    def entries(self, event):
        by_id = collections.defaultdict(list)
        for entry in self.journal[event]:
            by_id[entry.get('MSERVER_COMMAND_ID')].append(entry)
        return by_id


def every_command_ended(e):
    return [f"{c['id']} {c['command']} of {c['client']} is {c['state']}, phase {c['phase']}"
            for c in e.commands.values() if c['state'] not in FINAL or c['phase'] == 0]


def effects_at_most_once(e):
    problems = [f'{tag} took effect {n} times in {container}' for container, counts in e.counts.items()
                for tag, n in counts.items() if n > 1]
    for i, tag in e.tags.items():
        c = e.commands[i]
        n = e.counts[CLIENTS[c['client']]][tag]
        if c['state'] == 'succeeded' and n != 1:
            problems.append(f'{i} ({tag}) succeeded and took effect {n} times')
        if c['sent'] == 0 and n or c['state'] in ('expired', 'rejected') and n:
            problems.append(f"{i} ({tag}) is {c['state']}, sent {c['sent']}, and took effect {n} times")
    return problems


def journal_agrees(e):
    problems = []
    requested, finished, settled = map(e.entries, ('command-requested', 'command-finished', 'command-settled'))
    for i, c in e.commands.items():
        if not requested[i]:
            problems.append(f'{i}: no command-requested')
        if len(finished[i]) != 1:
            problems.append(f'{i}: {len(finished[i])} command-finished')
            continue
        if requested[i] and requested[i][0]['n'] > finished[i][0]['n']:
            problems.append(f'{i}: command-finished before command-requested')
        if len(settled[i]) > 1:
            problems.append(f'{i}: {len(settled[i])} command-settled')
        last = (settled[i] or finished[i])[-1]
        if last['MSERVER_STATUS'] != c['state']:
            problems.append(f"{i}: the journal says {last['MSERVER_STATUS']}, the database {c['state']}")
        if settled[i] and finished[i][0]['MSERVER_STATUS'] not in ('interrupted', 'timed-out'):
            problems.append(f"{i}: settled after {finished[i][0]['MSERVER_STATUS']}")
    problems += [f'{i} is in the journal and not in the database' for i in {*requested, *finished}
                 if i and i not in e.commands]
    return problems


def callers_were_answered(e):
    problems = []
    for t in e.told:
        for client, i in t.ids.items():
            if i not in e.commands:
                problems.append(f'{t.tag} was told {i} for {client}, which is not in the database')
            elif t.state and t.state != e.commands[i]['state'] and t.state not in ('interrupted', 'timed-out'):
                problems.append(f"{t.tag}: {i} was told to be {t.state}, the database says {e.commands[i]['state']}")
        if t.error and ('imed out' in t.error or 'Timeout' in t.error and 'NoReply' not in t.error):
            problems.append(f'{t.kind} {t.tag} got no answer in {t.seconds:.0f} s: {t.error}')
    return problems


# What an agent's ledger may say where the server says something else, and that is no contradiction.
SAID_OTHERWISE = {
    (None, 'interrupted'),  # a run of the agent did not live to see the end of it
    ('cancelled', 'timed-out'),  # the server gave it up, and had it cancelled for that
}


def agents_agree(e):
    problems = []
    for client, ledger in e.ledgers.items():
        problems += [f'{client} still has {kind} of {i} in its outbox' for kind, i in e.outboxes[client]]
        for i, (state, acked) in ledger.items():
            c = e.commands.get(i)
            if not c:
                continue  # of before this run
            if not acked:
                problems.append(f"{i}: at {client} it is {state}, acknowledged {acked}; the server says {c['state']}")
            elif state != c['state'] and (state, c['state']) not in SAID_OTHERWISE:
                problems.append(f"{i}: at {client} it is {state}, the server says {c['state']}")
    return problems


def records_are_there(e):
    problems = []
    keys = {(k[0], k[1], k[2]) for k in manager('ListKeys', 'ss', '', '')[0]}
    backups = {b[2]: b for b in manager('ListBackups', 'ss', '', '')[0]}
    files = set()
    for path in glob.glob(f'{STATES[SERVER]}/session_keys/*.json'):
        with open(path, encoding='utf-8') as f:
            files.add(json.load(f)['session_key'])
    logged = {entry['MSERVER_SESSION_KEY'] for entry in e.journal['key-update']}
    for t in e.told:
        if t.state != 'succeeded':
            continue
        client, result = t.clients[0], json.loads(t.result)
        if t.kind == 'rotate_keys':
            key = result['session_key']
            for where, there in (('ListKeys', (client, CLIENTS[client], key) in keys), ('a file', key in files),
                                 ('the journal', key in logged)):
                if not there:
                    problems.append(f'the key that {t.ids[client]} made is not in {where}')
        if t.kind == 'backup_keys':
            problems += _check_backup(client, result, backups)
    for client, container in CLIENTS.items():
        made = e.rotated[container]
        asked = sum(c['client'] == client and c['command'] == 'rotate_keys' for c in e.commands.values())
        if len(set(made) & _new(made, keys)) > asked:
            problems.append(f'{container} rotated {len(made)} times for {asked} commands')
    return problems


def _new(made, keys):
    return {k for k in made if any(k == key[2] for key in keys)}


def _check_backup(client, result, backups):
    path = result['backup_file']
    record = backups.get(path) or backups.get(os.path.basename(path))
    if not record:
        return [f'{client}: the backup {path} is not in ListBackups']
    if os.path.exists(path):  # retention may have taken it
        with open(path, 'rb') as f:
            if hashlib.sha256(f.read()).hexdigest() != record[3]:
                return [f'{path} is not what its record says']
    return []


def units_are_well(_e):
    failed = systemctl('list-units', '--failed', '--plain', '--no-legend').strip()
    problems = [f'failed units: {failed}'] if failed else []
    text = run('journalctl', '--quiet', '--boot', '--grep', 'code=dumped|status=6/ABRT|Watchdog timeout', check=False,
               *(f'--unit={u}' for u in STATES)).stdout
    return problems + [f'a service died of itself: {line}' for line in text.splitlines()[:5]]


def nothing_leaked(_e, sizes):
    return [f'{unit} had {kib} KiB resident and {files} files open' for unit, (kib, files) in sizes.items()
            if kib > MEMORY_KIB or files > FILES]


def all_of(e, sizes):
    """Name of each check to what it found."""
    checks = (every_command_ended, effects_at_most_once, journal_agrees, callers_were_answered, agents_agree,
              records_are_there, units_are_well)
    found = {check.__name__: check(e) for check in checks}
    found['nothing_leaked'] = nothing_leaked(e, sizes)
    return found
