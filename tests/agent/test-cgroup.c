/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's files of control groups, of both versions, whole, missing and broken. */
#include "cgroup.h"

#define ID "087b51b938842d7c204fd9c1398d7a776a6953f8374da6b84a86ea6fff4b8200"
#define OTHER "187b51b938842d7c204fd9c1398d7a776a6953f8374da6b84a86ea6fff4b8200"

static void assert_path(const char *text, const char *controller, const char *id, const char *expected) {
        g_autofree char *got = cgroup_path(text, controller, id);

        g_assert_cmpstr(got, ==, expected);
}

static void test_path(void) {
        static const char v2[] = "0::/system.slice/docker-" ID ".scope\n",
                          v1[] = "12:blkio:/docker/" ID "\n4:memory:/docker/" ID
                                 "\n2:cpu,cpuacct:/docker/" ID "\n1:name=systemd:/docker/" ID
                                 "\n0::/system.slice/containerd.service\n",
                          hybrid[] = "4:memory:/\n2:cpuacct:/\n0::/system.slice/docker-" ID ".scope\n";

        assert_path(v2, NULL, ID, "/system.slice/docker-" ID ".scope");
        assert_path(v2, "memory", ID, NULL);
        assert_path(v1, "memory", ID, "/docker/" ID);
        assert_path(v1, "cpuacct", ID, "/docker/" ID);
        assert_path(v1, "cpu", ID, "/docker/" ID);
        assert_path(v1, "acct", ID, NULL);
        assert_path(v1, NULL, ID, NULL);
        assert_path(hybrid, "memory", ID, NULL);
        assert_path(hybrid, NULL, ID, "/system.slice/docker-" ID ".scope");

        /* what runs inside may have groups of its own */
        assert_path("0::/docker/" ID "/init.scope\n", NULL, ID, "/docker/" ID);
        assert_path("0::/a/docker-" ID ".scope/b/c\n", NULL, ID, "/a/docker-" ID ".scope");

        /* another process has the number by now, or there is no telling */
        assert_path(v2, NULL, OTHER, NULL);
        assert_path(v2, NULL, "087b51b93884", NULL);
        assert_path(v2, NULL, NULL, NULL);
        assert_path(NULL, NULL, ID, NULL);
        assert_path("", NULL, ID, NULL);
        assert_path("0::/", NULL, ID, NULL);
        assert_path("0:/docker-" ID "\n0", NULL, ID, NULL);
        assert_path("0::/../docker-" ID ".scope\n", NULL, ID, NULL);
        assert_path("0::docker-" ID ".scope\n", NULL, ID, NULL);
}

static void test_cpu(void) {
        ContainerUsage u = {};

        cgroup_parse_cpu_stat("usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\n", &u);
        g_assert_true(u.has_cpu);
        g_assert_cmpuint(u.cpu_nsec, ==, 1234567000);

        for (const char *const *bad =
                             (const char *const[]){ "", "user_usec 5\n", "usage_usec x\n", "usage_usecs 5\n",
                                                    "usage_usec 18446744073709551615\n", NULL };
             *bad; bad++) {
                u = (ContainerUsage){};
                cgroup_parse_cpu_stat(*bad, &u);
                g_assert_false(u.has_cpu);
        }
        cgroup_parse_cpu_stat(NULL, &u);
        g_assert_false(u.has_cpu);

        cgroup_parse_cpuacct("987654321\n", &u);
        g_assert_true(u.has_cpu);
        g_assert_cmpuint(u.cpu_nsec, ==, 987654321);
        u = (ContainerUsage){};
        cgroup_parse_cpuacct("-1\n", &u);
        cgroup_parse_cpuacct("", &u);
        cgroup_parse_cpuacct(NULL, &u);
        g_assert_false(u.has_cpu);
}

static void assert_memory(const char *used, const char *limit, const char *stat, const char *cache,
                          uint64_t expected_used, uint64_t expected_limit) {
        ContainerUsage u = {};

        cgroup_parse_memory(used, limit, stat, cache, 8000, &u);
        g_assert_true(u.has_memory);
        g_assert_cmpuint(u.memory_used, ==, expected_used);
        g_assert_cmpuint(u.memory_limit, ==, expected_limit);
}

static void test_memory(void) {
        ContainerUsage u = {};

        assert_memory("1000\n", "4000\n", "anon 600\ninactive_file 300\n", "inactive_file", 700, 4000);
        assert_memory("1000\n", "max\n", "inactive_file 300\n", "inactive_file", 700, 8000);
        assert_memory("1000\n", "9223372036854771712\n", "inactive_file 1\ntotal_inactive_file 300\n",
                      "total_inactive_file", 700, 8000);
        assert_memory("1000\n", NULL, NULL, "inactive_file", 1000, 8000);
        assert_memory("1000\n", "", "inactive_file 1001\n", "inactive_file", 1000,
                      8000); /* never negative */
        cgroup_parse_memory(NULL, "4000\n", "inactive_file 300\n", "inactive_file", 8000, &u);
        cgroup_parse_memory("max\n", "4000\n", NULL, "inactive_file", 8000, &u);
        g_assert_false(u.has_memory);
}

static void test_block(void) {
        ContainerUsage u = {};

        cgroup_parse_io_stat("253:0 rbytes=4096 wbytes=10 rios=1 wios=2 dbytes=7 dios=0\n"
                             "8:16 \n253:1 rbytes=4 wbytes=5 rios=0 wios=0\nrbytes=x\n",
                             &u);
        g_assert_true(u.has_block);
        g_assert_cmpuint(u.read_bytes, ==, 4100);
        g_assert_cmpuint(u.written_bytes, ==, 15);

        u = (ContainerUsage){};
        cgroup_parse_blkio("253:0 Read 4096\n253:0 Write 10\n253:0 Sync 5\n253:0 Total 4106\n"
                           "253:1 Read 4\nTotal 4110\nbroken\n",
                           &u);
        g_assert_true(u.has_block);
        g_assert_cmpuint(u.read_bytes, ==, 4100);
        g_assert_cmpuint(u.written_bytes, ==, 10);

        u = (ContainerUsage){};
        cgroup_parse_io_stat("", &u); /* nothing yet */
        g_assert_true(u.has_block);
        cgroup_parse_io_stat(NULL, &u);
        g_assert_false(u.has_block);
        cgroup_parse_blkio(NULL, &u);
        g_assert_false(u.has_block);
}

static void test_network(void) {
        ContainerUsage u = {};

        cgroup_parse_network("Inter-|   Receive   |  Transmit\n face |bytes\n"
                             "    lo:  500 5 0 0 0 0 0 0  500 5 0 0 0 0 0 0\n",
                             &u);
        g_assert_false(u.has_network);
        cgroup_parse_network("    lo:  500 5 0 0 0 0 0 0  500 5 0 0 0 0 0 0\n"
                             "  eth0:  10 5 0 0 0 0 0 0  20 5 0 0 0 0 0 0\n"
                             "  eth1:  1 5 0 0 0 0 0 0  2 5 0 0 0 0 0 0\n",
                             &u);
        g_assert_true(u.has_network);
        g_assert_cmpuint(u.rx_bytes, ==, 11);
        g_assert_cmpuint(u.tx_bytes, ==, 22);
        u = (ContainerUsage){};
        cgroup_parse_network(NULL, &u);
        g_assert_false(u.has_network);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/cgroup/path", test_path);
        g_test_add_func("/cgroup/cpu", test_cpu);
        g_test_add_func("/cgroup/memory", test_memory);
        g_test_add_func("/cgroup/block", test_block);
        g_test_add_func("/cgroup/network", test_network);
        return g_test_run();
}
