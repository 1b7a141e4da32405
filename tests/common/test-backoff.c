/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Backoff: the bounds of every try, and that the extremes of the random value reach them and no further. */
#include <glib.h>

#include "backoff.h"

static void test_bounds(void) {
        Backoff low = { .floor = 1000, .max = 60000 }, high = low;
        uint64_t ceiling = 1000;

        for (unsigned i = 0; i < 200; i++) {
                ceiling = MIN(ceiling * 2, 60000);
                g_assert_cmpuint(backoff_next(&low, 0), ==, 1000);
                g_assert_cmpuint(backoff_next(&high, UINT64_MAX), ==, ceiling);
        }
}

static void test_middle(void) {
        Backoff b = { .floor = 1000, .max = 60000 };

        g_assert_cmpuint(backoff_next(&b, UINT64_MAX / 2), ==, 1500);
        g_assert_cmpuint(backoff_next(&b, UINT64_MAX / 2), ==, 2500);
}

static void test_spread(void) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(1);
        unsigned quarters[4] = { 0 };

        for (unsigned i = 0; i < 4000; i++) {
                Backoff b = { .floor = 0x1000, .max = 0x4fff, .tries = 10 };
                uint64_t delay = backoff_next(&b, ((uint64_t) g_rand_int(rand) << 32) | g_rand_int(rand));

                g_assert_cmpuint(delay, >=, 0x1000);
                g_assert_cmpuint(delay, <=, 0x4fff);
                quarters[(delay - 0x1000) >> 12]++;
        }
        for (unsigned i = 0; i < 4; i++) {
                g_assert_cmpuint(quarters[i], >, 800);
                g_assert_cmpuint(quarters[i], <, 1200);
        }
}

static void test_reset(void) {
        Backoff b = { .floor = 10, .max = 1000 };

        g_assert_cmpuint(backoff_next(&b, UINT64_MAX), ==, 20);
        g_assert_cmpuint(backoff_next(&b, UINT64_MAX), ==, 40);
        backoff_reset(&b);
        g_assert_cmpuint(backoff_next(&b, UINT64_MAX), ==, 20);
}

static void test_extremes(void) {
        Backoff swapped = { .floor = 100, .max = 10 }, zero = { 0 }, none = { .max = 50 },
                whole = { .floor = 1, .max = UINT64_MAX };
        uint64_t last = 0;

        for (unsigned i = 0; i < 100; i++) {
                g_assert_cmpuint(backoff_next(&swapped, UINT64_MAX), ==, 100);
                g_assert_cmpuint(backoff_next(&zero, UINT64_MAX), ==, 0);
                g_assert_cmpuint(backoff_next(&none, UINT64_MAX), ==, 0);
                last = backoff_next(&whole, UINT64_MAX);
        }
        g_assert_cmpuint(last, ==, 1ull << 63);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/backoff/bounds", test_bounds);
        g_test_add_func("/backoff/middle", test_middle);
        g_test_add_func("/backoff/spread", test_spread);
        g_test_add_func("/backoff/reset", test_reset);
        g_test_add_func("/backoff/extremes", test_extremes);
        return g_test_run();
}
