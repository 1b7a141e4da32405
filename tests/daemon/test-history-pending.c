/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Samples on their way to blocks: their cells, means, rates and bounds. */
#include "history-pending.h"

#include <string.h>

#include "limits.h"

#define T0 1795406400u /* begins a block of every level but the day's */

static void add(HistoryPending *p, uint64_t sec, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void add(HistoryPending *p, uint64_t sec, const char *format, ...) {
        g_autofree char *text = NULL;
        json_object *data;
        va_list ap;

        va_start(ap, format);
        text = g_strdup_vprintf(format, ap);
        va_end(ap);
        data = json_tokener_parse(text);
        g_assert_nonnull(data);
        history_pending_add(p, data, sec);
        json_object_put(data);
}

static void write_down(uint64_t start, const HistoryBlock *b, void *userdata) {
        g_string_append_printf(userdata, "%" G_GINT64_FORMAT ":", (int64_t) (start - T0));
        for (unsigned i = 0; i < history_block_size(b); i++) {
                g_string_append_printf(userdata, " %s", history_block_name(b, i));
                for (unsigned c = 0; c < history_levels[HISTORY_RAW].cells; c++)
                        if (history_block_cells(b, i)[c] != HISTORY_NONE)
                                g_string_append_printf(userdata, " [%u]=%g", c,
                                                       history_value_decode(history_block_cells(b, i)[c]));
        }
        g_string_append_c(userdata, '\n');
}

static void assert_taken(HistoryPending *p, const char *expected) {
        g_autoptr(GString) got = g_string_new(NULL);

        history_pending_take(p, write_down, got);
        g_assert_cmpstr(got->str, ==, expected);
        g_assert_true(history_pending_is_empty(p));
}

#define CPU "{\"system\":{\"cpu_percent\":%d}}"

static void test_cells(void) {
        g_autoptr(HistoryPending) p = history_pending_new();

        g_assert_true(history_pending_is_empty(p));
        assert_taken(p, "");
        add(p, T0 + 3, CPU, 10);
        add(p, T0 + 13, CPU, 20);
        add(p, T0 + 15, CPU, 30); /* the same cell: their mean */
        add(p, T0 + 19, CPU, 40);
        add(p, T0 + 895, CPU, 7);
        add(p, T0 + 900, CPU, 8); /* the next block */
        add(p, T0 + 25, CPU, 50); /* one that comes late */
        assert_taken(p, "0: cpu_percent [0]=10 [1]=30 [2]=50 [89]=7\n900: cpu_percent [0]=8\n");
        add(p, T0 + 905, "{}"); /* nothing was measured */
        assert_taken(p, "900:\n");
}

#define RX "{\"containers\":[{\"name\":\"a\",\"rx_bytes\":%d}]}"

static void test_rates(void) {
        g_autoptr(HistoryPending) p = history_pending_new();

        add(p, T0, RX, 1000);
        assert_taken(p, "0:\n"); /* a rate takes two */
        add(p, T0 + 10, RX, 1500);
        add(p, T0 + 40, RX, 1560); /* samples are missing: over the time that passed */
        add(p, T0 + 50, RX, 100);  /* it was started anew */
        add(p, T0 + 60, RX, 200);
        add(p, T0 + 60, RX, 300); /* no time has passed */
        add(p, T0 + 20, RX, 5);   /* nor here */
        add(p, T0 + 70, RX, 200);
        assert_taken(p, "0: a/rx_bytes_per_sec [1]=50 [4]=2 [6]=10 [7]=0\n");
}

static void test_bounds(void) {
        g_autoptr(HistoryPending) p = history_pending_new();
        g_autoptr(GString) got = g_string_new(NULL);

        for (unsigned i = 0; i < HISTORY_PENDING_MAX; i++) {
                g_assert_false(history_pending_is_full(p));
                add(p, T0 + 1000 * i, "{\"containers\":[{\"name\":\"c%u\",\"state\":\"running\"}]}", i);
        }
        g_assert_true(history_pending_is_full(p));
        history_pending_take(p, write_down, got);
        g_assert_nonnull(strstr(got->str, "c31/running"));
        g_assert_false(history_pending_is_full(p));

        /* names that come and go do not pile up */
        for (unsigned round = 0; round < 100; round++) {
                for (unsigned i = 0; i < HISTORY_PENDING_MAX; i++)
                        add(p, T0 + 10 * i, "{\"containers\":[{\"name\":\"r%ui%u\",\"state\":\"running\"}]}",
                            round, i);
                g_string_truncate(got, 0);
                history_pending_take(p, write_down, got);
                g_assert_nonnull(strstr(got->str, "i31/running [31]=1"));
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/history-pending/cells", test_cells);
        g_test_add_func("/history-pending/rates", test_rates);
        g_test_add_func("/history-pending/bounds", test_bounds);
        return g_test_run();
}
