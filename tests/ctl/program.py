# SPDX-License-Identifier: LGPL-2.1-or-later
"""mserverctl as a program, with a bus of its own and a service that is scripted (mock-*.c): on pipes and on a terminal."""
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import tempfile
import termios
import threading
import time
import unittest

TIMEOUT = 20  # seconds; nothing here takes one


class Program(unittest.TestCase):
    """Set by the test's main: mserverctl, mock, source (this directory)."""
    mserverctl = mock = source = None

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="ctl-test-")
        cls.bus = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--print-address", f"--config-file={cls.source}/bus.conf"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        cls.environment = {
            "PATH": os.environ["PATH"], "HOME": cls.directory.name, "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "xterm",
            "DBUS_SYSTEM_BUS_ADDRESS": cls.bus.stdout.readline().strip(),
            **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS") or name == "MALLOC_PERTURB_"}}

    @classmethod
    def tearDownClass(cls):
        cls.bus.terminate()
        cls.bus.wait()
        cls.bus.stdout.close()
        cls.directory.cleanup()

    def setUp(self):
        """A service that knows of no command yet. What it was asked is read along, a line each."""
        self.service = subprocess.Popen([self.mock], stdout=subprocess.PIPE, text=True, env=self.environment)
        self.assertEqual(self.service.stdout.readline(), "ready\n")
        self.asked, self.news = [], threading.Condition()
        self.reader = threading.Thread(target=self.read_along)
        self.reader.start()

    def tearDown(self):
        self.all_asked()
        self.service.stdout.close()

    def all_asked(self):
        """Ends the service; everything it was asked."""
        self.service.terminate()
        self.service.wait()
        self.reader.join()
        return self.asked

    def read_along(self):
        for line in self.service.stdout:
            with self.news:
                self.asked.append(line.rstrip("\n"))
                self.news.notify_all()

    def wait_asked(self, line):
        with self.news:
            self.assertTrue(self.news.wait_for(lambda: line in self.asked, TIMEOUT), f"{line} not in {self.asked}")

    def run_ctl(self, *words, stdin="", **environment):
        return subprocess.run([self.mserverctl, *words], input=stdin, capture_output=True, text=True, timeout=TIMEOUT,
                              env={**self.environment, **environment})

    def expect(self, words, out=None, error="", code=0, **how):
        """Runs a line; out and error are the whole of what it says (out None: anything)."""
        result = self.run_ctl(*words, **how)
        self.assertEqual(result.stderr, f"mserverctl: {error}\n" if error else "")
        if out is not None:
            self.assertEqual(result.stdout, out)
        self.assertEqual(result.returncode, code)
        return result.stdout

    def expect_json(self, *words, code=0):
        return json.loads(self.expect(["-j", *words], code=code))


class Terminal:
    """mserverctl on a terminal of its own."""

    def __init__(self, test, *words, columns=100, rows=50, **environment):
        self.test, self.seen = test, ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(test.mserverctl, [test.mserverctl, *words],
                      {**test.environment, **environment})

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        os.close(self.fd)
        if self.pid:
            os.waitpid(self.pid, 0)

    def type(self, text):
        os.write(self.fd, text.encode())

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        """False at the end."""
        ready, _, _ = select.select([self.fd], [], [], TIMEOUT)
        self.test.assertTrue(ready, f"nothing more after: {self.seen!r}")
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False  # what Linux says when the other end of a terminal is closed
        self.seen += data.decode(errors="replace")
        return bool(data)

    def until(self, text):
        """What came up to text, which is taken with it."""
        end = time.monotonic() + TIMEOUT
        while text not in self.seen:
            self.test.assertTrue(self.read() and time.monotonic() < end, f"no {text!r} in {self.seen!r}")
        before, self.seen = self.seen.split(text, 1)
        return before

    def until_raw(self):
        """Until the terminal is in the hands of the line editor: what is typed before that is echoed twice."""
        end = time.monotonic() + TIMEOUT
        while termios.tcgetattr(self.fd)[3] & termios.ICANON:
            self.test.assertLess(time.monotonic(), end)
            os.sched_yield()

    def wait(self):
        """What was said to the end, and the exit code."""
        while self.read():
            pass
        _, status = os.waitpid(self.pid, 0)
        self.pid = None
        return self.seen, os.waitstatus_to_exitcode(status)
