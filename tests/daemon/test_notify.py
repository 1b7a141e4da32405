#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mserver-notify as it is, on a socket that is passed to it as systemd does, with targets that are played here, over http
and https.

  test_notify.py MSERVER-NOTIFY [unittest's arguments]
"""
import http.server
import json
import os
import queue
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAM = sys.argv.pop(1)
SECRET = "/services/T00000/B00000/s3cretS3cret"
NOTICE = {"event": "alert-raised", "id": "alert_1_0001", "severity": "critical", "kind": "container-down", "client": "seoul-1",
          "container": "3node0", "message": "노드가 <멈췄습니다>", "since_usec": 1764316408123456, "cleared_usec": 0}


class Target:
    """An HTTP server; each request is put into .requests as (path, headers, body)."""

    def __init__(self, tls=None):
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                target.requests.put((self.path, self.headers, json.loads(body)))
                target.may_answer.wait()
                status, headers, text = target.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.requests = queue.Queue()
        self.answer = (200, {}, "ok")
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.may_answer.set()
        self.server.shutdown()
        self.server.server_close()

    def next(self):
        return self.requests.get(timeout=60)


class Notify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tls_directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.tls_directory.cleanup)
        cls.cert, key = (os.path.join(cls.tls_directory.name, n) for n in ("cert.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cls.cert],
                       check=True, capture_output=True)
        cls.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.tls.load_cert_chain(cls.cert, key)

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.process = self.stream = None
        self.id = 0

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def target(self, tls=False):
        target = Target(self.tls if tls else None)
        self.addCleanup(target.close)
        return target

    def start(self, config, secrets=None):
        with open(self.path("mserver.conf"), "w", encoding="utf-8") as f:
            f.write(config)
        os.mkdir(self.path("credentials"))
        for name, secret in (secrets or {}).items():
            with open(self.path(f"credentials/notify_{name}"), "w", encoding="utf-8") as f:
                f.write(secret + "\n")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path("socket"))
        listener.listen()
        environment = {**os.environ, "LISTEN_FDS": "1", "CREDENTIALS_DIRECTORY": self.path("credentials"), "LC_ALL": "C.UTF-8",
                       "no_proxy": "*"}
        # sd_listen_fds(3) wants the id of the process that it is.
        self.process = subprocess.Popen(["sh", "-c", 'exec 3<&0 </dev/null; LISTEN_PID=$$; export LISTEN_PID; exec "$@"', "sh",
                                         PROGRAM, f"--config={self.path('mserver.conf')}"],
                                        stdin=listener.fileno(), stderr=subprocess.PIPE, text=True, env=environment)
        listener.close()
        self.addCleanup(self.stop)
        self.connect()

    def connect(self):
        if self.stream:
            self.stream.close()
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(60)
        connection.connect(self.path("socket"))
        self.stream = connection.makefile("rw", encoding="utf-8")
        connection.close()

    def stop(self):
        """Nothing of it is a secret's."""
        self.stream.close()
        self.process.terminate()
        said = self.process.communicate(timeout=60)[1]
        self.assertEqual((self.process.returncode, said), (0, ""))

    def send(self, target, *notices):
        self.id += 1
        self.stream.write(json.dumps({"id": self.id, "target": target, "notices": notices or [NOTICE]}) + "\n")
        self.stream.flush()
        return self.id

    def report(self, request=None):
        """The next report; of this request."""
        report = json.loads(self.stream.readline())
        self.assertEqual(report.pop("id"), request or self.id)
        self.assertNotIn("s3cret", json.dumps(report))
        return report

    def tell(self, target, *notices):
        self.send(target, *notices)
        return self.report()

    def test_shapes(self):
        target, secure = self.target(), self.target(tls=True)
        config = f"[Notify slack]\nType=slack\nCAFile={self.cert}\n[Notify discord]\nType=discord\nCAFile={self.cert}\n" \
                 f"[Notify telegram]\nType=telegram\nChat=-1001\nCAFile={self.cert}\n" \
                 f"[Notify hook]\nType=webhook\nUrl={target.url}/hook?x=1\n" \
                 f"[Notify am]\nType=alertmanager\nUrl=http://user:passw0rd@{target.url[7:]}/api/v2/alerts\n"
        self.start(config, {"slack": secure.url + SECRET, "discord": secure.url + "/api/webhooks/1/s3cret",
                            "telegram": secure.url + "/bot1:s3cret/sendMessage"})
        self.assertEqual(self.tell("slack"), {"outcome": "sent"})
        path, headers, body = secure.next()
        self.assertEqual((path, headers["Content-Type"]), (SECRET, "application/json"))
        self.assertRegex(headers["User-Agent"], r"^mserver/\d")
        self.assertIn("노드가 &lt;멈췄습니다&gt;", body["text"])
        self.assertEqual(self.tell("discord"), {"outcome": "sent"})
        self.assertIn("노드가 \\<멈췄습니다\\>", secure.next()[2]["content"])
        self.assertEqual(self.tell("telegram"), {"outcome": "sent"})
        path, _, body = secure.next()
        self.assertEqual((path, body["chat_id"]), ("/bot1:s3cret/sendMessage", "-1001"))
        self.assertIn("노드가 <멈췄습니다>", body["text"])
        self.assertEqual(self.tell("hook"), {"outcome": "sent"})
        path, headers, body = target.next()
        self.assertEqual((path, headers["Idempotency-Key"]), ("/hook?x=1", "alert_1_0001-raised"))
        self.assertEqual({name: body[name] for name in NOTICE}, NOTICE)
        self.assertEqual((body["instance"], body["since"]), (socket.gethostname(), "2025-11-28T07:53:28.123Z"))
        self.assertEqual(self.tell("am", NOTICE, {**NOTICE, "id": "alert_1_0002"}), {"outcome": "sent"})
        path, headers, body = target.next()
        self.assertEqual((path, headers["Authorization"][:6], len(body)), ("/api/v2/alerts", "Basic ", 2))

    def test_certificates_are_checked(self):
        secure = self.target(tls=True)
        self.start(f"[Notify system]\nType=webhook\nUrl={secure.url}\n"
                   f"[Notify other]\nType=webhook\nUrl={secure.url.replace('localhost', '127.0.0.1')}\nCAFile={self.cert}\n"
                   f"[Notify none]\nType=webhook\nUrl={secure.url}\nCAFile=/nowhere.pem\n")
        for name in ("system", "other", "none"):
            report = self.tell(name)
            self.assertEqual(report["outcome"], "later", report)
            self.assertRegex(report["error"], r"^(localhost|127\.0\.0\.1) does not answer: .*(certificate|key|CA cert)")
        self.assertTrue(secure.requests.empty())

    def test_outcomes(self):
        secure = self.target(tls=True)
        self.start(f"[Notify slack]\nType=slack\nCAFile={self.cert}\n", {"slack": secure.url + SECRET})
        for answer, report in (
                ((404, {}, "no_service"), {"outcome": "later", "error": "HTTP status 404: no_service"}),
                ((404, {}, f"no {SECRET} here"), {"outcome": "later", "error": "HTTP status 404"}),
                ((400, {}, "invalid_payload"), {"outcome": "refused", "error": "HTTP status 400: invalid_payload"}),
                ((429, {"Retry-After": "7"}, ""), {"outcome": "later", "retry_after": 7, "error": "HTTP status 429"}),
                ((302, {"Location": secure.url + "/elsewhere"}, ""), {"outcome": "later", "error": "HTTP status 302"}),
                ((204, {}, ""), {"outcome": "sent"})):
            with self.subTest(answer=answer[0]):
                secure.answer = answer
                self.assertEqual(self.tell("slack"), report)
                self.assertEqual(secure.next()[0], SECRET)
        self.assertTrue(secure.requests.empty())

    def test_however_long_an_answer_is_its_status_counts(self):
        secure = self.target(tls=True)
        self.start(f"[Notify slack]\nType=slack\nCAFile={self.cert}\n", {"slack": secure.url + SECRET})
        secure.answer = (503, {}, "x" * 70000)
        report = self.tell("slack")
        self.assertEqual((report["outcome"], report["error"][:21]), ("later", "HTTP status 503: xxxx"))
        secure.answer = (200, {}, "x" * 70000)
        self.assertEqual(self.tell("slack"), {"outcome": "sent"})

    def test_nobody_is_there(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        self.start(f"[Notify hook]\nType=webhook\nUrl=http://127.0.0.1:{port}/s3cret\n"
                   "[Notify name]\nType=webhook\nUrl=http://nowhere.invalid/s3cret\n")
        for name in ("hook", "name"):
            self.assertEqual(self.tell(name)["outcome"], "later")

    def test_one_holds_up_no_other(self):
        slow, target = self.target(), self.target()
        slow.may_answer.clear()
        self.start(f"[Notify slow]\nType=webhook\nUrl={slow.url}\n[Notify hook]\nType=webhook\nUrl={target.url}\n")
        first = self.send("slow")
        slow.next()
        self.assertEqual(self.tell("hook"), {"outcome": "sent"})
        slow.may_answer.set()
        self.assertEqual(self.report(first), {"outcome": "sent"})

    def test_a_notice_is_told_once_whoever_asks(self):
        """Servers that are killed ask again, while it is under way or afterwards."""
        target = self.target()
        target.may_answer.clear()
        self.start(f"[Notify hook]\nType=webhook\nUrl={target.url}\n")
        self.send("hook")
        target.next()
        self.connect()
        self.send("hook")
        target.may_answer.set()
        self.assertEqual(self.report(), {"outcome": "sent"})
        self.connect()
        self.assertEqual(self.tell("hook"), {"outcome": "sent"})
        self.assertEqual(self.tell("hook", {**NOTICE, "event": "alert-cleared", "cleared_usec": 1764316409123456}), {"outcome": "sent"})
        self.assertEqual(target.next()[2]["event"], "alert-cleared")
        self.assertTrue(target.requests.empty())

    def test_a_failure_is_not_remembered(self):
        target = self.target()
        target.answer = (503, {}, "")
        self.start(f"[Notify hook]\nType=webhook\nUrl={target.url}\n")
        self.assertEqual(self.tell("hook")["outcome"], "later")
        target.answer = (200, {}, "")
        self.assertEqual(self.tell("hook"), {"outcome": "sent"})

    def test_what_is_wrong_is_each_requests_answer(self):
        for config, secrets, expected in (
                ("[Notify hook]\nType=pigeon\n", {}, '[Notify hook] Type= is "pigeon": expected '),
                ("[Notify other]\nType=webhook\n", {}, "mserver-notify finds no such section"),
                ("[Notify hook]\nType=slack\n", {}, "there is no URL for [Notify hook]: put it into /etc/mserver/notify/hook"),
                ("[Notify hook]\nType=slack\nUrl=https://x/s3cret\n", {}, "[Notify hook] Url= is a secret where Type=slack"),
                ("[Notify hook]\nType=slack\n", {"hook": "http://x/s3cret"}, "/etc/mserver/notify/hook does not begin with https://"),
                ("[Notify hook]\nType=telegram\n", {}, "[Notify hook] Chat= is missing")):
            with self.subTest(expected=expected):
                self.setUp()
                self.start(config, secrets)
                report = self.tell("hook")
                self.assertEqual(report["outcome"], "later")
                self.assertIn(expected, report["error"])
                self.doCleanups()

    def test_the_end(self):
        """It ends when the server says so, and what is under way is done first."""
        target = self.target()
        target.may_answer.clear()
        self.start(f"[Notify hook]\nType=webhook\nUrl={target.url}\n")
        self.send("hook")
        target.next()
        self.stream.write('{"end":true}\n')
        self.stream.flush()
        target.may_answer.set()
        self.assertEqual(self.report(), {"outcome": "sent"})
        self.assertEqual(self.process.wait(60), 0)

    def test_nonsense_ends_the_connection(self):
        self.start("")
        self.stream.write("nonsense\n")
        self.stream.flush()
        self.assertEqual(self.stream.readline(), "")
        self.connect()
        self.assertEqual(self.tell("hook")["outcome"], "later")


if __name__ == "__main__":
    unittest.main()
