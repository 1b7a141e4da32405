/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a schedule may be called, and what may stand in its calendar. */
#include "schedule-rule.h"

#include <stddef.h>
#include <string.h>

#include "limits.h"

/* Whatever the locale. */
static bool is_alnum(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool all_in(const char *s, size_t max, const char *others) {
        size_t n = 0;

        for (; s[n]; n++)
                if (n >= max || (!is_alnum(s[n]) && !strchr(others, s[n])))
                        return false;
        return n > 0;
}

bool schedule_name_is_valid(const char *s) {
        return s && all_in(s, SCHEDULE_NAME_MAX, "._-") && is_alnum(s[0]);
}

bool schedule_calendar_is_plain(const char *s) {
        return s && all_in(s, SCHEDULE_CALENDAR_MAX, " *:,./~_+@-") && s[0] != ' ' &&
               s[strlen(s) - 1] != ' ';
}
