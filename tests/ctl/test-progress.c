/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line that shows how far a broadcast is. */
#include "progress.h"

#include <glib.h>
#include <string.h>

#include "clock.h"
#include "display.h"

static const Progress third = {
        .id = "batch_1795406800123_1001",
        .total = 3,
        .succeeded = 1,
        .last = "busan-1",
        .last_ok = true,
        .elapsed = 3 * USEC_PER_SEC,
};

static void assert_line(const Progress *p, const Terminal *t, const char *expected) {
        g_autofree char *line = progress_line(p, t);

        g_assert_cmpstr(line, ==, expected);
}

static void test_plain(void) {
        const Terminal t = { .utf8 = true };

        assert_line(&third, &t, "batch_1795406800123_1001  ██████░░░░░░░░░░░░░░  1/3   busan-1 ✓   3 s");
}

static void test_start(void) {
        const Terminal t = { .utf8 = true };
        const Progress start = { .id = "batch_1", .total = 0 };

        assert_line(&start, &t, "batch_1  ░░░░░░░░░░░░░░░░░░░░  0/0   0 µs");
}

static void test_ascii(void) {
        const Terminal t = {};
        Progress p = third;

        p.failed = 1;
        p.skipped = 1;
        p.last_ok = false;
        assert_line(&p, &t,
                    "batch_1795406800123_1001  ####################  3/3   1 failed   1 skipped   busan-1 x   3 s");
}

static void test_narrow(void) {
        for (unsigned width = 20; width < 100; width++) {
                const Terminal t = { .tty = true, .color = true, .utf8 = true, .width = width };
                g_autofree char *line = progress_line(&third, &t);

                /* Cut lines have no colours that could be cut in the middle. */
                if (!strchr(line, '\033'))
                        g_assert_cmpuint(display_width(line), ==, width);
                else
                        g_assert_true(g_str_has_suffix(line, "   3 s"));
        }
}

static void test_many(void) {
        const Terminal t = { .utf8 = true };
        Progress p = { .id = "b", .total = 4000000000u, .succeeded = 3999999999u, .elapsed = 1 };
        g_autofree char *line = progress_line(&p, &t);

        g_assert_nonnull(strstr(line, "███████████████████░  3999999999/4000000000"));
}

static void test_status(void) {
        const Terminal t = { .utf8 = true };
        Progress p = third;

        p.status = "seoul-1 waiting for 3node5: syncing, 2 peers";
        assert_line(&p, &t,
                    "batch_1795406800123_1001  ██████░░░░░░░░░░░░░░  1/3   busan-1 ✓   "
                    "seoul-1 waiting for 3node5: syncing, 2 peers   3 s");
        p.status = "";
        assert_line(&p, &t, "batch_1795406800123_1001  ██████░░░░░░░░░░░░░░  1/3   busan-1 ✓   3 s");
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/progress/plain", test_plain);
        g_test_add_func("/progress/start", test_start);
        g_test_add_func("/progress/ascii", test_ascii);
        g_test_add_func("/progress/narrow", test_narrow);
        g_test_add_func("/progress/many", test_many);
        g_test_add_func("/progress/status", test_status);
        return g_test_run();
}
