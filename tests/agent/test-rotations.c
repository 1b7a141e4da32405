/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations of session keys: what keeps them from beginning, how they end, and that none is repeated or lost, whatever is
 * killed in the middle. */
#include <glib.h>
#include <string.h>

#include "json-path.h"
#include "limits.h"
#include "rotation-bench.h"

#define OWNER "0x2f8c6129d816cf51c374bc7f08c3e63ed156cf78aefb4a6550d97b87997977ee"
#define NOT_FOUND "\"error\":{\"code\":-32601,\"message\":\"Method not found\"}"

static RotationBench *started(void) {
        RotationBench *b = rotation_bench_new();

        rotation_bench_start(b);
        return b;
}

/* Each part must be in it. */
static void assert_error(const RotationBench *b, CommandState state, const char *part) {
        g_assert_cmpint(b->state, ==, state);
        if (!strstr(b->error, part))
                g_error("\"%s\" is not in \"%s\"", part, b->error);
}

static void assert_outbox(RotationBench *b, const char *id) {
        g_autofree char *there = rotation_bench_outbox(b), *keys = rotation_bench_keys(b),
                        *expected = id ? g_strdup_printf("%s %s", id, keys) : g_strdup("");

        g_assert_cmpstr(there, ==, expected);
}

static void assert_succeeded(RotationBench *b, unsigned rotated, bool confirmed, bool recovered) {
        g_autofree char *keys = rotation_bench_keys(b);

        g_assert_cmpstr(b->error, ==, NULL);
        g_assert_cmpint(b->state, ==, COMMAND_SUCCEEDED);
        g_assert_cmpstr(json_string_at(b->result, "session_key"), ==, keys);
        g_assert_cmpstr(json_string_at(b->result, "container"), ==, "3node0");
        g_assert_cmpint(json_bool_at(b->result, "confirmed"), ==, confirmed);
        g_assert_cmpint(json_bool_at(b->result, "recovered"), ==, recovered);
        g_assert_cmpuint(b->rotated, ==, rotated);
}

/* What is left of an earlier process: only that, and before anything of ours can be mistaken for it. */
static void test_sweeps(void) {
        RotationBench *b = rotation_bench_new();
        g_autofree char *guests = g_strdup_printf("[{\"Id\":\"left\",\"Created\":1},"
                                                  "{\"Id\":\"ours\",\"Created\":%" G_GINT64_FORMAT "}]",
                                                  g_get_real_time() / G_USEC_PER_SEC + 3600);

        b->engine->stopped = guests;
        rotation_bench_start(b);
        rotation_bench_run_until(b, "DELETE /containers/left?");
        g_assert_null(strstr(b->engine->requests->str, "DELETE /containers/ours"));
        rotation_bench_free(b);
}

static void test_rotates(void) {
        RotationBench *b = started();

        rotation_bench_rotate(b, "cmd_1", false);
        assert_succeeded(b, 1, true, false);
        g_assert_nonnull(json_at(b->result, "previous.gran"));
        assert_outbox(b, "cmd_1");
        rotation_bench_free(b);
}

static void test_refused(void) {
        static const struct {
                const char *method, *answer;
                CommandState state;
                const char *text;
                bool can_force;
        } cases[] = {
                { "system_health", "\"result\":{\"peers\":3,\"isSyncing\":true,\"shouldHavePeers\":true}",
                  COMMAND_REJECTED,
                  "3node0 refused to rotate: the node is syncing (best 1,204,331 of 1,377,020). --force overrides.",
                  true },
                { "system_health", "\"result\":{\"peers\":0,\"isSyncing\":false,\"shouldHavePeers\":true}",
                  COMMAND_REJECTED, "3node0 refused to rotate: the node has no peers. --force overrides.",
                  true },
                { "system_health", "\"result\":{\"peers\":1}", COMMAND_FAILED, "without \"isSyncing\"",
                  true },
                { "system_health", "\"error\":{\"code\":-32603,\"message\":\"busy\"}", COMMAND_FAILED,
                  "3node0 does not answer system_health, nothing was rotated: busy", true },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                RotationBench *b = started();

                rotation_bench_answer(b, cases[i].method, cases[i].answer);
                rotation_bench_rotate(b, "cmd_1", false);
                assert_error(b, cases[i].state, cases[i].text);
                g_assert_cmpuint(b->rotated, ==, 0);
                assert_outbox(b, NULL);
                /* That is no rotation: the next one need not wait. */
                rotation_bench_rotate(b, "cmd_2", cases[i].can_force);
                assert_succeeded(b, 1, true, false);
                rotation_bench_free(b);
        }
}

/* A node of a development chain should have no peers, and has none. */
static void test_alone(void) {
        RotationBench *b = started();

        rotation_bench_answer(b, "system_health",
                              "\"result\":{\"peers\":0,\"isSyncing\":false,\"shouldHavePeers\":false}");
        rotation_bench_rotate(b, "cmd_1", false);
        assert_succeeded(b, 1, true, false);
        rotation_bench_free(b);
}

static void test_interval(void) {
        RotationBench *b = started();

        rotation_bench_rotate(b, "cmd_1", false);
        rotation_bench_rotate(b, "cmd_2", false);
        assert_error(b, COMMAND_REJECTED, "ago, and [Keys] RotateInterval= is 1 h. --force overrides.");
        rotation_bench_kill(b); /* it is not forgotten */
        rotation_bench_start(b);
        rotation_bench_rotate(b, "cmd_3", false);
        assert_error(b, COMMAND_REJECTED, "RotateInterval=");
        g_assert_cmpuint(b->rotated, ==, 1);
        rotation_bench_rotate(b, "cmd_4", true);
        g_assert_cmpint(b->state, ==, COMMAND_SUCCEEDED);
        g_assert_cmpuint(b->rotated, ==, 2);
        rotation_bench_free(b);
}

static void second_done(CommandState state, json_object *result, const char *error, void *userdata) {
        RotationBench *b = userdata;

        g_assert_cmpint(state, ==, COMMAND_REJECTED);
        g_assert_cmpstr(error, ==, "3node0 refused to rotate: it is rotating already");
        loop_quit(b->loop, 0);
}

static void test_one_at_a_time(void) {
        static const char *const steps[] = { "system_health", "ls", "author_rotateKeys",
                                             "author_hasSessionKeys" };

        for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
                RotationBench *b = started();

                b->silent_at = steps[i];
                rotation_bench_ask(b, "cmd_1", false);
                rotation_bench_run(b);
                (void) rotations_rotate(b->rotations, "cmd_2", "3node0", true, second_done, b);
                rotation_bench_run(b);
                g_assert_false(b->ended);
                g_assert_cmpuint(b->rotated, <=, 1);
                rotation_bench_free(b);
        }
}

static void test_owner(void) {
        static const struct {
                const char *methods, *with_owner; /* answers; NULL: the usual ones */
                bool proof;
        } cases[] = {
                { NULL, NULL, true },
                { NULL, NOT_FOUND, false },
                { "\"result\":{\"methods\":[\"author_rotateKeys\"]}", "\"result\":7",
                  false }, /* not even asked */
                { NOT_FOUND, "\"result\":7", false },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                RotationBench *b = started();

                b->config.nodes->owner = g_strdup(OWNER);
                if (cases[i].methods)
                        rotation_bench_answer(b, "rpc_methods", cases[i].methods);
                if (cases[i].with_owner)
                        rotation_bench_answer(b, "author_rotateKeysWithOwner", cases[i].with_owner);
                rotation_bench_rotate(b, "cmd_1", false);
                assert_succeeded(b, 1, true, false);
                g_assert_cmpstr(json_string_at(b->result, "proof"), ==, cases[i].proof ? "0xaa" : NULL);
                assert_outbox(b, "cmd_1");
                rotation_bench_free(b);
        }
}

/* It made keys, or not: its files tell. */
static void test_malformed(void) {
        static const char *const answers[] = { "\"result\":7", "\"result\":\"0x12\"", "\"result\":null",
                                               "\"result\":{\"keys\":\"0xzz\"}" };

        for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
                RotationBench *b = started();

                rotation_bench_answer(b, "author_rotateKeys", answers[i]);
                rotation_bench_rotate(b, "cmd_1", false);
                assert_error(b, COMMAND_FAILED, "3node0 was not rotated: the node answered: ");
                assert_outbox(b, NULL);
                b->after_effect = true;
                rotation_bench_rotate(b, "cmd_2", false);
                assert_succeeded(b, 1, true, true);
                assert_outbox(b, "cmd_2");
                rotation_bench_free(b);
        }
}

static void test_declined(void) {
        RotationBench *b = started();

        rotation_bench_answer(b, "author_rotateKeys",
                              "\"error\":{\"code\":-32603,\"message\":\"keystore is read-only\"}");
        rotation_bench_rotate(b, "cmd_1", false);
        assert_error(b, COMMAND_FAILED, "3node0 was not rotated: the node refused: keystore is read-only");
        rotation_bench_answer(b, "author_rotateKeys", NULL);
        b->refused_at = "author_rotateKeys";
        rotation_bench_rotate(b, "cmd_2", false);
        assert_error(b, COMMAND_FAILED, "3node0 was not rotated: ");
        g_assert_cmpuint(b->rotated, ==, 0);
        assert_outbox(b, NULL);
        rotation_bench_free(b);
}

/* It says that it does not have the keys that it gave: nobody is told to use them. */
static void test_not_confirmed(void) {
        RotationBench *b = started();

        rotation_bench_answer(b, "author_hasSessionKeys", "\"result\":false");
        rotation_bench_rotate(b, "cmd_1", false);
        assert_error(b, COMMAND_FAILED, "3node0 may have been rotated: the node answered with 0x02");
        assert_outbox(b, NULL);
        rotation_bench_rotate(b, "cmd_2", false);
        assert_error(b, COMMAND_REJECTED, "RotateInterval="); /* it counts */
        g_assert_cmpuint(b->rotated, ==, 1);
        rotation_bench_free(b);

        /* One that cannot be asked is believed where its files say the same. */
        b = started();
        rotation_bench_answer(b, "author_hasSessionKeys", NOT_FOUND);
        rotation_bench_rotate(b, "cmd_1", false);
        assert_succeeded(b, 1, false, false);
        assert_outbox(b, "cmd_1");
        rotation_bench_free(b);
}

static void test_answer_lost(void) {
        RotationBench *b = started();

        b->cut_at = "author_rotateKeys";
        b->after_effect = true;
        rotation_bench_rotate(b, "cmd_1", false);
        assert_succeeded(b, 1, true, true);
        assert_outbox(b, "cmd_1");
        rotation_bench_free(b);
}

static void test_node_restarted(void) {
        RotationBench *b = started();

        b->cut_at = "author_rotateKeys";
        b->after_effect = b->stops_at_cut = true;
        rotation_bench_rotate(b, "cmd_1", false);
        assert_succeeded(b, 1, true, true);
        assert_outbox(b, "cmd_1");
        rotation_bench_free(b);
}

/* Killed at each step, once before and once after the node has done what it was asked. */
static void test_killed(void) {
        static const struct {
                const char *at;
                unsigned skip;
                bool after_effect;
                bool open;     /* the next process has something to look into, */
                bool recovers; /* and finds keys */
        } cases[] = {
                { "system_health" },
                { "ls" },
                { "author_rotateKeys", .open = true },
                { "author_rotateKeys", .after_effect = true, .open = true, .recovers = true },
                { "ls", 1, .open = true, .recovers = true },
                { "author_hasSessionKeys", .open = true, .recovers = true },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                RotationBench *b = started();

                g_test_message("%s %u", cases[i].at, cases[i].skip);
                b->silent_at = cases[i].at;
                b->skip = cases[i].skip;
                b->after_effect = cases[i].after_effect;
                rotation_bench_ask(b, "cmd_1", false);
                rotation_bench_run(b);
                rotation_bench_kill(b);
                if (!cases[i].recovers)
                        rotation_bench_let_time_pass(b);
                rotation_bench_start(b);
                if (cases[i].open)
                        rotation_bench_run(b);
                g_assert_cmpstr(b->settled->str, ==, cases[i].open ? "cmd_1 " : "");
                assert_outbox(b, cases[i].recovers ? "cmd_1" : NULL);

                rotation_bench_rotate(b, "cmd_2", false);
                if (cases[i].recovers)
                        assert_error(b, COMMAND_REJECTED, "RotateInterval=");
                else
                        assert_succeeded(b, 1, true, false);
                g_assert_cmpuint(b->rotated, ==, 1);
                rotation_bench_free(b);
        }
}

/* Killed while the node is at it. */
static RotationBench *killed_in_the_call(void) {
        RotationBench *b = started();

        b->silent_at = "author_rotateKeys";
        rotation_bench_ask(b, "cmd_1", false);
        rotation_bench_run(b);
        rotation_bench_kill(b);
        return b;
}

/* The node makes its keys after the first look, and the clock is set forward meanwhile: that is no reason to give up. */
static void test_clock_set(void) {
        RotationBench *b = killed_in_the_call();

        rotation_bench_set_clock(b);
        rotation_bench_start(b);
        rotation_bench_run_until(b, "GET /exec/e");
        rotation_bench_make_keys(b);
        while (b->settled->len == 0)
                rotation_bench_run(b);
        g_assert_cmpstr(b->settled->str, ==, "cmd_1 ");
        assert_outbox(b, "cmd_1");
        rotation_bench_free(b);
}

/* What the node was at ended with the host: nobody waits for it. */
static void test_rebooted(void) {
        RotationBench *b = killed_in_the_call();

        rotation_bench_reboot(b);
        rotation_bench_start(b);
        rotation_bench_run(b);
        g_assert_cmpstr(b->settled->str, ==, "cmd_1 ");
        assert_outbox(b, NULL);
        rotation_bench_free(b);
}

/* After its end nothing is looked into any more, and the key is in the outbox. */
static void test_killed_after_the_end(void) {
        RotationBench *b = started();

        rotation_bench_rotate(b, "cmd_1", false);
        rotation_bench_kill(b);
        rotation_bench_start(b);
        assert_outbox(b, "cmd_1");
        g_assert_cmpstr(b->settled->str, ==, "");
        rotation_bench_free(b);
}

static void taken(const char *id, LedgerVerdict verdict, const LedgerOutcome *outcome, const char *problem,
                  void *userdata) {
        RotationBench *b = userdata;

        b->verdict = verdict;
        ledger_outcome_clear(&b->outcome);
        if (outcome)
                b->outcome = ledger_outcome_copy(outcome);
        loop_quit(b->loop, 0);
}

static LedgerVerdict take(RotationBench *b, AgentLedger *l, const char *id) {
        agent_ledger_take(l, id, "rotate_keys", "3node0", 1, taken, b);
        rotation_bench_run(b);
        return b->verdict;
}

/* Killed between the end of the rotation and the one of its command: what is known is what the command ends with. */
static void test_killed_before_the_commands_end(void) {
        static const struct {
                const char *answer; /* of the node; NULL: keys */
                CommandState state;
        } cases[] = {
                { NULL, COMMAND_SUCCEEDED },
                { "\"error\":{\"code\":-32603,\"message\":\"keystore is read-only\"}", COMMAND_FAILED },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                RotationBench *b = started();
                g_autoptr(AgentLedger) first = agent_ledger_new(b->db, NULL, NULL), second = NULL;
                g_autofree char *result = NULL, *error = NULL;

                rotation_bench_answer(b, "author_rotateKeys", cases[i].answer);
                g_assert_cmpint(take(b, first, "cmd_1"), ==, LEDGER_NEW);
                rotation_bench_rotate(b, "cmd_1", false);
                g_assert_cmpint(b->state, ==, cases[i].state);
                result = b->result ? g_strdup(json_object_to_json_string_ext(b->result,
                                                                             JSON_C_TO_STRING_PLAIN))
                                   : NULL;
                error = g_strdup(b->error);
                rotation_bench_kill(b);
                rotation_bench_start(b);
                second = agent_ledger_new(b->db, NULL, NULL);
                g_assert_cmpint(take(b, second, "cmd_1"), ==, LEDGER_FINISHED);
                g_assert_cmpint(b->outcome.state, ==, cases[i].state);
                g_assert_cmpstr(b->outcome.result, ==, result);
                g_assert_cmpstr(b->outcome.error, ==, error);
                g_assert_cmpstr(b->settled->str, ==, "");
                rotation_bench_free(b);
        }
}

/* Who asks for keys while the ones of a rotation that was cut are looked for, gets those. */
static void test_asked_while_open(void) {
        RotationBench *b = started();

        b->silent_at = "author_rotateKeys";
        b->after_effect = true;
        rotation_bench_ask(b, "cmd_1", false);
        rotation_bench_run(b);
        rotation_bench_kill(b);
        b->engine->containers[0].state = "exited";
        b->engine->containers[0].starts_after = 2;
        rotation_bench_start(b);
        rotation_bench_run_until(b, "GET /containers/3node0/json");
        rotation_bench_rotate(b, "cmd_2", true);
        assert_succeeded(b, 1, true, true);
        g_assert_cmpstr(json_string_at(b->result, "command"), ==, "cmd_1");
        assert_outbox(b, "cmd_1");
        rotation_bench_free(b);
}

static void ignore_put(const char *problem, void *userdata) {
        g_assert_null(problem);
}

static void test_outbox_full(void) {
        RotationBench *b = started();

        for (unsigned i = 0; i < OUTBOX_RECORDS_MAX; i++) {
                g_autofree char *id = g_strdup_printf("k%u", i);
                const OutboxRecord r = { OUTBOX_KEY_UPDATE, id, "3node1", "{}" };

                (void) outbox_put(b->outbox, &r, ignore_put, NULL);
        }
        while (outbox_pending(b->outbox) < OUTBOX_RECORDS_MAX)
                (void) uv_run(loop_uv(b->loop), UV_RUN_ONCE);
        g_string_truncate(b->engine->requests, 0);
        rotation_bench_rotate(b, "cmd_1", true);
        assert_error(b, COMMAND_REJECTED,
                     "3node0 refused to rotate: the outbox is full: 10000 records wait");
        g_assert_cmpstr(b->engine->requests->str, ==, "");
        rotation_bench_free(b);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/rotations/sweeps", test_sweeps);
        g_test_add_func("/rotations/rotates", test_rotates);
        g_test_add_func("/rotations/refused", test_refused);
        g_test_add_func("/rotations/alone", test_alone);
        g_test_add_func("/rotations/interval", test_interval);
        g_test_add_func("/rotations/one-at-a-time", test_one_at_a_time);
        g_test_add_func("/rotations/owner", test_owner);
        g_test_add_func("/rotations/malformed", test_malformed);
        g_test_add_func("/rotations/declined", test_declined);
        g_test_add_func("/rotations/not-confirmed", test_not_confirmed);
        g_test_add_func("/rotations/answer-lost", test_answer_lost);
        g_test_add_func("/rotations/node-restarted", test_node_restarted);
        g_test_add_func("/rotations/killed", test_killed);
        g_test_add_func("/rotations/clock-set", test_clock_set);
        g_test_add_func("/rotations/rebooted", test_rebooted);
        g_test_add_func("/rotations/killed-after-the-end", test_killed_after_the_end);
        g_test_add_func("/rotations/killed-before-the-commands-end", test_killed_before_the_commands_end);
        g_test_add_func("/rotations/asked-while-open", test_asked_while_open);
        g_test_add_func("/rotations/outbox-full", test_outbox_full);
        return g_test_run();
}
