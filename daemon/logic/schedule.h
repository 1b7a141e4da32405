/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A schedule: what is sent when, and its definition as a file. Pure.
 *
 * The file is the truth: systemd's generator, which runs before any server does, reads the same (the keys of the timer in
 * daemon/generator/timer-definition.h). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "batch-plan.h"

typedef struct Schedule {
        char *name;     /* schedule_name_is_valid() */
        char *calendar; /* schedule_calendar_is_plain() */
        char *selector, *command;
        char *params; /* JSON object text, as command_params_check() has it */
        bool enabled, persistent;
        uint64_t randomized_delay; /* µs */
        /* As of a broadcast: */
        bool queue;
        uint64_t timeout, health_timeout; /* µs, 0: the default */
        BatchPlan plan;

        uint64_t created;   /* realtime µs */
        uint32_t owner_uid; /* who made it */
        uint64_t last;      /* realtime µs of its last run, 0: none yet */
        char *last_batch;   /* that run's; "" */
} Schedule;

/* The strings are copied, the values of a plain broadcast set: enabled, no limits. */
Schedule *schedule_new(const char *name, const char *calendar, const char *selector, const char *command,
                       const char *params);
Schedule *schedule_copy(const Schedule *s);
Schedule *schedule_free(Schedule *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Schedule, schedule_free)

/* The file's text; new string. */
char *schedule_to_text(const Schedule *s);

/* The definition of this name from its file. FLEET_ERROR_INVALID_PARAMETER with the key and what was expected: also for
 * a selector, a command or parameters that could not be sent. Keys that are not known are passed over. */
Schedule *schedule_from_text(const char *name, const char *text, GError **error);
