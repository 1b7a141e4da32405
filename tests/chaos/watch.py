# SPDX-License-Identifier: LGPL-2.1-or-later
"""Seeing from outside how far a command has come: in the two databases (read-only), the journal, and what the node
itself counts. The programs know nothing of it."""
import json
import os
import sqlite3
import time

from labtest import Lines

SERVER_DB, AGENT_DBS = '/var/lib/mserver/mserver.db', {'demo': '/var/lib/mclient/agent.db',
                                                      'demo2': '/var/lib/mclient-two/agent.db'}
FINAL = ('succeeded', 'failed', 'rejected', 'timed-out', 'cancelled', 'expired', 'interrupted')


def rows(path, sql, *args):
    """What a query says; None while the database cannot be asked."""
    try:
        db = sqlite3.connect(f'file:{path}?mode=ro', uri=True, timeout=5)
        try:
            return db.execute(sql, args).fetchall()
        finally:
            db.close()
    except sqlite3.Error:
        return None


def pids(unit):
    """The processes of a service, without asking systemd (which takes longer than what is waited for)."""
    try:
        with open(f'/sys/fs/cgroup/system.slice/{unit}/cgroup.procs', encoding='ascii') as f:
            return [int(line) for line in f if line.strip() != '0']
    except OSError:
        return []


def read(path):
    try:
        with open(path, encoding='utf-8') as f:
            return f.read()
    except FileNotFoundError:
        return ''


class Probe:
    """Waits for a step of the next command of a kind to a client. Made before that is asked for."""

    def __init__(self, client, container, command, step, deadline):
        self.client, self.container, self.command, self.step = client, container, command, step
        self.end = time.monotonic() + deadline
        self.after = self._newest()
        self.size = self._size()
        self.lines = None
        if step in ('requested', 'finished'):
            self.lines = Lines('journalctl', '--quiet', '--follow', '--lines=0', '--output=json',
                               f'MSERVER_EVENT=command-{step}', f'MSERVER_CLIENT={client}', f'MSERVER_COMMAND={command}')

    def _newest(self):
        return (rows(SERVER_DB, 'SELECT max(rowid) FROM commands') or [(0,)])[0][0] or 0

    def _size(self):
        name = 'count' if self.command == 'exec' else 'events'
        return len(read(f'/srv/{self.container}/{name}'))

    def _commands(self, what):
        return rows(SERVER_DB, f'SELECT id FROM commands WHERE rowid > ? AND client = ? AND command = ? AND {what}',
                    self.after, self.client, self.command)

    def _at_agent(self, what):
        ids = [i for i, in self._commands('1') or []]
        marks = ','.join('?' * len(ids))
        return ids and rows(AGENT_DBS[self.client], f'SELECT 1 FROM commands WHERE id IN ({marks}) AND {what}', *ids)

    def _is_there(self):
        final = ' OR '.join(f"state = '{s}'" for s in FINAL)
        return {'stored': lambda: self._commands('1'),
                'received': lambda: self._at_agent('1'),
                'effect': lambda: self._size() > self.size,
                'outcome': lambda: self._at_agent('state IS NOT NULL'),
                'ended': lambda: self._commands(f'({final})'),
                'settled': lambda: self._commands('phase <> 0'),
                'acknowledged': lambda: self._at_agent('acked <> 0')}[self.step]()

    def wait(self):
        """True as soon as the step has been taken, false at the deadline."""
        if self.lines:
            with self.lines:
                try:
                    self.lines.wait(lambda line: json.loads(line), self.step, max(0, self.end - time.monotonic()))
                    return True
                except AssertionError:
                    return False
        while time.monotonic() < self.end:
            if self._is_there():
                return True
            time.sleep(0.002)
        return False


def memory(unit):
    """KiB resident of the process of a unit that has the most, and how many files it has open; None: not there."""
    sizes = []
    for pid in pids(unit):
        try:
            status = read(f'/proc/{pid}/status')
            sizes.append((int(status.split('VmRSS:')[1].split()[0]), len(os.listdir(f'/proc/{pid}/fd'))))
        except (IndexError, OSError):
            pass
    return max(sizes, default=None)
