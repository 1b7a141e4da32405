/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations of session keys, against an engine with a node. */
#include <glib.h>
#include <string.h>

#include "rotation-bench.h"

/* What is left of an earlier process: only that, and before anything of ours can be mistaken for it. */
static void test_sweeps(void) {
        RotationBench *b = rotation_bench_new();
        g_autofree char *guests = g_strdup_printf("[{\"Id\":\"left\",\"Created\":1},"
                                                  "{\"Id\":\"ours\",\"Created\":%" G_GINT64_FORMAT "}]",
                                                  g_get_real_time() / G_USEC_PER_SEC + 3600);

        b->engine->stopped = guests;
        rotation_bench_start(b);
        rotation_bench_run_until(b, "DELETE /containers/left?");
        g_assert_null(strstr(b->engine->requests->str, "DELETE /containers/ours"));
        rotation_bench_free(b);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/rotations/sweeps", test_sweeps);
        return g_test_run();
}
