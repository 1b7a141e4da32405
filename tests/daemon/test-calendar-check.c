/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calendars, asked of the systemd that is here. */
#include <string.h>

#include "calendar-check.h"
#include "error.h"

#define SYSTEMD_ANALYZE "/usr/bin/systemd-analyze"

typedef struct Asked {
        Loop *loop;
        CalendarCheck *check;
        GError *error;
} Asked;

static void on_checked(const GError *error, void *userdata) {
        Asked *a = userdata;

        a->error = error ? g_error_copy(error) : NULL;
        a->check = calendar_check_free(a->check);
        loop_quit(a->loop, 0);
}

static GError *ask(const char *calendar) {
        g_autoptr(GError) error = NULL;
        Asked a = { .loop = loop_new(&error) };

        g_assert_no_error(error);
        a.check = calendar_check(a.loop, calendar, on_checked, &a);
        (void) loop_run(a.loop);
        loop_free(a.loop);
        return a.error;
}

static void test_good(void) {
        static const char *const good[] = { "daily", "*:*:0/2", "Mon *-*-* 04:00 Asia/Seoul",
                                            "*-*~1 00:00" };

        for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
                g_autoptr(GError) error = ask(good[i]);

                g_assert_no_error(error);
        }
}

static void test_bad(void) {
        static const struct {
                const char *calendar, *text;
        } bad[] = {
                { "whenever", "\"whenever\" is no calendar event: expected" },
                { "-h", "\"-h\" is no calendar event" },
                { "--version", "\"--version\" is no calendar event" },
                { "25:00", "\"25:00\" is no calendar event" },
                { "04:00 Asia/Atlantis", "no calendar event" },
                { "2001-01-01 00:00", "\"2001-01-01 00:00\" never comes" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(GError) error = ask(bad[i].calendar);

                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER);
                g_assert_nonnull(strstr(error->message, bad[i].text));
        }
}

static void on_never(const GError *error, void *userdata) {
        g_assert_not_reached();
}

/* Before it has an answer: none comes any more, and nothing of it is left (loop_free() says). */
static void test_given_up(void) {
        g_autoptr(GError) error = NULL;
        Loop *l = loop_new(&error);

        g_assert_no_error(error);
        calendar_check_free(calendar_check(l, "daily", on_never, NULL));
        loop_free(l);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        if (!g_file_test(SYSTEMD_ANALYZE, G_FILE_TEST_IS_EXECUTABLE)) {
                g_print("1..0 # SKIP no " SYSTEMD_ANALYZE "\n");
                return 0;
        }
        g_test_add_func("/calendar-check/good", test_good);
        g_test_add_func("/calendar-check/bad", test_bad);
        g_test_add_func("/calendar-check/given-up", test_given_up);
        return g_test_run();
}
