/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Batches that wait for nodes to be healthy: what is asked, and what is made of each answer. */
#include "batch-world.h"
#include "clock.h"
#include "limits.h"

#define SYNCED "[{\"name\":\"3node0\",\"state\":\"running\",\"node\":{\"peers\":3,\"syncing\":false}}]"
#define SYNCING "[{\"name\":\"3node0\",\"state\":\"running\",\"node\":{\"peers\":2,\"syncing\":true}}]"

static void test_healthy(void) {
        World *w = batch_up();

        batch_start(PLAN(.max_parallel = 2, .require_healthy = true));
        ends("a", COMMAND_SUCCEEDED);
        ends("b", COMMAND_SUCCEEDED);
        world_pass(1);
        assert_open("status", "ab");
        g_assert_cmpstr(command_of("a", "status")->params, ==, "{\"container\":\"3node0\"}");
        g_assert_cmpstr(command_of("a", "status")->batch, ==, seen.id);
        g_assert_cmpuint(command_of("a", "status")->caller_uid, ==, 1000);
        tells("a", SYNCED);
        tells("b", SYNCING);
        g_assert_cmpstr(seen.status, ==, "b waiting for 3node0: syncing, 2 peers");
        world_pass(HEALTH_POLL_MIN_MSEC * USEC_PER_MSEC);
        assert_open("status", "b"); /* a is well */
        assert_open("restart", "");
        tells("b", SYNCED);
        g_assert_cmpstr(seen.status, ==, "");
        assert_open("restart", "cd");
        /* What the questions were answered counts for nothing. */
        assert_counts("running", 4, 2, 0, 0);
        ends("c", COMMAND_SUCCEEDED);
        ends("d", COMMAND_SUCCEEDED);
        assert_ended("finished", 4, 0, 0); /* nobody comes after the last wave */
        batch_down(w);
}

static void test_never_healthy(void) {
        World *w = batch_up();
        unsigned asked = 0;
        uint64_t began;

        batch_start(PLAN(.max_parallel = 1, .require_healthy = true));
        ends("a", COMMAND_SUCCEEDED);
        began = now_monotonic();
        while (!seen.ended) {
                world_pass(USEC_PER_SEC);
                if (!command_of("a", "status"))
                        continue;
                tells("a", SYNCING);
                asked++;
        }
        g_assert_cmpuint(now_monotonic() - began, ==, HEALTH_TIMEOUT_DEFAULT_USEC);
        g_assert_cmpuint(asked, <, 130);
        g_assert_cmpstr(seen.status, ==, "a waiting for 3node0: syncing, 2 peers");
        assert_ended("failed", 1, 0, 3);
        batch_down(w);
}

/* What a client cannot say, it is not. */
static void test_health_unknown(void) {
        World *w = batch_up();

        batch_start(&(BatchOptions){ .plan = { .max_failures = BATCH_FAILURES_ANY, .require_healthy = true },
                                     .health_timeout = 60 * USEC_PER_SEC });
        ends("a", COMMAND_SUCCEEDED);
        world_pass(1);
        answers("a", "status", COMMAND_REJECTED, "null");
        g_assert_cmpstr(seen.status, ==, "a waiting for its status: no");
        world_pass(HEALTH_POLL_MIN_MSEC * USEC_PER_MSEC);
        tells("a", "[]");
        g_assert_cmpstr(seen.status, ==, "a waiting for a node that tells whether it is synced");
        world_hangs_up(peer_of("a"));
        world_pass(2 * HEALTH_POLL_MIN_MSEC * USEC_PER_MSEC);
        g_assert_cmpstr(seen.status, ==, "a waiting for its agent to return");
        peers[0] = world_connect("a", FEATURES_ALL);
        world_pass(4 * HEALTH_POLL_MIN_MSEC * USEC_PER_MSEC);
        tells("a", SYNCED);
        assert_open("restart", "b");
        /* This one does not even answer: its question is still open when time is up. */
        ends("b", COMMAND_SUCCEEDED);
        world_pass(61 * USEC_PER_SEC);
        assert_ended("failed", 2, 0, 2);
        g_assert_cmpstr(seen.status, ==, "b waiting for its status: no answer within 30 s");
        world_pass(HEALTH_STATUS_TIMEOUT_USEC + COMMAND_GRACE_USEC + USEC_PER_SEC);
        batch_down(w);
}

/* A failed command does not make its nodes ill: only the number of failures can stop the batch. */
static void test_failed_but_healthy(void) {
        World *w = batch_up();

        batch_start(PLAN(.max_parallel = 1, .require_healthy = true));
        ends("a", COMMAND_FAILED);
        world_pass(1);
        tells("a", SYNCED);
        assert_open("restart", "b");
        batch_down(w);
}

static void test_cancel_between_waves(void) {
        World *w = batch_up();

        batch_start(PLAN(.max_parallel = 1, .pause = USEC_PER_SEC, .require_healthy = true));
        ends("a", COMMAND_SUCCEEDED);
        batch_cancel();
        assert_ended("cancelled", 1, 0, 3);

        /* While a question is being asked, and while its answer is waited for. */
        for (unsigned i = 0; i < 2; i++) {
                seen.ended = false;
                batch_start(PLAN(.max_parallel = 1, .require_healthy = true));
                ends("a", COMMAND_SUCCEEDED);
                if (i == 0)
                        g_assert_true(world_fire(1));
                else
                        world_pass(1);
                batch_cancel();
                assert_ended("cancelled", 1, 0, 3);
                tells("a", SYNCED);
                assert_open("restart", "");
        }
        batch_down(w);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/batch-health/healthy", test_healthy);
        g_test_add_func("/batch-health/never-healthy", test_never_healthy);
        g_test_add_func("/batch-health/health-unknown", test_health_unknown);
        g_test_add_func("/batch-health/failed-but-healthy", test_failed_but_healthy);
        g_test_add_func("/batch-health/cancel-between-waves", test_cancel_between_waves);
        return g_test_run();
}
