/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Points in time as people write them (systemd.time(7), without calendars), read and shown in local time. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum WhenDirection {
        WHEN_PAST,   /* "2h" is two hours ago */
        WHEN_FUTURE, /* "2h" is in two hours */
} WhenDirection;

/* "now", "today", "yesterday", "tomorrow" (their midnights), "2026-11-22", "2026-11-22 21:40[:03]",
 * "21:40[:03]" of today, "@SECONDS", "2h ago", "-2h", "+2h", and "2h" by direction. Times are µs since the
 * epoch. Anything else is FLEET_ERROR_INVALID_PARAMETER. */
bool when_parse(const char *text, WhenDirection direction, uint64_t now_usec, uint64_t *ret, GError **error);

/* "14 min": text_duration() in the reader's language; new string. */
char *when_span(uint64_t usec);

/* "6 d ago", "in 2 h", "now"; new string. */
char *when_ago(uint64_t usec, uint64_t now_usec);

/* "2026-11-22 21:40:03"; new string. */
char *when_local(uint64_t usec);
