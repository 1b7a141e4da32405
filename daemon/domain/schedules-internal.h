/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of schedules share: those that are kept, how they change, and their entries in the journal. */
#pragma once

#include "schedules.h"

struct Schedules {
        Loop *loop;
        Audit *audit;
        Fleet *fleet;
        Batches *batches;
        ScheduleFiles *files;
        const ScheduleTimers *timers;
        void *engine;
        GHashTable *by_name; /* name to Schedule, which it owns */
        GHashTable *changes; /* name (the change's own) to ScheduleChange under way, which it owns */
};

typedef struct ScheduleChange ScheduleChange;
/* schedules-change.c: the server ends */
void schedule_change_drop(ScheduleChange *c);

/* schedules-audit.c: error NULL: it is about to be done */
AuditEntry *schedule_changed_entry(const char *action, const Schedule *what, const Caller *caller,
                                   const GError *error);
/* batch NULL: it was not started, and error says why */
AuditEntry *schedule_run_entry(const Schedule *what, const Caller *caller, const Batch *batch,
                               const GError *error);
