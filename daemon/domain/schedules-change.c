/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How schedules change: checked, audited, written, told to systemd, in this order and one at a time for each name. What
 * fails on the way is taken back, so that a schedule that is there is one that runs. */
#include <string.h>

#include "calendar-check.h"
#include "error.h"
#include "limits.h"
#include "schedule-rule.h"
#include "schedules-internal.h"

struct ScheduleChange {
        Schedules *schedules;
        const char *action; /* "create", "delete", "enable", "disable" */
        Schedule *what;     /* as it is to be; for delete as it was */
        Caller caller;
        CalendarCheck *check;
        char *refusal; /* systemd's */
        ScheduleDone done;
        void *userdata;
};

static bool is(const ScheduleChange *c, const char *action) {
        return strcmp(c->action, action) == 0;
}

static void change_free(ScheduleChange *c) {
        calendar_check_free(c->check);
        schedule_free(c->what);
        caller_clear(&c->caller);
        g_free(c->refusal);
        g_free(c);
}

void schedule_change_drop(ScheduleChange *c) {
        g_autoptr(GError) error = NULL;

        fleet_fail(&error, FLEET_ERROR_UNAVAILABLE, "the server ended before schedule \"%s\" was changed",
                   c->what->name);
        c->done(error, c->userdata);
        change_free(c);
}

static void end(ScheduleChange *c, const GError *error) {
        g_hash_table_steal(c->schedules->changes, c->what->name);
        c->done(error, c->userdata);
        change_free(c);
}

/* Once the entry before it says that it was about to be. */
static void end_failed(ScheduleChange *c, const GError *error) {
        audit_submit(c->schedules->audit, schedule_changed_entry(c->action, c->what, &c->caller, error),
                     NULL, NULL);
        end(c, error);
}

static void on_restored(const GError *restoring, void *userdata) {
        ScheduleChange *c = userdata;
        g_autoptr(GError) error = NULL;

        fleet_fail(&error, FLEET_ERROR_UNAVAILABLE,
                   "systemd has not taken the timer of schedule \"%s\": %s%s%s", c->what->name, c->refusal,
                   restoring ? "; and its definition could not be taken back: " : "",
                   restoring ? restoring->message : "");
        end_failed(c, error);
}

/* The definition as it was before. */
static void take_back(ScheduleChange *c, const GError *error) {
        Schedules *s = c->schedules;

        c->refusal = g_strdup(error->message);
        if (is(c, "create"))
                schedule_files_remove(s->files, c->what->name, on_restored, c);
        else
                schedule_files_write(s->files, g_hash_table_lookup(s->by_name, c->what->name), on_restored,
                                     c);
}

/* It is as it was to be. */
static void settle(ScheduleChange *c) {
        Schedules *s = c->schedules;
        Schedule *known = g_hash_table_lookup(s->by_name, c->what->name);

        if (is(c, "create")) {
                Schedule *added = schedule_copy(c->what);

                g_hash_table_insert(s->by_name, added->name, added);
                fleet_tell_schedule(s->fleet, added, SCHEDULE_ADDED);
        } else if (is(c, "delete")) {
                fleet_tell_schedule(s->fleet, known, SCHEDULE_REMOVED);
                g_hash_table_remove(s->by_name, c->what->name);
        } else {
                known->enabled = c->what->enabled;
                if (strcmp(known->last_batch, c->what->last_batch) != 0) /* it ran meanwhile */
                        schedule_files_write(s->files, known, NULL, NULL);
                fleet_tell_schedule(s->fleet, known, SCHEDULE_CHANGED);
        }
}

static void on_timer_set(const GError *error, void *userdata) {
        ScheduleChange *c = userdata;

        if (error && (is(c, "create") || is(c, "enable"))) {
                take_back(c, error);
                return;
        }
        settle(c);
        /* A timer that goes on asks for a schedule that is not there, or not enabled: schedules_run() refuses that. */
        if (error)
                end_failed(c, error);
        else
                end(c, NULL);
}

static void on_written(const GError *error, void *userdata) {
        ScheduleChange *c = userdata;
        Schedules *s = c->schedules;
        bool running = c->what->enabled && !is(c, "delete");

        if (error)
                end_failed(c, error);
        else if (s->timers && (running || !is(c, "create")))
                s->timers->set(s->engine, c->what->name, running, on_timer_set, c);
        else if (!running)
                on_timer_set(NULL, c);
        else {
                g_autoptr(GError) away = NULL;

                fleet_fail(&away, FLEET_ERROR_UNAVAILABLE, "systemd cannot be reached");
                on_timer_set(away, c);
        }
}

static void on_audited(bool handed_over, void *userdata) {
        ScheduleChange *c = userdata;
        Schedules *s = c->schedules;
        g_autoptr(GError) error = NULL;

        if (!handed_over) {
                fleet_fail(&error, FLEET_ERROR_UNAVAILABLE, "the journal does not take the entry on this");
                end(c, error);
                return;
        }
        if (is(c, "delete"))
                schedule_files_remove(s->files, c->what->name, on_written, c);
        else
                schedule_files_write(s->files, c->what, on_written, c);
}

static void audit(ScheduleChange *c) {
        audit_submit(c->schedules->audit, schedule_changed_entry(c->action, c->what, &c->caller, NULL),
                     on_audited, c);
}

static void on_checked(const GError *error, void *userdata) {
        ScheduleChange *c = userdata;

        c->check = calendar_check_free(c->check);
        if (error)
                end(c, error);
        else
                audit(c);
}

/* NULL, and *error says why it cannot be changed now. Takes what. */
static ScheduleChange *begin(Schedules *s, const char *action, Schedule *what, const Caller *caller,
                             GError **error) {
        ScheduleChange *c;

        if (g_hash_table_contains(s->changes, what->name))
                fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                           "schedule \"%s\" is being changed; try again when that is done", what->name);
        else if (g_hash_table_size(s->changes) >= SCHEDULE_CHANGES_MAX)
                fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED, "%d schedules are being changed; try again",
                           SCHEDULE_CHANGES_MAX);
        else {
                c = g_new0(ScheduleChange, 1);
                c->schedules = s;
                c->action = action;
                c->what = what;
                caller_copy(caller, &c->caller);
                g_hash_table_insert(s->changes, what->name, c);
                return c;
        }
        schedule_free(what);
        return NULL;
}

static bool check_new(const Schedules *s, const Schedule *what, GError **error) {
        if (!schedule_name_is_valid(what->name))
                return fleet_fail(
                                error, FLEET_ERROR_INVALID_PARAMETER,
                                "\"%s\" is no name of a schedule: expected a letter or digit, then up to %d of "
                                "A-Z a-z 0-9 . _ -",
                                what->name, SCHEDULE_NAME_MAX - 1);
        if (g_hash_table_contains(s->by_name, what->name))
                return fleet_fail(error, FLEET_ERROR_ALREADY_EXISTS,
                                  "there is a schedule \"%s\": delete it first, or choose another name",
                                  what->name);
        if (g_hash_table_size(s->by_name) + g_hash_table_size(s->changes) >= SCHEDULES_MAX)
                return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                                  "there are %d schedules, the most there may be", SCHEDULES_MAX);
        if (!schedule_calendar_is_plain(what->calendar))
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "\"%s\" is no calendar event: expected one as in systemd.time(7), such as "
                                  "\"Mon *-*-* 04:00 Asia/Seoul\", at most %d characters long",
                                  what->calendar, SCHEDULE_CALENDAR_MAX);
        if (what->randomized_delay > SCHEDULE_DELAY_MAX_USEC)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "Option \"randomized-delay\" is %" G_GUINT64_FORMAT
                                  ": expected at most %" G_GUINT64_FORMAT " µs",
                                  what->randomized_delay, (guint64) SCHEDULE_DELAY_MAX_USEC);
        return true;
}

void schedules_create(Schedules *s, Schedule *what, const Caller *caller, ScheduleDone done,
                      void *userdata) {
        g_autoptr(GError) error = NULL;
        ScheduleChange *c = NULL;

        if (check_new(s, what, &error))
                c = begin(s, "create", what, caller, &error);
        else
                schedule_free(what);
        if (!c) {
                done(error, userdata);
                return;
        }
        c->done = done;
        c->userdata = userdata;
        c->check = calendar_check(s->loop, c->what->calendar, on_checked, c);
}

/* Of one that is there. */
static void change(Schedules *s, const char *action, const char *name, bool enabled, const Caller *caller,
                   ScheduleDone done, void *userdata) {
        const Schedule *known = g_hash_table_lookup(s->by_name, name);
        g_autoptr(GError) error = NULL;
        ScheduleChange *c = NULL;

        if (known)
                c = begin(s, action, schedule_copy(known), caller, &error);
        else
                fleet_fail(&error, FLEET_ERROR_NO_SUCH_COMMAND,
                           "there is no schedule \"%s\": ListSchedules names them", name);
        if (!c) {
                done(error, userdata);
                return;
        }
        c->what->enabled = enabled;
        c->done = done;
        c->userdata = userdata;
        audit(c);
}

void schedules_delete(Schedules *s, const char *name, const Caller *caller, ScheduleDone done,
                      void *userdata) {
        const Schedule *known = g_hash_table_lookup(s->by_name, name);

        change(s, "delete", name, known && known->enabled, caller, done, userdata);
}

void schedules_enable(Schedules *s, const char *name, bool enabled, const Caller *caller, ScheduleDone done,
                      void *userdata) {
        change(s, enabled ? "enable" : "disable", name, enabled, caller, done, userdata);
}
