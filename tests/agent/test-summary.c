/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What samples come to: averages over those that have a value, the latest of the rest. */
#include <glib.h>

#include "limits.h"
#include "summary.h"

static void add(Summary *s, const char *data) {
        json_object *o = json_tokener_parse(data);

        summary_add(s, o);
        json_object_put(o);
}

static void assert_taken(Summary *s, uint64_t period, const char *expected) {
        json_object *o = summary_take(s, period);

        g_assert_cmpstr(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), ==, expected);
        json_object_put(o);
}

static void test_averages(void) {
        g_autoptr(Summary) s = summary_new();

        add(s,
            "{\"system\":{\"memory_used_percent\":40.0,\"load\":[0.5,1,1]},\"containers\":[{\"name\":\"3node0\","
            "\"image\":\"i\",\"state\":\"running\",\"health\":null,\"restarts\":1}]}");
        add(s,
            "{\"system\":{\"cpu_percent\":10,\"memory_used_percent\":41.0,\"load\":[1.5,1,1]},\"containers\":["
            "{\"name\":\"3node0\",\"image\":\"i\",\"state\":\"running\",\"health\":null,\"restarts\":1,"
            "\"cpu_percent\":30.0,\"memory_used\":1000,\"node\":{\"peers\":7}}]}");
        add(s,
            "{\"system\":{\"cpu_percent\":21,\"memory_used_percent\":45.0},\"containers\":["
            "{\"name\":\"3node0\",\"image\":\"i\",\"state\":\"running\",\"health\":\"healthy\",\"restarts\":2,"
            "\"cpu_percent\":31.0,\"memory_used\":2000,\"node\":{\"peers\":8}},{\"name\":\"3node1\",\"state\":"
            "\"absent\"}]}");
        assert_taken(s, 60,
                     "{\"period_seconds\":60,\"data_points\":3,\"average_cpu_percent\":15.5,"
                     "\"average_memory_percent\":42.0,\"average_load\":1.00,\"containers\":[{\"name\":\"3node0\","
                     "\"image\":\"i\",\"state\":\"running\",\"health\":\"healthy\",\"restarts\":2,"
                     "\"running_points\":3,\"average_cpu_percent\":30.5,\"average_memory_used\":1500,"
                     "\"node\":{\"peers\":8}},{\"name\":\"3node1\",\"state\":\"absent\",\"running_points\":0}]}");
        /* The next period knows nothing of the last. */
        assert_taken(s, 61, "{\"period_seconds\":61,\"data_points\":0,\"containers\":[]}");
}

static void test_strange(void) {
        g_autoptr(Summary) s = summary_new();

        add(s, "{}");
        add(s, "{\"system\":7,\"containers\":{}}");
        add(s, "{\"system\":{\"cpu_percent\":\"x\",\"load\":[]},\"containers\":[7,{},{\"name\":3}]}");
        assert_taken(s, 60, "{\"period_seconds\":60,\"data_points\":3,\"containers\":[]}");
}

static void test_bounded(void) {
        g_autoptr(Summary) s = summary_new();
        json_object *o;

        for (unsigned i = 0; i < 2 * SAMPLED_CONTAINERS_MAX; i++) {
                g_autofree char *text = g_strdup_printf("{\"containers\":[{\"name\":\"c%u\"}]}", i);

                add(s, text);
        }
        o = summary_take(s, 60);
        g_assert_cmpuint(json_object_array_length(json_object_object_get(o, "containers")), ==,
                         SAMPLED_CONTAINERS_MAX);
        json_object_put(o);
}

static void test_message(void) {
        g_autoptr(Summary) s = summary_new();
        json_object *o = summary_take(s, 60);
        g_autofree char *text = summary_message("seoul-1", 7, o, 1795406712331);

        g_assert_cmpstr(text, ==,
                        "{\"type\":\"summary\",\"serverId\":\"seoul-1\",\"timestamp\":1795406712331,\"sequence\":7,"
                        "\"period_seconds\":60,\"data_points\":0,\"containers\":[]}");
        json_object_put(o);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/summary/averages", test_averages);
        g_test_add_func("/summary/strange", test_strange);
        g_test_add_func("/summary/bounded", test_bounded);
        g_test_add_func("/summary/message", test_message);
        return g_test_run();
}
