/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a schedule may be called, and what may stand in its calendar: the same for the server, which writes definitions,
 * and for the generator, which runs as root and believes them nothing. The C library alone. */
#pragma once

#include <stdbool.h>

/* A letter or digit, then up to 63 of A-Z a-z 0-9 . _ -: part of a unit's and of a file's name. */
bool schedule_name_is_valid(const char *s);

/* May it stand in OnCalendar=? Of the characters that calendars and time zones are written with (systemd.time(7)),
 * at most SCHEDULE_CALENDAR_MAX; none of them ends a line, quotes, or is a specifier (systemd.unit(5)). Whether it says
 * anything is systemd's to know. */
bool schedule_calendar_is_plain(const char *s);
