/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is this a calendar event, and will it ever come? systemd's own parser says so: systemd-analyze(1), as a child without a
 * shell, with a bound on its time and its words. */
#pragma once

#include <glib.h>

#include "loop.h"

typedef struct CalendarCheck CalendarCheck;

/* done runs once, on the loop, never from inside the call: without an error where systemd takes it; with
 * FLEET_ERROR_INVALID_PARAMETER where it does not, or where it lies in the past alone; with FLEET_ERROR_UNAVAILABLE where
 * it could not be asked. It may free the check, and must not have freed it before. calendar must be
 * schedule_calendar_is_plain(). */
typedef void (*CalendarChecked)(const GError *error, void *userdata);
CalendarCheck *calendar_check(Loop *l, const char *calendar, CalendarChecked done, void *userdata);
/* Ends it, done or not: after that done does not run. */
CalendarCheck *calendar_check_free(CalendarCheck *c);
