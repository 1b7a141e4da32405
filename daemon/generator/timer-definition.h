/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a schedule's definition says of its timer, read by root from a file that user mserver wrote: so nothing in it is
 * believed. Bytes in, a few checked values out; the C library alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

typedef struct TimerDefinition {
        char calendar[SCHEDULE_CALENDAR_MAX + 1]; /* schedule_calendar_is_plain() */
        uint64_t randomized_delay;                /* µs, at most SCHEDULE_DELAY_MAX_USEC */
        bool persistent, enabled;
} TimerDefinition;

/* Reads "Key=value" lines of the section [Schedule]: Calendar= (which must be there), Persistent=, Enabled= (yes or no;
 * no and yes where they are missing) and RandomizedDelayUSec=. Other keys are the server's. NULL, or in a few words what
 * is wrong: a static string. Zero bytes, a key of these that comes twice, and any value that is not one are. */
const char *timer_definition_parse(const char *text, size_t size, TimerDefinition *ret);

/* The drop-in of mserver-schedule@.timer that says it. Returns its length; ret has room for
 * TIMER_DROP_IN_MAX. */
#define TIMER_DROP_IN_MAX 512
size_t timer_definition_drop_in(const TimerDefinition *d, char ret[TIMER_DROP_IN_MAX]);
