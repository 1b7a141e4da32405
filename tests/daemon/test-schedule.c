/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definitions of schedules: what the server writes, it reads again, and root's generator reads the same of it. */
#include <string.h>

#include "error.h"
#include "limits.h"
#include "schedule-rule.h"
#include "schedule.h"
#include "timer-definition.h"

static void test_names(void) {
        g_autofree char *longest = g_strnfill(64, 'a'), *too_long = g_strnfill(65, 'a');
        static const char *const good[] = { "a", "nightly-backup", "9.x_Y-z" };
        static const char *const bad[] = { "",    ".",    "..",    "-x",   "_x",     "a/b",  "a b",
                                           "a\n", "a@b",  "a:b",   "a%i",  "a\\x2d", "서울", "a;b",
                                           "a'b", "a\"b", "$(id)", "a\tb", "a\x7f" };

        for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
                g_assert_true(schedule_name_is_valid(good[i]));
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                g_assert_false(schedule_name_is_valid(bad[i]));
        g_assert_true(schedule_name_is_valid(longest));
        g_assert_false(schedule_name_is_valid(too_long));
        g_assert_false(schedule_name_is_valid(NULL));
}

static void test_calendars(void) {
        static const char *const good[] = { "daily",
                                            "*:*:0/2",
                                            "Mon *-*-* 04:00 Asia/Seoul",
                                            "Mon..Fri 22:30",
                                            "*-*~1 00:00",
                                            "@1395716396",
                                            "Sat,Sun 12-05 08:05:40.5 Etc/GMT+3",
                                            "*-*-* 1,2/3:00 America/Port_of_Spain" };
        static const char *const bad[] = { "",          " daily", "daily ",    "daily\n",   "daily\nUnit=x",
                                           "a\rb",      "%H",     "daily\\",   "\"daily\"", "a=b",
                                           "a#b",       "a;b",    "[Service]", "a\tb",      "매일",
                                           "$(reboot)", "`id`",   "a'b",       "{}",        "a|b" };

        for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
                g_assert_true(schedule_calendar_is_plain(good[i]));
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                g_assert_false(schedule_calendar_is_plain(bad[i]));
}

/* Every byte that is not on the list, anywhere. */
static void test_every_byte(void) {
        for (unsigned c = 1; c < 256; c++) {
                char text[] = { 'a', (char) c, 'b', '\0' };
                bool alnum = g_ascii_isalnum((char) c);

                g_assert_cmpint(schedule_calendar_is_plain(text), ==,
                                alnum || strchr(" *:,./~_+@-", (int) c));
                g_assert_cmpint(schedule_name_is_valid(text), ==, alnum || strchr("._-", (int) c));
        }
}

static Schedule *example(void) {
        Schedule *s = schedule_new(
                        "nightly", "Mon *-*-* 04:00 Asia/Seoul", "role=validator, a*", "exec",
                        "{\"container\":\"3node0\",\"command\":[\"echo\",\"a\\nb;\\\\ #[x]=%i\",\"ü\"]}");

        s->enabled = false;
        s->persistent = s->queue = s->plan.require_healthy = true;
        s->randomized_delay = 60000000;
        s->timeout = 1;
        s->health_timeout = 2;
        s->plan.pause = 3;
        s->plan.max_parallel = 4;
        s->plan.max_failures = 5;
        s->created = 6;
        s->owner_uid = 1000;
        s->last = 7;
        g_free(s->last_batch);
        s->last_batch = g_strdup("batch_7_1000");
        return s;
}

static void test_round_trip(void) {
        g_autoptr(Schedule) s = example(), again = NULL;
        g_autofree char *text = schedule_to_text(s), *same = NULL;
        g_autoptr(GError) error = NULL;
        TimerDefinition d;

        again = schedule_from_text("nightly", text, &error);
        g_assert_no_error(error);
        same = schedule_to_text(again);
        g_assert_cmpstr(same, ==, text);
        g_assert_cmpstr(again->params, ==, s->params);
        g_assert_cmpstr(again->selector, ==, s->selector);
        g_assert_cmpuint(again->plan.max_failures, ==, 5);
        g_assert_cmpuint(again->owner_uid, ==, 1000);
        g_assert_true(again->plan.require_healthy);

        g_assert_null(timer_definition_parse(text, strlen(text), &d));
        g_assert_cmpstr(d.calendar, ==, s->calendar);
        g_assert_true(d.persistent);
        g_assert_false(d.enabled);
        g_assert_cmpuint(d.randomized_delay, ==, 60000000);
}

static void test_defaults(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Schedule) s = schedule_from_text(
                        "x", "[Schedule]\nCalendar=daily\nSelector=all\nCommand=status\n", &error);

        g_assert_no_error(error);
        g_assert_true(s->enabled);
        g_assert_false(s->persistent);
        g_assert_cmpuint(s->plan.max_failures, ==, BATCH_FAILURES_ANY);
        g_assert_cmpstr(s->params, ==, "{}");
        g_assert_cmpstr(s->last_batch, ==, "");
}

static void test_wrong_files(void) {
        static const struct {
                const char *line, *text;
        } cases[] = {
                { "Calendar=%H", "Calendar=" },
                { "Enabled=maybe", "Enabled= is not yes or no" },
                { "TimeoutUSec=-1", "TimeoutUSec=" },
                { "RandomizedDelayUSec=604800000001", "RandomizedDelayUSec=" },
                { "Selector=a,,b", "a,,b" },
                { "Command=Exec", "Command=" },
                { "Parameters=[]", "Parameters=" },
                { "Parameters={\"lines\":1}", "lines" },
                { "LastBatch=../x", "LastBatch=" },
                { "[", "x" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = g_strdup_printf(
                                "[Schedule]\nCalendar=daily\nSelector=all\nCommand=status\n%s\n",
                                cases[i].line);
                g_autoptr(GError) error = NULL;
                g_autoptr(Schedule) s = schedule_from_text("x", text, &error);

                g_assert_null(s);
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER);
                g_assert_nonnull(strstr(error->message, cases[i].text));
        }
}

static const char *parse(const char *text, TimerDefinition *d) {
        return timer_definition_parse(text, strlen(text), d);
}

static void test_parser(void) {
        TimerDefinition d = {};
        static const char *const bad[] = {
                "",
                "Calendar=daily\n",
                "[Schedule]\n",
                "[Other]\nCalendar=daily\n",
                "[Schedule]\nCalendar=\n",
                "[Schedule]\nCalendar=daily\nCalendar=daily\n",
                "[Schedule]\nCalendar=daily\nEnabled=yes\nEnabled=yes\n",
                "[Schedule]\nCalendar=daily\nEnabled=1\n",
                "[Schedule]\nCalendar=daily\nPersistent=Yes\n",
                "[Schedule]\nCalendar=daily\nRandomizedDelayUSec=\n",
                "[Schedule]\nCalendar=daily\nRandomizedDelayUSec=1x\n",
                "[Schedule]\nCalendar=daily\nRandomizedDelayUSec=-1\n",
                "[Schedule]\nCalendar=daily\nRandomizedDelayUSec=604800000001\n",
                "[Schedule]\nCalendar=daily\nRandomizedDelayUSec=9999999999999999\n",
                "[Schedule]\nCalendar=daily\\\n[Service]\nExecStart=/bin/sh\n",
                "[Schedule]\nCalendar=daily\r\n",
                "[Schedule]\nCalendar=daily # no\n",
                "[Schedule]\nCalendar=daily\nnothing\n",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                g_assert_nonnull(parse(bad[i], &d));
        g_assert_nonnull(timer_definition_parse("[Schedule]\nCalendar=a\n\0", 23, &d));

        g_assert_null(parse(
                        "# x\n; y\n\n[Schedule]\n Calendar = daily \nOther=[x\n[Else]\nCalendar=weekly\nEnabled=x",
                        &d));
        g_assert_cmpstr(d.calendar, ==, "daily");
        g_assert_true(d.enabled);
        g_assert_false(d.persistent);
}

/* Cut anywhere, it is refused or means no more than it says. */
static void test_cut(void) {
        static const char text[] = "[Schedule]\nCalendar=Mon *-*-* 04:00\nPersistent=yes\nEnabled=yes\n";

        for (size_t n = 0; n < sizeof(text); n++) {
                g_autofree char *cut = g_memdup2(text, n); /* for ASan: not a byte more */
                TimerDefinition d;

                if (timer_definition_parse(cut ?: "", n, &d) == NULL)
                        g_assert_true(schedule_calendar_is_plain(d.calendar));
        }
}

static void test_drop_in(void) {
        char text[TIMER_DROP_IN_MAX];
        TimerDefinition d = { .persistent = true, .randomized_delay = SCHEDULE_DELAY_MAX_USEC };

        memset(d.calendar, 'x', SCHEDULE_CALENDAR_MAX);
        g_assert_cmpuint(timer_definition_drop_in(&d, text), ==, strlen(text));
        g_assert_true(g_str_has_suffix(text, "\nPersistent=yes\nRandomizedDelaySec=604800000000us\n"));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/schedule/names", test_names);
        g_test_add_func("/schedule/calendars", test_calendars);
        g_test_add_func("/schedule/every-byte", test_every_byte);
        g_test_add_func("/schedule/round-trip", test_round_trip);
        g_test_add_func("/schedule/defaults", test_defaults);
        g_test_add_func("/schedule/wrong-files", test_wrong_files);
        g_test_add_func("/schedule/parser", test_parser);
        g_test_add_func("/schedule/cut", test_cut);
        g_test_add_func("/schedule/drop-in", test_drop_in);
        return g_test_run();
}
