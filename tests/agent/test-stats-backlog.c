/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backlog of stats: order, acknowledgement, both bounds, and what a new connection sees. */
#include <glib.h>

#include "stats-backlog.h"

static void put(StatsBacklog *b, int64_t from, int64_t to) {
        for (int64_t i = from; i <= to; i++)
                stats_backlog_put(b, i, g_strdup_printf("%03" G_GINT64_FORMAT, i));
}

static void test_order(void) {
        g_autoptr(StatsBacklog) b = stats_backlog_new(10, 1000);

        g_assert_null(stats_backlog_next(b));
        put(b, 1, 2);
        g_assert_cmpstr(stats_backlog_next(b), ==, "001");
        g_assert_cmpstr(stats_backlog_next(b), ==, "002");
        g_assert_null(stats_backlog_next(b));
        put(b, 3, 3);
        g_assert_cmpstr(stats_backlog_next(b), ==, "003");
        g_assert_null(stats_backlog_next(b));
}

static void test_acked(void) {
        g_autoptr(StatsBacklog) b = stats_backlog_new(10, 1000);

        put(b, 1, 4);
        (void) stats_backlog_next(b);
        (void) stats_backlog_next(b);
        (void) stats_backlog_next(b);
        stats_backlog_acked(b, 2);
        stats_backlog_rewind(b);
        g_assert_cmpstr(stats_backlog_next(b), ==, "003");
        /* What was never sent cannot have arrived, whatever the server says. */
        stats_backlog_acked(b, 100);
        g_assert_cmpstr(stats_backlog_next(b), ==, "004");
        stats_backlog_acked(b, 100);
        g_assert_null(stats_backlog_next(b));
}

/* Acknowledgements that do not say of what. */
static void test_oldest(void) {
        g_autoptr(StatsBacklog) b = stats_backlog_new(10, 1000);

        g_assert_cmpint(stats_backlog_oldest(b), ==, 0);
        put(b, 1, 3);
        g_assert_cmpint(stats_backlog_oldest(b), ==, 0); /* not sent */
        (void) stats_backlog_next(b);
        (void) stats_backlog_next(b);
        g_assert_cmpint(stats_backlog_oldest(b), ==, 1);
        stats_backlog_acked(b, stats_backlog_oldest(b));
        g_assert_cmpint(stats_backlog_oldest(b), ==, 2);
        (void) stats_backlog_next(b);
        stats_backlog_acked(b, 3);
        g_assert_cmpint(stats_backlog_oldest(b), ==, 0); /* the newest is kept, but has been answered */
        stats_backlog_acked(b, stats_backlog_oldest(b));
        stats_backlog_rewind(b);
        g_assert_cmpstr(stats_backlog_next(b), ==, "003");
}

/* The next connection hears at least the newest, until there is a newer one. */
static void test_newest(void) {
        g_autoptr(StatsBacklog) b = stats_backlog_new(10, 1000);

        put(b, 1, 2);
        (void) stats_backlog_next(b);
        (void) stats_backlog_next(b);
        stats_backlog_acked(b, 2);
        for (unsigned i = 0; i < 2; i++) {
                g_assert_null(stats_backlog_next(b));
                stats_backlog_rewind(b);
                g_assert_cmpstr(stats_backlog_next(b), ==, "002");
                stats_backlog_acked(b, 2);
        }
        stats_backlog_rewind(b);
        put(b, 3, 3);
        g_assert_cmpstr(stats_backlog_next(b), ==, "003");
        g_assert_null(stats_backlog_next(b));
        g_assert_cmpuint(stats_backlog_take_dropped(b), ==, 0);
}

static void test_bounds(void) {
        g_autoptr(StatsBacklog) by_number = stats_backlog_new(3, 1000), by_bytes = stats_backlog_new(100, 9);

        put(by_number, 1, 5);
        g_assert_cmpuint(stats_backlog_take_dropped(by_number), ==, 2);
        g_assert_cmpuint(stats_backlog_take_dropped(by_number), ==, 0);
        g_assert_cmpstr(stats_backlog_next(by_number), ==, "003");
        /* Those handed out count as well, and may go. */
        put(by_number, 6, 7);
        g_assert_cmpstr(stats_backlog_next(by_number), ==, "005");

        put(by_bytes, 1, 5);
        g_assert_cmpuint(stats_backlog_take_dropped(by_bytes), ==, 2);
        stats_backlog_put(by_bytes, 6, g_strnfill(10, 'x')); /* alone larger than all that may wait */
        g_assert_null(stats_backlog_next(by_bytes));
        put(by_bytes, 7, 7);
        g_assert_cmpstr(stats_backlog_next(by_bytes), ==, "007");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/stats-backlog/order", test_order);
        g_test_add_func("/stats-backlog/acked", test_acked);
        g_test_add_func("/stats-backlog/oldest", test_oldest);
        g_test_add_func("/stats-backlog/newest", test_newest);
        g_test_add_func("/stats-backlog/bounds", test_bounds);
        return g_test_run();
}
