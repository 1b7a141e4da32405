#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What mserverctl says and does about commands, on pipes: one, those of a broadcast, their output, what was done before.

  test_commands.py MSERVERCTL MOCK [unittest's arguments]
"""
import os
import subprocess
import sys
import unittest

from program import Program, TIMEOUT

ALL = "start, stop, restart, logs, status, exec, backup_keys, payout, rotate_keys, check_keys, sweep"
FIRST = "cmd_1795406800000_1000"
BATCH = "batch_1795406800123_2000"


class Send(Program):
    def test_success(self):
        self.expect(["send", "seoul-1", "restart", "3node0"],
                    f"{FIRST}  seoul-1  restart 3node0   succeeded in 1.2 s\n")
        self.wait_asked('SendCommand seoul-1 restart {"container":"3node0"} {}')

    def test_failure(self):
        self.expect(["send", "seoul-1", "start", "3node9"], "",
                    f'seoul-1: start 3node9 failed: no such container "3node9" ({FIRST})', 1)

    def test_rejected(self):
        self.expect(["send", "seoul-1", "rotate_keys"], "",
                    f"seoul-1 refused rotate_keys: the node is syncing ({FIRST})", 1)

    def test_table(self):
        self.expect(["send", "seoul-1", "status"],
                    "NAME     IMAGE         STATE\n"
                    "3node0   creditcoin:3  running\n"
                    "seoul-1  creditcoin:3  exited\n")

    def test_members(self):
        self.expect(["send", "seoul-1", "backup_keys"],
                    f"{FIRST}  seoul-1  backup_keys   succeeded in 1.2 s\n"
                    "backup_file  /backup/k.tar\nsize         512\nencrypted    true\n")

    def test_all(self):
        self.expect(["send", "seoul-1", "restart", "--all"],
                    f"{FIRST}  seoul-1  restart all   succeeded in 1.2 s\n"
                    "CONTAINER  STATE\n"
                    "3node0     running\n")

    def test_over_before_its_id_is_known(self):
        self.expect(["send", "seoul-1", "check_keys"], f"{FIRST}  seoul-1  check_keys   succeeded in 1.2 s\n")

    def test_exec(self):
        self.expect(["send", "seoul-1", "exec", "ls", "-l", "/"], "ls, -l, /\n")
        self.wait_asked('SendCommand seoul-1 exec {"command":["ls","-l","\\/"]} {}')
        self.expect(["send", "seoul-1", "exec", "3node1", "ls", "--yes"], "ls, --yes\n")
        self.wait_asked('SendCommand seoul-1 exec {"container":"3node1","command":["ls","--yes"]} {}')
        self.expect(["send", "seoul-1", "exec", "-p", "container=x", "ls"], "ls\n")
        self.wait_asked('SendCommand seoul-1 exec {"container":"x","command":["ls"]} {}')

    def test_exec_options(self):
        self.expect(["send", "seoul-1", "exec", "--force", "ls"], "", "unknown option --force; --help lists them", 1)
        self.expect(["send", "seoul-1", "exec", "-p", "x=1", "ls"], "",
                    "-p x=1: with exec only the container can be set so", 1)

    def test_exec_exit_code(self):
        self.expect(["send", "seoul-1", "exec", "false"], "no\n", code=1)
        self.expect(["send", "seoul-1", "exec", "exit7"], "", code=7)

    def test_output_with_a_gap(self):
        self.expect(["send", "seoul-1", "exec", "gap"], "one\ntwo\nthree\n")

    def test_output_of_which_a_part_is_lost(self):
        self.expect(["send", "seoul-1", "exec", "lost"], "onethree\n", "5 bytes of output are missing here")
        command = self.expect_json("history", "-n1")[0]["id"]
        self.expect(["command", "-f", command], "three\n", "8 bytes of output are missing here")

    def test_output_that_only_signals_have(self):
        self.assertEqual(len(self.expect(["send", "seoul-1", "exec", "flood"])), 500000)

    def test_service_restarted_meanwhile(self):
        self.expect(["send", "seoul-1", "exec", "blink"], "before\nmeanwhile\n")

    def test_end_of_the_output_came_with_the_result_alone(self):
        self.expect(["send", "seoul-1", "exec", "cut"], "begin\nend\n")

    def test_output_of_an_agent_that_does_not_stream(self):
        self.expect(["send", "seoul-1", "payout"], "paid\n")

    def test_words(self):
        self.expect(["send", "seoul-1", "logs", "100"], "line 1\nline 2\n")
        self.wait_asked('SendCommand seoul-1 logs {"lines":100} {}')
        self.expect(["send", "seoul-1", "restart", "--all", "timeout=60", "--timeout=5min"])
        self.wait_asked('SendCommand seoul-1 restart {"timeout":60,"container":"all"} {"timeout":300000000}')
        self.expect(["send", "seoul-1", "restart", "-p", "container=3node1", "--timeout", "soon"], "",
                    "--timeout=soon: expected a time span such as 90s, 5min or 2h", 1)

    def test_near_miss(self):
        self.expect(["send", "seoul-1", "restrat"], "",
                    f'no command "restrat"; did you mean "restart"? Commands of seoul-1: {ALL}', 1)
        self.expect(["send", "seoul-1", "elephant"], "", f'no command "elephant". Commands of seoul-1: {ALL}', 1)
        self.expect(["sned", "seoul-1", "status"], "", 'no verb "sned"; did you mean "send"?', 1)
        self.expect(["status", "seoul-1"], "", '"status" is a command for clients: send CLIENT status', 1)

    def test_offline(self):
        result = self.run_ctl("send", "seoul-2", "status")
        self.assertRegex(result.stderr, r"^mserverctl: seoul-2 has been offline for .*; --queue sends it once it is back$")
        self.assertEqual(result.returncode, 1)

    def test_no_wait(self):
        self.expect(["send", "seoul-2", "status", "--queue", "--no-wait", "--expires=@1800000000"], f"{FIRST}\n")
        self.wait_asked('SendCommand seoul-2 status {} {"queue":true,"expires":1800000000000000}')
        self.expect(["send", "seoul-2", "status", "--expires=1h"], "",
                    "--expires=1h says how long to wait for a client, so it needs --queue", 1)

    def test_json(self):
        report, = self.expect_json("send", "seoul-1", "restart", "3node0")
        self.assertEqual(report, {
            "id": FIRST, "client": "seoul-1", "command": "restart", "container": "3node0", "state": "succeeded", "batch": "",
            "requested": 1795406800000000, "sent": 1795406800000000, "started": 1795406800000000,
            "finished": 1795406801200000, "caller_uid": 0, "parameters": {"container": "3node0"},
            "result": {"container": "3node0", "state": "running"}, "error": ""})
        report, = self.expect_json("send", "seoul-1", "exec", "exit7", code=7)
        self.assertEqual(report["result"], {"exit_code": 7, "output": ""})

    def test_no_password(self):
        self.expect(["send", "seoul-1", "sweep", "--no-ask-password"], "",
                    "this needs a password: run it on a terminal without --no-ask-password, or as root", 1)
        self.expect(["send", "seoul-1", "sweep"])

    def test_reader_gone(self):
        """Nobody reads the log any more: it ends on the client too."""
        output, other = os.pipe()
        os.close(output)
        with open(other, "wb") as out:
            subprocess.run([self.mserverctl, "logs", "seoul-1", "-f"], stdout=out, stderr=subprocess.DEVNULL,
                           env=self.environment, timeout=TIMEOUT)
        self.wait_asked(f"CancelCommand {FIRST}")


class Logs(Program):
    def test_logs(self):
        self.expect(["logs", "seoul-1", "3node0", "-n", "5", "--since", "10min"], "line 1\nline 2\n")
        self.wait_asked('SendCommand seoul-1 logs {"container":"3node0","lines":5,"since":600} {}')

    def test_wrong(self):
        result = self.run_ctl("logs", "seoul-1", "-n", "many")
        self.assertIn("many", result.stderr)
        self.assertEqual(result.returncode, 1)


class Broadcast(Program):
    def test_lists_go_together(self):
        self.expect(["broadcast", "status"],
                    "CLIENT   NAME     IMAGE         STATE\n"
                    "busan-1  3node0   creditcoin:3  running\n"
                    "busan-1  busan-1  creditcoin:3  exited\n"
                    "seoul-1  3node0   creditcoin:3  running\n"
                    "seoul-1  seoul-1  creditcoin:3  exited\n"
                    "\n"
                    "CLIENT   STATE    TOOK  ID  ERROR\n"
                    "seoul-2  skipped     -  -   offline\n", code=1)

    def test_ends(self):
        self.expect(["broadcast", "restart", "3node0", "--on", "seoul-*"],
                    "CLIENT   STATE       TOOK  ID                      ERROR\n"
                    f"seoul-1  succeeded  1.2 s  {FIRST}  -\n"
                    "seoul-2  skipped        -  -                       offline\n", code=1)
        self.wait_asked('Broadcast seoul-* restart {"container":"3node0"} {}')

    def test_all_is_not_guessed(self):
        """Where a client has several containers and none is named, that is all of them: never without a word."""
        self.expect(["broadcast", "restart", "--on", "seoul-*"], "",
                    "restart to 2 clients is not sent without being asked for: add --yes", 1)
        self.expect(["broadcast", "restart", "--on", "seoul-*", "--yes"], code=1)
        self.wait_asked('Broadcast seoul-* restart {"container":"all"} {}')
        self.expect(["broadcast", "restart", "--on", "seoul-*", "--all"], code=1)
        self.expect(["broadcast", "restart", "--on", "busan-*"])
        self.wait_asked('Broadcast busan-* restart {} {}')

    def test_plan(self):
        self.expect(["broadcast", "restart", "3node0", "--max-parallel", "2", "--max-failures=0", "--pause=1min",
                     "--require-healthy", "--health-timeout=2h"], code=1)
        self.wait_asked('Broadcast all restart {"container":"3node0"} {"max-parallel":2,"max-failures":0,"pause":60000000,'
                        '"health-timeout":7200000000,"require-healthy":true}')
        self.expect(["broadcast", "status", "--max-parallel=0"], "", "--max-parallel=0: expected a whole number from 1", 1)
        self.expect(["broadcast", "status", "--max-failures=few"], "", "--max-failures=few: expected a whole number from 0", 1)
        self.expect(["broadcast", "status", "--pause=soon"], "", "--pause=soon: expected a time span such as 90s, 5min or 2h", 1)

    def test_one_after_the_other(self):
        """Who has its turn later is in the result, too."""
        reports = self.expect_json("broadcast", "restart", "3node0", "--max-parallel=1", code=1)
        self.assertEqual([(r["client"], r["state"]) for r in reports],
                         [("busan-1", "succeeded"), ("seoul-1", "succeeded"), ("seoul-2", "skipped")])

    def test_stopped(self):
        """What its plan stopped is a failure, with the reason."""
        out = self.expect(["broadcast", "start", "3node9", "--max-failures=0", "--max-parallel=1"], code=1,
                          error=f"{BATCH} was stopped: 1 failed, at most 0 were to")
        self.assertIn("seoul-1  skipped      -  -                       its turn did not come\n", out)
        self.assertIn("seoul-2  skipped      -  -                       offline\n", out)

    def test_dry_run(self):
        self.expect(["broadcast", "restart", "--dry-run", "--max-parallel=1"],
                    "CLIENT   STATE    ERROR\n"
                    "busan-1  planned  -\n"
                    "seoul-1  planned  -\n"
                    "seoul-2  skipped  offline\n")
        self.wait_asked('Broadcast all restart {"container":"all"} {"max-parallel":1,"dry-run":true}')
        self.assertEqual(self.expect_json("broadcast", "status", "--dry-run", "--on=seoul-2"),
                         [{"client": "seoul-2", "state": "skipped", "error": "offline"}])

    def test_all_succeeded(self):
        self.expect(["broadcast", "restart", "--on=seoul-1"], code=0)

    def test_one_failed(self):
        out = self.expect(["broadcast", "start", "--on=seoul-1"], code=1)
        self.assertIn('failed  1.2 s  cmd_1795406800000_1000  no such container "3node9"\n', out)

    def test_outputs(self):
        out = self.expect(["broadcast", "--yes", "exec", "uname", "-a"], code=1)
        self.assertTrue(out.startswith("==> busan-1 <==\nuname, -a\n==> seoul-1 <==\nuname, -a\n\nCLIENT "), out)

    def test_grave(self):
        for command in ("exec", "payout", "rotate_keys", "sweep"):
            self.expect(["broadcast", command, "x"], "",
                        f"{command} to 3 clients is not sent without being asked for: add --yes", 1)
        self.assertFalse([call for call in self.all_asked() if call.startswith("Broadcast")])

    def test_labels(self):
        self.expect(["broadcast", "status", "--on", "role=miner"], "",
                    'no client matches "role=miner"; mserverctl list shows them', 1)

    def test_near_miss(self):
        result = self.run_ctl("broadcast", "statsu")
        self.assertIn('no command "statsu"; did you mean "status"?', result.stderr)

    def test_json(self):
        reports = self.expect_json("broadcast", "status", code=1)
        self.assertEqual([(r["client"], r["state"]) for r in reports],
                         [("busan-1", "succeeded"), ("seoul-1", "succeeded"), ("seoul-2", "skipped")])
        self.assertEqual(reports[0]["batch"], BATCH)

    def test_no_wait(self):
        self.expect(["broadcast", "status", "--no-wait"], f"{BATCH}\n")


class History(Program):
    def setUp(self):
        super().setUp()
        self.run_ctl("send", "seoul-1", "restart", "3node0")
        self.run_ctl("send", "busan-1", "start", "3node9")

    def test_history(self):
        self.expect(["history"],
                    "TIME                 CLIENT   COMMAND  STATE       TOOK  ID                      ERROR\n"
                    "2026-11-23 04:06:41  busan-1  start    failed     1.2 s  cmd_1795406800001_1001  "
                    'no such container "3node9"\n'
                    f"2026-11-23 04:06:40  seoul-1  restart  succeeded  1.2 s  {FIRST}  -\n")

    def test_filter(self):
        self.assertEqual([c["id"] for c in self.expect_json("history", "seoul-1")], [FIRST])
        self.expect(["history", "busan-1", "--since=2026-11-23", "-U", "@1800000000", "-c", "start", "--state=failed", "-n7"])
        self.wait_asked('ListCommands {"client":"busan-1","command":"start","state":"failed","since":1795392000000000,'
                        '"until":1800000000000000,"limit":7}')
        self.expect(["history", "-n", "0"], "", "--lines=0: expected 1 to 10000", 1)
        self.expect(["history", "--since", "whenever"], "",
                    '"whenever" is no time; write "2h ago", "yesterday", "21:40" or "2026-11-22 21:40"', 1)

    def test_command(self):
        out = self.expect(["command", FIRST])
        self.assertIn("     State: succeeded in 1.2 s\nParameters: container=3node0\n", out)
        report, = self.expect_json("command", FIRST)
        self.assertEqual(report["result"]["state"], "running")

    def test_follow(self):
        self.run_ctl("send", "seoul-1", "exec", "gap")
        self.expect(["command", "-f", "cmd_1795406800002_1002"], "one\ntwo\nthree\n")

    def test_unknown(self):
        self.expect(["command", "cmd_7"], "", 'no command "cmd_7"', 1)
        self.expect(["cancel", "cmd_7"], "", 'no command "cmd_7"', 1)

    def test_cancel(self):
        self.run_ctl("send", "seoul-1", "stop", "--no-wait")
        self.expect(["cancel", "cmd_1795406800002_1002"], "")
        self.assertEqual(self.expect_json("command", "cmd_1795406800002_1002")[0]["state"], "cancelled")


if __name__ == "__main__":
    Program.mserverctl, Program.mock = sys.argv[1:3]
    Program.source = os.path.dirname(os.path.abspath(__file__))
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
