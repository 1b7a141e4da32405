#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""/metrics of the real server, on a socket that is passed to it as systemd does.

  test_metrics.py MSERVER [unittest's arguments]
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

MSERVER = sys.argv.pop(1)
CONNECTIONS_MAX = 16


class Metrics(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.address = listeners[0].getsockname()
        config = os.path.join(self.directory.name, "mserver.conf")
        with open(config, "w", encoding="ascii") as f:
            f.write("[Notify ops]\nType=webhook\nUrl=http://127.0.0.1:9/s3cret\n")
        self.pid = os.fork()
        if self.pid == 0:
            fds = [os.dup(listener.fileno()) for listener in listeners]
            for i, fd in enumerate([os.dup(fd) for fd in fds]):
                os.dup2(fd, 3 + i, inheritable=True)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="metrics:plain",
                              DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nowhere")
            os.execv(MSERVER, [MSERVER, "--config", config, "--state-directory", os.path.join(self.directory.name, "state")])
        self.addCleanup(self.stop)
        for listener in listeners:
            listener.close()

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), 0)

    def ask(self, request):
        """The head and the body of the answer; it ends the connection."""
        with socket.create_connection(self.address, timeout=60) as s:
            s.sendall(request)
            answer = b"".join(iter(lambda: s.recv(65536), b""))
        head, _, body = answer.decode().partition("\r\n\r\n")
        return head, body

    def test_both_formats(self):
        head, body = self.ask(b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: application/openmetrics-text;version=1.0.0;q=0.8\r\n\r\n")
        self.assertTrue(head.startswith("HTTP/1.1 200 OK\r\n"), head)
        self.assertIn("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8", head)
        self.assertIn(f"Content-Length: {len(body.encode())}", head)
        self.assertTrue(body.endswith("\n# EOF\n"))
        self.assertIn('\nmserver_notices_total{target="ops",outcome="sent"} 0\n', body)
        self.assertIn('\nmserver_notices_waiting{target="ops"} 0\n', body)
        self.assertNotIn("s3cret", body)
        self.assertIn('\nmserver_clients{state="online"} 0\n', body)
        self.assertIn("\n# TYPE mserver_samples counter\nmserver_samples_total 0\n", body)
        self.assertIn('\nmserver_command_duration_seconds_bucket{state="succeeded",le="+Inf"} 0\n', body)

        head, body = self.ask(b"GET /metrics?x=1 HTTP/1.0\r\nX: application/openmetrics-text\r\n\r\n")
        self.assertIn("Content-Type: text/plain; version=0.0.4; charset=utf-8", head)
        self.assertIn("\n# TYPE mserver_samples_total counter\n", body)
        self.assertNotIn("# EOF", body)
        if shutil.which("promtool"):
            checked = subprocess.run(["promtool", "check", "metrics"], input=body, text=True, capture_output=True, check=False)
            self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_nothing_else(self):
        for request, status in ((b"GET / HTTP/1.1\r\n\r\n", "404"), (b"GET /metricsx HTTP/1.1\r\n\r\n", "404"),
                                (b"POST /metrics HTTP/1.1\r\n\r\n", "405"), (b"\x16\x03\x01\r\n\r\n", "405"),
                                (b"GET /\0metrics", "400"), (b"x" * 8191, "431")):
            with self.subTest(request=request[:20]):
                self.assertTrue(self.ask(request)[0].startswith(f"HTTP/1.1 {status} "))

    def test_piece_by_piece_and_many(self):
        idle = [socket.create_connection(self.address, timeout=60) for _ in range(CONNECTIONS_MAX - 1)]
        for s in idle:
            s.sendall(b"GET /metr")
        head, _ = self.ask(b"GET /metrics HTTP/1.1\r\n\r\n")
        self.assertIn(" 200 ", head)
        idle[0].sendall(b"ics HTTP/1.1\r\n\r")
        idle[0].sendall(b"\n")
        self.assertTrue(idle[0].recv(100).startswith(b"HTTP/1.1 200"))
        for s in idle:
            s.close()
        self.assertIn(" 200 ", self.ask(b"GET /metrics HTTP/1.1\r\n\r\n")[0])


if __name__ == "__main__":
    unittest.main()
