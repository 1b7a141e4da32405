/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a connection may do: who it is, register in time, and what breaks the protocol. */
#include <string.h>

#include "clock.h"
#include "error.h"
#include "limits.h"
#include "message.h"
#include "world.h"

static void assert_log(const char *expected) {
        g_autofree char *log = world_take_log();

        g_assert_cmpstr(log, ==, expected);
}

static void test_register(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        assert_log("audit client-online a\na < register_ack\n");
        g_assert_true(fleet_find(w->fleet, "a")->online);
        g_assert_cmpuint(fleet_online(w->fleet), ==, 1);
        world_hangs_up(a);
        assert_log("audit client-offline a closed by the client (1000)\n");
        g_assert_cmpuint(fleet_online(w->fleet), ==, 0);
        g_assert_cmpuint(fleet_size(w->fleet), ==, 1);
        world_free(w);
}

static void test_wrong_id(void) {
        World *w = world_new();
        WsPeer *a = world_open("a");

        world_says_and_free(a, message_register("b", "1", NULL, NULL, NULL, 0, 1));
        assert_log("a < register_ack\n"
                   "audit client-rejected a the token belongs to \"a\", not to \"b\"\n"
                   "a closed 1008 the token belongs to \"a\", not to \"b\"\n");
        g_assert_null(fleet_find(w->fleet, "b"));
        world_free(w);
}

static void test_late(void) {
        World *w = world_new();
        WsPeer *a = world_open("a");

        world_pass(9 * USEC_PER_SEC);
        g_assert_false(world_is_closed(a));
        world_pass(2 * USEC_PER_SEC);
        g_assert_true(world_is_closed(a));
        assert_log("audit client-rejected a no register within 10 s\na closed 1008 no register within 10 s\n");
        world_free(w);
}

static void test_not_registered(void) {
        World *w = world_new();
        WsPeer *a = world_open("a");

        world_says(a, "{\"type\":\"stats\",\"sequence\":1,\"data\":{}}");
        g_assert_true(world_is_closed(a));
        world_free(w);
}

static void test_garbage(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", 0);

        world_says(a, "{\"type\":\"new in 2.0\"}");
        g_assert_false(world_is_closed(a));
        world_says(a, "garbage");
        g_assert_true(world_is_closed(a));
        world_free(w);
}

/* The newest connection wins, and the end of the older one changes nothing. */
static void test_replaced(void) {
        World *w = world_new();
        WsPeer *first = world_connect("a", 0), *second = world_connect("a", 0);

        g_assert_true(world_is_closed(first));
        g_assert_false(world_is_closed(second));
        world_hangs_up(first);
        g_assert_true(fleet_find(w->fleet, "a")->online);
        g_assert_cmpuint(fleet_online(w->fleet), ==, 1);
        world_free(w);
}

static void test_flood(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", 0);

        for (unsigned i = 0; i < MESSAGES_BURST + 10 && !world_is_closed(a); i++)
                world_says(a, "{\"type\":\"ping\"}");
        g_assert_true(world_is_closed(a));
        world_free(w);
}

/* Who answers as fast as it is asked is no flood. */
static void test_busy(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        for (unsigned i = 0; i < 2 * MESSAGES_BURST; i++) {
                g_autofree char *id = world_submit("a", "status", NULL, false, NULL);

                world_says_and_free(a, message_command_progress(id, 0, "", 0));
                world_says_and_free(a, message_command_response(id, COMMAND_SUCCEEDED, NULL, 0, NULL, 1));
        }
        g_assert_false(world_is_closed(a));
        world_free(w);
}

/* Version 1.1.0's messages, each with its acknowledgement. */
static void test_acknowledged(void) {
        World *w = world_new();
        WsPeer *a = world_open("a");

        world_says(a,
                   "{\"type\":\"register\",\"serverId\":\"a\",\"version\":\"1.1.0\",\"timestamp\":1795406400000}");
        g_free(world_take_log());
        world_says(a, "{\"type\":\"heartbeat\"}");
        world_says(a, "{\"type\":\"ping\"}");
        world_says(a,
                   "{\"type\":\"stats\",\"serverId\":\"a\",\"timestamp\":1,\"sequence\":7,\"interval\":10,"
                   "\"data\":{\"system\":{\"host_name\":\"h\"},\"containers\":[]}}");
        world_says(a, "{\"type\":\"summary\",\"serverId\":\"a\",\"period_seconds\":60,\"data_points\":6}");
        assert_log("a < heartbeat_ack\na < pong\na < stats_ack\na < summary_ack\n");
        g_assert_nonnull(strstr(fleet_find(w->fleet, "a")->stats, "host_name"));
        g_assert_cmpstr(fleet_find(w->fleet, "a")->host, ==, "h");
        world_free(w);
}

static WsCertificate shown; /* by whoever is let in next */

static WsVerdict authorize(const char *network, const char *text, char **ret_identity) {
        PeerAddress a = {};

        g_strlcpy(a.text, network, sizeof(a.text));
        g_strlcpy(a.key, network, sizeof(a.key));
        return sessions_handler.authorize(&a, text, &shown, ret_identity, world->sessions);
}

static char *token;

static void token_made(const char *text, const GError *error, void *userdata) {
        g_assert_no_error(error);
        token = g_strdup(text);
}

static void removed(const GError *error, void *userdata) {
        g_assert_no_error(error);
}

static void test_tokens(void) {
        World *w = world_new();
        g_autofree char *identity = NULL, *again = NULL;
        WsPeer *a;

        g_clear_pointer(&token, g_free);
        fleet_create_token(w->fleet, "a", now_realtime() + 100 * USEC_PER_SEC, false, 0, token_made, NULL);
        world_run();
        g_assert_cmpint(authorize("192.0.2.1", token, &identity), ==, WS_ACCEPT);
        g_assert_cmpstr(identity, ==, "a");
        g_assert_cmpint(authorize("192.0.2.1", NULL, &again), ==, WS_UNAUTHORIZED);
        g_assert_cmpint(authorize("192.0.2.1", "x", &again), ==, WS_UNAUTHORIZED);
        a = world_connect("a", 0);
        fleet_revoke(w->fleet, "a", 0, removed, NULL);
        world_run();
        g_assert_true(world_is_closed(a));
        g_assert_false(fleet_find(w->fleet, "a")->online); /* though the peer has not answered the close */
        g_assert_cmpint(authorize("192.0.2.1", token, &again), ==, WS_UNAUTHORIZED);
        fleet_forget(w->fleet, "a", 0, removed, NULL);
        world_run();
        g_assert_null(fleet_find(w->fleet, "a"));
        g_clear_pointer(&token, g_free);
        world_free(w);
}

/* A token that is taken back between the upgrade and the register lets nobody in. */
static void test_revoked_before_register(void) {
        World *w = world_new();
        WsPeer *a, *b;

        g_clear_pointer(&token, g_free);
        fleet_create_token(w->fleet, "a", 0, false, 0, token_made, NULL);
        world_run();
        a = world_open("a");
        b = world_open("b");
        fleet_revoke(w->fleet, "a", 0, removed, NULL);
        world_run();
        g_assert_true(world_is_closed(a));
        g_assert_false(world_is_closed(b));
        world_says_and_free(a, message_register("a", "1", NULL, NULL, NULL, 0, 1));
        g_assert_false(fleet_find(w->fleet, "a")->online);
        world_says_and_free(b, message_register("b", "1", NULL, NULL, NULL, 0, 1));
        g_assert_true(fleet_find(w->fleet, "b")->online);
        g_clear_pointer(&token, g_free);
        world_free(w);
}

static void refused(const char *text, const GError *error, void *userdata) {
        g_assert_null(text);
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        ++*(unsigned *) userdata;
}

/* Nor does one that was on its way into the store when its client was revoked, or an enrolment. */
static void test_revoked_while_it_is_made(void) {
        World *w = world_new();
        unsigned calls = 0;

        world_hangs_up(world_connect("a", 0));
        w->store_holds = true;
        fleet_create_token(w->fleet, "a", 0, true, 0, refused, &calls);
        fleet_create_enrollment(w->fleet, "a", 0, true, 0, refused, &calls);
        fleet_create_token(w->fleet, "b", 0, false, 0, token_made, NULL);
        fleet_revoke(w->fleet, "a", 0, removed, NULL);
        world_release();
        g_assert_cmpuint(calls, ==, 2);
        g_assert_true(fleet_find(w->fleet, "a")->revoked);
        g_assert_nonnull(token); /* b's */

        w->store_holds = true;
        fleet_create_token(w->fleet, "a", 0, true, 0, refused, &calls);
        fleet_forget(w->fleet, "a", 0, removed, NULL);
        world_release();
        g_assert_cmpuint(calls, ==, 3);
        g_assert_null(fleet_find(w->fleet, "a"));
        g_clear_pointer(&token, g_free);
        world_free(w);
}

/* The connection that a newer one replaced takes its time to close, and its client is gone by then. */
static void test_forgotten_while_it_is_replaced(void) {
        World *w = world_new();
        WsPeer *old = world_connect("a", 0), *new = world_connect("a", 0);

        g_assert_true(world_is_closed(old));
        g_assert_false(world_is_gone(old));
        fleet_forget(w->fleet, "a", 0, removed, NULL);
        world_run();
        world_hangs_up(old);
        world_hangs_up(new);
        world_free(w);
}

static void test_token_expires(void) {
        World *w = world_new();
        g_autofree char *identity = NULL;

        fleet_create_token(w->fleet, "a", now_realtime() + 100 * USEC_PER_SEC, false, 0, token_made, NULL);
        world_run();
        world_pass(101 * USEC_PER_SEC);
        g_assert_cmpint(authorize("192.0.2.1", token, &identity), ==, WS_UNAUTHORIZED);
        g_clear_pointer(&token, g_free);
        world_free(w);
}

/* A certificate is of no use without the token, and where it is looked at, nobody else's does. */
static void test_certificates(void) {
        static const struct {
                ClientCertificates mode;
                WsCertificate shown;
                WsVerdict verdict;
        } rows[] = {
                { CLIENT_CERTIFICATES_OFF, { NULL, NULL }, WS_ACCEPT },
                { CLIENT_CERTIFICATES_OPTIONAL, { NULL, NULL }, WS_ACCEPT },
                { CLIENT_CERTIFICATES_OPTIONAL, { "a", NULL }, WS_ACCEPT },
                { CLIENT_CERTIFICATES_OPTIONAL, { "b", NULL }, WS_FORBIDDEN },
                { CLIENT_CERTIFICATES_OPTIONAL, { NULL, "it has expired" }, WS_FORBIDDEN },
                { CLIENT_CERTIFICATES_REQUIRED, { NULL, NULL }, WS_FORBIDDEN },
                { CLIENT_CERTIFICATES_REQUIRED, { "a", NULL }, WS_ACCEPT },
                { CLIENT_CERTIFICATES_REQUIRED, { "A", NULL }, WS_FORBIDDEN },
                { CLIENT_CERTIFICATES_REQUIRED, { "b", NULL }, WS_FORBIDDEN },
                { CLIENT_CERTIFICATES_REQUIRED, { NULL, "it has expired" }, WS_FORBIDDEN },
        };
        World *w = world_new();

        fleet_create_token(w->fleet, "a", 0, false, 0, token_made, NULL);
        world_run();
        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *identity = NULL, *none = NULL;

                sessions_set_certificates(world->sessions, rows[i].mode, NULL);
                shown = rows[i].shown;
                g_assert_cmpint(authorize("192.0.2.1", token, &identity), ==, rows[i].verdict);
                g_assert_cmpstr(identity, ==, rows[i].verdict == WS_ACCEPT ? "a" : NULL);
                g_assert_cmpint(authorize("192.0.2.2", "x", &none), ==, WS_UNAUTHORIZED);
        }
        shown = (WsCertificate){};
        g_clear_pointer(&token, g_free);
        world_free(w);
}

/* Who registers again on the same connection describes itself anew, and is sent nothing twice. */
static void test_register_again(void) {
        World *w = world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        g_autoptr(GError) error = NULL;
        g_autofree char *id = world_submit("a", "status", NULL, false, &error), *log = NULL;

        g_assert_no_error(error);
        g_free(world_take_log());
        world_says_and_free(a, message_register("a", "2", "host", NULL, NULL, FEATURES_ALL, 1));
        log = world_take_log();
        g_assert_cmpstr(log, ==, "a < register_ack\n");
        g_assert_cmpstr(fleet_find(w->fleet, "a")->version, ==, "2");
        world_free(w);
}

static void test_auth_rate(void) {
        World *w = world_new();
        g_autofree char *identity = NULL;

        for (unsigned i = 0; i < AUTH_FAILURES_PER_MINUTE; i++)
                g_assert_cmpint(authorize("192.0.2.9", "x", &identity), ==, WS_UNAUTHORIZED);
        g_assert_cmpint(authorize("192.0.2.9", "x", &identity), ==, WS_TOO_MANY_REQUESTS);
        /* Who has the right one does not suffer for them. */
        fleet_create_token(w->fleet, "a", 0, false, 0, token_made, NULL);
        world_run();
        g_assert_cmpint(authorize("192.0.2.9", token, &identity), ==, WS_ACCEPT);
        g_clear_pointer(&token, g_free);
        g_assert_cmpint(authorize("192.0.2.8", "x", &identity), ==, WS_UNAUTHORIZED);
        world_free(w);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/session/revoked-before-register", test_revoked_before_register);
        g_test_add_func("/session/certificates", test_certificates);
        g_test_add_func("/session/register", test_register);
        g_test_add_func("/session/wrong-id", test_wrong_id);
        g_test_add_func("/session/late", test_late);
        g_test_add_func("/session/not-registered", test_not_registered);
        g_test_add_func("/session/garbage", test_garbage);
        g_test_add_func("/session/replaced", test_replaced);
        g_test_add_func("/session/flood", test_flood);
        g_test_add_func("/session/busy", test_busy);
        g_test_add_func("/session/acknowledged", test_acknowledged);
        g_test_add_func("/session/tokens", test_tokens);
        g_test_add_func("/session/revoked-while-it-is-made", test_revoked_while_it_is_made);
        g_test_add_func("/session/forgotten-while-it-is-replaced", test_forgotten_while_it_is_replaced);
        g_test_add_func("/session/register-again", test_register_again);
        g_test_add_func("/session/token-expires", test_token_expires);
        g_test_add_func("/session/auth-rate", test_auth_rate);
        return g_test_run();
}
