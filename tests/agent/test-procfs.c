/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proc(5) texts as kernels write them, and texts that are not. */
#include <string.h>

#include "procfs.h"

static void test_stat(void) {
        CpuTimes c = { 1, 2, 3 };

        g_assert_false(procfs_parse_stat("", &c));
        g_assert_false(procfs_parse_stat("cpu0 1 2 3 4 5 6 7 8\n", &c));
        g_assert_false(procfs_parse_stat("cpu  1 2 3\nintr 4 5 6 7 8\n", &c));
        g_assert_cmpuint(c.total, ==, 2);
        g_assert_true(procfs_parse_stat("cpu  10 20 30 400 50 6 7 8 9 9\n"
                                        "cpu0 5 10 15 200 25 3 3 4 0 0\n"
                                        "cpu11 5 10 15 200 25 3 4 4 0 0\n"
                                        "intr 1 2 3\ncpu_like 1\n",
                                        &c));
        g_assert_cmpuint(c.total, ==, 531);
        g_assert_cmpuint(c.busy, ==, 81);
        g_assert_cmpuint(c.cpus, ==, 2);
}

static void test_meminfo(void) {
        MemoryInfo m;

        g_assert_false(procfs_parse_meminfo("MemTotal: 100 kB\n", &m));
        g_assert_false(procfs_parse_meminfo(
                        "MemTotal: many kB\nMemAvailable: 1 kB\nSwapTotal: 1 kB\nSwapFree: 1 kB\n", &m));
        g_assert_true(procfs_parse_meminfo("MemTotal:       16384256 kB\n"
                                           "MemFree:          100000 kB\n"
                                           "MemAvailable:    8000000 kB\n"
                                           "SwapCached:            3 kB\n"
                                           "SwapTotal:       1024 kB\n"
                                           "SwapFree:        512 kB\n",
                                           &m));
        g_assert_cmpuint(m.total, ==, 16384256ull * 1024);
        g_assert_cmpuint(m.available, ==, 8000000ull * 1024);
        g_assert_cmpuint(m.swap_total, ==, 1024 * 1024);
        g_assert_cmpuint(m.swap_free, ==, 512 * 1024);
}

static void test_numbers(void) {
        double load[3];
        uint64_t uptime;

        g_assert_true(procfs_parse_loadavg("0.52 0.58 1.25 2/1234 56789\n", load));
        g_assert_cmpfloat(load[0], ==, 0.52);
        g_assert_cmpfloat(load[2], ==, 1.25);
        g_assert_false(procfs_parse_loadavg("0.52 x\n", load));
        g_assert_true(procfs_parse_uptime("350735.47 234388.90\n", &uptime));
        g_assert_cmpuint(uptime, ==, 350735);
        g_assert_false(procfs_parse_uptime("", &uptime));
        g_assert_false(procfs_parse_uptime("-1 2", &uptime));
}

static void test_net_dev(void) {
        g_autoptr(GPtrArray) list = procfs_parse_net_dev(
                        "Inter-|   Receive                                                |  Transmit\n"
                        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"
                        "    lo: 1000      10    0    0    0     0          0         0     1000      10    0 0 0 0 0 0\n"
                        "  eth0:18446744073709551615 1 0 0 0 0 0 0 4096 1 0 0 0 0 0 0\n"
                        "eth0:1: 5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0\n"
                        " broken: 1 2\n");
        const NetCounters *n;

        g_assert_cmpuint(list->len, ==, 3);
        n = list->pdata[0];
        g_assert_cmpstr(n->interface, ==, "lo");
        n = list->pdata[1];
        g_assert_cmpstr(n->interface, ==, "eth0");
        g_assert_cmpuint(n->rx_bytes, ==, UINT64_MAX);
        g_assert_cmpuint(n->tx_bytes, ==, 4096);
        n = list->pdata[2];
        g_assert_cmpstr(n->interface, ==, "eth0:1");
        g_assert_cmpuint(n->tx_bytes, ==, 6);
}

static void test_mounts(void) {
        g_autoptr(GPtrArray) list = procfs_parse_mounts(
                        "proc /proc proc rw 0 0\n"
                        "/dev/vda1 /var/lib/mclient ext4 rw 0 0\n" /* a bind mount of a unit's sandbox */
                        "/dev/vda1 / ext4 rw 0 0\n"
                        "/dev/vda1 /etc ext4 rw 0 0\n"
                        "tank/data /srv/with\\040space zfs rw 0 0\n"
                        "server:/export /mnt nfs4 rw 0 0\n"
                        "overlay /var/lib/docker/overlay2/abc/merged overlay rw 0 0\n"
                        "tmpfs /tmp tmpfs rw 0 0\n"
                        "\nshort line\n");

        g_assert_cmpuint(list->len, ==, 2);
        g_assert_cmpstr(list->pdata[0], ==, "/");
        g_assert_cmpstr(list->pdata[1], ==, "/srv/with space");
}

static void test_mounts_of_a_container(void) {
        g_autoptr(GPtrArray) list = procfs_parse_mounts("overlay / overlay rw 0 0\n"
                                                        "/dev/sda1 /etc/hosts\\999 ext4 rw 0 0\n");

        g_assert_cmpuint(list->len, ==, 2);
        g_assert_cmpstr(list->pdata[0], ==, "/");
        g_assert_cmpstr(list->pdata[1], ==, "/etc/hosts\\999");
}

static void test_ns_pid(void) {
        int pid = 0, pgid = 0;

        g_assert_true(procfs_parse_ns_pid("Name:\tsleep\nPid:\t4711\nNStgid:\t4711\t23\nNSpid:\t4711\t23\n"
                                          "NSpgid:\t4000\t20\nNSsid:\t4000\t20\n",
                                          &pid, &pgid));
        g_assert_cmpint(pid, ==, 23);
        g_assert_cmpint(pgid, ==, 20);
        g_assert_true(procfs_parse_ns_pid("NSpid:\t5\nNSpgid:\t6", &pid, &pgid));
        g_assert_cmpint(pid, ==, 5);
        g_assert_cmpint(pgid, ==, 6);
        g_assert_false(procfs_parse_ns_pid("Name:\tsleep\nPid:\t4711\n", &pid,
                                           &pgid)); /* before Linux 4.1 */
        g_assert_false(procfs_parse_ns_pid("NSpid:\t\nNSpgid:\t6\n", &pid, &pgid));
        g_assert_false(procfs_parse_ns_pid("NSpid:\t7\nNSpgid:\t0\n", &pid, &pgid));
        g_assert_cmpint(pid, ==, 5);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/procfs/stat", test_stat);
        g_test_add_func("/procfs/meminfo", test_meminfo);
        g_test_add_func("/procfs/numbers", test_numbers);
        g_test_add_func("/procfs/net-dev", test_net_dev);
        g_test_add_func("/procfs/mounts", test_mounts);
        g_test_add_func("/procfs/mounts-of-a-container", test_mounts_of_a_container);
        g_test_add_func("/procfs/ns-pid", test_ns_pid);
        return g_test_run();
}
