/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nodes report, on the bus: session keys, backups and statistics, and the signals of their coming. */
#include <string.h>

#include "bus-fixture.h"
#include "clock.h"
#include "message.h"

#define ERROR MSERVER_ERROR_PREFIX

static void report_key(FakeAgent *a, const char *id, const char *container, const char *key) {
        fake_agent_says(a, message_key_update(id, container, key, "rotate_keys", 1795406400000));
}

static void report_backup(FakeAgent *a, const char *file, const char *sha256) {
        fake_agent_says(a, message_backup_complete(NULL, "3node0", file, sha256, 512, 1795406400000));
}

/* A line for each row: its strings. */
static char *list_keys(Fixture *f, const char *client, const char *container) {
        g_autoptr(sd_bus_message) m = manager_call(f, f->root, "ListKeys", "ss", client, container);
        g_autoptr(GString) lines = g_string_new(NULL);
        const char *c, *node, *key, *id;
        uint64_t received;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_enter_container(m, 'a', "(sssts)"), >, 0);
        while (sd_bus_message_read(m, "(sssts)", &c, &node, &key, &received, &id) > 0) {
                g_assert_cmpuint(received, >, now_realtime() - 60 * USEC_PER_SEC);
                g_string_append_printf(lines, "%s %s %s %s\n", c, node, key, id);
        }
        return g_string_free(g_steal_pointer(&lines), false);
}

static void assert_keys(Fixture *f, const char *client, const char *container, const char *expected) {
        g_autofree char *lines = list_keys(f, client, container);

        g_assert_cmpstr(lines, ==, expected);
}

static void test_keys(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a"), *b = fake_agent_new(&f->server, "b");
        Listener *l = listener_new(f, f->user);
        g_autoptr(sd_bus_message) m = NULL;
        const char *key, *id;
        uint64_t received;

        assert_keys(f, "", "", "");
        report_key(a, "cmd_1_1000", "3node0", "0xaa");
        g_assert_cmpstr(listener_wait(l, "KeyUpdated"), ==, "KeyUpdated a 3node0 0xaa");
        report_key(b, NULL, "3node1", "0xbb"); /* an old agent */
        (void) listener_wait(l, "KeyUpdated b");
        report_key(a, "cmd_2_1000", "3node0", "0xcc");
        (void) listener_wait(l, "KeyUpdated a 3node0 0xcc");

        assert_keys(f, "", "", "a 3node0 0xcc cmd_2_1000\nb 3node1 0xbb \na 3node0 0xaa cmd_1_1000\n");
        assert_keys(f, "b", "", "b 3node1 0xbb \n");
        assert_keys(f, "", "3node0", "a 3node0 0xcc cmd_2_1000\na 3node0 0xaa cmd_1_1000\n");
        assert_keys(f, "b", "3node0", "");

        m = manager_call(f, f->root, "GetLatestKey", "ss", "a", "3node0");
        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "sts", &key, &received, &id), >, 0);
        g_assert_cmpstr(key, ==, "0xcc");
        g_assert_cmpstr(id, ==, "cmd_2_1000");
        listener_free(l);
        fake_agent_free(a);
        fake_agent_free(b);
}

static void test_no_keys(Fixture *f, const void *data) {
        static const struct {
                const char *member, *client, *container, *error, *text;
        } cases[] = {
                { "GetLatestKey", "a", "3node9", ERROR "NoSuchClient",
                  "\"3node9\" on client \"a\" was ever reported" },
                { "GetLatestKey", "zebra", "3node0", ERROR "NoSuchClient",
                  "\"3node0\" on client \"zebra\" was ever" },
                { "GetLatestKey", "", "3node0", ERROR "InvalidParameter", "\"\" is no client id" },
                { "GetLatestKey", "a", "", ERROR "InvalidParameter", "\"\" is no container's name" },
                { "ListKeys", "a/b", "", ERROR "InvalidParameter", "\"a/b\"" },
                { "ListKeys", "a", "-x", ERROR "InvalidParameter", "\"-x\"" },
                { "ListBackups", "", "x y", ERROR "InvalidParameter", "\"x y\"" },
        };
        FakeAgent *a = fake_agent_new(&f->server, "a");

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(sd_bus_message) m = manager_call(f, f->root, cases[i].member, "ss",
                                                           cases[i].client, cases[i].container);

                assert_reply_error(m, cases[i].error, cases[i].text);
        }
        fake_agent_free(a);
}

static void test_backups(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Listener *l = listener_new(f, f->user);
        g_autoptr(sd_bus_message) m = NULL;
        const char *client, *container, *file, *sha256;
        uint64_t size, finished;

        report_backup(a, "/backup/k.tar", "00ff");
        g_assert_cmpstr(listener_wait(l, "BackupCompleted"), ==, "BackupCompleted a 3node0 /backup/k.tar");
        m = manager_call(f, f->root, "ListBackups", "ss", "a", "");
        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_enter_container(m, 'a', "(sssstt)"), >, 0);
        g_assert_cmpint(sd_bus_message_read(m, "(sssstt)", &client, &container, &file, &sha256, &size,
                                            &finished),
                        >, 0);
        g_assert_cmpstr(client, ==, "a");
        g_assert_cmpstr(container, ==, "3node0");
        g_assert_cmpstr(file, ==, "/backup/k.tar");
        g_assert_cmpstr(sha256, ==, "00ff");
        g_assert_cmpuint(size, ==, 512);
        g_assert_cmpuint(finished, ==, UINT64_C(1795406400000000));
        g_assert_cmpint(sd_bus_message_at_end(m, false), >, 0);
        listener_free(l);
        fake_agent_free(a);
}

static void assert_stats(Fixture *f, const char *in_stats, const char *in_summary) {
        g_autoptr(sd_bus_message) m = manager_call(f, f->root, "GetLatestStats", "s", "a");
        const char *stats, *summary;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "ss", &stats, &summary), >, 0);
        g_assert_cmpstr(stats, ==, in_stats);
        g_assert_nonnull(strstr(summary, in_summary));
}

static void test_stats(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autoptr(sd_bus_message) unknown = manager_call(f, f->root, "GetLatestStats", "s", "zebra");

        assert_reply_error(unknown, ERROR "NoSuchClient", "zebra");
        assert_stats(f, "", "");
        fake_agent_says(a, g_strdup("{\"type\":\"stats\",\"serverId\":\"a\",\"timestamp\":1,\"sequence\":1,"
                                    "\"interval\":10,\"data\":{\"containers\":[{\"name\":\"3node0\"}]}}"));
        fake_agent_says(a, g_strdup("{\"type\":\"summary\",\"serverId\":\"a\",\"timestamp\":1,"
                                    "\"period_seconds\":60}"));
        assert_stats(f, "{\"containers\":[{\"name\":\"3node0\"}]}", "\"period_seconds\":60");
        fake_agent_free(a);
}

static sd_bus_message *get_stats(Fixture *f, uint64_t from, uint64_t to, uint32_t points) {
        return manager_call(f, f->root, "GetStats", "sttu", "a", from, to, points);
}

/* What has just come is in the series. */
static void test_series(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        uint64_t now = now_realtime();
        const char *text;

        for (unsigned i = 0; i < 3; i++)
                fake_agent_says(a,
                                g_strdup_printf("{\"type\":\"stats\",\"serverId\":\"a\",\"timestamp\":%" G_GINT64_FORMAT
                                                ",\"sequence\":%u,\"interval\":10,\"data\":{\"system\":{\"cpu_percent\":%u},"
                                                "\"containers\":[{\"name\":\"3node0\",\"node\":{\"peers\":8}}]}}",
                                                (int64_t) (now / 1000) - 10000 * (2 - i), i + 1, 10 * i));
        {
                g_autoptr(sd_bus_message) m = get_stats(f, now - 600 * USEC_PER_SEC, 0, 70);
                json_object *o, *points, *step;

                assert_reply_error(m, NULL, NULL);
                g_assert_cmpint(sd_bus_message_read(m, "s", &text), >, 0);
                g_assert_nonnull(strstr(text, "0,10,20"));
                g_assert_nonnull(strstr(text, "8,8,8"));
                o = json_tokener_parse(text);
                g_assert_true(json_object_object_get_ex(o, "points", &points) &&
                              json_object_object_get_ex(o, "step", &step));
                g_assert_cmpint(json_object_get_int(points), <=, 70);
                g_assert_cmpint(json_object_get_int64(points) * json_object_get_int64(step), >=, 600000000);
                json_object_put(o);
        }
        {
                g_autoptr(sd_bus_message) usual = get_stats(f, 0, 0, 0), many = get_stats(f, 0, 0, 1001),
                                          backwards = get_stats(f, now, now - 1, 10),
                                          same = get_stats(f, now, now, 10),
                                          ages = get_stats(f, 1, UINT64_MAX, 1000),
                                          past = get_stats(f, 1, 2, 10);

                assert_reply_error(usual, NULL, NULL);
                assert_reply_error(ages, NULL, NULL);
                assert_reply_error(past, NULL, NULL);
                assert_reply_error(many, ERROR "InvalidParameter", "1001");
                assert_reply_error(backwards, ERROR "InvalidParameter", "before");
                assert_reply_error(same, ERROR "InvalidParameter", "before");
        }
        fake_agent_free(a);
        {
                g_autoptr(sd_bus_message) m = manager_call(f, f->root, "ForgetClient", "s", "a"),
                                          gone = get_stats(f, 0, 0, 0);

                assert_reply_error(m, NULL, NULL);
                assert_reply_error(gone, ERROR "NoSuchClient", "a");
        }
}

/* Each asks for the right action, with the node in the question. */
static void test_actions(Fixture *f, const void *data) {
        static const struct {
                const char *member, *types, *client, *container, *log;
        } cases[] = {
                { "ListKeys", "ss", "", "",
                  "org.mserver1.read-keys client= command= container= selector=\n" },
                { "ListKeys", "ss", "a", "3node0",
                  "org.mserver1.read-keys client=a command= container=3node0 selector=\n" },
                { "GetLatestKey", "ss", "a", "3node0",
                  "org.mserver1.read-keys client=a command= container=3node0 selector=\n" },
                { "ListBackups", "ss", "a", "",
                  "org.mserver1.read client=a command= container= selector=\n" },
                { "GetLatestStats", "s", "a", NULL,
                  "org.mserver1.read client=a command= container= selector=\n" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(sd_bus_message) m = manager_call(f, f->user, cases[i].member, cases[i].types,
                                                           cases[i].client, cases[i].container);
                g_autofree char *log = fake_polkit_take_log(f->polkit);

                assert_reply_error(m, SD_BUS_ERROR_ACCESS_DENIED, cases[i].member);
                g_assert_cmpstr(log, ==, cases[i].log);
        }
        {
                g_autoptr(sd_bus_message) m = manager_call(f, f->user, "GetStats", "sttu", "a", UINT64_C(0),
                                                           UINT64_C(0), UINT32_C(0));
                g_autofree char *log = fake_polkit_take_log(f->polkit);

                assert_reply_error(m, SD_BUS_ERROR_ACCESS_DENIED, "GetStats");
                g_assert_cmpstr(log, ==, "org.mserver1.read client=a command= container= selector=\n");
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        fixture_add("/bus/nodes/keys", test_keys);
        fixture_add("/bus/nodes/no-keys", test_no_keys);
        fixture_add("/bus/nodes/backups", test_backups);
        fixture_add("/bus/nodes/stats", test_stats);
        fixture_add("/bus/nodes/series", test_series);
        fixture_add("/bus/nodes/actions", test_actions);
        return g_test_run();
}
