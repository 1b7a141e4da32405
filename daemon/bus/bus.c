/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server on the system bus: what comes and goes with its connection. */
#include "bus.h"

#include "actions.h"
#include "batch-bus.h"
#include "bus-internal.h"
#include "client-bus.h"
#include "command-bus.h"
#include "manager-methods.h"
#include "names.h"
#include "schedule-bus.h"

#define MATCH_POLKIT                                         \
        "type='signal',sender='org.freedesktop.PolicyKit1'," \
        "interface='org.freedesktop.PolicyKit1.Authority',member='Changed'"

static void gone(const char *name, void *userdata) {
        Bus *b = userdata;

        requests_caller_gone(b->requests, name);
        subscribers_gone(b->subscribers, name);
}

static int on_polkit_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Bus *b = userdata;

        subscribers_forget_answers(b->subscribers);
        return 0;
}

static void disconnected(void *userdata) {
        Bus *b = userdata;

        requests_close_all(b->requests);
        b->timers = systemd_timers_free(b->timers);
        b->callers = callers_free(b->callers);
        b->subscribers = subscribers_free(b->subscribers);
        b->requests = requests_free(b->requests);
        b->polkit = polkit_free(b->polkit);
        b->connection = NULL;
}

static int publish(Bus *b) {
        int r;

        r = sd_bus_add_object_manager(b->connection, NULL, MSERVER_ROOT);
        if (r >= 0)
                r = manager_bus_publish(b);
        if (r >= 0)
                r = client_bus_publish(b);
        if (r >= 0)
                r = command_bus_publish(b);
        if (r >= 0)
                r = batch_bus_publish(b);
        if (r >= 0)
                r = schedule_bus_publish(b);
        return r;
}

static int connected(sd_bus *bus, void *userdata) {
        Bus *b = userdata;
        int r;

        b->connection = bus;
        b->callers = callers_new(bus);
        b->polkit = polkit_new(bus, server_actions);
        b->requests = requests_new();
        b->subscribers = subscribers_new(b->server->loop, bus, b->polkit, b->server->dispatcher);
        b->timers = systemd_timers_new(bus, b->server->schedules);
        systemd_timers_restore(b->timers);
        r = publish(b);
        return r < 0 ? r : sd_bus_add_match_async(bus, NULL, MATCH_POLKIT, on_polkit_changed, NULL, b);
}

Bus *bus_new(Server *server, GError **error) {
        static const BusLinkHandler handler = { connected, disconnected, gone };
        Bus *b = g_new0(Bus, 1);

        b->server = server;
        b->link = bus_link_new(server->loop, MSERVER_BUS_NAME, &handler, b, error);
        if (!b->link) {
                g_free(b);
                return NULL;
        }
        b->signals = signals_new(b);
        return b;
}

Bus *bus_free(Bus *b) {
        if (!b)
                return NULL;
        b->signals = signals_free(b->signals);
        b->link = bus_link_free(b->link);
        g_free(b);
        return NULL;
}
