/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Schedules: broadcasts that systemd's timers ask for. Here they are kept, changed and run; when they are run is
 * systemd's to say. docs/ARCHITECTURE.md has the way from a definition to a timer. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "batch.h"
#include "schedule-files.h"
#include "schedule.h"

typedef struct Schedules Schedules;

/* *error is what kept it from being done. */
typedef void (*ScheduleDone)(const GError *error, void *userdata);

/* systemd, as whoever has a bus to it reaches it. done runs once, never from inside the call. */
typedef struct ScheduleTimers {
        /* Has systemd read the definitions, and then the timer of this name run or not. */
        void (*set)(void *engine, const char *name, bool running, ScheduleDone done, void *userdata);
} ScheduleTimers;

Schedules *schedules_new(Loop *l, Audit *audit, Fleet *fleet, Batches *batches, ScheduleFiles *files);
/* Reads back what is there; blocks for as long as some files take. */
void schedules_load(Schedules *s);
/* Changes under way are dropped. */
Schedules *schedules_free(Schedules *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Schedules, schedules_free)

/* NULL: there is none for now, and what would need it fails with FLEET_ERROR_UNAVAILABLE. Whoever sets one answers what
 * it was asked before it sets another. */
void schedules_set_timers(Schedules *s, const ScheduleTimers *timers, void *engine);

/* Borrowed; NULL: there is none. */
const Schedule *schedules_find(const Schedules *s, const char *name);
/* In order of their names; a new array of borrowed ones. */
GPtrArray *schedules_list(const Schedules *s);
/* The batch of its last run, while that is under way; else NULL. */
const Batch *schedules_running(const Schedules *s, const Schedule *what);

/* Takes the definition: checked (name, calendar: INVALID_PARAMETER, ALREADY_EXISTS, LIMIT_EXCEEDED), audited, written,
 * and its timer started where it is enabled. When that fails it is as if nothing had been asked. */
void schedules_create(Schedules *s, Schedule *what, const Caller *caller, ScheduleDone done, void *userdata);
/* NO_SUCH_COMMAND where there is none of this name, as for those that follow. What it has started goes on. */
void schedules_delete(Schedules *s, const char *name, const Caller *caller, ScheduleDone done,
                      void *userdata);
void schedules_enable(Schedules *s, const char *name, bool enabled, const Caller *caller, ScheduleDone done,
                      void *userdata);

/* Starts its batch now, enabled or not; done as batches_start() has it. While the batch of its last run is under way
 * that is ALREADY_EXISTS, and nothing is sent; but what only waits for absent clients is cancelled, as this run takes its
 * place. The server's own user, whose timers ask, gets UNAVAILABLE of a disabled one. Audited, whatever comes of it. */
void schedules_run(Schedules *s, const char *name, const Caller *caller, BatchDone done, void *userdata);
