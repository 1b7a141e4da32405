# SPDX-License-Identifier: LGPL-2.1-or-later
"""/metrics on its own socket unit: what it says of the server, its client and that one's containers, in both formats, and
what a Prometheus makes of it with the rules that we ship."""
import json
import os
import re
import tempfile
import urllib.parse
import urllib.request

from labtest import Lines, ServerTest, client_state, manager, mserverctl, run, systemctl, wait_for

URL = 'http://127.0.0.1:9723/metrics'
RULES = '/usr/share/mserver/monitoring/mserver.rules.yml'
PROMETHEUS = '127.0.0.1:9790'


def scrape(accept='application/openmetrics-text'):
    """The text, and its content type."""
    with urllib.request.urlopen(urllib.request.Request(URL, headers={'Accept': accept}), timeout=30) as answer:
        return answer.read().decode(), answer.headers['Content-Type']


def value(text, series):
    """Of a line "series value"; None where there is none."""
    found = re.search('^' + re.escape(series) + r' (\S+)$', text, re.MULTILINE)
    return float(found.group(1)) if found else None


def agent_is_online():
    wait_for(lambda: client_state('demo') == 'online', 'the agent is back', 60)


class MetricsTest(ServerTest):
    """The server with its socket for /metrics. At the end it is stopped only while the agent is connected: one that is about to
    connect would find nobody, and warn of that."""

    def setUp(self):
        super().setUp()
        self.allow_warnings(r'^closed by the server \(1001', '^the connection was cut', 'next try in ')
        # As the manual says it: an agent that comes back meanwhile would have mserver.socket start the service.
        systemctl('stop', 'mserver.socket', 'mserver.service')
        self.addCleanup(self.put_back)
        systemctl('start', 'mserver-metrics.socket', 'mserver.socket', 'mserver.service')
        agent_is_online()

    @staticmethod
    def put_back():
        systemctl('start', 'mserver.service', 'mclient.service')
        agent_is_online()
        systemctl('stop', 'mserver-metrics.socket', 'mserver.service')
        systemctl('start', 'mserver.service')
        agent_is_online()


class Metrics(MetricsTest):
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
        self.assertEqual(run('promtool', 'check', 'metrics', input=text).stderr, '')

    def test_who_is_away_says_nothing(self):
        wait_for(lambda: 'mserver_container_running{client="demo"' in scrape()[0], 'the client has measured', 60)
        systemctl('stop', 'mclient.service')
        text = wait_for(lambda: (t := scrape()[0]) and value(t, 'mserver_client_online{client="demo"}') == 0 and t, 'it is away', 60)
        self.assertNotIn('mserver_container_running{client="demo"', text)

    def test_agents_are_not_affected(self):
        self.assertEqual(len(manager('ListClients')[0]), len(mserverctl('list', '--no-legend').splitlines()))
        addresses = [a for a in run('busctl', 'get-property', 'org.mserver1', '/org/mserver1', 'org.mserver1.Manager',
                                    'ListenAddresses').stdout.split('"') if '//' in a]
        self.assertTrue(all(a.startswith('ws') for a in addresses), addresses)


class Prometheus:
    """One that scrapes the server and evaluates the shipped rules, each second. A context manager."""

    def __init__(self, directory):
        self.config = os.path.join(directory, 'prometheus.yml')
        with open(self.config, 'w', encoding='utf-8') as f:
            json.dump({'global': {'scrape_interval': '1s', 'scrape_timeout': '1s', 'evaluation_interval': '1s'},
                       'rule_files': [RULES],
                       'scrape_configs': [{'job_name': 'mserver', 'static_configs': [{'targets': ['127.0.0.1:9723']}]}]}, f)
        self.argv = ['prometheus', f'--config.file={self.config}', f'--storage.tsdb.path={directory}/data',
                     f'--web.listen-address={PROMETHEUS}']

    def __enter__(self):
        self.process = Lines('sh', '-c', 'exec "$@" 2>&1', 'sh', *self.argv)
        self.process.wait(lambda line: 'Server is ready' in line, 'Prometheus is ready', 60)
        return self

    def __exit__(self, *_):
        self.process.close()

    @staticmethod
    def ask(path, **query):
        with urllib.request.urlopen(f'http://{PROMETHEUS}/api/v1/{path}?{urllib.parse.urlencode(query)}', timeout=30) as answer:
            return json.load(answer)['data']

    def query(self, expression):
        """The value of the one series that it gives; None: none."""
        result = self.ask('query', query=expression)['result']
        return float(result[0]['value'][1]) if result else None

    def rules(self):
        """Name to rule, once all have been evaluated."""
        return {r['name']: r for group in self.ask('rules')['groups'] for r in group['rules']}


class RealPrometheus(MetricsTest):
    def test_it_scrapes_and_evaluates_our_rules(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        prometheus = Prometheus(directory.name)
        run('promtool', 'check', 'config', prometheus.config)  # the rules as well
        with prometheus:
            wait_for(lambda: prometheus.query('up{job="mserver"}') == 1, 'it has scraped', 60)
            wait_for(lambda: prometheus.query('mserver_client_online{client="demo"}') == 1, 'it knows of the client')
            rules = wait_for(lambda: (r := prometheus.rules()) and all(x['health'] != 'unknown' for x in r.values()) and r,
                             'all rules have been evaluated', 60)
            self.assertEqual({name: r.get('lastError') for name, r in rules.items() if r['health'] != 'ok'}, {})
            self.assertEqual(rules['ClientOffline']['state'], 'inactive')

            systemctl('stop', 'mclient.service')
            alert = wait_for(lambda: prometheus.rules()['ClientOffline']['alerts'], 'the rule notices', 60)[0]
            self.assertEqual((alert['state'], alert['labels']['client']), ('pending', 'demo'))
