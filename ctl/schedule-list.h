/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schedules that the service has. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "bus-client.h"

typedef struct ScheduleRow {
        char *name, *calendar, *selector, *command;
        char *params; /* JSON object text */
        bool enabled;
        uint64_t last, next; /* µs since the epoch; 0: not yet, or not known */
} ScheduleRow;

/* In order of their names; an array of ScheduleRow. NULL with error set. */
GPtrArray *schedule_list_read(BusClient *bus, GError **error);
