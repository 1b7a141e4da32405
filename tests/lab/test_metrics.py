# SPDX-License-Identifier: LGPL-2.1-or-later
"""/metrics on its own socket unit: what it says of the server, its client and that one's containers, in both formats."""
import re
import shutil
import urllib.request

from labtest import ServerTest, client_state, manager, mserverctl, run, systemctl, wait_for

URL = 'http://127.0.0.1:9723/metrics'


def scrape(accept='application/openmetrics-text'):
    """The text, and its content type."""
    with urllib.request.urlopen(urllib.request.Request(URL, headers={'Accept': accept}), timeout=30) as answer:
        return answer.read().decode(), answer.headers['Content-Type']


def value(text, series):
    """Of a line "series value"; None where there is none."""
    found = re.search('^' + re.escape(series) + r' (\S+)$', text, re.MULTILINE)
    return float(found.group(1)) if found else None


class Metrics(ServerTest):
    def setUp(self):
        super().setUp()
        self.allow_warnings(r'^closed by the server \(1001', '^the connection was cut')
        systemctl('stop', 'mserver.service')
        systemctl('start', 'mserver-metrics.socket', 'mserver.service')
        self.addCleanup(systemctl, 'start', 'mserver.service')
        self.addCleanup(systemctl, 'stop', 'mserver-metrics.socket', 'mserver.service')
        wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)

    def test_scrape(self):
        text = wait_for(lambda: (t := scrape()[0]) and value(t, 'mserver_container_running{client="demo",container="3node0"}') == 1 and t,
                        'the client has measured', 60)
        self.assertEqual(value(text, 'mserver_clients{state="online"}'), 1)
        self.assertEqual(value(text, 'mserver_client_online{client="demo"}'), 1)
        self.assertGreater(value(text, 'mserver_client_memory_used_percent{client="demo"}'), 0)
        self.assertEqual(value(text, 'mserver_series_left_out'), 0)
        count = 'mserver_command_duration_seconds_count{state="succeeded"}'
        before = value(text, count)
        manager('RunCommand', 'ssa{sv}a{sv}', 'demo', 'status', {}, {})
        self.assertEqual(value(scrape()[0], count), before + 1)

        text, kind = scrape('text/plain')
        self.assertEqual(kind, 'text/plain; version=0.0.4; charset=utf-8')
        if shutil.which('promtool'):
            self.assertEqual(run('promtool', 'check', 'metrics', input=text).stderr, '')

    def test_who_is_away_says_nothing(self):
        wait_for(lambda: 'mserver_container_running{client="demo"' in scrape()[0], 'the client has measured', 60)
        systemctl('stop', 'mclient.service')
        self.addCleanup(systemctl, 'start', 'mclient.service')
        text = wait_for(lambda: (t := scrape()[0]) and value(t, 'mserver_client_online{client="demo"}') == 0 and t, 'it is away', 60)
        self.assertNotIn('mserver_container_running{client="demo"', text)

    def test_agents_are_not_affected(self):
        self.assertEqual(len(manager('ListClients')[0]), len(mserverctl('list', '--no-legend').splitlines()))
        addresses = [a for a in run('busctl', 'get-property', 'org.mserver1', '/org/mserver1', 'org.mserver1.Manager',
                                    'ListenAddresses').stdout.split('"') if '//' in a]
        self.assertTrue(all(a.startswith('ws') for a in addresses), addresses)
