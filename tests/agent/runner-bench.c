/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A runner between an engine whose answers are the test's and somebody who notes down what becomes of it. */
#include "runner-bench.h"

#include <glib/gstdio.h>
#include <string.h>

#define DEADLINE_MS 10000
#define LIST "[{\"Names\":[\"/3node1\"]},{\"Names\":[\"/3node0\"]},{\"Names\":[\"/db\"]}]"

static char *patterns[] = { (char *) "3node*", NULL };

static void too_late(void *userdata) {
        g_error("%s did not happen in time", (const char *) userdata);
}

static void run(Bench *t, const char *awaited) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(t->loop, DEADLINE_MS, 0, too_late, (void *) awaited);

        (void) loop_run(t->loop);
}

void bench_run_until(Bench *t, const char *request) {
        t->quit_at = request;
        run(t, request);
        t->quit_at = NULL;
}

void bench_run_until_ended(Bench *t, unsigned commands) {
        t->wanted = commands;
        if (t->ended < commands)
                run(t, "the end");
}

static void answer_inspect(Bench *t, FakeRequest *r) {
        g_autofree char *
                        name = g_strndup(r->line + strlen("GET /containers/"), strlen("3node0")),
                       *text = g_strdup_printf(
                                       "{\"Name\":\"/%s\",\"RestartCount\":1,\"Args\":[\"--rpc-port=1\"],"
                                       "\"HostConfig\":{\"NetworkMode\":\"host\"},"
                                       "\"Config\":{\"Image\":\"node:1\",\"Tty\":%s},\"State\":{\"Status\":\"%s\","
                                       "\"Running\":%s,\"StartedAt\":\"%s\"}}",
                                       name, t->tty ? "true" : "false", t->exited ? "exited" : "running",
                                       t->exited ? "false" : "true", t->started ?: "2024-05-01T10:00:00Z");

        fake_answer(r, 200, text);
}

static void answer(Bench *t, FakeRequest *r) {
        if (g_str_has_suffix(r->line, "/containers/json?all=1"))
                fake_answer(r, 200, t->list ?: LIST);
        else if (g_str_has_suffix(r->line, "/exec/e/json"))
                fake_answer(r, 200, t->exec ?: "{\"Running\":false,\"ExitCode\":0}");
        else if (g_str_has_suffix(r->line, "/json"))
                answer_inspect(t, r);
        else if (g_str_has_suffix(r->line, "/exec"))
                fake_answer(r, 201, "{\"Id\":\"e\"}");
        else if (strstr(r->line, "/logs?") || g_str_equal(r->line, "POST /exec/e/start")) {
                t->stream = r;
                fake_answer_stream(r);
        } else
                fake_answer(r, 204, NULL);
}

static void on_request(FakeRequest *r, void *userdata) {
        Bench *t = userdata;

        if (!strstr(r->line, "/containers/json"))
                g_string_append_printf(t->requests, "%s\n", r->line);
        if (t->broken && strstr(r->line, t->broken))
                fake_answer(r, 500, "{\"message\":\"disk on fire\"}");
        else if (!t->silent || !strstr(r->line, t->silent))
                answer(t, r);
        if (t->quit_at && strstr(r->line, t->quit_at))
                loop_quit(t->loop, 0);
}

static void on_output(const char *id, uint64_t offset, const char *text, size_t size, void *userdata) {
        Bench *t = userdata;

        g_assert_true(g_utf8_validate(text, (gssize) size, NULL));
        g_assert_cmpuint(offset, ==, t->output->len); /* in tests of one command */
        g_string_append_len(t->output, text, (gssize) size);
        t->largest = MAX(t->largest, size);
        t->chunks++;
        if (t->stop_flow)
                runner_set_flow(t->runner, false);
}

static void on_finished(const char *id, CommandState state, json_object *result, uint64_t output_bytes,
                        const char *error, void *userdata) {
        Bench *t = userdata;

        g_assert_true((state == COMMAND_SUCCEEDED) == !error);
        g_free(t->result);
        g_free(t->error);
        g_free(t->last_id);
        t->state = state;
        t->output_bytes = output_bytes;
        t->result = result ? g_strdup(json_object_to_json_string_ext(
                                             result,
                                             JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE))
                           : NULL;
        t->error = g_strdup(error);
        t->last_id = g_strdup(id);
        if (++t->ended == t->wanted)
                loop_quit(t->loop, 0);
}

Bench *bench_new(void) {
        static const RunnerEvents events = { on_output, on_finished };
        Bench *t = g_new0(Bench, 1);

        t->loop = loop_new(NULL);
        t->fake = fake_docker_new(t->loop, on_request, t);
        t->requests = g_string_new(NULL);
        t->output = g_string_new(NULL);
        t->config.docker_socket = (char *) fake_docker_path(t->fake);
        t->config.containers = patterns;
        t->dir = g_dir_make_tmp("runner-XXXXXX", NULL);
        t->config.backup_directory = g_build_filename(t->dir, "backups", NULL);
        t->config.backup_keep = 1;
        t->config.policy = policy_new(NULL, NULL, "yes", NULL, NULL);
        t->config.nodes = node_config_new();
        t->nodes = node_watch_new(t->loop, &t->config, NULL);
        g_assert_nonnull(t->nodes);
        t->runner = runner_new(t->loop, &t->config, NULL, NULL, t->nodes, NULL, &events, t, NULL);
        g_assert_nonnull(t->runner);
        return t;
}

void bench_free(Bench *t) {
        g_assert_cmpuint(runner_running(t->runner), ==, 0);
        (void) runner_free(t->runner);
        (void) node_watch_free(t->nodes);
        node_config_free(t->config.nodes);
        fake_docker_free(t->fake);
        (void) loop_free(t->loop);
        g_assert_cmpint(g_rmdir(t->config.backup_directory), ==, 0);
        g_assert_cmpint(g_rmdir(t->dir), ==, 0);
        g_free(t->config.backup_directory);
        policy_free(t->config.policy);
        g_free(t->dir);
        g_string_free(t->requests, true);
        g_string_free(t->output, true);
        g_free(t->result);
        g_free(t->error);
        g_free(t->last_id);
        g_free(t);
}

void bench_start(Bench *t, const char *command, const char *target, const char *params) {
        json_object *o = params ? json_tokener_parse(params) : NULL;

        g_assert_true(!params || o);
        runner_start(t->runner, &(RunRequest){ .id = "cmd_1",
                                               .command = command,
                                               .target = target,
                                               .params = o,
                                               .timeout_usec = MINUTE });
        json_object_put(o);
        g_assert_cmpuint(t->ended, ==, 0); /* never from inside the call */
        g_assert_cmpuint(runner_running(t->runner), ==, 1);
}

void bench_assert_end(Bench *t, CommandState state, const char *result, const char *error) {
        bench_run_until_ended(t, 1);
        g_assert_cmpstr(t->error, ==, error);
        g_assert_cmpstr(t->result, ==, result);
        g_assert_cmpint(t->state, ==, state);
        g_assert_cmpuint(t->ended, ==, 1);
}

void bench_turn(Bench *t, unsigned n) {
        while (n-- > 0)
                uv_run(loop_uv(t->loop), UV_RUN_NOWAIT);
}
