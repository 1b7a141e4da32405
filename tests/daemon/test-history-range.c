/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which level a question is read from, that its points cover what was asked, and what they come to. */
#include "history-range.h"

#include <string.h>

#include "limits.h"

#define T0 1795406400u
#define NEVER UINT64_MAX
#define ALWAYS \
        { 0, 0, 0 }

static void assert_level(uint64_t from, uint64_t to, unsigned wanted, const uint64_t *since,
                         HistoryLevelId level, uint32_t step) {
        HistoryPlan p = history_plan(from, to, wanted, since);

        g_assert_cmpint(p.level, ==, level);
        g_assert_cmpuint(p.step_sec, ==, step);
}

static void test_level(void) {
        static const uint64_t always[] = ALWAYS, none[] = { NEVER, NEVER, NEVER };
        const uint64_t now = T0;

        assert_level(now - 3600, now, 360, always, HISTORY_RAW, 10);
        assert_level(now - 3600, now, 240, always, HISTORY_RAW, 20);
        assert_level(now - 3600, now, 61, always, HISTORY_RAW, 60);
        assert_level(now - 3600, now, 60, always, HISTORY_MINUTE, 60);
        assert_level(now - 86400, now, 240, always, HISTORY_MINUTE, 360);
        assert_level(now - 86400, now, 96, always, HISTORY_QUARTER, 900);
        assert_level(now - 30 * 86400, now, 300, always, HISTORY_QUARTER, 9000);
        assert_level(now - 1, now, 1000, always, HISTORY_RAW, 10);
        assert_level(now - 3600, now, 360, none, HISTORY_RAW, 10);
        {
                uint64_t since[] = { now - 4 * 3600, now - 3 * 86400, now - 100 * 86400 };

                /* what has gone is seen less finely */
                assert_level(now - 5 * 3600, now - 4 * 3600, 360, since, HISTORY_MINUTE, 60);
                assert_level(now - 4 * 86400, now - 4 * 86400 + 3600, 360, since, HISTORY_QUARTER, 900);
                assert_level(now - 200 * 86400, now - 199 * 86400, 240, since, HISTORY_QUARTER, 900);
        }
        {
                /* a server that was installed an hour ago: coarser blocks only begin earlier */
                uint64_t since[] = { now - 3600, now - 3600 - 1800, now - 3600 - 80000 };

                assert_level(now - 7200, now, 720, since, HISTORY_RAW, 10);
        }
}

/* For every length of time and number of points: all of it is covered, by no more points than were wanted, and with no more
 * than one step too much at each end. */
static void test_covers(void) {
        static const uint64_t always[] = ALWAYS;

        for (uint64_t length = 1; length < 200 * 86400; length += 1 + length / 7)
                for (unsigned wanted = 1; wanted <= HISTORY_POINTS_MAX; wanted += 1 + wanted / 5)
                        for (unsigned shift = 0; shift < 2000; shift += 333) {
                                uint64_t from = T0 + shift, to = from + length;
                                HistoryPlan p = history_plan(from, to, wanted, always);
                                uint64_t end = p.from_sec + (uint64_t) p.step_sec * p.points;

                                g_assert_cmpuint(p.points, >=, 1);
                                g_assert_cmpuint(p.points, <=, wanted);
                                g_assert_cmpuint(p.step_sec % history_levels[p.level].step_sec, ==, 0);
                                g_assert_cmpuint(p.from_sec % p.step_sec, ==, 0);
                                g_assert_cmpuint(p.from_sec, <=, from);
                                g_assert_cmpuint(p.from_sec + p.step_sec, >, from);
                                g_assert_cmpuint(end, >=, to);
                                g_assert_cmpuint(end - p.step_sec, <, to);
                        }
}

static void put(HistoryBlock *b, const char *name, unsigned cell, double value) {
        history_block_row(b, name)[cell] = history_value_encode(value);
}

static void test_text(void) {
        HistoryPlan plan = { HISTORY_RAW, T0 + 880, 20, 3 }; /* from cell 88 of one block into the next */
        g_autoptr(HistoryRange) r = history_range_new(&plan);
        g_autoptr(HistoryBlock) first = history_block_new(90), second = history_block_new(90);
        g_autofree char *none = history_range_to_json(r, "a"), *text = NULL;

        g_assert_cmpstr(none, ==,
                        "{\"client\":\"a\",\"from\":1795407280000000,\"to\":1795407340000000,\"step\":20000000,\"points\":3,"
                        "\"series\":{},\"containers\":{}}");
        put(first, "load", 87, 9); /* before */
        put(first, "load", 88, 0.5);
        put(first, "load", 89, 1.5);
        put(first, "3node10/peers", 89, 8);
        put(second, "3node10/cpu_percent", 0, 12.34);
        put(second, "3node2/memory_used", 3, 1 << 30);
        put(second, "load", 3, 0.1);
        put(second, "load", 4, 9); /* after */
        put(second, "old", 4, 9);
        history_range_add(r, T0 + 900, second);
        history_range_add(r, T0, first);
        history_range_add(r, T0 + 9000, first);
        text = history_range_to_json(r, "a");
        g_assert_cmpstr(text, ==,
                        "{\"client\":\"a\",\"from\":1795407280000000,\"to\":1795407340000000,\"step\":20000000,\"points\":3,"
                        "\"series\":{\"load\":[1,null,0.1]},"
                        "\"containers\":{\"3node2\":{\"memory_used\":[null,null,1073741824]},"
                        "\"3node10\":{\"cpu_percent\":[null,12.3,null],\"peers\":[8,null,null]}}}");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/history-range/level", test_level);
        g_test_add_func("/history-range/covers", test_covers);
        g_test_add_func("/history-range/text", test_text);
        return g_test_run();
}
