/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may happen while a step of a command's life is on its way to the store: deadlines, reconnects, a store that fails. */
#include "clock.h"
#include "limits.h"
#include "message.h"
#include "world.h"

#define QUEUE_TIME (5 * USEC_PER_SEC)

static void assert_log(const char *expected) {
        g_autofree char *log = world_take_log();

        g_assert_cmpstr(log, ==, expected);
}

static void submitted(const CommandRecord *r, const GError *error, void *userdata) {
        g_assert_no_error(error);
        *(char **) userdata = g_strdup(r->id);
}

/* Client "a" has a command that waits for it; its id (new string). */
static char *queue_for_absent(uint64_t expires) {
        WsPeer *a = world_connect("a", 0);
        char *id = NULL;
        const CommandRequest q = { .client = "a",
                                   .command = "restart",
                                   .queue = true,
                                   .expires = expires,
                                   .caller = { .uid = 1000 } };

        world_hangs_up(a);
        dispatcher_submit(world->dispatcher, &q, submitted, &id);
        world_run();
        g_assert_cmpint(world_state(id), ==, COMMAND_QUEUED);
        g_free(world_take_log());
        return id;
}

/* Once it is on its way to being sent it has met its deadline in the queue. */
static void test_deadline_while_it_is_sent(void) {
        World *w = world_new();
        g_autofree char *id = queue_for_absent(now_realtime() + QUEUE_TIME);

        w->store_holds = true;
        (void) world_connect("a", 0);
        world_pass(2 * QUEUE_TIME);
        world_release();
        assert_log("audit client-online a\na < register_ack\nstore advance sent\na < command\ntell sent\n");
        g_assert_cmpint(world_state(id), ==, COMMAND_SENT);
        world_pass(COMMAND_TIMEOUT_DEFAULT_USEC + 10 * USEC_PER_SEC);
        g_assert_cmpint(world_state(id), ==, COMMAND_TIMED_OUT);
        world_free(w);
}

/* An agent without ledger gets it once, and the server keeps its deadline. */
static void test_return_while_the_store_is_tried_again(void) {
        World *w = world_new();
        g_autofree char *id = queue_for_absent(0);

        w->store_says = STORE_UNAVAILABLE;
        world_hangs_up(world_connect("a", 0));
        g_free(world_take_log());
        w->store_says = STORE_OK;
        w->store_holds = true;
        (void) world_connect("a", 0);
        world_pass(2 * STORE_RETRY_MSEC * USEC_PER_MSEC);
        world_release();
        world_pass(2 * STORE_RETRY_MSEC * USEC_PER_MSEC);
        assert_log("audit client-online a\na < register_ack\nstore advance sent\na < command\ntell sent\n");
        world_pass(COMMAND_TIMEOUT_DEFAULT_USEC + 10 * USEC_PER_SEC);
        g_assert_cmpint(world_state(id), ==, COMMAND_TIMED_OUT);
        world_free(w);
}

/* It waits on with its deadline where its client is away again by then. */
static void test_expires_while_the_store_is_tried_again(void) {
        World *w = world_new();
        g_autofree char *id = queue_for_absent(now_realtime() + QUEUE_TIME);

        w->store_says = STORE_UNAVAILABLE;
        world_hangs_up(world_connect("a", 0));
        w->store_says = STORE_OK;
        world_pass(2 * QUEUE_TIME);
        g_assert_cmpint(world_state(id), ==, COMMAND_EXPIRED);
        world_free(w);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add_func("/dispatcher-race/" path, function)
        ADD("deadline-while-it-is-sent", test_deadline_while_it_is_sent);
        ADD("return-while-the-store-is-tried-again", test_return_while_the_store_is_tried_again);
        ADD("expires-while-the-store-is-tried-again", test_expires_while_the_store_is_tried_again);
        return g_test_run();
}
