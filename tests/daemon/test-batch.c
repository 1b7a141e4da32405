/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Batches as whole conversations: who is sent what, when, and what is made of each answer. */
#include <string.h>

#include "batch-world.h"
#include "clock.h"
#include "error.h"
#include "limits.h"
#include "message.h"

/* One that is away is skipped, one that fails and one that never answers hold up nobody. */
static void test_all_at_once(void) {
        World *w = batch_up();

        world_hangs_up(peer_of("c"));
        batch_start(PLAN());
        g_assert_cmpuint(seen.answered, ==, 3);
        assert_counts("running", 3, 0, 0, 1);
        assert_open("restart", "abd");
        ends("a", COMMAND_SUCCEEDED);
        ends("b", COMMAND_FAILED);
        assert_counts("running", 3, 1, 1, 1);
        world_pass(COMMAND_TIMEOUT_DEFAULT_USEC + COMMAND_GRACE_USEC + USEC_PER_SEC);
        assert_ended("finished", 1, 2, 1);
        batch_down(w);
}

/* Without waves a slow one keeps its own place and no other. */
static void test_max_parallel(void) {
        World *w = batch_up();

        batch_start(PLAN(.max_parallel = 2));
        g_assert_cmpuint(seen.answered, ==, 2);
        assert_open("restart", "ab");
        ends("b", COMMAND_FAILED);
        assert_open("restart", "ac");
        ends("c", COMMAND_SUCCEEDED);
        assert_open("restart", "ad");
        ends("d", COMMAND_SUCCEEDED);
        assert_counts("running", 4, 2, 1, 0);
        ends("a", COMMAND_SUCCEEDED);
        assert_ended("finished", 3, 1, 0);
        batch_down(w);
}

static void test_absent_takes_no_place(void) {
        World *w = batch_up();

        world_hangs_up(peer_of("a"));
        world_hangs_up(peer_of("c"));
        batch_start(PLAN(.max_parallel = 1, .pause = 60 * USEC_PER_SEC));
        g_assert_cmpuint(seen.answered, ==, 1);
        assert_open("restart", "b");
        ends("b", COMMAND_SUCCEEDED);
        world_pass(60 * USEC_PER_SEC);
        assert_open("restart", "d");
        assert_counts("running", 2, 1, 0, 2);
        ends("d", COMMAND_SUCCEEDED);
        assert_ended("finished", 2, 0, 2);
        batch_down(w);
}

static void test_pause(void) {
        World *w = batch_up();

        batch_start(PLAN(.max_parallel = 2, .pause = 60 * USEC_PER_SEC));
        ends("a", COMMAND_SUCCEEDED);
        world_pass(100 * USEC_PER_SEC);
        assert_open("restart", "b"); /* the wave has not ended */
        ends("b", COMMAND_SUCCEEDED);
        g_assert_cmpstr(seen.status, ==, "pausing for 1 min");
        world_pass(59 * USEC_PER_SEC);
        assert_open("restart", "");
        world_pass(2 * USEC_PER_SEC);
        g_assert_cmpstr(seen.status, ==, "");
        assert_open("restart", "cd");
        ends("c", COMMAND_SUCCEEDED);
        ends("d", COMMAND_SUCCEEDED);
        assert_ended("finished", 4, 0, 0);
        batch_down(w);
}

static void test_max_failures(void) {
        World *w = batch_up();

        batch_start(&(BatchOptions){ .plan = { .max_parallel = 1, .max_failures = 1 } });
        ends("a", COMMAND_REJECTED);
        assert_open("restart", "b");
        ends("b", COMMAND_FAILED);
        assert_open("restart", "");
        assert_ended("failed", 0, 2, 2);
        g_assert_cmpstr(seen.status, ==, "2 failed, at most 1 were to");
        batch_down(w);
}

/* Those that run when it is enough come to their end. */
static void test_max_failures_while_others_run(void) {
        World *w = batch_up();

        batch_start(&(BatchOptions){ .plan = { .max_parallel = 3 } });
        ends("b", COMMAND_FAILED);
        assert_open("restart", "ac");
        assert_counts("failed", 3, 0, 1, 1);
        ends("a", COMMAND_SUCCEEDED);
        ends("c", COMMAND_SUCCEEDED);
        assert_ended("failed", 2, 1, 1);
        batch_down(w);
}

static void test_cancel(void) {
        World *w = batch_up();
        g_autofree char *log = NULL;

        batch_start(PLAN(.max_parallel = 2));
        g_free(world_take_log());
        batch_cancel();
        log = world_take_log();
        g_assert_nonnull(strstr(log, "a < command_cancel\n"));
        g_assert_nonnull(strstr(log, "b < command_cancel\n"));
        assert_counts("cancelled", 2, 0, 0, 2);
        g_assert_false(seen.ended);
        batch_cancel(); /* again */
        ends("a", COMMAND_CANCELLED);
        ends("b", COMMAND_SUCCEEDED);
        assert_open("restart", "");
        assert_ended("cancelled", 1, 1, 2);
        batch_down(w);
}

/* Commands that are on their way to the store when it is cancelled are cancelled, too. */
static void test_cancel_at_once(void) {
        World *w = batch_up();
        CommandRequest q = { .command = "restart", .caller = { .uid = 1000 } };

        batch_begin(&q, PLAN());
        batch_cancel();
        assert_open("restart", "");
        assert_ended("cancelled", 0, 0, 4);

        seen.ended = false;
        batch_begin(&q, PLAN());
        while (!command_of("d", "restart"))
                g_assert_true(world_step());
        batch_cancel();
        assert_open("restart", "abcd");
        assert_counts("cancelled", 4, 0, 0, 0);
        for (unsigned i = 0; i < G_N_ELEMENTS(clients); i++)
                ends(clients[i], COMMAND_CANCELLED);
        assert_ended("cancelled", 0, 4, 0);
        batch_down(w);
}

/* What waits for an absent client takes no part in the plan, but belongs to the batch. */
static void test_queue(void) {
        World *w = batch_up();
        CommandRequest q = { .command = "restart", .queue = true, .caller = { .uid = 1000 } };

        world_hangs_up(peer_of("a"));
        batch_start_request(&q, PLAN(.max_parallel = 1, .pause = USEC_PER_SEC));
        g_assert_cmpuint(seen.answered, ==, 2);
        assert_open("restart", "ab");
        for (unsigned i = 1; i < G_N_ELEMENTS(clients); i++) {
                ends(clients[i], COMMAND_SUCCEEDED);
                world_pass(USEC_PER_SEC);
        }
        assert_counts("running", 4, 3, 0, 0);
        peers[0] = world_connect("a", FEATURES_ALL);
        ends("a", COMMAND_SUCCEEDED);
        assert_ended("finished", 4, 0, 0);
        batch_down(w);
}

/* An outcome that becomes known after all does not count twice. */
static void test_settled_late(void) {
        World *w = batch_up();
        g_autofree char *id = NULL;

        batch_start(PLAN(.max_parallel = 1));
        id = g_strdup(command_of("a", "restart")->id);
        world_hangs_up(peer_of("a"));
        world_pass(COMMAND_TIMEOUT_DEFAULT_USEC + COMMAND_GRACE_USEC + USEC_PER_SEC);
        g_assert_cmpint(world_state(id), ==, COMMAND_INTERRUPTED);
        assert_counts("running", 2, 0, 1, 0);
        peers[0] = world_connect("a", FEATURES_ALL);
        world_says_and_free(peers[0], message_command_response(id, COMMAND_SUCCEEDED, NULL, 0, NULL, 1));
        g_assert_cmpint(world_state(id), ==, COMMAND_SUCCEEDED);
        assert_counts("running", 2, 0, 1, 0);
        batch_down(w);
}

static void ignore(void *userdata) {
}

/* A server that stops starts nobody any more, and says nothing of an end that is none. */
static void test_stopping(void) {
        World *w = batch_up();

        batch_start(PLAN(.max_parallel = 1));
        dispatcher_stop(w->dispatcher, ignore, NULL);
        ends("a", COMMAND_SUCCEEDED);
        assert_open("restart", "");
        assert_counts("running", 1, 1, 0, 0);
        g_assert_false(seen.ended);
        batch_down(w);
}

/* What is known of it once it has ended. */
static void on_past(const Batch *b, const GError *error, void *userdata) {
        g_assert_no_error(error);
        *(const Batch **) userdata = b;
}

static const Batch *get_past(const char *id) {
        const Batch *b = NULL;

        batches_get(world->batches, id, on_past, &b);
        world_run();
        g_assert_nonnull(b);
        g_assert_true(batches_find(world->batches, id) == b);
        return b;
}

static void assert_past(const Batch *b, const char *state, unsigned sent, unsigned succeeded,
                        unsigned failed, unsigned skipped) {
        g_assert_cmpstr(b->state, ==, state);
        g_assert_cmpuint(b->total, ==, G_N_ELEMENTS(clients));
        g_assert_cmpuint(b->sent, ==, sent);
        g_assert_cmpuint(b->succeeded, ==, succeeded);
        g_assert_cmpuint(b->failed, ==, failed);
        g_assert_cmpuint(b->skipped, ==, skipped);
        g_assert_cmpuint(g_hash_table_size(b->commands), ==, sent);
        g_assert_cmpuint(b->finished, >, 0);
}

static void test_past(void) {
        World *w = batch_up();

        world_hangs_up(peer_of("d"));
        batch_start(PLAN());
        g_assert_cmpstr(get_past(seen.id)->state, ==, "running");
        ends("a", COMMAND_SUCCEEDED);
        ends("b", COMMAND_FAILED);
        ends("c", COMMAND_SUCCEEDED);
        g_assert_null(batches_find(w->batches, seen.id));
        assert_past(get_past(seen.id), "finished", 3, 2, 1, 1);
        batch_down(w);
}

static void on_missing(const Batch *b, const GError *error, void *userdata) {
        g_assert_null(b);
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_NO_SUCH_COMMAND);
        *(bool *) userdata = true;
}

static void test_unknown(void) {
        World *w = batch_up();
        bool called = false;

        batches_get(w->batches, "batch_1_1000", on_missing, &called);
        g_assert_false(called);
        world_run();
        g_assert_true(called);
        batch_down(w);
}

/* A server that was killed leaves the rest alone: what it had sent lives on, what not is not sent. */
static void test_interrupted(void) {
        World *w = batch_up();

        batch_start(PLAN(.max_parallel = 2));
        world_kill();
        assert_past(get_past(seen.id), "interrupted", 2, 0, 0, 2);
        for (unsigned i = 0; i < G_N_ELEMENTS(clients); i++)
                peers[i] = world_connect(clients[i], FEATURES_ALL);
        assert_open("restart", "ab");
        ends("a", COMMAND_SUCCEEDED);
        ends("b", COMMAND_FAILED);
        assert_open("restart", "");
        assert_past(get_past(seen.id), "interrupted", 2, 1, 1, 2);
        /* The next start does not end it again. */
        world_kill();
        assert_past(get_past(seen.id), "interrupted", 2, 1, 1, 2);
        batch_down(w);
}

static void assert_preview(const CommandRequest *q, const char *selector, const char *expected) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) ids = batches_preview(world->batches, selector, q, &error);
        g_autofree char *joined = NULL;

        g_assert_no_error(error);
        g_ptr_array_add(ids, NULL);
        joined = g_strjoinv("", (char **) ids->pdata);
        g_assert_cmpstr(joined, ==, expected);
}

static void test_preview(void) {
        World *w = batch_up();
        CommandRequest q = { .command = "restart" };
        g_autoptr(GError) error = NULL;

        world_hangs_up(peer_of("c"));
        assert_preview(&q, "all", "abd");
        assert_preview(&q, "[bc]", "b");
        q.queue = true;
        assert_preview(&q, "all", "abcd");
        q.command = "restrat";
        assert_preview(&q, "all", "");
        g_assert_null(batches_preview(w->batches, "zebra", &q, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_NO_SUCH_CLIENT);
        g_assert_cmpuint(g_hash_table_size(w->commands), ==, 0);
        batch_down(w);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/batch/all-at-once", test_all_at_once);
        g_test_add_func("/batch/max-parallel", test_max_parallel);
        g_test_add_func("/batch/absent", test_absent_takes_no_place);
        g_test_add_func("/batch/pause", test_pause);
        g_test_add_func("/batch/max-failures", test_max_failures);
        g_test_add_func("/batch/max-failures-others-run", test_max_failures_while_others_run);
        g_test_add_func("/batch/cancel", test_cancel);
        g_test_add_func("/batch/cancel-at-once", test_cancel_at_once);
        g_test_add_func("/batch/queue", test_queue);
        g_test_add_func("/batch/settled-late", test_settled_late);
        g_test_add_func("/batch/stopping", test_stopping);
        g_test_add_func("/batch/past", test_past);
        g_test_add_func("/batch/unknown", test_unknown);
        g_test_add_func("/batch/interrupted", test_interrupted);
        g_test_add_func("/batch/preview", test_preview);
        return g_test_run();
}
