/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger's rows: how one moves on, what it then says, and that a refused move changes nothing. */
#include <glib.h>
#include <string.h>

#include "command-record.h"
#include "limits.h"

static CommandRecord *record_in(CommandState state) {
        CommandRecord *r = command_record_new("cmd_1_0001", "seoul-1", "restart");

        r->state = state;
        return r;
}

static void test_new(void) {
        g_autoptr(CommandRecord) r = command_record_new("cmd_1_0001", "seoul-1", "restart");

        g_assert_cmpstr(r->id, ==, "cmd_1_0001");
        g_assert_cmpstr(r->client, ==, "seoul-1");
        g_assert_cmpstr(r->command, ==, "restart");
        g_assert_cmpstr(r->container, ==, "");
        g_assert_cmpstr(r->batch, ==, "");
        g_assert_cmpstr(r->params, ==, "{}");
        g_assert_null(r->result);
        g_assert_null(r->error);
        g_assert_cmpint(r->state, ==, COMMAND_QUEUED);
        g_assert_cmpuint(r->requested + r->sent + r->started + r->finished + r->expires + r->timeout, ==, 0);
        g_assert_cmpuint(r->caller_uid, ==, UINT32_MAX);
        g_assert_null(command_record_free(NULL));
}

static void test_copy(void) {
        g_autoptr(CommandRecord) r = record_in(COMMAND_SENT);
        g_autoptr(CommandRecord) copy = NULL;

        r->requested = 1;
        r->caller_uid = 1000;
        g_assert_true(command_record_advance(r, COMMAND_FAILED, "{}", "no", 5));
        copy = command_record_copy(r);
        g_assert_cmpstr(copy->id, ==, r->id);
        g_assert_true(copy->id != r->id && copy->client != r->client && copy->command != r->command);
        g_assert_true(copy->container != r->container && copy->batch != r->batch &&
                      copy->params != r->params);
        g_assert_true(copy->result != r->result && copy->error != r->error);
        g_assert_cmpstr(copy->client, ==, "seoul-1");
        g_assert_cmpstr(copy->result, ==, "{}");
        g_assert_cmpstr(copy->error, ==, "no");
        g_assert_cmpint(copy->state, ==, COMMAND_FAILED);
        g_assert_cmpuint(copy->requested, ==, 1);
        g_assert_cmpuint(copy->finished, ==, 5);
        g_assert_cmpuint(copy->caller_uid, ==, 1000);
}

static void test_life(void) {
        g_autoptr(CommandRecord) r = record_in(COMMAND_QUEUED);

        g_assert_true(command_record_advance(r, COMMAND_SENT, NULL, NULL, 10));
        g_assert_true(command_record_advance(r, COMMAND_RUNNING, NULL, NULL, 20));
        g_assert_false(command_record_advance(r, COMMAND_SENT, NULL, NULL, 25));
        g_assert_true(command_record_advance(r, COMMAND_SUCCEEDED, "{\"a\":1}", NULL, 30));
        g_assert_false(command_record_advance(r, COMMAND_FAILED, NULL, "late", 40));
        g_assert_cmpuint(r->sent, ==, 10);
        g_assert_cmpuint(r->started, ==, 20);
        g_assert_cmpuint(r->finished, ==, 30);
        g_assert_cmpstr(r->result, ==, "{\"a\":1}");
        g_assert_null(r->error);
}

/* Every pair: it moves exactly where it may, sets the one time that belongs to the state, else nothing. */
static void test_matrix(void) {
        for (CommandState from = 0; from < _COMMAND_STATE_MAX; from++)
                for (CommandState to = 0; to < _COMMAND_STATE_MAX; to++) {
                        g_autoptr(CommandRecord) r = record_in(from);
                        bool final = command_state_is_final(to), may = command_state_may_follow(from, to);

                        g_assert_true(command_record_advance(r, to, final ? "5" : NULL, final ? "e" : NULL,
                                                             7) == may);
                        g_assert_cmpint(r->state, ==, may ? to : from);
                        g_assert_cmpuint(r->sent, ==, may && to == COMMAND_SENT ? 7 : 0);
                        g_assert_cmpuint(r->started, ==, may && to == COMMAND_RUNNING ? 7 : 0);
                        g_assert_cmpuint(r->finished, ==, may && final ? 7 : 0);
                        g_assert_cmpstr(r->result, ==, may && final ? "5" : NULL);
                        g_assert_cmpstr(r->error, ==, may && final ? "e" : NULL);
                }
}

/* A late answer replaces "interrupted" and all that was said then. */
static void test_late_answer(void) {
        g_autoptr(CommandRecord) r = record_in(COMMAND_RUNNING);

        g_assert_true(command_record_advance(r, COMMAND_INTERRUPTED, NULL, "the agent went down", 10));
        g_assert_true(command_record_advance(r, COMMAND_SUCCEEDED, "true", NULL, 20));
        g_assert_cmpuint(r->finished, ==, 20);
        g_assert_cmpstr(r->result, ==, "true");
        g_assert_null(r->error);
}

static void test_bounds(void) {
        g_autoptr(CommandRecord) most = record_in(COMMAND_SENT), more = record_in(COMMAND_SENT);
        g_autofree char *fits = g_strnfill(RESULT_BYTES_MAX, '1'),
                        *too_long = g_strnfill(RESULT_BYTES_MAX + 1, '1');
        g_autofree char *error = g_strconcat(too_long, "é", NULL);

        g_assert_true(command_record_advance(most, COMMAND_SUCCEEDED, fits, NULL, 1));
        g_assert_cmpstr(most->result, ==, fits);
        g_assert_true(command_record_advance(more, COMMAND_FAILED, too_long, error, 1));
        g_assert_cmpstr(more->result, ==, "{\"truncated\":true,\"size\":1048577,\"max\":1048576}");
        g_assert_cmpuint(strlen(more->error), ==, ERROR_TEXT_MAX);
}

static void test_result(void) {
        static const struct {
                CommandState state;
                const char *result, *error, *json;
        } cases[] = {
                { COMMAND_QUEUED, NULL, NULL, "null" },
                { COMMAND_RUNNING, NULL, NULL, "null" },
                { COMMAND_SUCCEEDED, NULL, NULL, "null" },
                { COMMAND_SUCCEEDED, "{\"a\":\"/\"}", NULL, "{\"a\":\"/\"}" },
                { COMMAND_SUCCEEDED, "\"text\"", NULL, "\"text\"" },
                { COMMAND_FAILED, NULL, "no such container: x", "{\"error\":\"no such container: x\"}" },
                { COMMAND_FAILED, "{}", "no", "{\"error\":\"no\"}" },
                { COMMAND_FAILED, "{\"exit_code\":1,\"output\":\"a/b\\n\"}", "exit code 1",
                  "{\"exit_code\":1,\"output\":\"a/b\\n\",\"error\":\"exit code 1\"}" },
                { COMMAND_FAILED, "{\"error\":5,\"x\":null}", "no", "{\"x\":null,\"error\":\"no\"}" },
                { COMMAND_FAILED, "[1,2]", "no", "{\"result\":[1,2],\"error\":\"no\"}" },
                { COMMAND_FAILED, "\"text\"", "say \"no\"",
                  "{\"result\":\"text\",\"error\":\"say \\\"no\\\"\"}" },
                { COMMAND_FAILED, "null", NULL, "{\"error\":\"failed\"}" },
                { COMMAND_TIMED_OUT, NULL, NULL, "{\"error\":\"timed-out\"}" },
                { COMMAND_INTERRUPTED, NULL, "the agent went down", "{\"error\":\"the agent went down\"}" },
                { COMMAND_FAILED, "not JSON", "no", "{\"error\":\"no\"}" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(CommandRecord) r = record_in(cases[i].state);
                g_autofree char *json = NULL;

                r->result = g_strdup(cases[i].result);
                r->error = g_strdup(cases[i].error);
                json = command_record_result_json(r);
                g_assert_cmpstr(json, ==, cases[i].json);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/command-record/new", test_new);
        g_test_add_func("/command-record/copy", test_copy);
        g_test_add_func("/command-record/life", test_life);
        g_test_add_func("/command-record/matrix", test_matrix);
        g_test_add_func("/command-record/late-answer", test_late_answer);
        g_test_add_func("/command-record/bounds", test_bounds);
        g_test_add_func("/command-record/result", test_result);
        return g_test_run();
}
