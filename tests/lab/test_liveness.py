# SPDX-License-Identifier: LGPL-2.1-or-later
"""A peer that vanished without a word is noticed within a minute."""
import time

from labtest import ServerTest, client_state, run, start, wait_for
from peers import new_id, new_token

REMOTE = '''
import json, sys, time
sys.path.insert(0, '/opt/lab')
import ssl, wsclient
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
connection = wsclient.Connection(8443, context, host='10.9.0.1')
connection.upgrade(token=sys.argv[2])
connection.send(wsclient.frame(json.dumps({'type': 'register', 'serverId': sys.argv[1], 'timestamp': 1})))
connection.sock.settimeout(None)
while True:
    connection.receive()
'''


class Vanished(ServerTest):
    def test_without_a_fin_it_is_offline_within_60_seconds(self):
        client = new_id(self)
        token = new_token(client)
        for line in ('netns add far', 'link add near type veth peer name far netns far', 'addr add 10.9.0.1/24 dev near',
                     'link set near up', '-n far addr add 10.9.0.2/24 dev far', '-n far link set far up'):
            run('ip', *line.split())
        self.addCleanup(run, 'ip', 'netns', 'delete', 'far')
        self.addCleanup(run, 'ip', 'link', 'delete', 'near')
        process = start('ip', 'netns', 'exec', 'far', 'python3', '-c', REMOTE, client, token)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        wait_for(lambda: client_state(client) == 'online', 'it is online')
        run('ip', 'link', 'set', 'near', 'down')
        begin = time.monotonic()
        wait_for(lambda: client_state(client) == 'offline', 'it is offline', 60)
        self.assertGreater(time.monotonic() - begin, 10)
        self.assertIn('MSERVER_REASON', self.journal.wait(MSERVER_EVENT='client-offline', MSERVER_CLIENT=client))
