/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Output out of pieces, in each order they may come in: all of it, or what is missing counted. */
#include "inflow.h"

#include <stdbool.h>
#include <string.h>

#include "limits.h"

static const char text[] = "abcdefghijklmnopqrstuvwxyz";

static void put(Inflow *f, uint64_t offset, size_t size) {
        inflow_put(f, offset, text + offset, size);
}

/* All that is there in one go, in pieces of at most max bytes. */
static char *take(Inflow *f, size_t max) {
        GString *s = g_string_new(NULL);
        const void *data;
        size_t size;

        while ((data = inflow_peek(f, max, &size))) {
                g_assert_cmpuint(size, >, 0);
                g_assert_cmpuint(size, <=, max);
                g_string_append_len(s, data, (gssize) size);
                inflow_taken(f, size);
        }
        return g_string_free(s, false);
}

static void assert_takes(Inflow *f, const char *expected) {
        g_autofree char *got = take(f, 3);

        g_assert_cmpstr(got, ==, expected);
}

static void assert_empty(Inflow *f) {
        g_assert_cmpuint(f->held, ==, 0);
        g_assert_true(g_queue_is_empty(&f->pieces));
        inflow_clear(f);
}

static void test_in_order(void) {
        Inflow f;

        inflow_init(&f);
        assert_takes(&f, "");
        put(&f, 0, 5);
        put(&f, 5, 5);
        assert_takes(&f, "abcdefghij");
        put(&f, 10, 1);
        assert_takes(&f, "k");
        assert_empty(&f);
}

static void test_twice(void) {
        Inflow f;

        inflow_init(&f);
        put(&f, 0, 5);
        put(&f, 0, 5);
        put(&f, 3, 5); /* overlaps */
        assert_takes(&f, "abcdefgh");
        put(&f, 0, 8); /* past */
        g_assert_cmpuint(f.held, ==, 0);
        put(&f, 4, 6);
        assert_takes(&f, "ij");
        assert_empty(&f);
}

/* One in the middle comes late, as an answer to a question. */
static void test_filled(void) {
        Inflow f;

        inflow_init(&f);
        put(&f, 0, 2);
        put(&f, 6, 2);
        g_assert_cmpuint(inflow_gap(&f), ==, 0); /* something is there first */
        assert_takes(&f, "ab");
        g_assert_cmpuint(inflow_gap(&f), ==, 4);
        put(&f, 2, 3);
        assert_takes(&f, "cde");
        g_assert_cmpuint(inflow_gap(&f), ==, 1);
        put(&f, 5, 10);
        g_assert_cmpuint(inflow_gap(&f), ==, 0);
        assert_takes(&f, "fghijklmno");
        assert_empty(&f);
}

static void test_lost(void) {
        Inflow f;

        inflow_init(&f);
        put(&f, 0, 2);
        assert_takes(&f, "ab");
        g_assert_cmpuint(inflow_skip(&f, 2), ==, 0);
        g_assert_cmpuint(inflow_skip(&f, 1), ==, 0);
        g_assert_cmpuint(inflow_skip(&f, 10), ==, 8);
        put(&f, 8, 4);
        assert_takes(&f, "kl");

        /* What is there before that is not lost. */
        put(&f, 14, 2);
        g_assert_cmpuint(inflow_skip(&f, 20), ==, 2);
        assert_takes(&f, "op");
        g_assert_cmpuint(inflow_skip(&f, 20), ==, 4);
        put(&f, 20, 1);
        assert_takes(&f, "u");
        assert_empty(&f);
}

/* Who reads nothing makes nobody hold more than that. */
static void test_bounded(void) {
        g_autofree char *big = g_malloc0(INFLOW_BYTES_MAX / 4);
        Inflow f;
        size_t size;

        inflow_init(&f);
        for (unsigned i = 0; i < 8; i++)
                inflow_put(&f, i * (INFLOW_BYTES_MAX / 4), big, INFLOW_BYTES_MAX / 4);
        g_assert_cmpuint(f.held, ==, INFLOW_BYTES_MAX);
        for (unsigned i = 0; i < 4; i++) {
                g_assert_nonnull(inflow_peek(&f, SIZE_MAX, &size));
                inflow_taken(&f, size);
        }
        g_assert_null(inflow_peek(&f, 1, &size));
        inflow_put(&f, INFLOW_BYTES_MAX + 10, big, 1);
        g_assert_cmpuint(inflow_gap(&f), ==, 10);

        /* What fills the gap there is room for. */
        for (unsigned i = 1; i <= 8; i++)
                inflow_put(&f, INFLOW_BYTES_MAX + 10 + i, big, INFLOW_BYTES_MAX / 4);
        g_assert_cmpuint(f.held, <=, INFLOW_BYTES_MAX);
        inflow_put(&f, INFLOW_BYTES_MAX, big, INFLOW_BYTES_MAX / 4);
        g_assert_cmpuint(inflow_gap(&f), ==, 0);
        inflow_put(&f, INFLOW_BYTES_MAX, big, INFLOW_BYTES_MAX / 4);
        g_assert_cmpuint(f.held, <=, INFLOW_BYTES_MAX / 4 * 5);
        inflow_clear(&f);
        assert_empty(&f);
}

/* Every order of five pieces that overlap: the text, whole. */
static void test_any_order(void) {
        static const unsigned offsets[] = { 0, 4, 8, 13, 20 }, sizes[] = { 5, 5, 5, 8, 6 };

        for (unsigned code = 0; code < 3125; code++) {
                unsigned seen = 0, c = code;
                g_autofree char *got = NULL;
                Inflow f;

                inflow_init(&f);
                for (unsigned i = 0; i < 5; i++, c /= 5) {
                        seen |= 1u << c % 5;
                        put(&f, offsets[c % 5], sizes[c % 5]);
                }
                got = take(&f, 7);
                if (seen == 31)
                        g_assert_cmpstr(got, ==, text);
                else
                        g_assert_true(g_str_has_prefix(text, got));
                g_assert_cmpuint(f.next, ==, strlen(got));
                inflow_clear(&f);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/inflow/in-order", test_in_order);
        g_test_add_func("/inflow/twice", test_twice);
        g_test_add_func("/inflow/filled", test_filled);
        g_test_add_func("/inflow/lost", test_lost);
        g_test_add_func("/inflow/bounded", test_bounded);
        g_test_add_func("/inflow/any-order", test_any_order);
        return g_test_run();
}
