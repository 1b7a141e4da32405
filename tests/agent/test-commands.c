/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each command from runner_start() to its end: what it asks of the engine, and what becomes of the answers. */
#include <string.h>
#include <unistd.h>

#include "runner-bench.h"

static void test_lifecycle(void) {
        static const struct {
                const char *command, *params, *request;
        } table[] = {
                { "start", NULL, "POST /containers/3node0/start\n" },
                { "stop", NULL, "POST /containers/3node0/stop?t=300\n" },
                { "stop", "{\"timeout\":\"7\"}", "POST /containers/3node0/stop?t=7\n" },
                { "restart", "{\"timeout\":0}", "POST /containers/3node0/restart?t=0\n" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
                Bench *t = bench_new();
                g_autofree char *expected =
                                g_strconcat(table[i].request, "GET /containers/3node0/json\n", NULL);

                bench_start(t, table[i].command, "3node0", table[i].params);
                bench_assert_end(t, COMMAND_SUCCEEDED, "{\"container\":\"3node0\",\"state\":\"running\"}",
                                 NULL);
                g_assert_cmpstr(t->requests->str, ==, expected);
                bench_free(t);
        }
}

static void test_the_only_one(void) {
        Bench *t = bench_new();

        t->list = "[{\"Names\":[\"/3node0\"]},{\"Names\":[\"/db\"]}]";
        t->exited = true;
        bench_start(t, "stop", NULL, NULL);
        bench_assert_end(t, COMMAND_SUCCEEDED, "{\"container\":\"3node0\",\"state\":\"exited\"}", NULL);
        bench_free(t);
}

static void test_lifecycle_fails(void) {
        Bench *t = bench_new();

        t->broken = "/start";
        bench_start(t, "start", "3node0", NULL);
        bench_assert_end(t, COMMAND_FAILED, NULL, "docker: disk on fire");
        bench_free(t);

        t = bench_new();
        t->broken = "/3node0/json";
        bench_start(t, "start", "3node0", NULL);
        bench_assert_end(t, COMMAND_FAILED, NULL, "done, but its state is not known: docker: disk on fire");
        bench_free(t);
}

static void test_all(void) {
        Bench *t = bench_new();

        bench_start(t, "restart", "all", NULL);
        bench_assert_end(
                        t, COMMAND_SUCCEEDED,
                        "[{\"container\":\"3node0\",\"state\":\"running\"},{\"container\":\"3node1\",\"state\":\"running\"}]",
                        NULL);
        bench_free(t);

        t = bench_new();
        t->broken = "3node0/restart";
        bench_start(t, "restart", "all", NULL);
        bench_assert_end(t, COMMAND_FAILED,
                         "[{\"container\":\"3node0\",\"error\":\"docker: disk on fire\"},"
                         "{\"container\":\"3node1\",\"state\":\"running\"}]",
                         "1 of 2 failed: 3node0: docker: disk on fire");
        bench_free(t);
}

static void test_cancel_lifecycle(void) {
        Bench *t = bench_new();

        t->silent = "3node0/stop";
        bench_start(t, "stop", "all", NULL);
        bench_run_until(t, "3node0/stop");
        for (unsigned i = 0; i < 100; i++) /* while the other one is done */
                uv_run(loop_uv(t->loop), UV_RUN_NOWAIT);
        g_assert_true(runner_cancel(t->runner, "cmd_1"));
        g_assert_cmpuint(t->ended, ==, 0);
        bench_assert_end(t, COMMAND_CANCELLED,
                         "[{\"container\":\"3node0\",\"error\":\"docker was asked and may still do it\"},"
                         "{\"container\":\"3node1\",\"state\":\"running\"}]",
                         "cancelled; 1 of 2 failed: 3node0: docker was asked and may still do it");
        g_assert_false(runner_cancel(t->runner, "cmd_1"));
        bench_free(t);
}

/* A command whose output nobody takes still ends, with the newest of it in its result. */
#define STATUS_OF(name)                                                                                     \
        "{\"name\":\"" name "\",\"image\":\"node:1\",\"state\":\"running\",\"health\":null,\"restarts\":1," \
        "\"started\":\"2024-05-01T10:00:00Z\",\"node\":{\"error\":\"127.0.0.1:1 does not answer: "          \
        "Couldn't connect to server\"}}"

static void test_status(void) {
        Bench *t = bench_new();

        bench_start(t, "status", NULL, NULL);
        bench_assert_end(t, COMMAND_SUCCEEDED, "[" STATUS_OF("3node0") "," STATUS_OF("3node1") "]", NULL);
        bench_free(t);

        t = bench_new();
        bench_start(t, "status", NULL, "{\"container\":\"3node1\"}");
        bench_assert_end(t, COMMAND_SUCCEEDED, "[" STATUS_OF("3node1") "]", NULL);
        bench_free(t);

        t = bench_new();
        t->broken = "3node1/json";
        bench_start(t, "status", NULL, NULL);
        bench_assert_end(
                        t, COMMAND_FAILED,
                        "[" STATUS_OF("3node0") ",{\"name\":\"3node1\",\"error\":\"docker: disk on fire\"}]",
                        "1 of 2 failed: 3node1: docker: disk on fire");
        bench_free(t);
}

static void test_logs(void) {
        Bench *t = bench_new();

        bench_start(t, "logs", "3node0", "{\"lines\":5}");
        bench_run_until(t, "/logs");
        g_assert_true(g_str_has_suffix(t->requests->str,
                                       "/logs?stdout=1&stderr=1&tail=5&since=0&follow=0\n"));
        fake_send_frame(t->stream, 1, "caf\xc3");
        fake_send_frame(t->stream, 2, "warning\n");
        fake_send_frame(t->stream, 1, "\xa9\n");
        fake_hang_up(t->stream);
        bench_assert_end(t, COMMAND_SUCCEEDED, "\"cafwarning\\né\\n\"", NULL);
        g_assert_cmpstr(t->output->str, ==, "cafwarning\né\n");
        bench_free(t);
}

static void test_logs_of_terminal(void) {
        Bench *t = bench_new();

        t->tty = true;
        bench_start(t, "logs", "3node0", NULL);
        bench_run_until(t, "/logs");
        fake_send(t->stream, "plain\n", 6);
        fake_hang_up(t->stream);
        bench_assert_end(t, COMMAND_SUCCEEDED, "\"plain\\n\"", NULL);
        bench_free(t);
}

static void test_logs_cut(void) {
        static const char half[] = "\1\0\0\0\0\0\0\5hel";
        Bench *t = bench_new();

        bench_start(t, "logs", "3node0", NULL);
        bench_run_until(t, "/logs");
        fake_send(t->stream, half, sizeof(half) - 1);
        fake_hang_up(t->stream);
        bench_assert_end(t, COMMAND_FAILED, "\"hel\"", "docker ended the log in the middle of a message");
        bench_free(t);
}

static void test_follow(void) {
        Bench *t = bench_new();

        bench_start(t, "logs", "3node0", "{\"follow\":true}");
        bench_run_until(t, "/logs");
        fake_send_frame(t->stream, 1, "one\n");
        while (t->chunks == 0)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        g_assert_cmpstr(t->output->str, ==, "one\n");
        fake_send_frame(t->stream, 1, "two\n");
        while (t->chunks == 1)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        g_assert_true(runner_cancel(t->runner, "cmd_1"));
        bench_assert_end(t, COMMAND_CANCELLED, "\"one\\ntwo\\n\"", "cancelled");
        while (!t->stream->gone)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        bench_free(t);
}

static void test_follow_to_end(void) {
        Bench *t = bench_new();

        bench_start(t, "logs", "3node0", "{\"follow\":true}");
        bench_run_until(t, "/logs");
        t->exited = true;
        fake_hang_up(t->stream);
        bench_assert_end(t, COMMAND_SUCCEEDED, "\"\"", NULL);
        bench_free(t);

        t = bench_new();
        bench_start(t, "logs", "3node0", "{\"follow\":true}");
        bench_run_until(t, "/logs");
        fake_hang_up(t->stream);
        bench_assert_end(t, COMMAND_FAILED, "\"\"", "docker ended the log of 3node0, which still runs");
        bench_free(t);

        t = bench_new();
        bench_start(t, "logs", "3node0", "{\"follow\":true}");
        bench_run_until(t, "/logs");
        t->started = "2024-05-01T10:00:01Z";
        fake_hang_up(t->stream);
        bench_assert_end(t, COMMAND_FAILED, "\"\"", "3node0 was restarted, and its log ended there");
        bench_free(t);
}

static void test_exec(void) {
        Bench *t = bench_new();

        bench_start(t, "exec", "3node0", "{\"command\":\"ls -l '/a b'\"}");
        bench_run_until(t, "/start");
        fake_send_frame(t->stream, 1, "total 0\n");
        fake_hang_up(t->stream);
        bench_assert_end(t, COMMAND_SUCCEEDED, "{\"output\":\"total 0\\n\",\"exit_code\":0}", NULL);
        g_assert_cmpstr(t->output->str, ==, "total 0\n");
        bench_free(t);
}

static void test_exec_fails(void) {
        Bench *t = bench_new();

        t->exec = "{\"Running\":false,\"ExitCode\":2}";
        bench_start(t, "exec", "3node0", "{\"command\":[\"false\"]}");
        bench_run_until(t, "/start");
        fake_hang_up(t->stream);
        bench_assert_end(t, COMMAND_FAILED, "{\"output\":\"\",\"exit_code\":2}", "exited with code 2");
        bench_free(t);

        t = bench_new();
        t->exec = "{\"Running\":false,\"ExitCode\":127}";
        bench_start(t, "exec", "3node0", "{\"command\":[\"nothing\"]}");
        bench_run_until(t, "/start");
        fake_send_frame(t->stream, 1, "OCI runtime exec failed: not found\r\n");
        fake_hang_up(t->stream);
        bench_assert_end(t, COMMAND_FAILED,
                         "{\"output\":\"OCI runtime exec failed: not found\\r\\n\",\"exit_code\":127}",
                         "docker: OCI runtime exec failed: not found");
        bench_free(t);

        t = bench_new();
        t->broken = "/exec";
        bench_start(t, "exec", "3node0", "{\"command\":[\"false\"]}");
        bench_assert_end(t, COMMAND_FAILED, "{\"output\":\"\"}", "docker: disk on fire");
        bench_free(t);
}

static void use_policy(Bench *t, const char *commands, const char *containers, const char *exec) {
        char *one_command[] = { (char *) commands, NULL }, *one_container[] = { (char *) containers, NULL };

        policy_free(t->config.policy);
        t->config.policy = policy_new(commands ? one_command : NULL, containers ? one_container : NULL, exec,
                                      NULL, NULL);
        g_assert_nonnull(t->config.policy);
}

/* What the policy refuses is rejected with its rule, and never reaches the engine. */
static void test_policy(void) {
        Bench *t = bench_new();

        use_policy(t, "restart", "3node1", NULL);
        bench_start(t, "stop", "3node1", NULL);
        bench_assert_end(t, COMMAND_REJECTED, NULL,
                         "[Policy] AllowCommands= of this agent does not list \"stop\"");
        g_assert_cmpstr(t->requests->str, ==, "");
        bench_free(t);

        t = bench_new();
        use_policy(t, NULL, "3node1", NULL);
        bench_start(t, "restart", "3node0", NULL);
        bench_assert_end(t, COMMAND_REJECTED, NULL,
                         "[Policy] AllowContainers= of this agent does not list \"3node0\"");
        g_assert_cmpstr(t->requests->str, ==, "");
        bench_free(t);

        t = bench_new();
        use_policy(t, NULL, "3node1", NULL);
        bench_start(t, "restart", "all", NULL); /* not all but one */
        bench_assert_end(t, COMMAND_REJECTED, NULL,
                         "[Policy] AllowContainers= of this agent does not list \"3node0\"");
        g_assert_cmpstr(t->requests->str, ==, "");
        bench_free(t);

        t = bench_new();
        use_policy(t, NULL, NULL, "ls *");
        bench_start(t, "exec", "3node0", "{\"command\":\"rm -rf /\"}");
        bench_assert_end(t, COMMAND_REJECTED, NULL,
                         "[Policy] AllowExec= of this agent has no pattern for this call of \"rm\"");
        g_assert_cmpstr(t->requests->str, ==, "");
        bench_free(t);
}

static void test_policy_callers(void) {
        Bench *t = bench_new();
        char *callers[] = { "1000", NULL };

        policy_free(t->config.policy);
        t->config.policy = policy_new(NULL, NULL, NULL, callers, NULL);
        runner_start(t->runner, &(RunRequest){ .id = "cmd_1",
                                               .command = "restart",
                                               .target = "3node0",
                                               .caller = "1001",
                                               .timeout_usec = MINUTE });
        bench_assert_end(t, COMMAND_REJECTED, NULL,
                         "[Policy] AllowCallers= of this agent does not list uid 1001");
        bench_free(t);

        t = bench_new();
        policy_free(t->config.policy);
        t->config.policy = policy_new(NULL, NULL, NULL, callers, NULL);
        runner_start(t->runner, &(RunRequest){ .id = "cmd_1",
                                               .command = "restart",
                                               .target = "3node0",
                                               .caller = "1000",
                                               .timeout_usec = MINUTE });
        bench_assert_end(t, COMMAND_SUCCEEDED, "{\"container\":\"3node0\",\"state\":\"running\"}", NULL);
        bench_free(t);
}

static void test_exec_cancel(void) {
        Bench *t = bench_new();
        g_autofree char *running = g_strdup_printf("{\"Running\":true,\"Pid\":%d}", (int) getpid());

        bench_start(t, "exec", "3node0", "{\"command\":[\"sleep\",\"1000\"]}");
        bench_run_until(t, "/start");
        fake_send_frame(t->stream, 1, "zzz");
        t->exec = running;
        g_assert_true(runner_cancel(t->runner, "cmd_1"));
        t->silent = "POST /exec/e/start"; /* of the kill */
        bench_run_until(t, "/containers/3node0/exec");
        t->exec = "{\"Running\":false,\"ExitCode\":143}";
        fake_hang_up(t->stream);
        bench_assert_end(t, COMMAND_CANCELLED, "{\"output\":\"zzz\",\"exit_code\":143}", "cancelled");
        bench_free(t);
}

static void test_exec_cannot_cancel(void) {
        Bench *t = bench_new();

        bench_start(t, "exec", "3node0", "{\"command\":[\"sleep\",\"1000\"]}");
        bench_run_until(t, "/start");
        t->broken = "/exec/e/json";
        g_assert_true(runner_cancel(t->runner, "cmd_1"));
        bench_assert_end(t, COMMAND_CANCELLED, "{\"output\":\"\"}",
                         "cancelled; the process may still run in 3node0: docker: disk on fire");
        bench_free(t);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/commands/lifecycle", test_lifecycle);
        g_test_add_func("/commands/the-only-one", test_the_only_one);
        g_test_add_func("/commands/lifecycle-fails", test_lifecycle_fails);
        g_test_add_func("/commands/all", test_all);
        g_test_add_func("/commands/cancel-lifecycle", test_cancel_lifecycle);
        g_test_add_func("/commands/status", test_status);
        g_test_add_func("/commands/logs", test_logs);
        g_test_add_func("/commands/logs-of-terminal", test_logs_of_terminal);
        g_test_add_func("/commands/logs-cut", test_logs_cut);
        g_test_add_func("/commands/follow", test_follow);
        g_test_add_func("/commands/follow-to-end", test_follow_to_end);
        g_test_add_func("/commands/exec", test_exec);
        g_test_add_func("/commands/exec-fails", test_exec_fails);
        g_test_add_func("/commands/policy", test_policy);
        g_test_add_func("/commands/policy-callers", test_policy_callers);
        g_test_add_func("/commands/exec-cancel", test_exec_cancel);
        g_test_add_func("/commands/exec-cannot-cancel", test_exec_cannot_cancel);
        return g_test_run();
}
