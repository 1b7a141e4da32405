/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Schedules: those that are there, and their runs. How they change is schedules-change.c's. */
#include "schedules.h"

#include <string.h>
#include <unistd.h>

#include "error.h"
#include "hash.h"
#include "limits.h"
#include "schedules-internal.h"

const Schedule *schedules_find(const Schedules *s, const char *name) {
        return g_hash_table_lookup(s->by_name, name);
}

static int by_name(const void *a, const void *b) {
        return strcmp((*(const Schedule *const *) a)->name, (*(const Schedule *const *) b)->name);
}

GPtrArray *schedules_list(const Schedules *s) {
        GPtrArray *all = hash_values(s->by_name);

        g_ptr_array_sort(all, by_name);
        return all;
}

const Batch *schedules_running(const Schedules *s, const Schedule *what) {
        const Batch *b = what->last_batch[0] ? batches_find(s->batches, what->last_batch) : NULL;

        return b && b->finished == 0 ? b : NULL;
}

typedef struct Run {
        Schedules *schedules;
        char *name;
        Caller caller;
        BatchDone done;
        void *userdata;
} Run;

static void run_free(Run *r) {
        g_free(r->name);
        caller_clear(&r->caller);
        g_free(r);
}

static void on_started(const Batch *b, const GError *error, void *userdata) {
        Run *r = userdata;

        const Schedule *what = g_hash_table_lookup(r->schedules->by_name, r->name);

        if (error && what)
                audit_submit(r->schedules->audit, schedule_run_entry(what, &r->caller, NULL, error), NULL,
                             NULL);
        r->done(b, error, r->userdata);
        run_free(r);
}

/* What is durable of a run is that it was: for "last", and so that no second one starts beside it. */
static void note_run(Schedules *s, Schedule *what, const Batch *b) {
        what->last = b->requested;
        g_free(what->last_batch);
        what->last_batch = g_strdup(b->id);
        if (!g_hash_table_contains(s->changes, what->name)) /* which writes it, or removes it */
                schedule_files_write(s->files, what, NULL, NULL);
        fleet_tell_schedule(s->fleet, what, SCHEDULE_CHANGED);
}

static void start(Schedules *s, Schedule *what, Run *r) {
        const CommandRequest request = {
                .command = what->command,
                .params = json_tokener_parse(what->params),
                .schedule = what->name,
                .queue = what->queue,
                .timeout = what->timeout,
                .caller = r->caller,
        };
        const BatchOptions options = { .plan = what->plan, .health_timeout = what->health_timeout };
        Caller caller;
        const Batch *b;

        caller_copy(&r->caller, &caller);
        b = batches_start(s->batches, what->selector, &request, &options, on_started, r);
        json_object_put(request.params);
        if (b) {
                /* Nothing of it was audited yet, so this entry comes first. */
                audit_submit(s->audit, schedule_run_entry(what, &caller, b, NULL), NULL, NULL);
                note_run(s, what, b);
        }
        caller_clear(&caller);
}

/* A timer that systemd did not stop asks, too. Anybody else may run what is disabled. */
static bool check_enabled(const Schedule *what, const Caller *caller, GError **error) {
        return what->enabled || caller->uid != getuid() ||
               fleet_fail(error, FLEET_ERROR_UNAVAILABLE, "schedule \"%s\" is disabled", what->name);
}

static bool check_idle(Schedules *s, const Schedule *what, GError **error) {
        const Batch *running = schedules_running(s, what);

        if (!running)
                return true;
        if (batches_waits_for_absent(s->batches, running->id))
                /* This run is in its place; one host that is gone for good must not keep all others from theirs. */
                return batches_cancel(s->batches, running->id, error);
        return fleet_fail(
                        error, FLEET_ERROR_ALREADY_EXISTS,
                        "the last run of schedule \"%s\", %s, is still under way: it is not started a second time",
                        what->name, running->id);
}

void schedules_run(Schedules *s, const char *name, const Caller *caller, BatchDone done, void *userdata) {
        Schedule *what = g_hash_table_lookup(s->by_name, name);
        g_autoptr(GError) error = NULL;
        Run *r;

        if (!what)
                (void) fleet_fail(&error, FLEET_ERROR_NO_SUCH_COMMAND,
                                  "there is no schedule \"%s\": ListSchedules names them", name);
        else if (!check_enabled(what, caller, &error) || !check_idle(s, what, &error))
                audit_submit(s->audit, schedule_run_entry(what, caller, NULL, error), NULL, NULL);
        if (!what || error) {
                done(NULL, error, userdata);
                return;
        }
        r = g_new0(Run, 1);
        *r = (Run){ .schedules = s, .name = g_strdup(name), .done = done, .userdata = userdata };
        caller_copy(caller, &r->caller);
        start(s, what, r);
}

void schedules_set_timers(Schedules *s, const ScheduleTimers *timers, void *engine) {
        s->timers = timers;
        s->engine = engine;
}

void schedules_load(Schedules *s) {
        g_autoptr(GPtrArray) all = schedule_files_load(s->files);

        for (unsigned i = 0; i < all->len; i++) {
                Schedule *what = schedule_copy(g_ptr_array_index(all, i));

                g_hash_table_insert(s->by_name, what->name, what);
        }
}

Schedules *schedules_new(Loop *l, Audit *audit, Fleet *fleet, Batches *batches, ScheduleFiles *files) {
        Schedules *s = g_new0(Schedules, 1);

        *s = (Schedules){ .loop = l, .audit = audit, .fleet = fleet, .batches = batches, .files = files };
        s->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) schedule_free);
        s->changes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                           (GDestroyNotify) schedule_change_drop);
        return s;
}

Schedules *schedules_free(Schedules *s) {
        if (!s)
                return NULL;
        g_hash_table_unref(s->changes);
        g_hash_table_unref(s->by_name);
        g_free(s);
        return NULL;
}
