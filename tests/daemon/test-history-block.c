/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks of history: how time is cut, and what becomes of every cell. */
#include "history-block.h"

#include <string.h>

#include "limits.h"

static void test_time(void) {
        for (HistoryLevelId l = 0; l < _HISTORY_LEVEL_MAX; l++) {
                const HistoryLevel *level = &history_levels[l];
                uint64_t span = (uint64_t) level->step_sec * level->cells, at = 1795406712 / span * span;

                g_assert_cmpuint(level->keep_sec % span, ==, 0);
                for (uint64_t s = at; s < at + span; s++) {
                        g_assert_cmpuint(history_block_start(l, s), ==, at);
                        g_assert_cmpuint(history_block_cell(l, s), ==, (s - at) / level->step_sec);
                }
                g_assert_cmpuint(history_block_start(l, at + span), ==, at + span);
                g_assert_cmpuint(history_block_cell(l, at + span), ==, 0);
                if (l > 0) { /* a finest block is whole cells of the others, in one block of theirs */
                        uint64_t raw = (uint64_t) history_levels[0].step_sec * history_levels[0].cells;

                        g_assert_cmpuint(raw % level->step_sec, ==, 0);
                        g_assert_cmpuint(span % raw, ==, 0);
                }
        }
}

static void test_level_to_trim(void) {
        const uint64_t now = 1795406712;
        uint64_t since[] = { UINT64_MAX, UINT64_MAX, UINT64_MAX };

        g_assert_cmpuint(since[history_level_to_trim(since, now)], ==, UINT64_MAX);
        since[HISTORY_QUARTER] = now - 900;
        g_assert_cmpint(history_level_to_trim(since, now), ==, HISTORY_QUARTER);
        since[HISTORY_RAW] = now + 5; /* the clock was set back */
        g_assert_cmpint(history_level_to_trim(since, now), ==, HISTORY_QUARTER);
        since[HISTORY_RAW] = now - HISTORY_RAW_KEEP_SEC / 2;
        g_assert_cmpint(history_level_to_trim(since, now), ==, HISTORY_RAW);
        since[HISTORY_MINUTE] = now - HISTORY_MINUTE_KEEP_SEC;
        g_assert_cmpint(history_level_to_trim(since, now), ==, HISTORY_MINUTE);
}

static void assert_row(HistoryBlock *b, const char *name, const double *expected, unsigned n) {
        const uint16_t *row = history_block_row(b, name);

        for (unsigned i = 0; i < n; i++)
                if (expected[i] < 0)
                        g_assert_cmpuint(row[i], ==, HISTORY_NONE);
                else
                        g_assert_cmpfloat(history_value_decode(row[i]), ==, expected[i]);
}

static void set_row(HistoryBlock *b, const char *name, const double *values, unsigned n) {
        uint16_t *row = history_block_row(b, name);

        for (unsigned i = 0; i < n; i++)
                row[i] = values[i] < 0 ? HISTORY_NONE : history_value_encode(values[i]);
}

#define NO (-1)

static void test_merge(void) {
        g_autoptr(HistoryBlock) a = history_block_new(4), b = history_block_new(4);

        set_row(a, "x", (const double[]){ 1, NO, 3, NO }, 4);
        set_row(a, "only-a", (const double[]){ 5, NO, NO, NO }, 4);
        set_row(b, "only-b", (const double[]){ NO, 6, NO, NO }, 4);
        set_row(b, "x", (const double[]){ NO, 2, 4, NO }, 4);
        for (unsigned times = 0; times < 2; times++) { /* twice is once */
                history_block_merge(a, b);
                g_assert_cmpuint(history_block_size(a), ==, 3);
                assert_row(a, "x", (const double[]){ 1, 2, 4, NO }, 4);
                assert_row(a, "only-a", (const double[]){ 5, NO, NO, NO }, 4);
                assert_row(a, "only-b", (const double[]){ NO, 6, NO, NO }, 4);
        }
        assert_row(b, "x", (const double[]){ NO, 2, 4, NO }, 4);
}

/* Every set of cells that can be there, over two coarse cells of three. */
static void test_shrink(void) {
        static const double value[] = { 3, 9, 12, 2, 4, 9 };

        for (unsigned set = 0; set < 1u << 6; set++) {
                g_autoptr(HistoryBlock) fine = history_block_new(6), coarse = history_block_new(4);
                uint16_t *row = history_block_row(fine, "x");
                double expected[4] = { 100, NO, NO, 100 };

                for (unsigned i = 0; i < 6; i++)
                        if (set & 1u << i)
                                row[i] = history_value_encode(value[i]);
                set_row(coarse, "x", expected, 4);
                for (unsigned c = 0; c < 2; c++) {
                        double sum = 0;
                        unsigned n = 0;

                        for (unsigned i = 3 * c; i < 3 * c + 3; i++)
                                if (set & 1u << i) {
                                        sum += value[i];
                                        n++;
                                }
                        if (n > 0)
                                expected[1 + c] = history_value_decode(history_value_encode(sum / n));
                }
                history_block_shrink(coarse, 1, fine, 3);
                assert_row(coarse, "x", expected, 4);
        }
}

static void test_bytes(void) {
        g_autoptr(HistoryBlock) b = history_block_new(3), back = NULL, none = NULL;
        g_autofree char *longest = g_strnfill(HISTORY_NAME_MAX, 'n'),
                        *longer = g_strnfill(HISTORY_NAME_MAX + 1, 'n');
        g_autoptr(GBytes) empty = history_block_to_bytes(b), bytes = NULL;
        const uint8_t *data;
        size_t size;

        none = history_block_from_bytes(g_bytes_get_data(empty, NULL), g_bytes_get_size(empty), 3);
        g_assert_cmpuint(history_block_size(none), ==, 0);

        set_row(b, "cpu_percent", (const double[]){ 1, NO, 3 }, 3);
        set_row(b, longest, (const double[]){ NO, 7, NO }, 3);
        set_row(b, "", (const double[]){ 0, 0, 0 }, 3);
        g_assert_null(history_block_row(b, longer));
        bytes = history_block_to_bytes(b);
        data = g_bytes_get_data(bytes, &size);
        back = history_block_from_bytes(data, size, 3);
        g_assert_cmpuint(history_block_size(back), ==, 3);
        g_assert_cmpstr(history_block_name(back, 0), ==, "cpu_percent");
        g_assert_cmpstr(history_block_name(back, 1), ==, longest);
        assert_row(back, "cpu_percent", (const double[]){ 1, NO, 3 }, 3);
        assert_row(back, longest, (const double[]){ NO, 7, NO }, 3);
        assert_row(back, "", (const double[]){ 0, 0, 0 }, 3);

        /* cut anywhere but between two series, or with other cells, it is none */
        for (size_t cut = 0; cut < size; cut++) {
                size_t first = 1 + 1 + strlen("cpu_percent") + 6, second = first + 1 + HISTORY_NAME_MAX + 6;
                g_autoptr(HistoryBlock) x = history_block_from_bytes(data, cut, 3);

                g_assert_cmpint(x != NULL, ==, cut == 1 || cut == first || cut == second);
        }
        g_assert_null(history_block_from_bytes("\2", 1, 3));
        g_assert_null(history_block_from_bytes("\1\1\0\0\0\0\0\0\0", 9, 3)); /* a NUL in a name */
}

static void test_bounds(void) {
        g_autoptr(HistoryBlock) b = history_block_new(1), more = history_block_new(1);
        g_autoptr(GBytes) bytes = NULL;

        for (unsigned i = 0; i < HISTORY_SERIES_MAX; i++) {
                g_autofree char *name = g_strdup_printf("%u", i);

                g_assert_nonnull(history_block_row(b, name));
        }
        g_assert_null(history_block_row(b, "one more"));
        g_assert_nonnull(history_block_row(b, "0"));
        history_block_row(more, "one more")[0] = 1;
        history_block_row(more, "7")[0] = 1;
        history_block_merge(b, more);
        history_block_shrink(b, 0, more, 1);
        g_assert_cmpuint(history_block_size(b), ==, HISTORY_SERIES_MAX);
        g_assert_cmpuint(history_block_row(b, "7")[0], ==, 1);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/history-block/time", test_time);
        g_test_add_func("/history-block/level-to-trim", test_level_to_trim);
        g_test_add_func("/history-block/merge", test_merge);
        g_test_add_func("/history-block/shrink", test_shrink);
        g_test_add_func("/history-block/bytes", test_bytes);
        g_test_add_func("/history-block/bounds", test_bounds);
        return g_test_run();
}
