/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Points in time as people write them (systemd.time(7), without calendars), read and shown in local time. */
#include "when.h"

#include <glib/gi18n.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "error.h"
#include "text.h"

static struct tm local_time(uint64_t usec) {
        time_t seconds = (time_t) (usec / USEC_PER_SEC);
        struct tm tm = {};

        (void) localtime_r(&seconds, &tm);
        return tm;
}

static bool to_usec(struct tm *tm, uint64_t *ret) {
        time_t seconds;

        tm->tm_isdst = -1;
        seconds = mktime(tm);
        if (seconds < 0)
                return false;
        *ret = (uint64_t) seconds * USEC_PER_SEC;
        return true;
}

/* The midnight that begins a day, counted from today. mktime(3) puts days beyond a month's end right. */
static bool midnight(uint64_t now_usec, int days, uint64_t *ret) {
        struct tm tm = local_time(now_usec);

        tm.tm_mday += days;
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        return to_usec(&tm, ret);
}

static bool parse_day(const char *text, uint64_t now_usec, uint64_t *ret) {
        static const struct {
                const char *name;
                int days;
        } names[] = { { "today", 0 }, { "yesterday", -1 }, { "tomorrow", 1 } };

        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
                if (strcmp(text, names[i].name) == 0)
                        return midnight(now_usec, names[i].days, ret);
        return false;
}

static bool parse_date(const char *text, uint64_t now_usec, uint64_t *ret) {
        static const struct {
                const char *format;
                bool today;
        } forms[] = {
                { "%Y-%m-%d %H:%M:%S", false }, { "%Y-%m-%d %H:%M", false }, { "%Y-%m-%d", false },
                { "%H:%M:%S", true },           { "%H:%M", true },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(forms); i++) {
                struct tm today = local_time(now_usec), tm = {};
                const char *end = strptime(text, forms[i].format, &tm);

                if (!end || *end)
                        continue;
                if (forms[i].today) {
                        tm.tm_year = today.tm_year;
                        tm.tm_mon = today.tm_mon;
                        tm.tm_mday = today.tm_mday;
                }
                return to_usec(&tm, ret);
        }
        return false;
}

static bool parse_span(const char *text, WhenDirection direction, uint64_t now_usec, uint64_t *ret) {
        g_autofree char *span = NULL;
        uint64_t usec;

        if (text[0] == '-' || text[0] == '+')
                direction = text[0] == '-' ? WHEN_PAST : WHEN_FUTURE;
        else if (g_str_has_suffix(text, " ago"))
                direction = WHEN_PAST;

        span = g_strndup(text, strlen(text) - (g_str_has_suffix(text, " ago") ? strlen(" ago") : 0));
        if (!text_to_usec(span + (span[0] == '-' || span[0] == '+'), &usec))
                return false;
        if (direction == WHEN_PAST ? usec > now_usec : usec > INT64_MAX - now_usec)
                return false;
        *ret = direction == WHEN_PAST ? now_usec - usec : now_usec + usec;
        return true;
}

static bool parse_seconds(const char *text, uint64_t *ret) {
        uint64_t seconds;

        if (text[0] != '@' || !text_to_uint(text + 1, 0, INT64_MAX / USEC_PER_SEC, &seconds))
                return false;
        *ret = seconds * USEC_PER_SEC;
        return true;
}

bool when_parse(const char *text, WhenDirection direction, uint64_t now_usec, uint64_t *ret,
                GError **error) {
        if (strcmp(text, "now") == 0) {
                *ret = now_usec;
                return true;
        }
        if (parse_day(text, now_usec, ret) || parse_seconds(text, ret) || parse_date(text, now_usec, ret) ||
            parse_span(text, direction, now_usec, ret))
                return true;
        return fleet_fail(
                        error, FLEET_ERROR_INVALID_PARAMETER,
                        _("\"%s\" is no time; write \"2h ago\", \"yesterday\", \"21:40\" or \"2026-11-22 21:40\""),
                        text);
}

char *when_span(uint64_t usec) {
        static const char *const units[] = {
                N_(" µs"), N_(" ms"), N_(" s"), N_(" min"), N_(" h"), N_(" d")
        };
        g_autofree char *text = text_duration(usec);
        const char *unit = strchr(text, ' ');

        for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
                if (g_strcmp0(units[i], unit) == 0)
                        return g_strdup_printf("%.*s%s", (int) (unit - text), text, _(units[i]));
        g_assert_not_reached();
}

char *when_ago(uint64_t usec, uint64_t now_usec) {
        uint64_t distance = usec > now_usec ? usec - now_usec : now_usec - usec;
        g_autofree char *duration = when_span(distance);

        /* Below a second it is the clocks that differ, not the times. */
        if (distance < USEC_PER_SEC)
                return g_strdup(_("now"));
        return g_strdup_printf(usec > now_usec ? _("in %s") : _("%s ago"), duration);
}

char *when_local(uint64_t usec) {
        struct tm tm = local_time(usec);
        char text[sizeof("-2147481748-12-31 23:59:60")];

        if (strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0)
                text[0] = '\0';
        return g_strdup(text);
}
