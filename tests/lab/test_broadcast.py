# SPDX-License-Identifier: LGPL-2.1-or-later
"""A broadcast to a fleet of 5,000 over TLS: nothing of its audit is dropped by a journald as it comes, and it is counted."""
import os
import subprocess
import unittest

from labtest import ServerTest, get_property, manager, run, wait_for

FLEET, CALLS = '/usr/lib/mserver-lab/bench-fleet', '/usr/lib/mserver-lab/bench-calls'
SIZE = 5000


@unittest.skipUnless(os.path.exists(FLEET), '"lab install" has put no simulated fleet here')
class Broadcast(ServerTest):
    def count(self, event, batch):
        return len(self.journal.entries('--output-fields=MESSAGE', MSERVER_EVENT=event, MSERVER_BATCH_ID=batch))

    def test_every_command_is_audited_twice(self):
        self.addCleanup(run, 'bash', '-c', 'mserverctl --json=short list "sim-*" | jq -r ".[].client" | '
                        'xargs -r -n 500 mserverctl forget', timeout=100)
        tokens = run(CALLS, 'tokens', SIZE, timeout=100).stdout
        with subprocess.Popen([FLEET, '8443', str(SIZE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as fleet:
            fleet.stdin.write(tokens)
            fleet.stdin.flush()
            self.assertEqual(fleet.stdout.readline(), 'ready\n')
            batch, path, sent = manager('Broadcast', 'ssa{sv}a{sv}', 'sim-*', 'status', {}, {})
            self.assertEqual(len(sent), SIZE)
            wait_for(lambda: self.count('command-finished', batch) >= SIZE, 'every end is in the journal', 60)
            for event in ('command-requested', 'command-finished'):
                with self.subTest(event=event):
                    self.assertEqual(self.count(event, batch), SIZE)
            self.assertGreaterEqual(get_property('/org/mserver1', 'org.mserver1.Manager', 'ClientsOnline'), SIZE)
            fleet.stdin.close()
