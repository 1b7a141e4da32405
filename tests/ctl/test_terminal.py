#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mserverctl as a person meets it: colours, questions, what moves, Ctrl-C, and the prompt.

  test_terminal.py MSERVERCTL MOCK [unittest's arguments]
"""
import os
import signal
import sys
import unittest

from program import Program, Terminal

FIRST = "cmd_1795406800000_1000"
PROMPT = "mserver>\033[0m "
CTRL_C, CTRL_D, TAB = "\x03", "\x04", "\t"


class Look(Program):
    def test_colors(self):
        with Terminal(self, "list") as t:
            out, code = t.wait()
        self.assertIn("\033[4mCLIENT   STATE    HOST               CONTAINERS                SINCE\033[0m\r\n", out)
        self.assertIn("  3node0\033[32m ●\033[0m 3node1\033[31m ○ exited\033[0m  ", out)
        self.assertIn("\033[90m3node6\033[0m  ", out)
        self.assertIn("\033[32monline\033[0m ", out)
        self.assertIn("3 clients, 2 online, 2 alerts (mserverctl alerts)", out)
        self.assertEqual(code, 0)

    def test_no_color(self):
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            with Terminal(self, "list", **environment) as t:
                out, _ = t.wait()
            self.assertNotIn("\033", out)

    def test_narrow(self):
        with Terminal(self, "send", "seoul-1", "start", "x") as t:
            t.wait()
        with Terminal(self, "history", columns=80, NO_COLOR="1") as t:
            narrow, _ = t.wait()
        self.assertIn("  no such c…\r\n", narrow)
        with Terminal(self, "history", "--full", columns=80, NO_COLOR="1") as t:
            full, _ = t.wait()
        self.assertIn('  no such container "3node9"\r\n', full)

    def test_pager(self):
        """Only for what is longer than the screen, and only where it is wanted."""
        pager = "sed s/^/paged:/"
        for words, rows, paged in ((["list"], 4, True), (["list"], 5, False), (["--no-pager", "list"], 4, False)):
            with Terminal(self, *words, rows=rows, PAGER=pager) as t:
                out, code = t.wait()
            self.assertEqual(("paged:" in out, code), (paged, 0), (words, rows))
        with Terminal(self, "help", rows=4, PAGER="true") as t:
            self.assertEqual(t.wait()[1], 0)
        with Terminal(self, "list", rows=4, PAGER="/no/such/pager") as t:
            self.assertIn("seoul-2", t.wait()[0])

    def test_ascii(self):
        with Terminal(self, "list", LC_ALL="C", columns=40) as t:
            _, code = t.wait()
        self.assertEqual(code, 0)

    def test_token_says_what_to_do(self):
        with Terminal(self, "token", "new") as t:
            out, _ = t.wait()
        self.assertTrue(out.startswith("5ecre7\r\n"))
        self.assertIn("/etc/mclient/token", out)

    def test_enroll_says_what_to_do(self):
        with Terminal(self, "enroll", "new") as t:
            out, _ = t.wait()
        self.assertTrue(out.startswith("wss://a SHA256:0 5ecre7\r\n"))
        self.assertIn("mclient enroll", out)


class Watch(Program):
    """The screen is what a person sees: the last frame."""

    def test_watch(self):
        with Terminal(self, "watch", rows=8, NO_COLOR="1") as t:
            self.assertIn("\033[?1049h", t.until("3 clients, 2 online; by CLIENT"))
            t.until("3node1 ○ exited")
            t.until("q quit")
            t.type("s")
            t.until("by STATE")
            t.type("r")
            t.until("by STATE, reversed")
            t.type("/busan")
            t.until('1 with "busan"')
            t.type("\r")
            t.until("q quit")
            t.resize(20, 60)
            t.until("\033[H")
            t.until("q quit")
            t.type("q")
            out, code = t.wait()
        self.assertIn("\033[?1049l", out)
        self.assertEqual(code, 0)

    def test_ways_to_leave(self):
        for leave in (CTRL_C, CTRL_D, "q"):
            with Terminal(self, "watch", "seoul", rows=10) as t:
                t.until('2 with "seoul"')
                t.type(leave)
                out, code = t.wait()
            self.assertTrue(out.endswith("\033[?1049l"), out)
            self.assertEqual(code, 0)
        with Terminal(self, "watch") as t:
            t.until("by CLIENT")
            os.kill(t.pid, signal.SIGTERM)
            self.assertIn("\033[?1049l", t.wait()[0])

    def test_no_screen(self):
        with Terminal(self, "watch", TERM="dumb") as t:
            out, code = t.wait()
        self.assertIn("watch needs a terminal", out)
        self.assertEqual(code, 1)


class Questions(Program):
    def test_yes(self):
        with Terminal(self, "broadcast", "restart", "--on=seoul-*") as t:
            question = t.until("[y/N] ")
            self.assertEqual(question, "This restarts 2 containers on 1 client (seoul-1; 1 is offline). Continue? ")
            t.type("y\n")
            out, code = t.wait()
        self.assertIn("1 of 2 succeeded, 0 failed, 1 skipped", out)
        self.assertEqual(code, 1)

    def test_no(self):
        for answer in ("n\n", "\n", CTRL_D, "maybe\n"):
            with Terminal(self, "broadcast", "exec", "ls") as t:
                t.until("[y/N] ")
                t.type(answer)
                out, code = t.wait()
            self.assertIn("nothing was sent", out)
            self.assertEqual(code, 1)
        self.assertFalse([call for call in self.all_asked() if call.startswith("Broadcast")])

    def test_what_cannot_be_undone(self):
        for words in (["exec", "ls"], ["payout"], ["rotate_keys", "3node0"]):
            with Terminal(self, "broadcast", *words) as t:
                self.assertIn("Continue?", t.until("[y/N] "))
                t.type("n\n")
                self.assertIn("nothing was sent", t.wait()[0])
            with Terminal(self, "broadcast", "--yes", "--no-wait", *words) as t:
                out, _ = t.wait()
            self.assertIn("batch_", out)
        self.assertEqual(len([call for call in self.all_asked() if call.startswith("Broadcast")]), 3)

    def test_not_for_one_client_nor_for_looking(self):
        for words in (["restart", "--on=seoul-1"], ["status"], ["restart", "--yes"]):
            with Terminal(self, "broadcast", *words) as t:
                out, _ = t.wait()
            self.assertNotIn("[y/N]", out)

    def test_revoke(self):
        with Terminal(self, "revoke", "seoul-1") as t:
            t.until("Continue? [y/N] ")
            t.type("n\n")
            t.wait()
        self.assertNotIn("RevokeClient seoul-1", self.all_asked())


class Moving(Program):
    def test_line_while_it_runs(self):
        with Terminal(self, "send", "seoul-1", "stop", "3node0") as t:
            t.until(f"\r\033[K{FIRST}  seoul-1  stop 3node0   running, ")
            t.type(CTRL_C)
            out, code = t.wait()
        self.assertTrue(out.endswith(f"\r\033[K\033[90m{FIRST}: cancelled\033[0m\r\n"), out)
        self.assertEqual(code, 130)
        self.wait_asked(f"CancelCommand {FIRST}")

    def test_queued(self):
        with Terminal(self, "send", "seoul-2", "logs", "--queue") as t:
            t.until(f"{FIRST} is queued until seoul-2 is back")
            t.type(CTRL_C)
            _, code = t.wait()
        self.assertEqual(code, 130)

    def test_logs(self):
        with Terminal(self, "logs", "seoul-1", "-f") as t:
            t.until("line 2\r\n")
            t.type(CTRL_C)
            _, code = t.wait()
        self.assertEqual(code, 130)
        self.wait_asked(f"CancelCommand {FIRST}")

    def test_lost_output(self):
        """It is marked on a line of its own."""
        with Terminal(self, "send", "seoul-1", "exec", "lost", NO_COLOR="1") as terminal:
            seen, code = terminal.wait()
        self.assertIn("one\r\nmserverctl: 5 bytes of output are missing here\r\nthree\r\n", seen)
        self.assertEqual(code, 0)

    def test_watching(self):
        """Who only looks on does not end it."""
        self.run_ctl("send", "seoul-1", "stop", "--no-wait")
        self.run_ctl("send", "seoul-1", "logs", "-f", "--no-wait")
        with Terminal(self, "command", "-f", "cmd_1795406800001_1001") as t:
            t.until("line 2\r\n")
            t.type(CTRL_C)
            out, code = t.wait()
        self.assertIn("left cmd_1795406800001_1001 before its end", out)
        self.assertEqual(code, 1)
        self.assertFalse([call for call in self.all_asked() if call.startswith("Cancel")])

    def test_broadcast(self):
        with Terminal(self, "broadcast", "stop", "3node0", "--yes", NO_COLOR="1") as t:
            t.until("batch_1795406800123_2000  ██████░░░░░░░░░░░░░░  1/3   1 skipped   ")
            t.type(CTRL_C)
            out, code = t.wait()
        self.wait_asked("CancelBatch batch_1795406800123_2000")
        self.assertIn("busan-1  cancelled  1.2 s", out)
        self.assertEqual(code, 130)


class Prompt(Program):
    def setUp(self):
        super().setUp()
        self.terminal = Terminal(self, rows=100)  # the help has its place on it, without a pager
        self.terminal.__enter__()
        self.terminal.until(PROMPT)

    def tearDown(self):
        self.terminal.__exit__(None, None, None)
        super().tearDown()

    def say(self, line):
        """Types a line at the prompt; what it answers."""
        self.terminal.until_raw()
        self.terminal.type(line + "\n")
        self.terminal.until("\r\n")
        return self.terminal.until(PROMPT)

    def test_as_written(self):
        self.assertIn("send CLIENT COMMAND [ARGS...]", self.say("help"))
        self.assertIn("3 clients, 2 online", self.say("list"))
        self.assertIn("succeeded in 1.2 s", self.say("send seoul-1 restart"))
        self.assertEqual(self.say("send seoul-1 logs 100"), "line 1\r\nline 2\r\n\033[1m")
        self.assertEqual(self.say("send seoul-1 exec ls -l /"), "ls, -l, /\r\n\033[1m")
        self.assertIn("creditcoin:3", self.say("broadcast status"))

    def test_errors_do_not_end_it(self):
        self.assertIn('no verb "nonsense"', self.say("nonsense"))
        self.assertIn("Text ended", self.say("list 'x"))
        self.assertIn("unknown option --host", self.say("list --host=x"))
        self.assertEqual(self.say(""), "\033[1m")

    def test_leaving(self):
        self.terminal.until_raw()
        self.terminal.type(CTRL_D)
        self.assertEqual(self.terminal.wait()[1], 0)

    def test_quit(self):
        self.terminal.until_raw()
        self.terminal.type("quit\n")
        self.assertEqual(self.terminal.wait()[1], 0)

    def test_ctrl_c_gives_up_the_line(self):
        self.terminal.until_raw()
        self.terminal.type("revoke seoul-1" + CTRL_C)
        self.terminal.until("^C\r\n")
        self.terminal.until(PROMPT)
        self.assertIn("online", self.say("list"))
        self.assertNotIn("RevokeClient seoul-1", self.all_asked())

    def test_ctrl_c_ends_the_command_alone(self):
        self.terminal.until_raw()
        self.terminal.type("logs seoul-1 -f\n")
        self.terminal.until("line 2\r\n")
        self.terminal.type(CTRL_C)
        self.terminal.until(PROMPT)
        self.wait_asked(f"CancelCommand {FIRST}")
        self.assertIn("online", self.say("list"))

    def test_ctrl_c_is_a_no(self):
        self.terminal.until_raw()
        self.terminal.type("forget seoul-1\n")
        self.terminal.until("[y/N] ")
        self.terminal.type(CTRL_C)
        self.terminal.until(PROMPT)
        self.assertNotIn("ForgetClient seoul-1", self.all_asked())

    def test_completion(self):
        self.terminal.until_raw()
        self.terminal.type("sen" + TAB + "seo" + TAB + "1 res" + TAB + "3" + TAB + "0\n")
        self.terminal.until("succeeded in 1.2 s")
        self.wait_asked('SendCommand seoul-1 restart {"container":"3node0"} {}')

    def test_choices(self):
        self.terminal.until_raw()
        self.terminal.type("show seoul-" + TAB)
        self.terminal.until("seoul-1  seoul-2\r\n")
        self.terminal.until("show seoul-")
        self.terminal.type("2\n")
        self.terminal.until("Commands")

    def test_history_is_kept(self):
        self.say("send seoul-1 backup_keys")
        self.terminal.until_raw()
        self.terminal.type(CTRL_D)
        self.terminal.wait()
        path = os.path.join(self.environment["HOME"], ".local/state/mserverctl/history")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path, encoding="utf-8") as file:
            self.assertIn("backup_keys", file.read())


if __name__ == "__main__":
    Program.mserverctl, Program.mock = sys.argv[1:3]
    Program.source = os.path.dirname(os.path.abspath(__file__))
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
