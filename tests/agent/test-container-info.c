/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of the engine, cut down to what matters, in our words. */
#include <glib.h>

#include "container-info.h"

static void assert_status(const char *inspect, const char *expected) {
        json_object *in = json_tokener_parse(inspect), *out = container_status(in);

        g_assert_cmpstr(json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN), ==, expected);
        json_object_put(in);
        json_object_put(out);
}

static void test_status(void) {
        assert_status("{\"Name\":\"/3node0\",\"RestartCount\":3,\"Config\":{\"Image\":\"creditcoin:3\"},"
                      "\"State\":{\"Status\":\"running\",\"StartedAt\":\"2024-05-01T10:00:00.123456789Z\","
                      "\"Health\":{\"Status\":\"healthy\",\"FailingStreak\":0}}}",
                      "{\"name\":\"3node0\",\"image\":\"creditcoin:3\",\"state\":\"running\",\"health\":\"healthy\","
                      "\"restarts\":3,\"started\":\"2024-05-01T10:00:00.123456789Z\"}");
        assert_status("{\"Name\":\"/3node0\",\"RestartCount\":0,\"Config\":{\"Image\":\"i\"},"
                      "\"State\":{\"Status\":\"created\",\"StartedAt\":\"0001-01-01T00:00:00Z\","
                      "\"Health\":{\"Status\":\"none\"}}}",
                      "{\"name\":\"3node0\",\"image\":\"i\",\"state\":\"created\",\"health\":null,"
                      "\"restarts\":0,\"started\":null}");
        assert_status("{\"Name\":7}", "{\"name\":null,\"image\":null,\"state\":null,\"health\":null,"
                                      "\"restarts\":0,\"started\":null}");
}

static ContainerUsage parse(const char *text) {
        json_object *o = json_tokener_parse(text);
        ContainerUsage u;

        container_usage_parse(o, &u);
        json_object_put(o);
        return u;
}

static void test_usage(void) {
        ContainerUsage u = parse(
                        "{\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":5000}},"
                        "\"memory_stats\":{\"usage\":1000,\"limit\":4000,\"stats\":{\"inactive_file\":300}},"
                        "\"networks\":{\"eth0\":{\"rx_bytes\":1,\"tx_bytes\":2},"
                        "\"eth1\":{\"rx_bytes\":10,\"tx_bytes\":20}},"
                        "\"blkio_stats\":{\"io_service_bytes_recursive\":[{\"op\":\"Read\",\"value\":1},"
                        "{\"op\":\"read\",\"value\":2},{\"op\":\"write\",\"value\":5},{\"op\":\"Total\",\"value\":9},"
                        "{\"op\":7},7]}}");

        g_assert_true(u.has_cpu && u.has_memory && u.has_network && u.has_block);
        g_assert_cmpuint(u.read_bytes, ==, 3);
        g_assert_cmpuint(u.written_bytes, ==, 5);
        g_assert_cmpuint(u.cpu_nsec, ==, 5000);
        g_assert_cmpuint(u.memory_used, ==, 700);
        g_assert_cmpuint(u.memory_limit, ==, 4000);
        g_assert_cmpuint(u.rx_bytes, ==, 11);
        g_assert_cmpuint(u.tx_bytes, ==, 22);

        /* cgroup v1 counts both; the cache never makes the rest negative */
        u = parse("{\"memory_stats\":{\"usage\":1000,\"limit\":4000,"
                  "\"stats\":{\"inactive_file\":300,\"total_inactive_file\":400}}}");
        g_assert_cmpuint(u.memory_used, ==, 600);
        u = parse("{\"memory_stats\":{\"usage\":1000,\"limit\":4000,\"stats\":{\"inactive_file\":2000}}}");
        g_assert_cmpuint(u.memory_used, ==, 1000);
}

static void test_unknown(void) {
        ContainerUsage u = parse("{\"memory_stats\":{},\"cpu_stats\":{}}");

        g_assert_false(u.has_cpu || u.has_memory || u.has_network);
        u = parse("{\"blkio_stats\":{\"io_service_bytes_recursive\":null}}");
        g_assert_false(u.has_block);
        u = parse("{\"networks\":{\"eth0\":7},\"memory_stats\":[],\"cpu_stats\":null}");
        g_assert_false(u.has_cpu || u.has_memory);
}

static void assert_added(const ContainerUsage *u, const ContainerUsage *before, uint64_t elapsed,
                         const char *expected) {
        json_object *o = json_object_new_object();

        container_usage_add(o, u, before, elapsed);
        g_assert_cmpstr(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), ==, expected);
        json_object_put(o);
}

static void test_add(void) {
        ContainerUsage before = { .has_cpu = true, .cpu_nsec = 1000000000 },
                       now = { .has_cpu = true, .cpu_nsec = 16000000000 };

        /* 15 s of processor time in 10 s: one and a half processors */
        assert_added(&now, &before, 10000000, "{\"cpu_percent\":150.0}");
        assert_added(&now, NULL, 0, "{}");
        assert_added(&now, &before, 0, "{}");
        assert_added(&before, &now, 10000000, "{}"); /* restarted meanwhile */
        now = (ContainerUsage){ .has_memory = true,
                                .has_network = true,
                                .memory_used = 1,
                                .memory_limit = 2,
                                .has_block = true,
                                .rx_bytes = 3,
                                .tx_bytes = 4,
                                .read_bytes = 5,
                                .written_bytes = 6 };
        assert_added(&now, &before, 10000000,
                     "{\"memory_used\":1,\"memory_limit\":2,\"rx_bytes\":3,\"tx_bytes\":4,"
                     "\"read_bytes\":5,\"written_bytes\":6}");
}

static void assert_named(const char *message, const char *expected) {
        g_autofree char *got = container_name_in(message, "3node0");

        g_assert_cmpstr(got, ==, expected);
}

static void test_name(void) {
#define ID "087b51b938842d7c204fd9c1398d7a776a6953f8374da6b84a86ea6fff4b8200"
        assert_named("docker: Container " ID " is not running", "docker: Container 3node0 is not running");
        assert_named(ID, "3node0");
        assert_named("a " ID "/" ID "0 b", "a 3node0/" ID "0 b"); /* longer ones are something else */
        assert_named("No such container: 3node1", "No such container: 3node1");
        assert_named("", "");
#undef ID
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/container-info/status", test_status);
        g_test_add_func("/container-info/name", test_name);
        g_test_add_func("/container-info/usage", test_usage);
        g_test_add_func("/container-info/unknown", test_unknown);
        g_test_add_func("/container-info/add", test_add);
        return g_test_run();
}
