#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The WebSocket server as its peers meet it, the honest and the hostile ones. Usage: test_ws_server.py WS-ECHO"""
import os
import random
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import warnings

from wsclient import BINARY, CLOSE, PING, PONG, TEXT, Closed, Connection, frame, request

TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Server:
    """ws-echo, its ports, and what it says."""

    def __init__(self, **limits):
        self.directory = tempfile.mkdtemp()
        env = dict(os.environ, **{name: str(value) for name, value in limits.items()})
        self.process = subprocess.Popen([sys.argv[1], self.directory], stdout=subprocess.PIPE, env=env, text=True)
        self.plain = int(self.wait_for("plain ").split()[1])
        self.tls = int(self.wait_for("tls ").split()[1])

    def wait_for(self, start):
        for line in self.process.stdout:
            if line.startswith(start):
                return line.rstrip("\n")
        raise AssertionError(f"the server ended before it said: {start}")

    def context(self, **how):
        context = ssl.create_default_context(cafile=os.path.join(self.directory, "ca.pem"))
        for name, value in how.items():
            setattr(context, name, value)
        return context

    def open(self, tls=False, **how):
        connection = Connection(self.tls, self.context()) if tls else Connection(self.plain)
        connection.upgrade(**how)
        return connection

    def __enter__(self):
        return self

    def __exit__(self, failed, *what):
        if not failed:
            self.process.send_signal(signal.SIGINT)
        else:
            self.process.kill()
        status = self.process.wait(20)
        self.process.stdout.close()
        shutil.rmtree(self.directory)
        if not failed:
            assert status == 0, f"the server ended with {status}"


def shout(connection, data):
    """Says it whether or not anybody listens, and waits for the end."""
    try:
        connection.send(data)
        connection.sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    connection.wait_end()


def expect_close(connection, code, reason=None):
    try:
        while True:
            connection.receive()
    except Closed as closed:
        assert closed.code == code, f"closed with {closed}, expected {code}"
        assert reason is None or reason in closed.reason, closed
    shout(connection, frame(struct.pack("!H", code), CLOSE))


def expect_refusal(connection, status):
    got, headers, _ = connection.response()
    assert got == status, f"HTTP {got}, expected {status}"
    assert headers["connection"] == "close"
    assert connection.wait_end() == b"", "more than one answer"


def enrollment(body, token="good", size=None):
    return (f"POST /enroll HTTP/1.1\r\nHost: x\r\nAuthorization: Token {token}\r\n"
            f"Content-Length: {len(body) if size is None else size}\r\n\r\n{body}").encode()


@test
def enrolment():
    body = '{"a":1}'
    with Server() as s:
        for cut in 1, 7, 10_000:  # whole, and in pieces
            with Connection(s.tls, s.context()) as c:
                data = enrollment(body)
                for at in range(0, len(data), cut):
                    c.send(data[at:at + cut])
                status, headers, text = c.response()
                assert (status, text.decode(), headers["connection"]) == (200, body, "close"), (status, text)
                assert c.wait_end() == b""
        for data, status in (enrollment(body, "bad"), 401), (enrollment("", "bad"), 401), (enrollment("", size=5000), 413):
            with Connection(s.tls, s.context()) as c:
                c.send(data)
                expect_refusal(c, status)
        with Connection(s.plain) as c:  # a token would be read on the way
            c.send(enrollment(body))
            expect_refusal(c, 403)
        with Connection(s.tls, s.context()) as c:  # a second request has no meaning
            c.send(enrollment(body) + enrollment(body) + request())
            assert c.response()[0] == 200
            assert c.wait_end() == b""
            s.wait_for("enroll good 7")
        with Connection(s.tls, s.context()) as c:
            c.send(enrollment(body, "late"))
            assert c.response()[2].decode() == body


@test
def enrolment_nobody_waits_for():
    with Server() as s:
        with Connection(s.tls, s.context()) as c:
            c.send(enrollment("{}", "late"))
            s.wait_for("enroll late")
        s.wait_for("answered")
        with Connection(s.tls, s.context()) as c:  # a body that does not come
            c.send(enrollment("{", size=100))
        with s.open(True) as c:
            assert c.ask("/count") == "1"


@test
def echo():
    texts = ["", "hi", "안녕", "x" * 125, "y" * 126, "z" * 65535, "w" * 65536, "v" * 16384, "é" * 2_000_000]
    with Server() as s:
        for tls in False, True:
            with s.open(tls) as c:
                for text in texts:
                    assert c.ask(text) == text
                for text in texts:  # all at once
                    c.send(frame(text))
                for text in texts:
                    assert c.receive() == text
                c.send(frame(struct.pack("!H", 1000) + b"bye", CLOSE))
                expect_close(c, 1000)
            assert s.wait_for("closed") == "closed tester: closed by the client (1000)"


@test
def fragments_and_pings():
    with Server() as s, s.open(tls=True) as c:
        c.send(frame("he", TEXT, fin=False) + frame("ping", PING) + frame("", 0, fin=False))
        assert c.receive_frame() == (PONG, b"ping")
        c.send(frame("llo", 0))
        assert c.receive() == "hello"
        for byte in frame("byte by byte"):
            c.send(bytes([byte]))
        assert c.receive() == "byte by byte"


@test
def tokens():
    with Server() as s:
        for tls in False, True:
            for how in {"token": None}, {"token": "bad"}, {"scheme": "Basic"}, {"token": "x" * 300}:
                with Connection(s.tls, s.context()) if tls else Connection(s.plain) as c:
                    c.send(request(**how))
                    expect_refusal(c, 401)
        for how, status in ({"token": "often"}, 429), ({"token": "busy"}, 503), ({"path": "/x"}, 404):
            with Connection(s.plain) as c:
                c.send(request(**how))
                expect_refusal(c, status)
        for how in {"scheme": "bearer"}, {"scheme": "TOKEN"}, {"path": "/"}, {"path": "/ws/monitoring"}:
            with s.open(**how) as c:
                assert c.ask("in") == "in"


@test
def addresses():
    with Server() as s:
        for host, shown in ("127.0.0.1", "127.0.0.1"), ("::1", "::1"):
            with Connection(s.plain, host=host) as c:
                c.upgrade()
                assert s.wait_for("authorize") == f"authorize {shown} good"


@test
def tls_versions_and_ciphers():
    v = ssl.TLSVersion
    with Server() as s:
        for version in v.TLSv1_2, v.TLSv1_3:
            with Connection(s.tls, s.context(minimum_version=version, maximum_version=version)) as c:
                c.upgrade()
                assert c.ask("hi") == "hi"
                assert "GCM" in c.sock.cipher()[0] or "CHACHA20" in c.sock.cipher()[0]
        old = s.context()
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = old.maximum_version = v.TLSv1_1
        weak = s.context(maximum_version=v.TLSv1_2)
        weak.set_ciphers("ECDHE-ECDSA-AES128-SHA")
        for context in old, weak:
            try:
                Connection(s.tls, context)
                raise AssertionError("an old protocol was let in")
            except ssl.SSLError:
                pass


@test
def tls_names_alpn_tickets():
    with Server() as s:
        for name in "localhost", "127.0.0.1", "::1":
            Connection(s.tls, s.context(), name=name).sock.close()
        context = s.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with Connection(s.tls, context) as c:
            assert c.sock.selected_alpn_protocol() == "http/1.1"
        context.set_alpn_protocols(["h2"])
        try:
            Connection(s.tls, context)
            raise AssertionError("h2 alone was let in")
        except ssl.SSLError:
            pass
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            context = s.context(maximum_version=version)
            with Connection(s.tls, context) as c:
                c.upgrade()
                c.ask("hi")
                session = c.sock.session
            with Connection(s.tls, context, session=session) as c:
                c.upgrade()
                assert c.ask("again") == "again"
                assert c.sock.session_reused, version


@test
def no_plaintext_on_the_tls_port():
    with Server() as s:
        with Connection(s.tls) as c:
            c.send(request())
            assert b"HTTP" not in c.wait_end()
        with Connection(s.plain) as c:
            c.send(b"\x16\x03\x01\x00\xf4\x01\x00\x00\xf0\x03\x03" + bytes(200) + b"\r\n\r\n")
            expect_refusal(c, 400)


@test
def http_is_answered_once():
    upgrade = request(Upgrade="h2c")
    get = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"
    with Server() as s:
        # libwebsockets 4.1.6 used freed memory on these: a kept-alive GET, then an upgrade to something else.
        for first in get, get + upgrade, get + request(), upgrade, upgrade + frame("hi"):
            for tls in False, True:
                with Connection(s.tls, s.context()) if tls else Connection(s.plain) as c:
                    c.send(first)
                    try:
                        c.send(upgrade)
                    except (BrokenPipeError, ConnectionResetError):
                        pass
                    expect_refusal(c, 426)
        for data, status in (b"GET /\r\n\r\n", 400), (b"POST / HTTP/1.1\r\n\r\n", 405), (b"a" * 9000, 431):
            with Connection(s.plain) as c:
                c.send(data)
                expect_refusal(c, status)


@test
def broken_frames():
    wrong = [
        (1002, "not masked", frame("hi", masked=False)),
        (1002, "not masked", frame("", masked=False)),
        (1002, "not masked", frame("hi", PING, masked=False)),
        (1002, "reserved", frame("hi", reserved=0x40)),
        (1002, "opcode", frame("hi", 3)),
        (1002, "fragmented", frame("hi", PING, fin=False)),
        (1002, "125", b"\x89\xfe\x00\x7e" + bytes(130)),
        (1002, "continuation", frame("hi", 0)),
        (1002, "unfinished", frame("a", fin=False) + frame("b")),
        (1003, "binary", frame(b"\x00\x01", BINARY)),
        (1007, "UTF-8", frame(b"\xff\xfe")),
        (1007, "UTF-8", frame(b"\xea", fin=False) + frame(b"\xb0", 0)),
        (1009, "large", b"\x81\xff\x00\x00\x00\x00\x7f\xff\xff\xff" + bytes(4)),
        (1009, "large", frame("x" * 60_000, fin=False) + frame("x" * 60_000, 0)),
    ]
    with Server(MESSAGE_BYTES=100_000) as s:
        for tls in False, True:
            for code, reason, data in wrong:
                for cut in 0, 1, 2, len(data) // 2:  # a header in two packets is no way around the checks
                    with s.open(tls) as c:
                        c.send(frame("before") + data[:cut])
                        assert c.receive() == "before"
                        c.send(data[cut:] + frame("after"))
                        expect_close(c, code, reason)
        with s.open() as c:
            assert len(c.ask("x" * 100_000)) == 100_000
            assert c.ask("/count") == "1"


@test
def close_reaches_the_peer():
    with Server() as s:
        for tls in False, True:
            with s.open(tls) as c:
                c.send(frame("/close") + frame("ignored"))
                expect_close(c, 1008, "as you wish")
            assert s.wait_for("closed") == "closed tester: as you wish"


@test
def stop_says_going_away():
    with Server() as s:
        with s.open(tls=True) as a, s.open() as b, Connection(s.tls) as mute:
            s.process.send_signal(signal.SIGTERM)
            for c in a, b:
                try:
                    c.receive()
                    raise AssertionError("not closed")
                except Closed as closed:
                    assert (closed.code, closed.reason) == (1001, "server is stopping")
                c.send(frame(struct.pack("!H", 1001), CLOSE))
                c.wait_end()
            mute.wait_end()
        assert s.wait_for("drained")
        assert s.process.wait(10) == 0


@test
def peers_that_just_leave():
    reset = struct.pack("ii", 1, 0)
    with Server() as s:
        for tls in False, True:
            for said in b"", frame("half")[:3], frame("half", fin=False), frame("/flood 10 1000000"):
                c = s.open(tls)
                c.send(said)
                c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                c.sock.close()
                assert s.wait_for("closed").startswith("closed tester: ")
            c = s.open(tls)
            c.sock.shutdown(socket.SHUT_WR)
            c.wait_end()
            assert s.wait_for("closed") == "closed tester: closed by the peer"
        for said in b"", b"GET", b"\x16\x03\x01\x00\xff":
            for port in s.plain, s.tls:
                c = Connection(port)
                c.send(said)
                c.sock.close()
        with s.open() as c:
            while c.ask("/count") != "1":
                pass


@test
def garbage():
    noise = random.Random(5)
    with Server() as s:
        for _ in range(150):
            with Connection(noise.choice([s.plain, s.tls])) as c:
                shout(c, noise.randbytes(noise.randrange(1, 3000)))
        for _ in range(150):
            with s.open() as c:
                shout(c, noise.randbytes(noise.randrange(1, 3000)))
        with s.open() as c:
            assert c.ask("/count") == "1"


@test
def flood_without_reading():
    with Server() as s:
        for tls in False, True:
            with s.open(tls) as c:
                c.send(frame("/flood 2000 60000"))
                assert s.wait_for("refused after ")
                expect_close(c, 1013, "slowly")
        # Pings nobody reads the answers to; others are served meanwhile.
        with s.open() as c, s.open() as other:
            pings = frame(b"p" * 125, PING) * 1000
            c.sock.settimeout(0.05)
            try:
                for _ in range(500):
                    c.send(pings)
            except (TimeoutError, ConnectionResetError, BrokenPipeError):
                pass
            assert other.ask("still here") == "still here"
        with open(f"/proc/{s.process.pid}/status", encoding="ascii") as status:
            peak = int(status.read().split("VmHWM:")[1].split()[0])
        assert peak < 400_000 or "asan" in sys.argv[1], f"{peak} kB"


def expect_reset(port, host):
    try:
        with Connection(port, host=host) as c:
            assert c.wait_end() == b""
    except ConnectionResetError:
        pass  # before connect(2) returned


@test
def limits():
    with Server(CONNECTIONS=5, PER_ADDRESS=3) as s:
        first = [s.open() for _ in range(3)]
        expect_reset(s.plain, "127.0.0.1")
        others = [Connection(s.plain, host="::1") for _ in range(2)]
        for c in others:
            c.upgrade()
        expect_reset(s.plain, "::1")
        first.pop().sock.close()
        s.wait_for("closed")
        with s.open() as c:
            assert c.ask("/count") == "5"
        for c in first + others:
            c.sock.close()


@test
def new_certificates():
    with Server() as s:
        def serial():
            with Connection(s.tls, s.context()) as c:
                return c.sock.getpeercert()["serialNumber"]

        before = serial()
        with s.open(tls=True) as c:
            os.unlink(os.path.join(s.directory, "cert.pem"))
            assert c.ask("/reload") == "done"
            after = serial()
            assert before != after and after == serial()
            assert c.ask("sessions go on") == "sessions go on"


@test
def many_at_once():
    with Server() as s:
        all_of_them = [s.open(tls=i % 2 == 0) for i in range(100)]
        for i, c in enumerate(all_of_them):
            c.send(frame(f"from {i}") * 20)
        for i, c in enumerate(all_of_them):
            for _ in range(20):
                assert c.receive() == f"from {i}"
        for c in all_of_them:
            c.sock.close()


@test
def idle_server_sleeps():
    with Server() as s:
        def switches():
            with open(f"/proc/{s.process.pid}/status", encoding="ascii") as status:
                return int(status.read().split("\nvoluntary_ctxt_switches:")[1].split()[0])

        with s.open() as c:
            c.ask("hi")
        s.wait_for("closed")
        before, deadline = switches(), time.monotonic() + 1.5
        while time.monotonic() < deadline:
            time.sleep(0.1)
        assert switches() - before <= 3


def main():
    print(f"1..{len(TESTS)}", flush=True)
    failed = 0
    for n, function in enumerate(TESTS, 1):
        begun = time.monotonic()
        try:
            function()
            print(f"ok {n} {function.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), end="")
            print(f"not ok {n} {function.__name__}", flush=True)
    sys.exit(failed > 0)


main()
