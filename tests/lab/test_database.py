# SPDX-License-Identifier: LGPL-2.1-or-later
"""A database that a program cannot use: it says so, what to do, and leaves it as it is."""
import contextlib
import os
import shutil
import sqlite3

from labtest import ServerTest, client_state, run, systemctl, wait_for

DATABASES = {'mserver.service': '/var/lib/mserver/mserver.db', 'mclient.service': '/var/lib/mclient/agent.db'}
SUFFIXES = ('', '-wal', '-shm')
KEPT = '/run/kept.db'


def read(path):
    with open(path, 'rb') as f:
        return f.read()


class Database(ServerTest):
    expected_warnings = ('cannot open', 'is damaged', 'newer version', 'Failed', 'exited', 'next try in', 'does not answer')

    def assert_refused(self, unit, spoil, *reasons):
        """spoil(path) makes the database what it must not be; the unit then says all of these, and the file stays."""
        path = DATABASES[unit]
        systemctl('stop', 'mserver.socket', unit)
        owner = os.stat(path)
        self.addCleanup(systemctl, 'reset-failed', unit, check=False)
        try:
            shutil.copy2(path, KEPT)
            for suffix in SUFFIXES[1:]:
                self.assertFalse(os.path.exists(path + suffix), 'it was stopped cleanly')
            spoil(path)
            os.chown(path, owner.st_uid, owner.st_gid)
            spoilt = read(path)
            run('systemctl', 'start', unit, check=False)
            for reason in reasons:
                wait_for(lambda reason=reason: any(path in m and reason in m for m in self.journal.warnings()),
                         f'the journal says "{reason}"')
                wait_for(lambda reason=reason: reason in run('systemctl', 'status', '--lines=0', '--full', unit, check=False).stdout,
                         f'systemctl status says "{reason}"')
            self.assertEqual(read(path), spoilt)
        finally:
            systemctl('stop', unit, check=False)
            for suffix in SUFFIXES:
                if os.path.exists(path + suffix):
                    os.unlink(path + suffix)
            shutil.copy2(KEPT, path)
            os.chown(path, owner.st_uid, owner.st_gid)
            systemctl('start', 'mserver.socket', unit)
        wait_for(lambda: client_state('demo') == 'online', 'with its own database it is back', 60)

    @staticmethod
    def garbage(path):
        with open(path, 'wb') as f:
            f.write(os.urandom(10 << 20))

    @staticmethod
    def pages(path):
        """10 MB in the middle: the file's header is good."""
        with open(path, 'r+b') as f:
            f.seek(8192)
            f.write(os.urandom(10 << 20))

    @staticmethod
    def newer(path):
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute('PRAGMA user_version = 99')
            db.commit()

    def test_garbage(self):
        for unit in DATABASES:
            with self.subTest(unit=unit):
                self.assert_refused(unit, self.garbage, 'file is not a database', 'restore a backup, or move the file away')

    def test_damaged_pages(self):
        for unit in DATABASES:
            with self.subTest(unit=unit):
                self.assert_refused(unit, self.pages, 'restore a backup, or move the file away')

    def test_newer(self):
        for unit in DATABASES:
            with self.subTest(unit=unit):
                self.assert_refused(unit, self.newer, 'was written by a newer version of this program')
