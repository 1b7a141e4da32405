/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Batches on the bus: broadcast, planned, watched, cancelled. */
#include <string.h>

#include "bus-fixture.h"
#include "message.h"

#define ERROR MSERVER_ERROR_PREFIX
#define CHANGED "PropertiesChanged org.mserver1.Batch "

static void test_broadcast(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a"), *b = fake_agent_new(&f->server, "b"),
                  *c = fake_agent_new(&f->server, "c");
        Listener *l = listener_new(f, f->user);
        g_autoptr(sd_bus_message) m = NULL, none = NULL, wrong = NULL;
        const char *id, *path, *client, *command;
        g_autofree char *added = NULL, *removed = NULL;

        c = fake_agent_free(c);
        m = fixture_command(f, f->root, "Broadcast", "role=test", "status", NULL, NULL);
        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "so", &id, &path), >, 0);
        g_assert_cmpint(sd_bus_message_enter_container(m, 'a', "{ss}"), >, 0);
        g_assert_cmpint(sd_bus_message_read(m, "{ss}", &client, &command), >, 0);
        g_assert_cmpstr(client, ==, "a");
        g_assert_cmpstr(command, ==, g_ptr_array_index(fake_agent_commands(a), 0));
        g_assert_cmpint(sd_bus_message_read(m, "{ss}", &client, &command), >, 0);
        g_assert_cmpstr(client, ==, "b");
        g_assert_cmpint(sd_bus_message_at_end(m, false), >, 0);

        added = g_strdup_printf("InterfacesAdded %s", path);
        (void) listener_wait(l, added);
        (void) listener_wait(
                        l,
                        "PropertiesChanged org.mserver1.Batch State running Status  Total 3 Sent 2 Succeeded 0 Failed 0 "
                        "Skipped 1");
        fake_agent_obeys(a);
        (void) listener_wait(
                        l,
                        "PropertiesChanged org.mserver1.Batch State running Status  Total 3 Sent 2 Succeeded 1");
        fake_agent_obeys(b);
        (void) listener_wait(
                        l,
                        "PropertiesChanged org.mserver1.Batch State finished Status  Total 3 Sent 2 Succeeded 2");
        removed = g_strdup_printf("InterfacesRemoved %s", path);
        (void) listener_wait(l, removed);

        none = fixture_command(f, f->root, "Broadcast", "zebra*", "status", NULL, NULL);
        assert_reply_error(none, ERROR "NoSuchClient", "zebra*");
        wrong = fixture_command(f, f->root, "Broadcast", "a,,b", "status", NULL, NULL);
        assert_reply_error(wrong, ERROR "InvalidParameter", "a,,b");
        listener_free(l);
        fake_agent_free(a);
        fake_agent_free(b);
}

static void test_cancel_batch(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autoptr(sd_bus_message) m = fixture_command(f, f->root, "Broadcast", "all", "status", NULL, NULL),
                                  by_id = NULL, by_object = NULL, unknown = NULL;
        const char *id, *path;

        g_assert_cmpint(sd_bus_message_read(m, "so", &id, &path), >, 0);
        by_object = call(f->loop, f->root, path, MSERVER_IFACE_BATCH, "Cancel", NULL);
        assert_reply_error(by_object, NULL, NULL);
        by_id = manager_call(f, f->root, "CancelBatch", "s", id);
        assert_reply_error(by_id, NULL, NULL);
        g_assert_cmpuint(fake_agent_cancels(a), >=, 1);
        unknown = manager_call(f, f->root, "CancelBatch", "s", "batch_1_1000");
        assert_reply_error(unknown, ERROR "NoSuchCommand", "batch_1_1000");
        fake_agent_ends(a, g_ptr_array_index(fake_agent_commands(a), 0), COMMAND_CANCELLED, NULL,
                        "cancelled");
        settle(f->loop, f->root);
        fake_agent_free(a);
}

static void test_options(Fixture *f, const void *data) {
        static const struct {
                const char *command, *options, *text;
        } cases[] = {
                { "status", "u:max_parallel=1",
                  "Unknown option \"max_parallel\": expected queue, expires, timeout, max-parallel, max-failures, "
                  "pause, require-healthy, health-timeout, dry-run" },
                { "status", "b:max-parallel=true", "\"max-parallel\" is of type b: expected u" },
                { "status", "t:max-parallel=4294967296", "expected 0 to 4294967295" },
                { "status", "t:pause=86400000001",
                  "\"pause\" is 86400000001: expected at most 86400000000" },
                { "status", "b:require-healthy=true t:health-timeout=86400000001",
                  "\"health-timeout\" is 86400000001: expected at most" },
                { "status", "t:health-timeout=1000000", "without \"require-healthy\"" },
                { "stop", "b:require-healthy=true", "\"stop\": expected a command after which nodes run" },
                { "status", "t:expires=9999999999999999", "without \"queue\"" },
        };
        g_autoptr(sd_bus_message) single = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(sd_bus_message) m = fixture_command(f, f->root, "Broadcast", "all",
                                                              cases[i].command, NULL, cases[i].options);

                assert_reply_error(m, ERROR "InvalidParameter", cases[i].text);
        }
        single = fixture_command(f, f->root, "SendCommand", "a", "status", NULL, "u:max-parallel=1");
        assert_reply_error(single, ERROR "InvalidParameter", "Unknown option \"max-parallel\"");
}

/* The clients of a reply, with their command ids where there are any. */
static char *read_commands(sd_bus_message *m, const char **ret_id, const char **ret_path) {
        g_autoptr(GString) all = g_string_new(NULL);
        const char *client, *command;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "so", ret_id, ret_path), >, 0);
        g_assert_cmpint(sd_bus_message_enter_container(m, 'a', "{ss}"), >, 0);
        while (sd_bus_message_read(m, "{ss}", &client, &command) > 0)
                g_string_append_printf(all, "%s=%s ", client, command[0] ? "id" : "");
        return g_string_free(g_steal_pointer(&all), false);
}

/* Two at a time: the reply has these two, and the next comes when one of them has ended. */
static void test_plan(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a"), *b = fake_agent_new(&f->server, "b"),
                  *c = fake_agent_new(&f->server, "c");
        Listener *l = listener_new(f, f->user);
        g_autoptr(sd_bus_message) m = fixture_command(f, f->root, "Broadcast", "all", "status", NULL,
                                                      "u:max-parallel=2 u:max-failures=0");
        const char *id, *path;
        g_autofree char *commands = read_commands(m, &id, &path), *removed = NULL;

        g_assert_cmpstr(commands, ==, "a=id b=id ");
        g_assert_cmpuint(fake_agent_commands(c)->len, ==, 0);
        fake_agent_obeys(b);
        run_until(f->loop, fake_agent_commands(c)->len == 1);
        (void) listener_wait(l,
                             CHANGED "State running Status  Total 3 Sent 3 Succeeded 1 Failed 0 Skipped 0");
        fake_agent_obeys(c);
        fake_agent_ends(a, g_ptr_array_index(fake_agent_commands(a), 0), COMMAND_FAILED, NULL, "no");
        removed = g_strdup_printf("InterfacesRemoved %s", path);
        (void) listener_wait(l, removed);
        listener_free(l);
        fake_agent_free(a);
        fake_agent_free(b);
        fake_agent_free(c);
}

static void test_too_many_failures(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a"), *b = fake_agent_new(&f->server, "b");
        Listener *l = listener_new(f, f->user);
        g_autoptr(sd_bus_message) m = fixture_command(f, f->root, "Broadcast", "all", "status", NULL,
                                                      "u:max-parallel=1 u:max-failures=0");

        assert_reply_error(m, NULL, NULL);
        fake_agent_ends(a, g_ptr_array_index(fake_agent_commands(a), 0), COMMAND_FAILED, NULL, "no");
        (void) listener_wait(l, CHANGED "State failed Status 1 failed, at most 0 were to Total 2 Sent 1 "
                                        "Succeeded 0 Failed 1 Skipped 1");
        g_assert_cmpuint(fake_agent_commands(b)->len, ==, 0);
        listener_free(l);
        fake_agent_free(a);
        fake_agent_free(b);
}

/* What the batch waits for is in its status, and asking for it is a command like others. */
static void test_healthy(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a"), *b = fake_agent_new(&f->server, "b");
        Listener *l = listener_new(f, f->user);
        g_autoptr(sd_bus_message) m = fixture_command(f, f->root, "Broadcast", "all", "restart",
                                                      "s:container=3node0", "b:require-healthy=true");
        const GPtrArray *commands = fake_agent_commands(a);
        const char *id, *path, *audited;
        g_autofree char *sent = read_commands(m, &id, &path), *batch = NULL;

        g_assert_cmpstr(sent, ==, "a=id ");
        fake_agent_ends(a, g_ptr_array_index(commands, 0), COMMAND_SUCCEEDED, "{}", NULL);
        run_until(f->loop, commands->len == 2);
        audited = fake_audit_latest("command-requested");
        batch = g_strdup_printf("MSERVER_BATCH_ID=%s\n", id);
        g_assert_nonnull(strstr(audited, batch));
        g_assert_nonnull(strstr(audited, "MSERVER_COMMAND=status\n"));
        fake_agent_ends(a, g_ptr_array_index(commands, 1), COMMAND_SUCCEEDED,
                        "[{\"name\":\"3node0\",\"state\":\"running\",\"node\":{\"peers\":2,\"syncing\":true}}]",
                        NULL);
        (void) listener_wait(l,
                             CHANGED "State running Status a waiting for 3node0: syncing, 2 peers Total 2 "
                                     "Sent 1 Succeeded 1 Failed 0 Skipped 0");
        g_assert_cmpuint(fake_agent_commands(b)->len, ==, 0);
        listener_free(l);
        fake_agent_free(a);
        fake_agent_free(b);
}

static void test_dry_run(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a"), *b = fake_agent_new(&f->server, "b");
        g_autoptr(sd_bus_message) m = NULL, none = NULL;
        const char *id, *path;
        g_autofree char *commands = NULL;

        b = fake_agent_free(b);
        m = fixture_command(f, f->root, "Broadcast", "all", "restart", NULL,
                            "b:dry-run=true u:max-parallel=1");
        commands = read_commands(m, &id, &path);
        g_assert_cmpstr(commands, ==, "a= ");
        g_assert_cmpstr(id, ==, "");
        g_assert_cmpstr(path, ==, "/");
        none = fixture_command(f, f->root, "Broadcast", "zebra*", "restart", NULL, "b:dry-run=true");
        assert_reply_error(none, ERROR "NoSuchClient", "zebra*");
        settle(f->loop, f->root);
        g_assert_cmpuint(fake_agent_commands(a)->len, ==, 0);
        fake_agent_free(a);
}

static void assert_text(Fixture *f, const char *path, const char *name, const char *expected) {
        g_autofree char *value = fixture_get_string(f, path, MSERVER_IFACE_BATCH, name);

        g_assert_cmpstr(value, ==, expected);
}

static void assert_count(Fixture *f, const char *path, const char *name, unsigned expected) {
        g_autoptr(sd_bus_message) m = fixture_get(f, path, MSERVER_IFACE_BATCH, name);
        uint32_t n;

        g_assert_cmpint(sd_bus_message_read(m, "u", &n), >, 0);
        g_assert_cmpuint(n, ==, expected);
}

/* A batch that has ended, and one that the end of the server cut short: still there for whoever asks. */
static void test_object_of_the_past(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a"), *b = fake_agent_new(&f->server, "b");
        Listener *l = listener_new(f, f->root);
        g_autoptr(sd_bus_message) first =
                        fixture_command(f, f->root, "Broadcast", "a", "status", NULL, NULL),
                                  second = NULL, cancelled = NULL;
        const char *id, *done, *cut;
        g_autofree char *one = read_commands(first, &id, &done), *two = NULL, *removed = NULL;

        fake_agent_ends(a, g_ptr_array_index(fake_agent_commands(a), 0), COMMAND_SUCCEEDED, "{}", NULL);
        removed = g_strdup_printf("InterfacesRemoved %s", done);
        (void) listener_wait(l, removed);
        assert_text(f, done, "State", "finished");
        second = fixture_command(f, f->root, "Broadcast", "all", "status", NULL, "u:max-parallel=1");
        two = read_commands(second, &id, &cut);
        listener_free(l);
        fake_agent_free(a);
        fake_agent_free(b);
        fixture_stop_server(f);
        fixture_start_server(f);

        assert_text(f, done, "State", "finished");
        assert_count(f, done, "Succeeded", 1);
        assert_text(f, cut, "State", "interrupted");
        assert_count(f, cut, "Total", 2);
        assert_count(f, cut, "Sent", 1);
        assert_count(f, cut, "Skipped", 1);
        cancelled = call(f->loop, f->root, cut, MSERVER_IFACE_BATCH, "Cancel", NULL);
        assert_reply_error(cancelled, ERROR "NoSuchCommand", "is running");
}

/* The command, the broadcast, and with require-healthy the status it asks for, each of the whole selector. */
static void test_actions(Fixture *f, const void *data) {
        static const char action[] = " client= command=restart container= selector=all\n";
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autoptr(sd_bus_message) m = NULL;
        g_autofree char *log = NULL, *expected = g_strconcat("org.mserver1.command.restart", action,
                                                             "org.mserver1.broadcast", action,
                                                             "org.mserver1.command.status", action, NULL);

        fake_polkit_say(f->polkit, NULL, "yes");
        fake_polkit_say(f->polkit, "org.mserver1.command.status", "no");
        m = fixture_command(f, f->user, "Broadcast", "all", "restart", NULL, "b:require-healthy=true");
        assert_reply_error(m, SD_BUS_ERROR_ACCESS_DENIED, "org.mserver1.command.status");
        log = fake_polkit_take_log(f->polkit);
        g_assert_cmpstr(log, ==, expected);
        g_assert_cmpuint(fake_agent_commands(a)->len, ==, 0);
        fake_agent_free(a);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        fixture_add("/bus/batches/broadcast", test_broadcast);
        fixture_add("/bus/batches/cancel", test_cancel_batch);
        fixture_add("/bus/batches/options", test_options);
        fixture_add("/bus/batches/plan", test_plan);
        fixture_add("/bus/batches/too-many-failures", test_too_many_failures);
        fixture_add("/bus/batches/healthy", test_healthy);
        fixture_add("/bus/batches/dry-run", test_dry_run);
        fixture_add("/bus/batches/actions", test_actions);
        fixture_add("/bus/batches/object-of-the-past", test_object_of_the_past);
        return g_test_run();
}
