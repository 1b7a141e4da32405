#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What mserverctl says and does, verb by verb, on pipes; about commands, test_commands.py.

  test_mserverctl.py MSERVERCTL MOCK [unittest's arguments]
"""
import os
import sys
import unittest

from program import Program


class Clients(Program):
    def test_list(self):
        out = self.expect(["list"])
        self.assertRegex(out, r"\ACLIENT   STATE    HOST               CONTAINERS                SINCE\n"
                              r"busan-1  online   bs1\.example\.kr     -                         .*ago\n"
                              r"seoul-1  online   se1\.example\.kr     3node0 ● 3node1 ○ exited  .*ago\n"
                              r"seoul-2  offline  서울둘\.example\.kr  3node6                    .*ago\n\Z")

    def test_list_some(self):
        self.assertEqual([c["client"] for c in self.expect_json("list", "seoul-*")], ["seoul-1", "seoul-2"])
        self.assertEqual([c["client"] for c in self.expect_json("list", "--state=offline")], ["seoul-2"])
        self.assertEqual(self.expect_json("list", "nobody"), [])

    def test_list_json(self):
        self.assertEqual(self.expect_json("list")[2], {
            "client": "seoul-2", "state": "offline", "host": "서울둘.example.kr", "since": 1795406800000000,
            "containers": [{"name": "3node6", "state": "running", "health": None, "node": {"peers": 8, "syncing": False}}]})
        self.assertIsNone(self.expect_json("list")[0]["containers"])

    def test_json_modes(self):
        short, pretty = self.expect(["list", "--json=short"]), self.expect(["--json=pretty", "list"])
        self.assertEqual(short.count("\n"), 1)
        self.assertGreater(pretty.count("\n"), 5)
        self.assertTrue(self.expect(["-j", "list", "--json=off"]).startswith("CLIENT"))
        self.expect(["list", "--json=xml"], "", "--json=xml: expected pretty, short or off", 1)

    def test_no_legend(self):
        self.assertTrue(self.expect(["list", "--no-legend"]).startswith("busan-1"))

    def test_show(self):
        out = self.expect(["show", "busan-1"])
        self.assertIn("Labels: role=validator, site=서울\n", out)
        self.assertIn("    State: online since 2026-11-23 04:06:40, ", out)
        self.assertEqual(self.expect_json("show", "busan-1", "seoul-2")[1]["commands"], ["status", "logs"])
        self.assertIn("Containers: 3node0 ● (synced, 8 peers, block 1,507,577, 2 not final) 3node1 ○ exited\n",
                      self.expect(["show", "seoul-1"]))

    def test_show_curves(self):
        out = self.expect(["show", "seoul-1"])
        self.assertIn("CPU, 1 h: ▁▅ █ 100 %\n", out)
        self.assertIn("Load, 1 h: ▅█ 2\n", out)
        self.assertIn("Memory, 1 h: -\n", out)
        self.assertIn("Peers, 1 h: 3node0 ██ 8\n", out)
        shown = self.expect_json("show", "seoul-1")[0]
        self.assertEqual((shown["cpu_percent"], shown["disk_used_percent"], shown["peers"]),
                         ([0, 50, None, 100], None, {"3node0": [8, 8]}))

    def test_watch_needs_a_terminal(self):
        self.expect(["watch"], "", 'watch needs a terminal; "list" and "show" print once', 1)

    def test_show_unknown(self):
        self.expect(["show", "seol-1"], "", 'no client "seol-1"; did you mean "seoul-1"?', 1)
        self.expect(["show", "tokyo"], "", 'no client "tokyo"; mserverctl list shows them', 1)
        self.expect(["show", "a/b"], "",
                    '"a/b" is no client id: expected up to 64 letters, digits, ".", "_" or "-"', 1)

    def test_token(self):
        self.expect(["token", "new"], "5ecre7\n")
        self.expect(["token", "seoul-1"], "",
                    "seoul-1 has a token; --replace makes a new one, and the old one stops working", 1)
        self.expect(["token", "seoul-1", "--replace", "--expires=@1800000000"], "5ecre7\n")
        self.wait_asked('CreateToken seoul-1 {"replace":true,"expires":1800000000000000}')
        self.assertEqual(self.expect_json("token", "new"), [{"client": "new", "token": "5ecre7"}])

    def test_enroll(self):
        self.expect(["enroll", "new"], "wss://a SHA256:0 5ecre7\n")
        self.wait_asked('CreateEnrollment new {}')
        self.expect(["enroll", "seoul-1"], "",
                    "seoul-1 is enrolled already; --replace lets another host take its place", 1)
        self.expect(["enroll", "seoul-1", "--replace", "--expires=@1800000000"], "wss://a SHA256:0 5ecre7\n")
        self.wait_asked('CreateEnrollment seoul-1 {"replace":true,"expires":1800000000000000}')
        self.assertEqual(self.expect_json("enroll", "new"), [{"client": "new", "line": "wss://a SHA256:0 5ecre7"}])

    def test_revoke(self):
        self.expect(["revoke", "seoul-1", "seoul-2"], "")
        self.wait_asked("RevokeClient seoul-2")
        self.expect(["forget", "seoul-1"], "")
        self.wait_asked("ForgetClient seoul-1")
        self.expect(["revoke", "busan-1"], "", "not allowed: RevokeClient is denied", 1)


class Nodes(Program):
    def test_keys(self):
        out = self.expect(["keys"])
        self.assertRegex(out, r"\ACLIENT   CONTAINER  RECEIVED +SESSION KEY\n"
                              r"seoul-1  3node0     .*ago +0xcafe\n"
                              r"seoul-2  3node6     .*ago +0xbeef\n\Z")
        self.assertEqual(self.expect_json("keys", "seoul-1", "3node0"), [
            {"client": "seoul-1", "container": "3node0", "received": 1795406800000000, "session_key": "0xcafe",
             "command": "cmd_1_1000"}])
        self.assertEqual([k["session_key"] for k in self.expect_json("keys", "--all", "seoul-1")], ["0xcafe", "0x0101"])

    def test_schedule(self):
        self.assertEqual(self.expect_json("schedule"), [])
        self.expect(["schedule", "add", "nightly", "--calendar=Mon *-*-* 04:00 Asia/Seoul", "--on", "role=validator",
                     "--persistent", "--randomized-delay=90s", "--max-parallel=2", "backup_keys", "3node0"])
        self.expect(["schedule", "add", "off", "--calendar", "daily", "--disabled", "exec", "container=3node0", "ls", "--on",
                     "/"])
        rows = self.expect_json("schedule", "list")
        self.assertEqual(rows[0], {
            "name": "nightly", "enabled": True, "next": 1795406800000000, "last": 0,
            "calendar": "Mon *-*-* 04:00 Asia/Seoul", "selector": "role=validator", "command": "backup_keys",
            "parameters": {"container": "3node0", "options": {
                "randomized-delay": 90000000, "max-parallel": 2, "persistent": True}}})
        self.assertEqual(rows[1]["parameters"]["command"], ["ls", "--on", "/"])
        self.assertEqual(rows[1]["selector"], "all")
        self.assertFalse(rows[1]["enabled"])
        self.assertIn("disabled", self.expect(["schedule", "list"]))
        self.assertEqual(self.expect(["schedule", "run", "nightly"]), "batch_1795406800123_7\n")
        self.expect(["schedule", "enable", "off"])
        self.assertTrue(self.expect_json("schedule")[1]["enabled"])
        self.expect(["schedule", "disable", "off", "nightly"])
        self.assertEqual([r["enabled"] for r in self.expect_json("schedule")], [False, False])
        self.expect(["schedule", "remove", "off", "nightly"])
        self.assertEqual(self.expect_json("schedule"), [])

    def test_schedule_says_what_is_wrong(self):
        for words, text in ((["frobnicate"], '"frobnicate" is unknown; expected add, list, run, remove, enable or disable'),
                            (["add", "x"], "schedule add needs more words: schedule add NAME --calendar=EVENT COMMAND [ARGS...]"),
                            (["add", "x", "status"], "schedule add needs --calendar=EVENT, such as --calendar='Mon *-*-* 04:00'"),
                            (["add", "x", "--calendar=daily", "status", "--lines=3"],
                             'status: unknown parameter "lines", expected container'),
                            (["add", "x", "--calendar=daily", "--pause=soon", "status"],
                             "--pause=soon: expected a time span such as 90s, 5min or 2h"),
                            (["run"], "schedule run needs more words: schedule run NAME..."),
                            (["run", "x", "--on=all"], "--on is for schedule add"),
                            (["remove", "zebra"], 'there is no schedule "zebra"')):
            with self.subTest(words=words):
                self.expect(["schedule", *words], "", text, 1)

    def test_backups(self):
        out = self.expect(["backups", "--full"])
        self.assertEqual(out, "CLIENT   CONTAINER  BACKED UP             SIZE  FILE\n"
                              "seoul-1  3node0     2026-11-23 04:06:40  48 kB  /backup/2.tar\n"
                              "seoul-2  3node6     never                    -  -\n")
        self.assertEqual(self.expect_json("backups", "seoul-2"), [{
            "client": "seoul-2", "container": "3node6", "finished": 0, "size": 0, "file": "", "sha256": ""}])
        self.assertEqual(self.expect_json("backups", "-a")[1], {
            "client": "seoul-1", "container": "3node0", "finished": 1795406800000001, "size": 48200,
            "file": "/backup/1.tar", "sha256": "00ff"})

    def test_none(self):
        self.assertEqual(self.expect_json("keys", "busan-1"), [])
        self.expect(["keys", "seol-1"], "", 'no client "seol-1"; did you mean "seoul-1"?', 1)
        self.expect(["backups", "tokyo", "3node0"], "", 'no client "tokyo"; mserverctl list shows them', 1)


class Alerts(Program):
    def test_list(self):
        out = self.expect(["alerts", "--full"])
        self.assertEqual(out, "SINCE                SEVERITY  KIND                  CLIENT   WHAT                                         ID            ACKNOWLEDGED\n"
                              "2026-11-23 04:06:40  critical  client-offline        seoul-2  offline                                      alert_2_1001  -\n"
                              "2026-11-23 04:06:40  warning   certificate-expiring  -        the server's TLS certificate expires in 9 d  alert_1_1000  yes\n")
        self.assertEqual(self.expect_json("alerts", "list")[1], {
            "since": 1795406800000000, "severity": "warning", "kind": "certificate-expiring", "client": "",
            "message": "the server's TLS certificate expires in 9 d", "id": "alert_1_1000", "acknowledged": True})

    def test_past(self):
        self.assertEqual(self.expect_json("alerts", "past"), [{
            "since": 1795406800000000, "cleared": 1795406860000000, "severity": "info", "kind": "command-failed",
            "client": "seoul-1", "message": "restart 3node0 failed", "id": "alert_0_1000"}])
        self.assertEqual(self.expect_json("alerts", "past", "-n7"), [])
        self.expect(["alerts", "past", "-n0"], "", "--lines=0: expected 1 to 5000", 1)

    def test_ack(self):
        self.expect(["alerts", "ack", "alert_1_1000", "alert_2_1001"], "")
        self.wait_asked("AcknowledgeAlert alert_2_1001")
        self.expect(["alerts", "ack", "alert_9_9"], "", 'No alert "alert_9_9"', 1)
        self.expect(["alerts", "ack"], "", "alerts ack needs an id", 1)

    def test_silences(self):
        self.expect(["alerts", "silence", "--on=role=validator", "--kind=node-syncing", "--until=@1800000000", "the", "upgrade"],
                    "silence_2_1001\n")
        self.wait_asked("SilenceAlerts role=validator node-syncing 1800000000000000 the upgrade")
        self.assertEqual(self.expect_json("alerts", "silence", "--until=@1800000001"), [{"id": "silence_2_1001"}])
        self.wait_asked("SilenceAlerts all  1800000001000000 ")
        self.assertEqual(self.expect_json("alerts", "silences"), [{
            "id": "silence_1_1000", "selector": "role=validator", "kind": "", "created": 1795406800000000,
            "until": 1795406860000000, "uid": 0, "comment": "upgrade"}])
        self.assertRegex(self.expect(["alerts", "silences"]), r"silence_1_1000  role=validator  - +.* root  upgrade\n")
        self.expect(["alerts", "unsilence", "silence_1_1000"], "")
        self.wait_asked("RemoveSilence silence_1_1000")

    def test_wrong(self):
        self.expect(["alerts", "silence"], "", "a silence needs an end: --until=2h, --until=tomorrow", 1)
        self.expect(["alerts", "lst"], "", '"lst" is unknown; expected list, ack, past, silence, silences or unsilence', 1)
        self.expect(["alerts", "list", "x"], "", '"x" is one word too many: alerts list', 1)
        self.expect(["alerts", "--on=all"], "", "alerts list does not take --on", 1)


class Lines(Program):
    def test_script(self):
        self.expect([], "busan-1\n", code=1, error='no verb "nonsense"; "help" lists them',
                    stdin="# a comment\n\nnonsense\nsend busan-1 exec busan-1\nquit\nlist\n")

    def test_last_failure_counts(self):
        result = self.run_ctl(stdin="send seoul-1 exec exit7\nnonsense\nsend seoul-1 exec exit7\nhelp\n")
        self.assertEqual(result.returncode, 7)

    def test_style_is_for_one_line(self):
        out = self.expect([], stdin="list -j\nlist\n")
        self.assertEqual(out[0], "[")
        self.assertIn("CLIENT ", out)

    def test_quotes(self):
        self.expect([], "a b\n", stdin="send busan-1 exec 'a b' \n")
        self.assertEqual(self.run_ctl(stdin="list 'x\n").returncode, 1)


class Rest(Program):
    def test_help(self):
        for words in (["--help"], ["help"], ["-h"]):
            self.assertIn("  send CLIENT COMMAND [ARGS...]  ", self.expect(words))
        self.assertEqual(self.expect(["send", "--help"]), self.expect(["help", "send"]))
        self.assertIn("rotate_keys [container] [force]", self.expect(["help", "send"]))
        self.assertNotIn("__complete", self.expect(["help"]))

    def test_version(self):
        self.assertRegex(self.expect(["--version"]), r"\Amserverctl [0-9.]+\n\Z")

    def test_words(self):
        self.expect(["show"], "", "show needs more words: show CLIENT...", 1)
        self.expect(["token", "a", "b"], "", '"b" is one word too many: token CLIENT', 1)
        self.expect(["list", "--sttae=x"], "", "unknown option --sttae; did you mean --state?", 1)

    def test_complete(self):
        self.expect(["__complete", "--", "show", "seoul-"], "seoul-1\nseoul-2\n")
        self.expect(["__complete", "--", "send", "seoul-2", ""], "logs\nstatus\n")
        self.expect(["__complete", "--", "send", "seoul-1", "restart", ""], "3node0\n3node1\n")
        self.expect(["__complete", "--", "-H", "elsewhere", "show", ""], "")

    def test_no_bus(self):
        nowhere = "unix:path=/nonexistent"
        self.expect(["list"], "", "cannot reach the system bus; is dbus running on this machine?: No such file or directory",
                    1, DBUS_SYSTEM_BUS_ADDRESS=nowhere)
        self.expect(["__complete", "--", "show", ""], "", DBUS_SYSTEM_BUS_ADDRESS=nowhere)

    def test_no_service(self):
        self.service.terminate()
        self.service.wait()
        self.expect(["list"], "", "mserver is not running there; see: systemctl status mserver", 1)


if __name__ == "__main__":
    Program.mserverctl, Program.mock = sys.argv[1:3]
    Program.source = os.path.dirname(os.path.abspath(__file__))
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
