/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a command as whole conversations: the order of its steps, and every way it can end. */
#include <string.h>

#include "clock.h"
#include "error.h"
#include "limits.h"
#include "message.h"
#include "world.h"

#define NEW_AGENT FEATURES_ALL
#define OLD_AGENT 0

static void assert_log(const char *expected) {
        g_autofree char *log = world_take_log();

        g_assert_cmpstr(log, ==, expected);
}

static void forget_log(void) {
        g_free(world_take_log());
}

static char *submit(const char *client) {
        g_autoptr(GError) error = NULL;
        char *id = world_submit(client, "restart", "{\"container\":\"3node0\"}", false, &error);

        g_assert_no_error(error);
        return id;
}

static void answer(WsPeer *p, const char *id, CommandState state) {
        json_object *result = json_tokener_parse("{\"state\":\"running\"}");

        world_says_and_free(p, message_command_response(id, state, result, 0,
                                                        state == COMMAND_SUCCEEDED ? NULL : "no", 1));
        json_object_put(result);
}

static void test_order(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", NEW_AGENT);
        g_autofree char *id = NULL;

        forget_log();
        id = submit("a");
        assert_log("store submit sent\naudit command-requested a\na < command\ntell sent\n");
        g_assert_cmpuint(dispatcher_open_count(w->dispatcher), ==, 1);
        answer(a, id, COMMAND_SUCCEEDED);
        assert_log("store advance succeeded\naudit command-finished a succeeded\nstore settle succeeded\na < command_ack\ntell succeeded\n");
        g_assert_cmpuint(dispatcher_open_count(w->dispatcher), ==, 0);
        /* The acknowledgement got lost: the same answer again changes nothing and is acknowledged again. */
        answer(a, id, COMMAND_FAILED);
        assert_log("a < command_ack\n");
        g_assert_cmpint(world_state(id), ==, COMMAND_SUCCEEDED);
        world_free(w);
}

/* The client's own policy said no: that is an entry of its own, before the end. Other refusals are not. */
static void test_denied(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", NEW_AGENT);
        g_autofree char *id = submit("a"), *other = NULL;

        forget_log();
        world_says_and_free(
                        a, message_command_response(
                                           id, COMMAND_REJECTED, NULL, 0,
                                           "[Policy] AllowCommands= of this agent does not list \"restart\"",
                                           1));
        assert_log("store advance rejected\n"
                   "audit command-denied a [Policy] AllowCommands= of this agent does not list \"restart\"\n"
                   "audit command-finished a rejected\nstore settle rejected\na < command_ack\ntell rejected\n");
        other = submit("a");
        forget_log();
        world_says_and_free(a, message_command_response(other, COMMAND_REJECTED, NULL, 0,
                                                        "the node is syncing", 1));
        assert_log("store advance rejected\naudit command-finished a rejected\nstore settle rejected\na < command_ack\ntell rejected\n");
        world_free(w);
}

/* So it is when the client comes back with it after the command was given up. */
static void test_denied_late(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", NEW_AGENT);
        g_autofree char *id = submit("a");

        world_pass(COMMAND_TIMEOUT_DEFAULT_USEC + COMMAND_GRACE_USEC + USEC_PER_SEC);
        g_assert_cmpint(world_state(id), ==, COMMAND_TIMED_OUT);
        forget_log();
        world_says_and_free(
                        a, message_command_response(
                                           id, COMMAND_REJECTED, NULL, 0,
                                           "[Policy] AllowCommands= of this agent does not list \"restart\"",
                                           1));
        assert_log("audit command-denied a [Policy] AllowCommands= of this agent does not list \"restart\"\n"
                   "audit command-settled a rejected\nstore advance rejected\nstore settle rejected\ntell rejected\n"
                   "a < command_ack\n");
        world_free(w);
}

static void test_refused(void) {
        World *w = world_new();
        g_autoptr(GError) error = NULL;

        g_assert_null(world_submit("a", "restart", NULL, false, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_NO_SUCH_CLIENT);
        g_clear_error(&error);
        world_hangs_up(world_connect("a", NEW_AGENT));
        g_assert_null(world_submit("a", "restart", NULL, false, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_NOT_CONNECTED);
        g_clear_error(&error);
        (void) world_connect("a", NEW_AGENT);
        g_assert_null(world_submit("a", "restrat", NULL, false, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNKNOWN_COMMAND);
        g_assert_cmpuint(g_hash_table_size(w->commands), ==, 0);
        world_free(w);
}

/* Nothing leaves that is not durable and audited. */
static void test_store_refuses(void) {
        World *w = world_new();
        g_autoptr(GError) error = NULL;

        (void) world_connect("a", NEW_AGENT);
        forget_log();
        w->store_says = STORE_UNAVAILABLE;
        g_assert_null(world_submit("a", "restart", NULL, false, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        assert_log("store submit sent\n");
        g_assert_cmpuint(dispatcher_open_count(w->dispatcher), ==, 0);
        world_free(w);
}

static void test_journal_refuses(void) {
        World *w = world_new();
        g_autoptr(GError) error = NULL;

        (void) world_connect("a", NEW_AGENT);
        forget_log();
        w->audit_says = false;
        g_assert_null(world_submit("a", "restart", NULL, false, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        assert_log("store submit sent\naudit command-requested a\nstore advance failed\n"
                   "audit command-finished a failed\n");
        /* The end is written as soon as the journal takes it. */
        w->audit_says = true;
        world_pass(STORE_RETRY_MSEC * USEC_PER_MSEC);
        assert_log("audit command-finished a failed\nstore settle failed\ntell failed\n");
        world_free(w);
}

/* An end that cannot be stored is told to who waits, acknowledged only once it is durable. */
static void count_call(const CommandRecord *r, const GError *error, void *userdata) {
        g_assert_no_error(error);
        ++*(unsigned *) userdata;
}

static void test_end_not_durable(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", NEW_AGENT);
        g_autofree char *id = submit("a");
        unsigned calls = 0;

        dispatcher_wait(w->dispatcher, id, count_call, &calls);
        w->store_says = STORE_UNAVAILABLE;
        forget_log();
        answer(a, id, COMMAND_SUCCEEDED);
        g_assert_cmpuint(calls, ==, 1);
        assert_log("store advance succeeded\n");
        world_pass(STORE_RETRY_MSEC * USEC_PER_MSEC);
        assert_log("store advance succeeded\n");
        w->store_says = STORE_OK;
        world_pass(STORE_RETRY_MSEC * USEC_PER_MSEC);
        assert_log("store advance succeeded\naudit command-finished a succeeded\nstore settle succeeded\na < command_ack\ntell succeeded\n");
        g_assert_cmpuint(calls, ==, 1);
        world_free(w);
}

static void test_wait_and_unwait(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", NEW_AGENT);
        g_autofree char *id = submit("a");
        unsigned one = 0, two = 0, late = 0;

        dispatcher_wait(w->dispatcher, id, count_call, &one);
        dispatcher_wait(w->dispatcher, id, count_call, &two);
        dispatcher_unwait(w->dispatcher, id, &one);
        answer(a, id, COMMAND_FAILED);
        dispatcher_wait(w->dispatcher, id, count_call, &late);
        world_run();
        g_assert_cmpuint(one, ==, 0);
        g_assert_cmpuint(two, ==, 1);
        g_assert_cmpuint(late, ==, 1);
        world_free(w);
}

static void test_queue(void) {
        World *w = world_new();
        g_autoptr(GError) error = NULL;
        g_autofree char *id = NULL;

        world_hangs_up(world_connect("a", NEW_AGENT));
        forget_log();
        id = world_submit("a", "restart", NULL, true, &error);
        g_assert_no_error(error);
        assert_log("store submit queued\naudit command-requested a\ntell queued\n");
        (void) world_connect("a", NEW_AGENT);
        assert_log("audit client-online a\na < register_ack\nstore advance sent\na < command\ntell sent\n");
        world_free(w);
}

/* Only an agent with a ledger is sent a command a second time. */
static void test_resend(void) {
        World *w = world_new();
        g_autofree char *to_new = NULL, *to_old = NULL;
        WsPeer *a = world_connect("a", NEW_AGENT), *b = world_connect("b", OLD_AGENT);

        to_new = submit("a");
        to_old = submit("b");
        world_hangs_up(a);
        world_hangs_up(b);
        forget_log();
        a = world_connect("a", NEW_AGENT);
        assert_log("audit client-online a\na < register_ack\na < command\ntell sent\n");
        (void) world_connect("b", OLD_AGENT);
        assert_log("audit client-online b\nb < register_ack\n");
        /* Taken up: not again. */
        world_says_and_free(a, message_command_progress(to_new, 0, "x", 1));
        g_assert_cmpint(world_state(to_new), ==, COMMAND_RUNNING);
        world_hangs_up(a);
        forget_log();
        (void) world_connect("a", NEW_AGENT);
        assert_log("audit client-online a\na < register_ack\n");
        world_free(w);
}

static void test_timeouts(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", NEW_AGENT), *b = world_connect("b", NEW_AGENT);
        g_autofree char *silent = submit("a"), *gone = submit("b"), *queued = NULL;
        g_autoptr(GError) error = NULL;

        world_hangs_up(b);
        forget_log();
        world_pass(COMMAND_TIMEOUT_DEFAULT_USEC + COMMAND_GRACE_USEC + USEC_PER_SEC);
        g_assert_cmpint(world_state(silent), ==, COMMAND_TIMED_OUT);
        g_assert_cmpint(world_state(gone), ==, COMMAND_INTERRUPTED);
        forget_log();
        /* The outcome of what was given up arrives after all: it is kept before it is acknowledged. */
        b = world_connect("b", NEW_AGENT);
        forget_log();
        answer(b, gone, COMMAND_SUCCEEDED);
        assert_log("audit command-settled b succeeded\nstore advance succeeded\nstore settle succeeded\ntell succeeded\n"
                   "b < command_ack\n");
        world_hangs_up(b);
        forget_log();
        answer(a, silent, COMMAND_FAILED);
        assert_log("audit command-settled a failed\nstore advance failed\nstore settle failed\ntell failed\na < command_ack\n");

        {
                CommandRequest q = {
                        .client = "b",
                        .command = "status",
                        .queue = true,
                        .expires = now_realtime() + 5 * USEC_PER_SEC,
                        .caller = { .uid = 1 },
                };
                unsigned calls = 0;

                dispatcher_submit(w->dispatcher, &q, count_call, &calls);
                world_run();
                g_assert_cmpuint(calls, ==, 1);
        }
        forget_log();
        world_pass(6 * USEC_PER_SEC);
        assert_log("store advance expired\naudit command-finished b expired\nstore settle expired\ntell expired\n");
        world_free(w);
}

/* A followed log goes on until it is cancelled, for a day. */
static void test_follow_has_time(void) {
        World *w = world_new();
        g_autoptr(GError) error = NULL;
        g_autofree char *id = NULL;

        (void) world_connect("a", NEW_AGENT);
        id = world_submit("a", "logs", "{\"follow\":true}", false, &error);
        g_assert_no_error(error);
        world_pass(COMMAND_TIMEOUT_DEFAULT_USEC * 2);
        g_assert_cmpint(world_state(id), ==, COMMAND_SENT);
        world_pass(COMMAND_TIMEOUT_MAX_USEC);
        g_assert_cmpint(world_state(id), ==, COMMAND_TIMED_OUT);
        world_free(w);
}

static void test_cancel(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", NEW_AGENT);
        g_autofree char *running = submit("a"), *queued = NULL, *old = NULL;
        g_autoptr(GError) error = NULL;

        forget_log();
        dispatcher_cancel(w->dispatcher, running, NULL, NULL);
        world_run();
        assert_log("store cancel\na < command_cancel\n");
        answer(a, running, COMMAND_CANCELLED);
        g_assert_cmpint(world_state(running), ==, COMMAND_CANCELLED);

        world_hangs_up(a);
        queued = world_submit("a", "status", NULL, true, &error);
        dispatcher_cancel(w->dispatcher, queued, NULL, NULL);
        world_run();
        g_assert_cmpint(world_state(queued), ==, COMMAND_CANCELLED);

        (void) world_connect("b", OLD_AGENT);
        old = submit("b");
        dispatcher_cancel(w->dispatcher, old, NULL, NULL);
        world_run();
        g_assert_cmpint(world_state(old), ==, COMMAND_SENT);
        world_free(w);
}

/* No client can speak of another's command. */
static void test_foreign(void) {
        World *w = world_new();
        WsPeer *b = world_connect("b", NEW_AGENT);
        g_autofree char *id = NULL;

        (void) world_connect("a", NEW_AGENT);
        id = submit("a");
        forget_log();
        answer(b, id, COMMAND_SUCCEEDED);
        world_says_and_free(b, message_command_progress(id, 0, "x", 1));
        assert_log("");
        g_assert_cmpint(world_state(id), ==, COMMAND_SENT);
        world_free(w);
}

/* A server that starts again finds what the last run left. */
static void test_restart(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", NEW_AGENT);
        g_autofree char *id = submit("a");

        world_kill();
        g_assert_cmpuint(dispatcher_open_count(w->dispatcher), ==, 1);
        forget_log();
        a = world_connect("a", NEW_AGENT);
        assert_log("audit client-online a\na < register_ack\n"
                   "audit command-requested a sent after the server was restarted\na < command\ntell sent\n");
        answer(a, id, COMMAND_SUCCEEDED);
        g_assert_cmpint(world_state(id), ==, COMMAND_SUCCEEDED);
        world_free(w);
}

/* Killed between storing an end and writing its entry: the next run writes it; or after that: it does not. */
static void test_restart_at_the_end(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", NEW_AGENT);
        g_autofree char *id = submit("a");

        answer(a, id, COMMAND_SUCCEEDED);
        world_hangs_up(a);
        g_hash_table_remove_all(w->settled);
        forget_log();
        world_kill();
        assert_log("store settle succeeded\ntell succeeded\n");
        g_hash_table_remove_all(w->settled);
        g_hash_table_remove_all(w->journal);
        world_kill();
        assert_log("audit command-requested a found after the server was restarted\n"
                   "audit command-finished a succeeded\nstore settle succeeded\ntell succeeded\n");
        g_assert_cmpuint(dispatcher_open_count(w->dispatcher), ==, 0);
        world_kill();
        assert_log("");
        world_free(w);
}

static void set_flag(void *userdata) {
        *(bool *) userdata = true;
}

static void test_stop(void) {
        World *w = world_new();
        g_autoptr(GError) error = NULL;
        bool idle = false;

        (void) world_connect("a", NEW_AGENT);
        g_free(submit("a"));
        dispatcher_stop(w->dispatcher, set_flag, &idle);
        g_assert_null(world_submit("a", "status", NULL, false, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_assert_true(idle);
        world_free(w);
}

static void removed(const GError *error, void *userdata) {
        g_assert_no_error(error);
}

static void forget(World *w, const char *client) {
        forget_log();
        fleet_forget(w->fleet, client, 0, removed, NULL);
        world_run();
}

static void test_client_forgotten(void) {
        g_autoptr(GError) error = NULL;
        World *w = world_new();
        g_autofree char *sent = NULL, *queued = NULL;

        world_connect("a", NEW_AGENT);
        sent = submit("a");
        forget(w, "a");
        g_assert_cmpint(world_state(sent), ==, COMMAND_INTERRUPTED); /* it may have been carried out */

        /* One that comes later under the same name is not to get what this one was to do. */
        world_hangs_up(world_connect("a", NEW_AGENT));
        queued = world_submit("a", "restart", NULL, true, &error);
        g_assert_no_error(error);
        g_assert_cmpint(world_state(queued), ==, COMMAND_QUEUED);
        forget(w, "a");
        g_assert_cmpint(world_state(queued), ==, COMMAND_FAILED);
        g_assert_cmpuint(dispatcher_open_count(w->dispatcher), ==, 0);
        forget_log();
        world_connect("a", NEW_AGENT);
        assert_log("audit client-online a\na < register_ack\n");
        world_free(w);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/dispatcher/order", test_order);
        g_test_add_func("/dispatcher/refused", test_refused);
        g_test_add_func("/dispatcher/denied", test_denied);
        g_test_add_func("/dispatcher/denied-late", test_denied_late);
        g_test_add_func("/dispatcher/store-refuses", test_store_refuses);
        g_test_add_func("/dispatcher/journal-refuses", test_journal_refuses);
        g_test_add_func("/dispatcher/end-not-durable", test_end_not_durable);
        g_test_add_func("/dispatcher/wait", test_wait_and_unwait);
        g_test_add_func("/dispatcher/queue", test_queue);
        g_test_add_func("/dispatcher/resend", test_resend);
        g_test_add_func("/dispatcher/timeouts", test_timeouts);
        g_test_add_func("/dispatcher/cancel", test_cancel);
        g_test_add_func("/dispatcher/foreign", test_foreign);
        g_test_add_func("/dispatcher/restart", test_restart);
        g_test_add_func("/dispatcher/restart-at-the-end", test_restart_at_the_end);
        g_test_add_func("/dispatcher/stop", test_stop);
        g_test_add_func("/dispatcher/follow-has-time", test_follow_has_time);
        g_test_add_func("/dispatcher/client-forgotten", test_client_forgotten);
        return g_test_run();
}
