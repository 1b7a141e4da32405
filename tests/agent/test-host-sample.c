/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The "system" object: rates need two samples, and what is not known is left out. */
#include "host-sample.h"

static void assert_json(const HostSample *s, const HostSample *before, const char *expected) {
        json_object *o = host_sample_to_json(s, before);

        g_assert_cmpstr(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
                                                                          JSON_C_TO_STRING_NOSLASHESCAPE),
                        ==, expected);
        json_object_put(o);
}

static void test_unknown(void) {
        g_autoptr(HostSample) s = host_sample_new();

        s->host_name = g_strdup("h");
        assert_json(s, NULL, "{\"host_name\":\"h\",\"disks\":[]}");
        assert_json(s, s, "{\"host_name\":\"h\",\"disks\":[]}");
}

static void test_whole(void) {
        g_autoptr(HostSample) before = host_sample_new(), s = host_sample_new();

        before->has_cpu = true;
        before->cpu = (CpuTimes){ 100, 1000, 2 };
        *s = (HostSample){
                .host_name = g_strdup("seoul-1"),
                .has_uptime = true,
                .has_cpu = true,
                .has_memory = true,
                .has_load = true,
                .uptime_sec = 3600,
                .cpu = { 150, 1200, 2 },
                .memory = { 1000, 250, 200, 150 },
                .load = { 0.5, 1, 2.25 },
                .disks = s->disks,
                .network = procfs_parse_net_dev("lo: 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0\n"
                                                "veth12ab: 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0\n"
                                                "eth0: 3 0 0 0 0 0 0 0 4 0 0 0 0 0 0 0\n"),
        };
        host_sample_add_temperature(s, "41500\n");
        host_sample_add_temperature(s, "40000\n");
        host_sample_add_temperature(s, "-273000\n"); /* of a sensor that is not there */
        host_sample_add_temperature(s, "255000\n");
        host_sample_add_disk(s, "/", 1000, 600, 300);
        host_sample_add_disk(s, "/empty", 0, 0, 0);
        assert_json(s, before,
                    "{\"host_name\":\"seoul-1\",\"uptime_sec\":3600,\"cpus\":2,\"cpu_percent\":25.0,"
                    "\"load\":[0.50,1.00,2.25],"
                    "\"memory_total\":1000,\"memory_used\":750,\"memory_used_percent\":75.0,"
                    "\"swap_total\":200,\"swap_used\":50,\"temperature\":41.5,"
                    "\"disks\":[{\"mount\":\"/\",\"total\":1000,\"used\":600,\"used_percent\":66.7},"
                    "{\"mount\":\"/empty\",\"total\":0,\"used\":0}],"
                    "\"network\":[{\"interface\":\"eth0\",\"rx_bytes\":3,\"tx_bytes\":4}]}");
}

/* Counters that stand still or step back give no rate, rather than nonsense. */
static void test_no_rate(void) {
        g_autoptr(HostSample) before = host_sample_new(), s = host_sample_new();

        before->has_cpu = s->has_cpu = true;
        s->cpu = before->cpu = (CpuTimes){ 100, 1000, 1 };
        assert_json(s, before, "{\"host_name\":null,\"cpus\":1,\"disks\":[]}");
        s->cpu = (CpuTimes){ 99, 1001, 1 };
        assert_json(s, before, "{\"host_name\":null,\"cpus\":1,\"disks\":[]}");
        assert_json(s, NULL, "{\"host_name\":null,\"cpus\":1,\"disks\":[]}");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/host-sample/unknown", test_unknown);
        g_test_add_func("/host-sample/whole", test_whole);
        g_test_add_func("/host-sample/no-rate", test_no_rate);
        return g_test_run();
}
