/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The timers of schedules at systemd. */
#include "schedule-timers.h"

#include <string.h>

#include "error.h"
#include "limits.h"
#include "log.h"
#include "names.h"

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

/* reply NULL: there is none any more. */
typedef void (*CallDone)(sd_bus_message *reply, void *userdata);

typedef struct Call {
        sd_bus_message *message;
        CallDone done;
        void *userdata;
} Call;

struct SystemdTimers {
        sd_bus *bus;
        Schedules *schedules;
        GQueue calls; /* of Call; the first is under way while slot is set */
        sd_bus_slot *slot;
        bool closed;
};

static void pump(SystemdTimers *t);

static void finish_first(SystemdTimers *t, sd_bus_message *reply) {
        Call *c = g_queue_pop_head(&t->calls);

        t->slot = sd_bus_slot_unref(t->slot);
        c->done(reply, c->userdata);
        sd_bus_message_unref(c->message);
        g_free(c);
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        SystemdTimers *t = userdata;

        finish_first(t, m);
        pump(t);
        return 0;
}

static void pump(SystemdTimers *t) {
        while (!t->closed && !t->slot && !g_queue_is_empty(&t->calls)) {
                Call *c = g_queue_peek_head(&t->calls);

                if (sd_bus_call_async(t->bus, &t->slot, c->message, on_reply, t, SYSTEMD_TIMEOUT_USEC) < 0)
                        finish_first(t, NULL);
        }
}

/* Takes the message. */
static void enqueue(SystemdTimers *t, sd_bus_message *m, CallDone done, void *userdata) {
        Call *c = g_new0(Call, 1);

        *c = (Call){ m, done, userdata };
        g_queue_push_tail(&t->calls, c);
        pump(t);
}

static char *unit_of(const char *name) {
        return g_strdup_printf(MSERVER_SCHEDULE_TIMER, name);
}

static void must(int r) {
        if (r < 0)
                g_error("No memory for a message");
}

static void call_manager(SystemdTimers *t, const char *member, const char *name, CallDone done,
                         void *userdata) {
        sd_bus_message *m;

        must(sd_bus_message_new_method_call(t->bus, &m, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                            member));
        if (name) {
                g_autofree char *unit = unit_of(name);

                must(sd_bus_message_append(m, "ss", unit, "replace"));
        }
        enqueue(t, m, done, userdata);
}

static void get_property(SystemdTimers *t, const char *name, const char *interface, const char *property,
                         CallDone done, void *userdata) {
        g_autofree char *unit = unit_of(name);
        char *path;
        sd_bus_message *m;

        must(sd_bus_path_encode(SYSTEMD_PATH "/unit", unit, &path));
        must(sd_bus_message_new_method_call(t->bus, &m, SYSTEMD_NAME, path,
                                            "org.freedesktop.DBus.Properties", "Get"));
        must(sd_bus_message_append(m, "ss", interface, property));
        free(path);
        enqueue(t, m, done, userdata);
}

static bool check_reply(sd_bus_message *reply, GError **error) {
        const sd_bus_error *e = reply ? sd_bus_message_get_error(reply) : NULL;

        if (!reply)
                return fleet_fail(error, FLEET_ERROR_UNAVAILABLE, "systemd cannot be reached");
        return !e || fleet_fail(error, FLEET_ERROR_UNAVAILABLE, "%s", e->message ?: e->name);
}

/* Making a timer run or not: two calls. */

typedef struct Setting {
        SystemdTimers *timers;
        char *name;
        bool running;
        ScheduleDone done;
        void *userdata;
} Setting;

static void setting_end(Setting *s, const GError *error) {
        s->done(error, s->userdata);
        g_free(s->name);
        g_free(s);
}

static void on_second(sd_bus_message *reply, void *userdata) {
        g_autoptr(GError) error = NULL;

        (void) check_reply(reply, &error);
        setting_end(userdata, error);
}

static void on_reloaded(sd_bus_message *reply, void *userdata) {
        Setting *s = userdata;
        g_autoptr(GError) error = NULL;

        /* Again from its start, should it run with a definition from before. */
        if (check_reply(reply, &error))
                call_manager(s->timers, "RestartUnit", s->name, on_second, s);
        else
                setting_end(s, error);
}

static bool is_unknown_unit(sd_bus_message *reply) {
        return reply &&
               sd_bus_error_has_name(sd_bus_message_get_error(reply), "org.freedesktop.systemd1.NoSuchUnit");
}

static void on_stopped(sd_bus_message *reply, void *userdata) {
        Setting *s = userdata;
        g_autoptr(GError) error = NULL;

        if (is_unknown_unit(reply) || check_reply(reply, &error))
                call_manager(s->timers, "Reload", NULL, on_second, s);
        else
                setting_end(s, error);
}

static void set(void *engine, const char *name, bool running, ScheduleDone done, void *userdata) {
        SystemdTimers *t = engine;
        Setting *s = g_new0(Setting, 1);

        *s = (Setting){ t, g_strdup(name), running, done, userdata };
        if (running)
                call_manager(t, "Reload", NULL, on_reloaded, s);
        else
                call_manager(t, "StopUnit", name, on_stopped, s);
}

/* When it elapses. */

typedef struct Asking {
        SystemdTimerNext done;
        void *userdata;
} Asking;

static void on_next(sd_bus_message *reply, void *userdata) {
        g_autofree Asking *a = userdata;
        uint64_t usec = 0;

        if (!check_reply(reply, NULL) || sd_bus_message_read(reply, "v", "t", &usec) < 0 ||
            usec == UINT64_MAX)
                usec = 0;
        a->done(usec, a->userdata);
}

void systemd_timers_next(SystemdTimers *t, const char *name, SystemdTimerNext done, void *userdata) {
        Asking *a = g_new0(Asking, 1);

        *a = (Asking){ done, userdata };
        get_property(t, name, "org.freedesktop.systemd1.Timer", "NextElapseUSecRealtime", on_next, a);
}

/* After a start. */

typedef struct Restoring {
        SystemdTimers *timers;
        char *name;
} Restoring;

static void restoring_free(Restoring *r) {
        g_free(r->name);
        g_free(r);
}

static void on_restored(const GError *error, void *userdata) {
        Restoring *r = userdata;

        if (error)
                log_warning("the timer of schedule \"%s\" does not run, and cannot be started: %s", r->name,
                            error->message);
        else
                log_info("the timer of schedule \"%s\" is started: systemd did not have it", r->name);
        restoring_free(r);
}

static void on_state(sd_bus_message *reply, void *userdata) {
        Restoring *r = userdata;
        const char *state = "";
        g_autoptr(GError) error = NULL;

        if (!check_reply(reply, &error))
                on_restored(error, r);
        else if (sd_bus_message_read(reply, "v", "s", &state) < 0 || strcmp(state, "active") != 0)
                set(r->timers, r->name, true, on_restored, r);
        else
                restoring_free(r);
}

void systemd_timers_restore(SystemdTimers *t) {
        g_autoptr(GPtrArray) all = schedules_list(t->schedules);

        for (unsigned i = 0; i < all->len; i++) {
                const Schedule *s = g_ptr_array_index(all, i);
                Restoring *r;

                if (!s->enabled)
                        continue;
                r = g_new0(Restoring, 1);
                *r = (Restoring){ t, g_strdup(s->name) };
                get_property(t, s->name, "org.freedesktop.systemd1.Unit", "ActiveState", on_state, r);
        }
}

SystemdTimers *systemd_timers_new(sd_bus *bus, Schedules *schedules) {
        static const ScheduleTimers timers = { set };
        SystemdTimers *t = g_new0(SystemdTimers, 1);

        t->bus = bus;
        t->schedules = schedules;
        g_queue_init(&t->calls);
        schedules_set_timers(schedules, &timers, t);
        return t;
}

SystemdTimers *systemd_timers_free(SystemdTimers *t) {
        if (!t)
                return NULL;
        t->closed = true;
        schedules_set_timers(t->schedules, NULL, NULL);
        while (!g_queue_is_empty(&t->calls))
                finish_first(t, NULL);
        g_free(t);
        return NULL;
}
