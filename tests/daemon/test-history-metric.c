/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is taken from a sample, and that nothing is taken from what is none. */
#include "history-metric.h"

#include <glib.h>

#include "limits.h"

static void write_down(const char *container, const HistoryMetric *metric, double value, void *userdata) {
        g_autofree char *name = history_series_name(container, metric);

        g_string_append_printf(userdata, "%s%s=%g ", name, metric->is_counter ? "+" : "", value);
}

static void assert_measured(const char *text, const char *expected) {
        g_autoptr(GString) got = g_string_new(NULL);
        json_object *data = json_tokener_parse(text);

        history_measure(data, write_down, got);
        g_assert_cmpstr(got->str, ==, expected);
        json_object_put(data);
}

static void test_whole(void) {
        assert_measured("{\"system\":{\"host_name\":\"h\",\"cpu_percent\":12.5,\"memory_used_percent\":41,\"temperature\":55.0,"
                        "\"load\":[1.5,2,3],\"disks\":[{\"mount\":\"/\",\"used_percent\":50},{\"used_percent\":93.5}],"
                        "\"network\":[{\"interface\":\"eth0\",\"rx_bytes\":10,\"tx_bytes\":20},{\"rx_bytes\":1,\"tx_bytes\":2}]},"
                        "\"containers\":[{\"name\":\"3node0\",\"state\":\"running\",\"cpu_percent\":3.5,\"memory_used\":1000,"
                        "\"rx_bytes\":1,\"tx_bytes\":2,\"read_bytes\":3,\"written_bytes\":4,"
                        "\"node\":{\"peers\":8,\"syncing\":false,\"finality_lag\":2,\"best\":100,\"target\":103}},"
                        "{\"name\":\"node9\",\"state\":\"absent\"}]}",
                        "cpu_percent=12.5 memory_used_percent=41 temperature=55 load=1.5 disk_used_percent=93.5 "
                        "rx_bytes_per_sec+=11 tx_bytes_per_sec+=22 3node0/running=1 3node0/cpu_percent=3.5 "
                        "3node0/memory_used=1000 3node0/rx_bytes_per_sec+=1 3node0/tx_bytes_per_sec+=2 "
                        "3node0/read_bytes_per_sec+=3 3node0/written_bytes_per_sec+=4 3node0/peers=8 "
                        "3node0/finality_lag=2 3node0/syncing=0 3node0/blocks_behind=3 node9/running=0 ");
}

static void test_odd(void) {
        static const char *const nothing[] = {
                "{}",
                "[]",
                "7",
                "null",
                "{\"system\":7,\"containers\":{}}",
                "{\"system\":{\"cpu_percent\":\"12\",\"load\":[],\"disks\":[],\"network\":[]},\"containers\":[]}",
                "{\"system\":{\"load\":{},\"disks\":[7,{}],\"network\":7},\"containers\":[7,{},{\"name\":7},"
                "{\"name\":\"a/b\",\"state\":\"running\"},{\"name\":\"\",\"state\":\"running\"}]}",
                "{\"containers\":[{\"name\":\"a\",\"state\":7,\"node\":7},{\"name\":\"a\",\"node\":{\"error\":\"x\","
                "\"syncing\":1,\"best\":5}}]}",
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(nothing); i++)
                assert_measured(nothing[i], "");
        /* the target may be behind the best block */
        assert_measured("{\"containers\":[{\"name\":\"a\",\"node\":{\"best\":5,\"target\":3}}]}",
                        "a/blocks_behind=0 ");
}

static void test_many(void) {
        g_autoptr(GString) text = g_string_new("{\"containers\":[{}"), expected = g_string_new(NULL);

        for (unsigned i = 0; i < 2 * HISTORY_CONTAINERS_MAX; i++) {
                g_string_append_printf(text, ",{\"name\":\"c%u\",\"state\":\"exited\"}", i);
                if (i < HISTORY_CONTAINERS_MAX)
                        g_string_append_printf(expected, "c%u/running=0 ", i);
        }
        g_string_append(text, "]}");
        assert_measured(text->str, expected->str);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/history-metric/whole", test_whole);
        g_test_add_func("/history-metric/odd", test_odd);
        g_test_add_func("/history-metric/many", test_many);
        return g_test_run();
}
