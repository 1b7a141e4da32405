/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rate limits: burst, refill, clocks that stand still, and which key a full table lets go. */
#include <glib.h>

#include "clock.h"
#include "ratelimit.h"

#define START (1000 * USEC_PER_SEC)

static unsigned drain(RateLimit *r, double per_sec, double burst, uint64_t now) {
        unsigned n = 0;

        while (rate_limit_take(r, per_sec, burst, now))
                n++;
        return n;
}

static void test_burst(void) {
        RateLimit r = { 0 };

        g_assert_true(rate_limit_peek(&r, 10, 5, START));
        g_assert_cmpuint(drain(&r, 10, 5, START), ==, 5);
        g_assert_false(rate_limit_peek(&r, 10, 5, START));
}

static void test_refill(void) {
        RateLimit r = { 0 };

        drain(&r, 10, 5, START);
        g_assert_false(rate_limit_peek(&r, 10, 5, START + 99 * USEC_PER_MSEC));
        g_assert_true(rate_limit_peek(&r, 10, 5, START + 100 * USEC_PER_MSEC));
        g_assert_cmpuint(drain(&r, 10, 5, START + 200 * USEC_PER_MSEC), ==, 2);
        g_assert_cmpuint(drain(&r, 10, 5, START + 3600 * USEC_PER_SEC), ==, 5);
}

static void test_give(void) {
        RateLimit r = { 0 };

        rate_limit_give(&r, 2, 5); /* full as it is */
        g_assert_cmpuint(drain(&r, 10, 5, START), ==, 5);
        rate_limit_give(&r, 2, 5);
        g_assert_cmpuint(drain(&r, 10, 5, START), ==, 2);
        rate_limit_give(&r, 20, 5);
        g_assert_cmpuint(drain(&r, 10, 5, START), ==, 5);
}

/* Asking all the time, refused or not, must not change what is gained: 1 at once and 100 over 10 s. */
static void test_impatience(void) {
        RateLimit r = { 0 };
        unsigned n = 0;

        for (uint64_t now = START; now <= START + 10 * USEC_PER_SEC; now += 37)
                n += rate_limit_take(&r, 10, 1, now);
        g_assert_cmpuint(n, >=, 100);
        g_assert_cmpuint(n, <=, 101);
}

static void test_clock(void) {
        RateLimit r = { 0 }, early = { 0 };

        drain(&r, 10, 5, START);
        g_assert_false(rate_limit_take(&r, 10, 5, START - USEC_PER_SEC));
        g_assert_false(rate_limit_take(&r, 10, 5, START));

        /* Time 0 is a time like others, not "never asked". */
        g_assert_cmpuint(drain(&early, 10, 5, 0), ==, 5);
}

static void test_peek_takes_nothing(void) {
        RateLimit r = { 0 };

        for (unsigned i = 0; i < 10; i++)
                g_assert_true(rate_limit_peek(&r, 1, 1, START));
        g_assert_true(rate_limit_take(&r, 1, 1, START));
        g_assert_false(rate_limit_take(&r, 1, 1, START));
}

static void test_table_keys(void) {
        g_autoptr(RateTable) t = rate_table_new(1, 2, 10);

        g_assert_true(rate_table_peek(t, "a", START));
        g_assert_cmpuint(rate_table_size(t), ==, 0);
        g_assert_true(rate_table_take(t, "a", START));
        g_assert_true(rate_table_take(t, "a", START));
        g_assert_false(rate_table_take(t, "a", START));
        g_assert_false(rate_table_peek(t, "a", START));
        g_assert_true(rate_table_take(t, "b", START));
        g_assert_cmpuint(rate_table_size(t), ==, 2);
        g_assert_true(rate_table_take(t, "a", START + USEC_PER_SEC));
}

/* A full table forgets the key longest unused; looking at a key is not using it. */
static void test_table_full(void) {
        g_autoptr(RateTable) t = rate_table_new(0, 1, 3);

        g_assert_true(rate_table_take(t, "a", START));
        g_assert_true(rate_table_take(t, "b", START));
        g_assert_true(rate_table_take(t, "c", START));
        g_assert_false(rate_table_take(t, "a", START));
        g_assert_false(rate_table_peek(t, "b", START));
        g_assert_true(rate_table_take(t, "d", START));
        g_assert_cmpuint(rate_table_size(t), ==, 3);
        g_assert_true(rate_table_peek(t, "b", START));
        g_assert_false(rate_table_peek(t, "a", START));
        g_assert_false(rate_table_peek(t, "c", START));
        g_assert_false(rate_table_peek(t, "d", START));
}

static void test_table_one(void) {
        g_autoptr(RateTable) t = rate_table_new(0, 1, 1);

        for (unsigned i = 0; i < 1000; i++) {
                char key[16];

                g_snprintf(key, sizeof(key), "%u", i);
                g_assert_true(rate_table_take(t, key, START));
                g_assert_false(rate_table_take(t, key, START));
                g_assert_cmpuint(rate_table_size(t), ==, 1);
        }
        g_assert_null(rate_table_free(NULL));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ratelimit/burst", test_burst);
        g_test_add_func("/ratelimit/refill", test_refill);
        g_test_add_func("/ratelimit/give", test_give);
        g_test_add_func("/ratelimit/impatience", test_impatience);
        g_test_add_func("/ratelimit/clock", test_clock);
        g_test_add_func("/ratelimit/peek", test_peek_takes_nothing);
        g_test_add_func("/ratelimit/table/keys", test_table_keys);
        g_test_add_func("/ratelimit/table/full", test_table_full);
        g_test_add_func("/ratelimit/table/one", test_table_one);
        return g_test_run();
}
