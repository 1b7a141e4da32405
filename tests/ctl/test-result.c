/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of all shapes, as text. */
#include "result.h"

#include <locale.h>

#include "clock.h"
#include "json.h"

#define NOW (1795431912 * USEC_PER_SEC)

static const TableStyle plain = { .terminal = { .utf8 = true }, .legend = true };

static void test_lists(void) {
        g_autoptr(json_object) seoul = json_tokener_parse(
                        "[{\"name\":\"3node4\",\"state\":\"running\",\"health\":null,\"started\":\"2026-11-23T09:05:12.5Z\"},"
                        "{\"name\":\"3node5\",\"state\":\"exited\",\"restarts\":2}]");
        g_autoptr(json_object) busan =
                        json_tokener_parse("[{\"name\":\"3node0\",\"state\":\"running\",\"\":1}]");
        const ResultRow rows[] = { { "seoul-1", seoul }, { "busan-1", busan } };
        g_autofree char *one = result_format_lists(rows, 1, false, NOW, &plain);
        g_autofree char *both = result_format_lists(rows, 2, true, NOW, &plain);

        g_assert_true(result_is_list(seoul));
        g_assert_cmpstr(one, ==,
                        "NAME    STATE    HEALTH  STARTED  RESTARTS\n"
                        "3node4  running  -       2 h ago  -\n"
                        "3node5  exited   -       -        2\n");
        g_assert_cmpstr(both, ==,
                        "CLIENT   NAME    STATE    HEALTH  STARTED  RESTARTS\n"
                        "seoul-1  3node4  running  -       2 h ago  -\n"
                        "seoul-1  3node5  exited   -       -        2\n"
                        "busan-1  3node0  running  -       -        -\n");
}

static void test_nodes(void) {
        g_autoptr(json_object) list = json_tokener_parse(
                        "[{\"name\":\"3node4\",\"node\":{\"peers\":2,\"syncing\":true,\"best\":5,\"target\":1000}},"
                        "{\"name\":\"3node5\",\"node\":{\"error\":\"no answer within 10 s\"}},{\"name\":\"db\"}]");
        const ResultRow row = { "seoul-1", list };
        g_autofree char *text = result_format_lists(&row, 1, false, NOW, &plain);

        g_assert_cmpstr(text, ==,
                        "NAME    NODE\n"
                        "3node4  syncing, 2 peers, block 5 of 1,000\n"
                        "3node5  no answer within 10 s\n"
                        "db      -\n");
}

static void test_members(void) {
        g_autoptr(json_object) result = json_tokener_parse(
                        "{\"container\":\"3node0\",\"session_key\":\"0xab\",\"size\":12,\"list\":[\"a\",\"b\"],\"x\":{\"y\":true}}");
        g_autofree char *members = result_format_members(result, NOW, &plain),
                        *none = result_format_members(NULL, NOW, &plain);

        g_assert_cmpstr(members, ==,
                        "session_key  0xab\n"
                        "size         12\n"
                        "list         a, b\n"
                        "x            y=true\n");
        g_assert_cmpstr(none, ==, "");
        g_assert_false(result_is_list(result));
}

static void test_output(void) {
        g_autoptr(json_object) text = json_object_new_string("lines\n");
        g_autoptr(json_object) exec = json_tokener_parse("{\"exit_code\":0,\"output\":\"\"}");
        g_autoptr(json_object) other = json_tokener_parse("{\"output\":7}");

        g_assert_cmpstr(result_output(text), ==, "lines\n");
        g_assert_cmpstr(result_output(exec), ==, "");
        g_assert_null(result_output(other));
        g_assert_null(result_output(NULL));
}

static void set(char **where, const char *text) {
        g_free(*where);
        *where = g_strdup(text);
}

static void assert_failure(const char *state, const char *error, const char *expected) {
        g_autoptr(CommandReport) r = command_report_new("cmd_1_1000", "/");
        g_autofree char *text = NULL;

        set(&r->client, "seoul-1");
        set(&r->command, "restart");
        set(&r->container, "3node4");
        set(&r->state, state);
        set(&r->error, error);
        text = result_failure(r);
        g_assert_cmpstr(text, ==, expected);
}

static void test_failures(void) {
        assert_failure("failed", "no such container",
                       "seoul-1: restart 3node4 failed: no such container (cmd_1_1000)");
        assert_failure("rejected", "the node is syncing",
                       "seoul-1 refused restart 3node4: the node is syncing (cmd_1_1000)");
        assert_failure("cancelled", "", "seoul-1: restart 3node4 was cancelled (cmd_1_1000)");
        assert_failure("of tomorrow", "", "seoul-1: restart 3node4 of tomorrow (cmd_1_1000)");
}

int main(int argc, char **argv) {
        (void) setlocale(LC_ALL, "C.UTF-8");
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/result/lists", test_lists);
        g_test_add_func("/result/nodes", test_nodes);
        g_test_add_func("/result/members", test_members);
        g_test_add_func("/result/output", test_output);
        g_test_add_func("/result/failures", test_failures);
        return g_test_run();
}
