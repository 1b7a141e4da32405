/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of schedules: NAME.conf, written whole and synced on a thread of their own. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "loop.h"
#include "schedule.h"

typedef struct ScheduleFiles ScheduleFiles;

/* Makes the directory (0750) where it is missing. */
ScheduleFiles *schedule_files_new(Loop *l, const char *directory, GError **error);
void schedule_files_drain(ScheduleFiles *f);
unsigned schedule_files_queue_depth(const ScheduleFiles *f);
/* Likewise, then stops. */
ScheduleFiles *schedule_files_free(ScheduleFiles *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScheduleFiles, schedule_files_free)

/* All that are there, in order of their names (Schedule*); blocks, so for the start alone. What is wrong with one is
 * logged, and it is left out and alone. */
GPtrArray *schedule_files_load(ScheduleFiles *f);

/* Writes the schedule's file as it is now, or removes that of a name. done (may be NULL) runs once on the loop when
 * that would survive a power cut, or with what went wrong. In the order of the calls. */
typedef void (*ScheduleFilesDone)(const GError *error, void *userdata);
void schedule_files_write(ScheduleFiles *f, const Schedule *s, ScheduleFilesDone done, void *userdata);
void schedule_files_remove(ScheduleFiles *f, const char *name, ScheduleFilesDone done, void *userdata);
