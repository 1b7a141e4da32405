/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A systemd that writes down what it was asked. */
#include "fake-systemd.h"

#include <string.h>

#define ROOT "/org/freedesktop/systemd1"

struct FakeSystemd {
        Loop *loop;
        sd_bus *bus;
        GString *log;
        char *refused, *state;
};

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        FakeSystemd *s = userdata;
        const char *member = sd_bus_message_get_member(m), *unit = "";

        if (strcmp(member, "Reload") != 0)
                g_assert_cmpint(sd_bus_message_read(m, "ss", &unit, NULL), >, 0);
        g_string_append_printf(s->log, "%s%s%s\n", member, unit[0] ? " " : "", unit);
        something_happened(s->loop);
        if (g_strcmp0(s->refused, member) == 0)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_ACCESS_DENIED, "not %s", member);
        return strcmp(member, "Reload") == 0
                               ? sd_bus_reply_method_return(m, NULL)
                               : sd_bus_reply_method_return(m, "o", "/org/freedesktop/systemd1/job/1");
}

static int get_state(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "s", ((FakeSystemd *) userdata)->state);
}

static int get_next(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "t", (uint64_t) FAKE_SYSTEMD_NEXT);
}

static const sd_bus_vtable manager[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Reload", NULL, NULL, on_call, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RestartUnit", "ss", "o", on_call, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("StopUnit", "ss", "o", on_call, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
static const sd_bus_vtable unit[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("ActiveState", "s", get_state, 0, 0),
        SD_BUS_VTABLE_END,
};
static const sd_bus_vtable timer[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("NextElapseUSecRealtime", "t", get_next, 0, 0),
        SD_BUS_VTABLE_END,
};

static int find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                sd_bus_error *ret_error) {
        *ret_found = userdata;
        return 1;
}

FakeSystemd *fake_systemd_new(Loop *l, PrivateBus *b) {
        FakeSystemd *s = g_new0(FakeSystemd, 1);

        s->loop = l;
        s->log = g_string_new(NULL);
        s->state = g_strdup("inactive");
        s->bus = private_bus_connect(b, geteuid());
        g_assert_cmpint(sd_bus_add_object_vtable(s->bus, NULL, ROOT, "org.freedesktop.systemd1.Manager",
                                                 manager, s),
                        >=, 0);
        g_assert_cmpint(sd_bus_add_fallback_vtable(s->bus, NULL, ROOT "/unit",
                                                   "org.freedesktop.systemd1.Unit", unit, find, s),
                        >=, 0);
        g_assert_cmpint(sd_bus_add_fallback_vtable(s->bus, NULL, ROOT "/unit",
                                                   "org.freedesktop.systemd1.Timer", timer, find, s),
                        >=, 0);
        g_assert_cmpint(sd_bus_request_name(s->bus, "org.freedesktop.systemd1", 0), >=, 0);
        return s;
}

FakeSystemd *fake_systemd_free(FakeSystemd *s) {
        if (!s)
                return NULL;
        private_bus_disconnect(s->bus);
        g_string_free(s->log, true);
        g_free(s->refused);
        g_free(s->state);
        g_free(s);
        return NULL;
}

void fake_systemd_refuse(FakeSystemd *s, const char *member) {
        g_free(s->refused);
        s->refused = g_strdup(member);
}

void fake_systemd_state(FakeSystemd *s, const char *state) {
        g_free(s->state);
        s->state = g_strdup(state);
}

char *fake_systemd_take_log(FakeSystemd *s) {
        char *text = g_strdup(s->log->str);

        g_string_truncate(s->log, 0);
        return text;
}
