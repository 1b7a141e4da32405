/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text helpers, case by case. */
#include <glib.h>
#include <string.h>

#include "clock.h"
#include "text.h"

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static void test_nearest(void) {
        static const char *const commands[] = { "start",       "stop",       "restart",     "logs",
                                                "status",      "exec",       "backup_keys", "payout",
                                                "rotate_keys", "check_keys", NULL };
        static const struct {
                const char *word, *nearest;
        } cases[] = {
                { "restrat", "restart" },
                { "restart", "restart" },
                { "RESTART", "restart" },
                { "lgos", "logs" },
                { "log", "logs" },
                { "lo", NULL },
                { "strat", "start" },
                { "statsu", "status" },
                { "sotp", "stop" },
                { "rotatekeys", "rotate_keys" },
                { "rotate-keys", "rotate_keys" },
                { "chekc_kyes", "check_keys" },
                { "xeec", "exec" },
                { "reboot", NULL },
                { "", NULL },
                { "x", NULL },
                { "backup", NULL },
                { "payotus", "payout" },
                { "ls", NULL },
        };
        static const char *const none[] = { NULL };
        static const char *const letters[] = { "a", "b", NULL };
        g_autofree char *huge = g_strnfill(1000000, 's');

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                const char *nearest = text_nearest(cases[i].word, commands);

                if (g_strcmp0(nearest, cases[i].nearest) != 0)
                        g_error("%s: %s, expected %s", cases[i].word, nearest, cases[i].nearest);
        }
        g_assert_null(text_nearest("start", none));
        g_assert_null(text_nearest("c", letters)); /* nothing in common */
        g_assert_null(text_nearest(huge, commands));
}

static void test_hex(void) {
        static const uint8_t bytes[] = { 0x00, 0x7f, 0x80, 0xff, 0x0a };
        g_autofree char *some = text_hex(bytes, sizeof(bytes)), *none = text_hex(NULL, 0);

        g_assert_cmpstr(some, ==, "007f80ff0a");
        g_assert_cmpstr(none, ==, "");
}

static void test_duration(void) {
        static const struct {
                uint64_t usec;
                const char *text;
        } cases[] = {
                { 0, "0 µs" },
                { 1, "1 µs" },
                { 99, "99 µs" },
                { 104, "100 µs" },
                { 105, "110 µs" },
                { 994, "990 µs" },
                { 995, "1 ms" },
                { 1049, "1 ms" },
                { 1050, "1.1 ms" },
                { 9949, "9.9 ms" },
                { 9950, "10 ms" },
                { 340 * USEC_PER_MSEC, "340 ms" },
                { 994 * USEC_PER_MSEC, "990 ms" },
                { 995 * USEC_PER_MSEC, "1 s" },
                { 1234 * USEC_PER_MSEC, "1.2 s" },
                { 2 * USEC_PER_SEC, "2 s" },
                { 41 * USEC_PER_SEC + 400, "41 s" },
                { 59 * USEC_PER_SEC, "59 s" },
                { 59500 * USEC_PER_MSEC, "1 min" },
                { 90 * USEC_PER_SEC, "1.5 min" },
                { 14 * MINUTE, "14 min" },
                { 59 * MINUTE + 29 * USEC_PER_SEC, "59 min" },
                { 59 * MINUTE + 30 * USEC_PER_SEC, "1 h" },
                { 2 * HOUR, "2 h" },
                { 23 * HOUR + 29 * MINUTE, "23 h" },
                { 23 * HOUR + 30 * MINUTE, "1 d" },
                { 6 * DAY, "6 d" },
                { 36 * HOUR, "1.5 d" },
                { 143 * DAY, "143 d" },
                { 1234 * DAY, "1234 d" },
                { UINT64_MAX, "106751991 d" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = text_duration(cases[i].usec);

                g_assert_cmpstr(text, ==, cases[i].text);
        }
}

static void test_size(void) {
        static const struct {
                uint64_t bytes;
                const char *expected;
        } cases[] = {
                { 0, "0 B" },
                { 999, "999 B" },
                { 1000, "1.0 kB" },
                { 1249, "1.2 kB" },
                { 1250, "1.3 kB" },
                { 9949, "9.9 kB" },
                { 9950, "10 kB" },
                { 10499, "10 kB" },
                { 48 * 1000 * 1000, "48 MB" },
                { 999499, "999 kB" },
                { 999500, "1.0 MB" },
                { UINT64_C(1500000000), "1.5 GB" },
                { UINT64_MAX, "9.2 EB" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = text_size(cases[i].bytes);

                g_assert_cmpstr(text, ==, cases[i].expected);
        }
}

static void test_cut(void) {
        static const struct {
                const char *text;
                size_t max;
                const char *cut;
        } cases[] = {
                { "abc", 3, "abc" },   { "abc", 2, "ab" },  { "abc", 0, "" },    { "", 5, "" },
                { "abc", 9, "abc" },   { "aé", 3, "aé" },   { "aé", 2, "a" },    { "é", 1, "" },
                { "서울", 6, "서울" }, { "서울", 5, "서" }, { "서울", 4, "서" }, { "서울", 3, "서" },
                { "서울", 2, "" },     { "a😀b", 4, "a" },   { "a😀b", 5, "a😀" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *cut = text_cut(cases[i].text, cases[i].max);

                g_assert_cmpstr(cut, ==, cases[i].cut);
        }
}

static void test_shown(void) {
        static const struct {
                const char *text;
                size_t max;
                const char *shown;
        } cases[] = {
                { "", 5, "" },
                { "abc", 3, "abc" },
                { "abcd", 3, "abc…" },
                { "서울", 4, "서…" },
                { "a\nb\tc\x7f", 10, "a?b?c?" },
                { "a\xff서\xc3", 10, "a?서?" },
                { "\xc2\x85", 10, "??" },
                { "\x1b[31m", 10, "?[31m" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *shown = text_shown(cases[i].text, cases[i].max);

                g_assert_cmpstr(shown, ==, cases[i].shown);
        }
}

static void test_to_uint(void) {
        static const char *const bad[] = { "",
                                           " 1",
                                           "1 ",
                                           "+1",
                                           "-1",
                                           "0x1",
                                           "1.0",
                                           "1e3",
                                           "abc",
                                           "0",
                                           "101",
                                           "18446744073709551616",
                                           "99999999999999999999999999" };
        uint64_t n = 42;

        for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
                g_assert_false(text_to_uint(bad[i], 1, 100, &n));
        g_assert_false(text_to_uint(NULL, 1, 100, &n));
        g_assert_cmpuint(n, ==, 42);

        g_assert_true(text_to_uint("1", 1, 100, &n));
        g_assert_cmpuint(n, ==, 1);
        g_assert_true(text_to_uint("0100", 1, 100, &n));
        g_assert_cmpuint(n, ==, 100);
        g_assert_true(text_to_uint("18446744073709551615", 0, UINT64_MAX, &n));
        g_assert_cmpuint(n, ==, UINT64_MAX);
}

static void test_to_usec(void) {
        static const struct {
                const char *text;
                uint64_t usec;
        } good[] = {
                { "0", 0 },
                { "90", 90 * USEC_PER_SEC },
                { "90s", 90 * USEC_PER_SEC },
                { "90 sec", 90 * USEC_PER_SEC },
                { "5min", 5 * MINUTE },
                { "5m", 5 * MINUTE },
                { "2h", 2 * HOUR },
                { "2 hours", 2 * HOUR },
                { "1d", DAY },
                { "2weeks", 14 * DAY },
                { "500ms", 500 * USEC_PER_MSEC },
                { "7us", 7 },
                { "7µs", 7 },
                { "1h30min", 90 * MINUTE },
                { "1h 30min ", 90 * MINUTE },
                { "1d 1", DAY + USEC_PER_SEC },
                { "18446744073709551615us", UINT64_MAX },
        };
        static const char *const bad[] = { "",
                                           " ",
                                           "s",
                                           "-1",
                                           "1.5h",
                                           " 1",
                                           "1x",
                                           "1 hx",
                                           "1h,2m",
                                           "1H",
                                           "1M",
                                           "1y",
                                           "1h h",
                                           "infinity",
                                           "18446744073709551616us",
                                           "18446744073709551615",
                                           "18446744073709551615us 1us" };
        uint64_t usec = 42;

        for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
                if (text_to_usec(bad[i], &usec))
                        g_error("\"%s\" was accepted", bad[i]);
        g_assert_false(text_to_usec(NULL, &usec));
        g_assert_cmpuint(usec, ==, 42);

        for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) {
                g_assert_true(text_to_usec(good[i].text, &usec));
                g_assert_cmpuint(usec, ==, good[i].usec);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/text/nearest", test_nearest);
        g_test_add_func("/text/hex", test_hex);
        g_test_add_func("/text/duration", test_duration);
        g_test_add_func("/text/size", test_size);
        g_test_add_func("/text/cut", test_cut);
        g_test_add_func("/text/shown", test_shown);
        g_test_add_func("/text/to-uint", test_to_uint);
        g_test_add_func("/text/to-usec", test_to_usec);
        return g_test_run();
}
