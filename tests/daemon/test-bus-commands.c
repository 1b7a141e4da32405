/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands on the bus: sent, run, found again and cancelled. */
#include <string.h>

#include "bus-fixture.h"
#include "clock.h"

#define ERROR MSERVER_ERROR_PREFIX
#define PROPERTIES "org.freedesktop.DBus.Properties"

static void test_shapes(Fixture *f, const void *data) {
        static const struct {
                const char *client, *command, *params, *options, *error, *text;
        } cases[] = {
                { "a b", "status", NULL, NULL, ERROR "InvalidParameter", "\"a b\"" },
                { "a", "Status", NULL, NULL, ERROR "UnknownCommand", "\"Status\"" },
                { "a", "status", "s:contianer=x", NULL, ERROR "InvalidParameter", "contianer" },
                { "a", "logs", "u:lines=0", NULL, ERROR "InvalidParameter", "lines" },
                { "a", "status", "s:container=x s:container=y", NULL, ERROR "InvalidParameter",
                  "given twice" },
                { "a", "status", NULL, "b:qeue=true", ERROR "InvalidParameter",
                  "Unknown option \"qeue\": expected queue, expires, timeout" },
                { "a", "status", NULL, "s:queue=true", ERROR "InvalidParameter",
                  "\"queue\" is of type s: expected b" },
                { "a", "status", NULL, "s:timeout=1", ERROR "InvalidParameter",
                  "\"timeout\" is of type s: expected t" },
                { "a", "status", NULL, "t:timeout=86400000001", ERROR "InvalidParameter",
                  "at most 86400000000" },
                { "a", "status", NULL, "b:queue=true t:expires=1", ERROR "InvalidParameter", "has passed" },
                { "a", "status", NULL, "t:expires=9999999999999999", ERROR "InvalidParameter",
                  "without \"queue\"" },
                { "a", "status", NULL, NULL, ERROR "NoSuchClient", "\"a\"" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(sd_bus_message) m =
                                fixture_command(f, f->root, "SendCommand", cases[i].client, cases[i].command,
                                                cases[i].params, cases[i].options);

                assert_reply_error(m, cases[i].error, cases[i].text);
        }
}

static void test_domain_errors(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a"), *b = fake_agent_new(&f->server, "b");
        g_autoptr(sd_bus_message) unknown =
                        fixture_command(f, f->root, "SendCommand", "a", "restrat", NULL, NULL),
                                  away = NULL, queued = NULL;
        g_autofree char *state = NULL;
        const char *id, *path;

        assert_reply_error(unknown, ERROR "UnknownCommand", "\"restrat\"");
        b = fake_agent_free(b);
        away = fixture_command(f, f->root, "SendCommand", "b", "status", NULL, NULL);
        assert_reply_error(away, ERROR "NotConnected", "\"b\"");
        queued = fixture_command(f, f->root, "SendCommand", "b", "status", NULL, "b:queue=true");
        assert_reply_error(queued, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(queued, "so", &id, &path), >, 0);
        state = fixture_get_string(f, path, MSERVER_IFACE_COMMAND, "State");
        g_assert_cmpstr(state, ==, "queued");
        fake_agent_free(a);
}

static void assert_state(Fixture *f, const char *id, const char *expected) {
        g_autofree char *path = g_strconcat(MSERVER_COMMAND_ROOT "/", id, NULL),
                        *state = fixture_get_string(f, path, MSERVER_IFACE_COMMAND, "State");

        g_assert_cmpstr(state, ==, expected);
}

static void test_send(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Listener *l = listener_new(f, f->user);
        g_autofree char *id = fixture_send(f, "a"), *sent = NULL, *done = NULL, *container = NULL,
                        *path = NULL;
        const char *audited = fake_audit_latest("command-requested");

        g_assert_cmpstr(g_ptr_array_index(fake_agent_commands(a), 0), ==, id);
        sent = g_strdup_printf("CommandStateChanged %s a restart sent", id);
        (void) listener_wait(l, sent);
        path = g_strconcat(MSERVER_COMMAND_ROOT "/", id, NULL);
        container = fixture_get_string(f, path, MSERVER_IFACE_COMMAND, "Container");
        g_assert_cmpstr(container, ==, "3node0");
        assert_state(f, id, "sent");
        g_assert_nonnull(strstr(audited, "MSERVER_CALLER_UID=0\n"));
        g_assert_nonnull(strstr(audited, "MSERVER_CALLER_EXE=/"));
        g_assert_nonnull(strstr(audited, "test-bus-commands\n"));

        fake_agent_ends(a, id, COMMAND_SUCCEEDED, "{\"state\":\"running\"}", NULL);
        done = g_strdup_printf("CommandStateChanged %s a restart succeeded", id);
        (void) listener_wait(l, done);
        (void) listener_wait(l, "PropertiesChanged org.mserver1.Command State succeeded Sent");
        assert_state(f, id, "succeeded");
        listener_free(l);
        fake_agent_free(a);
}

static void test_result(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autofree char *id = fixture_send(f, "a"), *path = g_strconcat(MSERVER_COMMAND_ROOT "/", id, NULL);
        g_autoptr(sd_bus_message) before =
                        call(f->loop, f->root, path, MSERVER_IFACE_COMMAND, "GetResult", NULL),
                                  after = NULL;
        const char *params, *result, *error;

        g_assert_cmpint(sd_bus_message_read(before, "sss", &params, &result, &error), >, 0);
        g_assert_nonnull(strstr(params, "\"3node0\""));
        g_assert_cmpstr(result, ==, "");
        g_assert_cmpstr(error, ==, "");
        fake_agent_ends(a, id, COMMAND_FAILED, NULL, "no such container");
        after = call(f->loop, f->root, path, MSERVER_IFACE_COMMAND, "GetResult", NULL);
        g_assert_cmpint(sd_bus_message_read(after, "sss", &params, &result, &error), >, 0);
        g_assert_cmpstr(error, ==, "no such container");
        fake_agent_free(a);
}

/* Runs the loop until the agent has this many commands. */
static const char *wait_for_command(Fixture *f, const FakeAgent *a, unsigned n) {
        run_until(f->loop, fake_agent_commands(a)->len >= n);
        return g_ptr_array_index(fake_agent_commands(a), n - 1);
}

static void assert_run(Fixture *f, Pending *p, const char *expected_state, const char *in_result) {
        g_autoptr(sd_bus_message) m = call_end(p);
        const char *id, *state, *result;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "sss", &id, &state, &result), >, 0);
        g_assert_cmpstr(state, ==, expected_state);
        g_assert_nonnull(strstr(result, in_result));
}

static void test_run(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Pending *good = fixture_command_begin(f, f->root, false, "RunCommand", "a", "status", NULL, NULL),
                *bad = fixture_command_begin(f, f->root, false, "RunCommand", "a", "status", NULL, NULL);
        g_autofree char *first = g_strdup(wait_for_command(f, a, 1)),
                        *second = g_strdup(wait_for_command(f, a, 2));

        settle(f->loop, f->root);
        g_assert_false(good->done);
        fake_agent_ends(a, first, COMMAND_SUCCEEDED, "{\"n\":1}", NULL);
        assert_run(f, good, "succeeded", "\"n\"");
        g_assert_false(bad->done);
        fake_agent_ends(a, second, COMMAND_FAILED, NULL, "it broke");
        assert_run(f, bad, "failed", "\"error\"");
        fake_agent_free(a);
}

/* The caller of RunCommand leaves; the command goes on, and its end finds nobody to answer. */
static void test_run_caller_leaves(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        sd_bus *caller = private_bus_connect(f->private_bus, geteuid());
        Pending *p = fixture_command_begin(f, caller, false, "RunCommand", "a", "status", NULL, NULL);
        g_autofree char *id = g_strdup(wait_for_command(f, a, 1));
        Listener *l = listener_new(f, f->root);

        settle(f->loop, f->root);
        private_bus_disconnect(caller);
        g_free(p);
        settle(f->loop, f->root);
        fake_agent_ends(a, id, COMMAND_SUCCEEDED, "{}", NULL);
        (void) listener_wait(l, "CommandStateChanged");
        assert_state(f, id, "succeeded");
        listener_free(l);
        fake_agent_free(a);
}

static void test_cancel(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autofree char *id = fixture_send(f, "a"), *path = g_strconcat(MSERVER_COMMAND_ROOT "/", id, NULL);
        g_autoptr(sd_bus_message) m = manager_call(f, f->root, "CancelCommand", "s", id), again = NULL,
                                  unknown = manager_call(f, f->root, "CancelCommand", "s", "cmd_1_1000"),
                                  wrong = manager_call(f, f->root, "CancelCommand", "s", "cmd 1");

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpuint(fake_agent_cancels(a), ==, 1);
        fake_agent_ends(a, id, COMMAND_CANCELLED, NULL, "cancelled");
        again = call(f->loop, f->root, path, MSERVER_IFACE_COMMAND, "Cancel", NULL);
        assert_reply_error(again, NULL, NULL);
        g_assert_cmpuint(fake_agent_cancels(a), ==, 1);
        assert_reply_error(unknown, ERROR "NoSuchCommand", "cmd_1_1000");
        assert_reply_error(wrong, ERROR "NoSuchCommand", "\"cmd 1\"");
        fake_agent_free(a);
}

/* A command that an earlier run of the server ended: its object comes from the store. */
static void test_object_of_the_past(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autofree char *id = fixture_send(f, "a"), *path = g_strconcat(MSERVER_COMMAND_ROOT "/", id, NULL);
        g_autoptr(sd_bus_message) m = NULL, got = NULL, introspected = NULL;
        const char *params, *result, *error, *found;

        fake_agent_ends(a, id, COMMAND_SUCCEEDED, "{\"n\":7}", NULL);
        assert_state(f, id, "succeeded");
        fake_agent_free(a);
        fixture_stop_server(f);
        fixture_start_server(f);
        g_assert_null(dispatcher_peek(f->server.dispatcher, id));
        assert_state(f, id, "succeeded");

        fixture_stop_server(f);
        fixture_start_server(f);
        m = call(f->loop, f->root, path, MSERVER_IFACE_COMMAND, "GetResult", NULL);
        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "sss", &params, &result, &error), >, 0);
        g_assert_nonnull(strstr(result, "7"));

        fixture_stop_server(f);
        fixture_start_server(f);
        got = manager_call(f, f->root, "GetCommand", "s", id);
        assert_reply_error(got, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(got, "o", &found), >, 0);
        g_assert_cmpstr(found, ==, path);
}

static void test_unknown_object(Fixture *f, const void *data) {
        const char *path = MSERVER_COMMAND_ROOT "/cmd_1_1000";
        g_autoptr(sd_bus_message) properties =
                        call(f->loop, f->user, path, PROPERTIES, "GetAll", "s", MSERVER_IFACE_COMMAND),
                                  method = call(f->loop, f->user, path, MSERVER_IFACE_COMMAND, "Cancel",
                                                NULL),
                                  get = manager_call(f, f->root, "GetCommand", "s", "cmd_1_1000"),
                                  batch = call(f->loop, f->user, MSERVER_BATCH_ROOT "/batch_1_1000",
                                               PROPERTIES, "GetAll", "s", MSERVER_IFACE_BATCH);

        assert_reply_error(properties, SD_BUS_ERROR_UNKNOWN_OBJECT, "cmd_1_1000");
        assert_reply_error(method, ERROR "NoSuchCommand", "cmd_1_1000");
        assert_reply_error(get, ERROR "NoSuchCommand", "cmd_1_1000");
        assert_reply_error(batch, SD_BUS_ERROR_UNKNOWN_OBJECT, "batch_1_1000");
}

static unsigned count_listed(Fixture *f, const char *filter) {
        g_autoptr(sd_bus_message) reply = fixture_list(f, filter);
        const char *id, *client, *command, *state, *error;
        uint64_t requested, finished;
        unsigned n = 0;

        assert_reply_error(reply, NULL, NULL);
        g_assert_cmpint(sd_bus_message_enter_container(reply, 'a', "(sssstts)"), >, 0);
        while (sd_bus_message_read(reply, "(sssstts)", &id, &client, &command, &state, &requested, &finished,
                                   &error) > 0)
                n++;
        return n;
}

static void test_list(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a"), *b = fake_agent_new(&f->server, "b");
        g_autofree char *first = fixture_send(f, "a"), *second = fixture_send(f, "b"),
                        *third = fixture_send(f, "b");
        g_autoptr(sd_bus_message) state = fixture_list(f, "s:state=done"),
                                  limit = fixture_list(f, "u:limit=0"),
                                  unknown = fixture_list(f, "s:sate=sent"),
                                  newest = fixture_list(f, "u:limit=1");
        const char *id, *client, *command, *s, *error;
        uint64_t requested, finished;

        assert_reply_error(state, ERROR "InvalidParameter",
                           "\"done\" is no state: expected one of queued, sent");
        assert_reply_error(limit, ERROR "InvalidParameter", "\"limit\" is 0: expected 1 to 10000");
        assert_reply_error(unknown, ERROR "InvalidParameter", "\"sate\": expected client, command, state");
        g_assert_cmpint(sd_bus_message_enter_container(newest, 'a', "(sssstts)"), >, 0);
        g_assert_cmpint(sd_bus_message_read(newest, "(sssstts)", &id, &client, &command, &s, &requested,
                                            &finished, &error),
                        >, 0);
        g_assert_cmpstr(id, ==, third);
        g_assert_cmpuint(finished, ==, 0);
        g_assert_cmpstr(error, ==, "");

        fake_agent_ends(a, first, COMMAND_SUCCEEDED, "{}", NULL);
        assert_state(f, first, "succeeded");
        g_assert_cmpuint(count_listed(f, NULL), ==, 3);
        g_assert_cmpuint(count_listed(f, "s:client=b"), ==, 2);
        g_assert_cmpuint(count_listed(f, "s:client=b s:command=status"), ==, 0);
        g_assert_cmpuint(count_listed(f, "s:state=succeeded"), ==, 1);
        g_assert_cmpuint(count_listed(f, "t:since=9999999999999999"), ==, 0);
        fake_agent_free(a);
        fake_agent_free(b);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        fixture_add("/bus/commands/shapes", test_shapes);
        fixture_add("/bus/commands/domain-errors", test_domain_errors);
        fixture_add("/bus/commands/send", test_send);
        fixture_add("/bus/commands/result", test_result);
        fixture_add("/bus/commands/run", test_run);
        fixture_add("/bus/commands/run-caller-leaves", test_run_caller_leaves);
        fixture_add("/bus/commands/cancel", test_cancel);
        fixture_add("/bus/commands/object-of-the-past", test_object_of_the_past);
        fixture_add("/bus/commands/unknown-object", test_unknown_object);
        fixture_add("/bus/commands/list", test_list);
        return g_test_run();
}
