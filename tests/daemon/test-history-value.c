/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every code there is, and the values between them. */
#include "history-value.h"

#include <glib.h>

#define CODES UINT16_MAX /* without HISTORY_NONE */

static void test_every_code(void) {
        double before = -1;

        for (unsigned code = 0; code < CODES; code++) {
                double value = history_value_decode((uint16_t) code);

                g_assert_true(isfinite(value));
                g_assert_cmpfloat(value, >, before);
                g_assert_cmpuint(history_value_encode(value), ==, code);
                before = value;
        }
        g_assert_true(isnan(history_value_decode(HISTORY_NONE)));
        g_assert_cmpuint(history_value_encode(NAN), ==, HISTORY_NONE);
}

/* What is nearer to one of two is that one. */
static void test_between(void) {
        for (unsigned code = 0; code + 1 < CODES; code++) {
                double low = history_value_decode((uint16_t) code),
                       high = history_value_decode((uint16_t) (code + 1)), gap = high - low;

                g_assert_cmpuint(history_value_encode(low + gap * 0.45), ==, code);
                g_assert_cmpuint(history_value_encode(low + gap * 0.55), ==, code + 1);
                if (low >= 0.001)
                        g_assert_cmpfloat(gap / low, <=, 1.0 / 1024);
        }
}

static void test_ends(void) {
        for (unsigned n = 0; n <= 2048; n++)
                g_assert_cmpfloat(history_value_decode(history_value_encode(n)), ==, n);
        g_assert_cmpfloat(history_value_decode(history_value_encode(-0.0)), ==, 0);
        g_assert_cmpfloat(history_value_decode(history_value_encode(-5)), ==, 0);
        g_assert_cmpfloat(history_value_decode(history_value_encode(-INFINITY)), ==, 0);
        g_assert_cmpfloat(history_value_decode(history_value_encode(1e-9)), ==, 0);
        g_assert_cmpuint(history_value_encode(INFINITY), ==, UINT16_MAX - 1);
        g_assert_cmpuint(history_value_encode(1e300), ==, UINT16_MAX - 1);
        g_assert_cmpfloat(history_value_decode(UINT16_MAX - 1), >, 2e15);
        g_assert_cmpfloat_with_epsilon(history_value_decode(history_value_encode(93.7)), 93.7, 0.04);
        g_assert_cmpfloat_with_epsilon(history_value_decode(history_value_encode(1234567890123)),
                                       1234567890123, 1234567890123 / 2048.0);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/history-value/every-code", test_every_code);
        g_test_add_func("/history-value/between", test_between);
        g_test_add_func("/history-value/ends", test_ends);
        return g_test_run();
}
