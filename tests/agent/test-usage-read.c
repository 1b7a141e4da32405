/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a container's usage is not to be read from the kernel, nothing is made up. Real containers are the lab's
 * (tests/lab/test_stats.py). */
#include "usage-read.h"

#include <glib.h>
#include <unistd.h>

#define ID "087b51b938842d7c204fd9c1398d7a776a6953f8374da6b84a86ea6fff4b8200"

static UsageSource *source(const char *inspect) {
        json_object *o = json_tokener_parse(inspect);
        UsageSource *s = usage_source_new(o);

        json_object_put(o);
        return s;
}

static void test_source(void) {
        g_autoptr(UsageSource) whole = source("{\"Id\":\"" ID "\",\"State\":{\"Pid\":7},"
                                              "\"HostConfig\":{\"NetworkMode\":\"host\"}}"),
                               empty = source("{}"),
                               odd = source("{\"Id\":5,\"State\":{\"Pid\":4294967303}}");

        g_assert_cmpint(whole->pid, ==, 7);
        g_assert_cmpstr(whole->id, ==, ID);
        g_assert_true(whole->host_network);
        g_assert_cmpint(empty->pid, ==, 0);
        g_assert_null(empty->id);
        g_assert_false(empty->host_network);
        g_assert_cmpint(odd->pid, ==, 0);
        g_assert_null(odd->id);
}

static void test_not_there(void) {
        ContainerUsage u = { .cpu_nsec = 5 };
        UsageSource none = { .id = (char *) ID }, gone = { .pid = INT_MAX, .id = (char *) ID },
                    another = { .pid = getpid(), .id = (char *) ID }, nameless = { .pid = getpid() };

        g_assert_false(usage_read(&none, 1, &u));
        g_assert_false(usage_read(&gone, 1, &u));
        g_assert_false(usage_read(&another, 1, &u)); /* the number was used again */
        g_assert_false(usage_read(&nameless, 1, &u));
        g_assert_cmpuint(u.cpu_nsec, ==, 5);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/usage-read/source", test_source);
        g_test_add_func("/usage-read/not-there", test_not_there);
        return g_test_run();
}
