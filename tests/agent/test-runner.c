/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all commands have in common: refusals, ends of every kind, many at once, and output without end. */
#include <string.h>

#include "limits.h"
#include "runner-bench.h"

static void test_refused(void) {
        static const struct {
                const char *command, *target, *params;
                CommandState state;
                const char *error;
        } table[] = {
                { "format", NULL, NULL, COMMAND_FAILED,
                  "no command \"format\"; this agent has: start, stop, restart, logs, status, exec, backup_keys, rotate_keys, check_keys" },
                { "start", NULL, NULL, COMMAND_FAILED,
                  "this host manages 2 containers; name one: 3node0, 3node1" },
                { "start", "", "{}", COMMAND_FAILED,
                  "this host manages 2 containers; name one: 3node0, 3node1" },
                { "stop", "3node9", NULL, COMMAND_FAILED,
                  "no container \"3node9\"; this host manages 2 containers: 3node0, 3node1" },
                { "restart", "db", NULL, COMMAND_REJECTED,
                  "container \"db\" is not managed here; this host manages 2 containers: 3node0, 3node1" },
                { "logs", NULL, "{\"container\":\"3node0\",\"lines\":0}", COMMAND_FAILED,
                  "logs: lines is \"0\", expected a number from 1 to 10000" },
                { "exec", "3node0", NULL, COMMAND_FAILED,
                  "exec: command is missing (what to run, without a shell)" },
                { "logs", "3node0", "[1]", COMMAND_FAILED,
                  "logs: the set of parameters is \"[1]\", expected an object" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
                Bench *t = bench_new();

                bench_start(t, table[i].command, table[i].target, table[i].params);
                bench_assert_end(t, table[i].state, NULL, table[i].error);
                g_assert_cmpstr(t->requests->str, ==, "");
                bench_free(t);
        }
}

static void test_engine_goes_down(void) {
        Bench *t = bench_new();

        bench_start(t, "logs", "3node0", "{\"follow\":true}");
        bench_run_until(t, "/logs");
        fake_send_frame(t->stream, 1, "one\n");
        while (t->chunks == 0)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        fake_docker_stop(t->fake);
        bench_run_until_ended(t, 1);
        g_assert_cmpint(t->state, ==, COMMAND_FAILED);
        g_assert_cmpstr(t->result, ==, "\"one\\n\"");
        g_assert_true(g_str_has_prefix(t->error, "docker "));
        bench_free(t);

        t = bench_new();
        fake_docker_stop(t->fake);
        bench_start(t, "status", NULL, NULL);
        bench_run_until_ended(t, 1);
        g_assert_cmpint(t->state, ==, COMMAND_FAILED);
        g_assert_true(g_str_has_prefix(t->error, "docker does not answer at "));
        bench_free(t);
}

static void test_cancel_early(void) {
        static const char *const moments[] = { "/containers/json", "3node0/exec" };
        Bench *t = bench_new();

        bench_start(t, "exec", "3node0", "{\"command\":[\"true\"]}");
        g_assert_true(runner_cancel(t->runner, "cmd_1"));
        g_assert_true(runner_cancel(t->runner, "cmd_1") == false);
        bench_assert_end(t, COMMAND_CANCELLED, NULL, "cancelled");
        bench_free(t);
        for (unsigned i = 0; i < G_N_ELEMENTS(moments); i++) {
                t = bench_new();
                t->silent = moments[i];
                bench_start(t, "exec", "3node0", "{\"command\":[\"true\"]}");
                bench_run_until(t, moments[i]);
                g_assert_true(runner_cancel(t->runner, "cmd_1"));
                bench_assert_end(t, COMMAND_CANCELLED, NULL, "cancelled");
                g_assert_null(t->stream);
                bench_free(t);
        }
}

static void test_timeout(void) {
        Bench *t = bench_new();

        t->silent = "/restart";
        runner_start(t->runner, &(RunRequest){ .id = "cmd_1",
                                               .command = "restart",
                                               .target = "3node0",
                                               .timeout_usec = 20000 });
        bench_assert_end(t, COMMAND_TIMED_OUT, NULL,
                         "timed out after 20 ms; docker was asked and may still do it");
        bench_free(t);
}

static void test_side_by_side(void) {
        Bench *t = bench_new();
        FakeRequest *first, *second;

        runner_start(t->runner, &(RunRequest){ .id = "cmd_1",
                                               .command = "logs",
                                               .target = "3node0",
                                               .timeout_usec = MINUTE });
        bench_run_until(t, "3node0/logs");
        first = t->stream;
        runner_start(t->runner, &(RunRequest){ .id = "cmd_2",
                                               .command = "logs",
                                               .target = "3node1",
                                               .timeout_usec = MINUTE });
        bench_run_until(t, "3node1/logs");
        second = t->stream;
        g_assert_cmpuint(runner_running(t->runner), ==, 2);
        fake_hang_up(second);
        bench_run_until_ended(t, 1);
        g_assert_cmpstr(t->last_id, ==, "cmd_2");
        fake_hang_up(first);
        bench_run_until_ended(t, 2);
        g_assert_cmpstr(t->last_id, ==, "cmd_1");
        bench_free(t);
}

static void test_too_many(void) {
        Bench *t = bench_new();

        t->silent = "/containers/json";
        for (unsigned i = 0; i < AGENT_COMMANDS_MAX + 1; i++) {
                g_autofree char *id = g_strdup_printf("cmd_%u", i);

                runner_start(t->runner,
                             &(RunRequest){ .id = id, .command = "status", .timeout_usec = MINUTE });
        }
        bench_run_until_ended(t, 1);
        g_assert_cmpint(t->state, ==, COMMAND_FAILED);
        g_assert_cmpstr(t->error, ==, "64 commands run here already, as many as may");
        for (unsigned i = 0; i < AGENT_COMMANDS_MAX; i++) {
                g_autofree char *id = g_strdup_printf("cmd_%u", i);

                g_assert_true(runner_cancel(t->runner, id));
        }
        bench_run_until_ended(t, AGENT_COMMANDS_MAX + 1);
        bench_free(t);
}

static void test_endless(void) {
        g_autofree char *block = g_strnfill(10000, 'x');
        Bench *t = bench_new();
        uint64_t sent;

        t->tty = true;
        t->stop_flow = true;
        bench_start(t, "logs", "3node0", "{\"follow\":true}");
        bench_run_until(t, "/logs");
        fake_send_endlessly(t->stream, block);
        while (t->chunks == 0)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        bench_turn(t, 300);
        sent = t->stream->sent;
        bench_turn(t, 300);
        g_assert_cmpuint(t->stream->sent, ==, sent);
        g_assert_cmpuint(sent, <, 2 * 1024 * 1024); /* most of that is the kernel's */
        g_assert_cmpuint(t->chunks, ==, 1);

        t->stop_flow = false;
        runner_set_flow(t->runner, true);
        while (t->output->len < 2 * AGENT_OUTPUT_BYTES_MAX)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        g_assert_cmpuint(t->largest, <=, OUTPUT_CHUNK_BYTES);
        g_assert_cmpuint(t->chunks, <=, 2 * t->output->len / OUTPUT_CHUNK_BYTES); /* no crumbs */

        g_assert_true(runner_cancel(t->runner, "cmd_1"));
        bench_run_until_ended(t, 1);
        g_assert_cmpint(t->state, ==, COMMAND_CANCELLED);
        g_assert_cmpuint(strlen(t->result), <=, AGENT_OUTPUT_BYTES_MAX + 100);
        g_assert_true(g_str_has_prefix(t->result, "\"["));
        g_assert_nonnull(strstr(t->result, " bytes before this left out]\\n"));
        bench_free(t);
}

/* A server whose reader is slow pauses this one command, at its source. */
static void test_window(void) {
        g_autofree char *block = g_strnfill(10000, 'x');
        Bench *t = bench_new();
        uint64_t sent;

        t->tty = true;
        runner_begin_output(t->runner, true);
        bench_start(t, "logs", "3node0", "{\"follow\":true}");
        bench_run_until(t, "/logs");
        fake_send_endlessly(t->stream, block);
        while (t->output->len < OUTPUT_WINDOW_BYTES)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        bench_turn(t, 300);
        sent = t->stream->sent;
        bench_turn(t, 300);
        g_assert_cmpuint(t->output->len, <, OUTPUT_WINDOW_BYTES + OUTPUT_CHUNK_BYTES);
        g_assert_cmpuint(t->stream->sent, ==, sent);

        while (t->output->len < 2 * AGENT_OUTPUT_BYTES_MAX) {
                runner_passed(t->runner, "cmd_1", t->output->len);
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        }
        runner_passed(t->runner, "cmd_2", 1); /* of no command that runs */
        g_assert_true(runner_cancel(t->runner, "cmd_1"));
        bench_run_until_ended(t, 1);
        g_assert_cmpuint(t->output->len, ==, t->output_bytes); /* all of it, before the end */
        bench_free(t);
}

static void test_end_without_flow(void) {
        g_autofree char *block = g_strnfill(AGENT_OUTPUT_BYTES_MAX, 'x');
        Bench *t = bench_new();

        runner_set_flow(t->runner, false);
        bench_start(t, "exec", "3node0", "{\"command\":[\"true\"]}");
        bench_run_until(t, "/start");
        fake_send_frame(t->stream, 1, "short");
        fake_hang_up(t->stream);
        bench_assert_end(t, COMMAND_SUCCEEDED, "{\"output\":\"short\",\"exit_code\":0}", NULL);
        g_assert_cmpuint(t->chunks, ==, 0);
        bench_free(t);

        /* One that was paused and is stopped runs on, to be seen ending. */
        t = bench_new();
        runner_set_flow(t->runner, false);
        bench_start(t, "exec", "3node0", "{\"command\":[\"yes\"]}");
        bench_run_until(t, "/start");
        for (unsigned i = 0; i < 8; i++)
                fake_send_frame(t->stream, 1, block);
        bench_turn(t, 100);
        fake_hang_up(t->stream);
        g_assert_cmpuint(t->ended, ==, 0);
        t->silent = "/containers/3node0/exec";
        g_assert_true(runner_cancel(t->runner, "cmd_1"));
        bench_run_until_ended(t, 1);
        g_assert_cmpint(t->state, ==, COMMAND_CANCELLED);
        g_assert_nonnull(strstr(t->result, "\"truncated\":true,\"output_bytes\":2097152"));
        bench_free(t);
}

static void test_free_while_running(void) {
        static const char *const silent[] = { "/containers/json", "/exec", "POST /exec/e/start", "nothing" };

        for (unsigned i = 0; i < G_N_ELEMENTS(silent); i++) {
                Bench *t = bench_new();

                t->silent = silent[i];
                bench_start(t, "exec", "3node0", "{\"command\":[\"true\"]}");
                bench_turn(t, 100);
                g_clear_pointer(&t->runner, runner_free);
                g_assert_cmpuint(t->ended, ==, 0);
                t->runner = runner_new(t->loop, &t->config, NULL, NULL, t->nodes, NULL, &(RunnerEvents){}, t,
                                       NULL);
                bench_free(t);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/runner/refused", test_refused);
        g_test_add_func("/runner/engine-goes-down", test_engine_goes_down);
        g_test_add_func("/runner/cancel-early", test_cancel_early);
        g_test_add_func("/runner/timeout", test_timeout);
        g_test_add_func("/runner/side-by-side", test_side_by_side);
        g_test_add_func("/runner/too-many", test_too_many);
        g_test_add_func("/runner/endless", test_endless);
        g_test_add_func("/runner/window", test_window);
        g_test_add_func("/runner/end-without-flow", test_end_without_flow);
        g_test_add_func("/runner/free-while-running", test_free_while_running);
        return g_test_run();
}
