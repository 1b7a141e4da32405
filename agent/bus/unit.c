/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service of this host's systemd, by org.freedesktop.systemd1(5). */
#include "unit.h"

#include <errno.h>
#include <systemd/sd-bus.h>

#include "clock.h"
#include "error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sd_bus_error, sd_bus_error_free)

#define NAME "org.freedesktop.systemd1"
#define PATH "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define UNIT "org.freedesktop.systemd1.Unit"
#define SERVICE "org.freedesktop.systemd1.Service"

struct Unit {
        sd_bus *bus;
        char *name, *path;
        char *job;    /* its object, while we wait for its end */
        char *result; /* of that job */
};

/* What the other side says is more than what its name is. */
static bool fail(GError **error, const char *what, const char *name, int r, const sd_bus_error *e) {
        return fleet_fail(error, FLEET_ERROR_UNAVAILABLE, "systemd cannot %s %s: %s", what, name,
                          e && e->message ? e->message : g_strerror(-r));
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Unit *u = userdata;
        const char *job, *unit, *result;
        uint32_t id;

        if (sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) >= 0 && g_strcmp0(job, u->job) == 0 &&
            !u->result)
                u->result = g_strdup(result);
        return 0;
}

/* Any change wakes us up; what there is to know is then asked for. */
static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        return 0;
}

static bool load(Unit *u, GError **error) {
        g_auto(sd_bus_error) e = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        const char *path;
        int r;

        r = sd_bus_call_method(u->bus, NAME, PATH, MANAGER, "LoadUnit", &e, &reply, "s", u->name);
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return fail(error, "load", u->name, r, &e);
        u->path = g_strdup(path);
        r = sd_bus_call_method(u->bus, NAME, PATH, MANAGER, "Subscribe", &e, NULL, NULL);
        if (r >= 0)
                r = sd_bus_match_signal(u->bus, NULL, NAME, PATH, MANAGER, "JobRemoved", on_job_removed, u);
        if (r >= 0)
                r = sd_bus_match_signal(u->bus, NULL, NAME, u->path, "org.freedesktop.DBus.Properties",
                                        "PropertiesChanged", on_changed, u);
        return r >= 0 || fail(error, "watch", u->name, r, &e);
}

Unit *unit_open(const char *name, GError **error) {
        g_autoptr(Unit) u = g_new0(Unit, 1);
        int r;

        u->name = g_strdup(name);
        r = sd_bus_open_system(&u->bus);
        if (r < 0) {
                fleet_fail_errno(error, FLEET_ERROR_UNAVAILABLE, r, "There is no systemd to start %s", name);
                return NULL;
        }
        return load(u, error) ? g_steal_pointer(&u) : NULL;
}

Unit *unit_close(Unit *u) {
        if (!u)
                return NULL;
        sd_bus_flush_close_unref(u->bus);
        g_free(u->name);
        g_free(u->path);
        g_free(u->job);
        g_free(u->result);
        g_free(u);
        return NULL;
}

bool unit_enable(Unit *u, GError **error) {
        g_auto(sd_bus_error) e = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call_method(u->bus, NAME, PATH, MANAGER, "EnableUnitFiles", &e, NULL, "asbb", 1, u->name,
                               false, true);
        if (r >= 0)
                r = sd_bus_call_method(u->bus, NAME, PATH, MANAGER, "Reload", &e, NULL, NULL);
        return r >= 0 || fail(error, "enable", u->name, r, &e);
}

/* Handles what has come, or waits for more until then. Returns 0 when the time is over. */
static int turn(Unit *u, uint64_t until) {
        int r = sd_bus_process(u->bus, NULL);
        uint64_t now = now_monotonic();

        if (r != 0)
                return r;
        if (now >= until)
                return 0;
        r = sd_bus_wait(u->bus, until - now);
        return r < 0 && r != -EINTR ? r : 1;
}

bool unit_restart(Unit *u, uint64_t timeout_usec, GError **error) {
        uint64_t until = now_monotonic() + timeout_usec;
        g_auto(sd_bus_error) e = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        const char *job;
        int r;

        r = sd_bus_call_method(u->bus, NAME, PATH, MANAGER, "RestartUnit", &e, &reply, "ss", u->name,
                               "replace");
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &job);
        if (r < 0)
                return fail(error, "start", u->name, r, &e);
        g_clear_pointer(&u->result, g_free);
        g_free(u->job);
        u->job = g_strdup(job);
        while (!u->result && (r = turn(u, until)) > 0)
                ;
        if (r < 0)
                return fail(error, "start", u->name, r, NULL);
        if (g_strcmp0(u->result, "done") == 0)
                return true;
        return fleet_fail(error, FLEET_ERROR_FAILED, "%s did not start (%s): journalctl --unit=%s says why",
                          u->name, u->result ?: "timeout", u->name);
}

static char *get_string(Unit *u, const char *interface, const char *property) {
        g_autofree char *value = NULL;
        char *text = NULL;

        if (sd_bus_get_property_string(u->bus, NAME, u->path, interface, property, NULL, &text) < 0)
                return g_strdup("");
        value = g_strdup(text);
        free(text); /* libsystemd's, not GLib's */
        return g_steal_pointer(&value);
}

bool unit_wait_status(Unit *u, UnitStatusDone done, void *userdata, uint64_t timeout_usec, char **ret_status,
                      GError **error) {
        uint64_t until = now_monotonic() + timeout_usec;
        int r;

        do {
                g_autofree char *status = get_string(u, SERVICE, "StatusText"),
                                *state = get_string(u, UNIT, "ActiveState");
                bool is_done = done(status, userdata),
                     ended = g_str_equal(state, "failed") || g_str_equal(state, "inactive");

                if (ret_status) {
                        g_free(*ret_status);
                        *ret_status = g_strdup(status);
                }
                if (is_done && !ended)
                        return true;
                if (ended)
                        return fleet_fail(error, FLEET_ERROR_FAILED,
                                          "%s has ended: journalctl --unit=%s says why", u->name, u->name);
                r = turn(u, until);
        } while (r > 0);
        return r == 0 ? false : fail(error, "watch", u->name, r, NULL);
}
