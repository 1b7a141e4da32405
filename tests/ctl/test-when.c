/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times as people write and read them, in a zone that has summer time. */
#include "when.h"

#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "error.h"
#include "speak.h"

#define HOUR (3600 * USEC_PER_SEC)

/* 2026-11-23 12:05:12 in Berlin (UTC+1). */
#define NOW (1795431912 * USEC_PER_SEC)

static uint64_t parse(const char *text, WhenDirection direction) {
        g_autoptr(GError) error = NULL;
        uint64_t usec = 0;

        g_assert_true(when_parse(text, direction, NOW, &usec, &error));
        g_assert_no_error(error);
        return usec;
}

static void assert_local(const char *text, const char *expected) {
        g_autofree char *local = when_local(parse(text, WHEN_PAST));

        g_assert_cmpstr(local, ==, expected);
}

static void test_absolute(void) {
        assert_local("now", "2026-11-23 12:05:12");
        assert_local("today", "2026-11-23 00:00:00");
        assert_local("yesterday", "2026-11-22 00:00:00");
        assert_local("tomorrow", "2026-11-24 00:00:00");
        assert_local("2026-11-22", "2026-11-22 00:00:00");
        assert_local("2026-11-22 21:40", "2026-11-22 21:40:00");
        assert_local("2026-11-22 21:40:03", "2026-11-22 21:40:03");
        assert_local("21:40", "2026-11-23 21:40:00");
        assert_local("21:40:03", "2026-11-23 21:40:03");
        /* Across the change of the clocks. */
        assert_local("2026-07-01 12:00", "2026-07-01 12:00:00");
        g_assert_cmpuint(parse("@1795354803", WHEN_PAST), ==, 1795354803 * USEC_PER_SEC);
}

static void test_relative(void) {
        g_assert_cmpuint(parse("2h", WHEN_PAST), ==, NOW - 2 * HOUR);
        g_assert_cmpuint(parse("2h", WHEN_FUTURE), ==, NOW + 2 * HOUR);
        g_assert_cmpuint(parse("2h ago", WHEN_FUTURE), ==, NOW - 2 * HOUR);
        g_assert_cmpuint(parse("-90s", WHEN_FUTURE), ==, NOW - 90 * USEC_PER_SEC);
        g_assert_cmpuint(parse("+1d", WHEN_PAST), ==, NOW + 24 * HOUR);
}

static void test_wrong(void) {
        static const char *const wrong[] = { "",  "soon", "2026-13-01", "2026-11-22x", "25:00",
                                             "@", "@x",   "ago",        "-",           "100000w ago" };

        for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
                g_autoptr(GError) error = NULL;
                uint64_t usec = 7;

                g_assert_false(when_parse(wrong[i], WHEN_PAST, NOW, &usec, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER);
                g_assert_cmpuint(usec, ==, 7);
        }
}

static void assert_ago(uint64_t usec, const char *expected) {
        g_autofree char *ago = when_ago(usec, NOW);

        g_assert_cmpstr(ago, ==, expected);
}

static void test_ago(void) {
        assert_ago(NOW - 2 * USEC_PER_SEC, "2 s ago");
        assert_ago(NOW - 14 * 60 * USEC_PER_SEC, "14 min ago");
        assert_ago(NOW - 6 * 24 * HOUR, "6 d ago");
        assert_ago(NOW + 3 * HOUR, "in 3 h");
        assert_ago(NOW, "now");
        assert_ago(NOW + USEC_PER_MSEC, "now");
}

static void assert_span(uint64_t usec, const char *expected) {
        g_autofree char *span = when_span(usec);

        g_assert_cmpstr(span, ==, expected);
}

/* Each unit has a word of its own there. */
static void test_korean(void) {
        speak("ko");
        assert_span(0, "0 µs");
        assert_span(340 * USEC_PER_MSEC, "340 ms");
        assert_span(1200 * USEC_PER_MSEC, "1.2초");
        assert_span(14 * 60 * USEC_PER_SEC, "14분");
        assert_span(3 * HOUR, "3시간");
        assert_span(6 * 24 * HOUR, "6일");
        assert_ago(NOW - 14 * 60 * USEC_PER_SEC, "14분 전");
        assert_ago(NOW + 3 * HOUR, "3시간 뒤");
}

int main(int argc, char **argv) {
        (void) setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        tzset();
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/when/absolute", test_absolute);
        g_test_add_func("/when/relative", test_relative);
        g_test_add_func("/when/wrong", test_wrong);
        g_test_add_func("/when/ago", test_ago);
        /* The last: see speak.h. */
        g_test_add_func("/when/korean", test_korean);
        return g_test_run();
}
