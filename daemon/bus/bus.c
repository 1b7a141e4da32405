/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's connection to the system bus: made, named, lost and made again. */
#include "bus.h"

#include <errno.h>

#include "actions.h"
#include "batch-bus.h"
#include "bus-internal.h"
#include "client-bus.h"
#include "command-bus.h"
#include "error.h"
#include "log.h"
#include "manager-methods.h"
#include "names.h"

#define RETRY_MSEC 1000

/* One match for every connection that leaves the bus: a match per caller would cost each call two messages. */
#define MATCH_GONE                                                                      \
        "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus'," \
        "member='NameOwnerChanged',path='/org/freedesktop/DBus',arg2=''"
#define MATCH_POLKIT                                         \
        "type='signal',sender='org.freedesktop.PolicyKit1'," \
        "interface='org.freedesktop.PolicyKit1.Authority',member='Changed'"
#define MATCH_DISCONNECTED                                                                          \
        "type='signal',sender='org.freedesktop.DBus.Local',interface='org.freedesktop.DBus.Local'," \
        "member='Disconnected',path='/org/freedesktop/DBus/Local'"

static int on_name_gone(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Bus *b = userdata;
        const char *name;

        if (sd_bus_message_read(m, "s", &name) < 0 || name[0] != ':')
                return 0;
        requests_caller_gone(b->requests, name);
        subscribers_gone(b->subscribers, name);
        return 0;
}

static int on_polkit_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Bus *b = userdata;

        subscribers_forget_answers(b->subscribers);
        return 0;
}

static void disconnect_bus(Bus *b) {
        if (!b->connection)
                return;
        requests_close_all(b->requests);
        b->callers = callers_free(b->callers);
        b->subscribers = subscribers_free(b->subscribers);
        b->requests = requests_free(b->requests);
        b->polkit = polkit_free(b->polkit);
        b->connection = sd_bus_flush_close_unref(b->connection);
}

static bool connect_bus(Bus *b, GError **error);

static void on_retry(void *userdata) {
        Bus *b = userdata;
        g_autoptr(GError) error = NULL;

        disconnect_bus(b);
        if (connect_bus(b, &error)) {
                b->retry = loop_timer_free(b->retry);
                log_info("Back on the system bus");
        } else
                log_debug("Still without the system bus: %s", error->message);
}

/* sd-bus still has calls to end with an error after this: the rest is torn down outside of its dispatch. */
static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Bus *b = userdata;

        log_warning("The system bus went away; the fleet stays connected, and the bus is tried every second");
        if (!b->retry)
                b->retry = loop_timer_new(b->server->loop, RETRY_MSEC, RETRY_MSEC, on_retry, b);
        return 0;
}

static int match(Bus *b) {
        int r;

        r = sd_bus_add_match_async(b->connection, NULL, MATCH_GONE, on_name_gone, NULL, b);
        if (r >= 0)
                r = sd_bus_add_match_async(b->connection, NULL, MATCH_POLKIT, on_polkit_changed, NULL, b);
        if (r >= 0)
                r = sd_bus_add_match(b->connection, NULL, MATCH_DISCONNECTED, on_disconnected, b);
        return r;
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
        return r;
}

static bool take_name(Bus *b, GError **error) {
        int r = sd_bus_request_name(b->connection, MSERVER_BUS_NAME, 0);

        if (r == -EEXIST)
                return fleet_fail(error, FLEET_ERROR_ALREADY_EXISTS,
                                  "The bus name %s is taken: another server is running", MSERVER_BUS_NAME);
        if (r < 0)
                return fleet_fail_errno(error, FLEET_ERROR_UNAVAILABLE, r, "Cannot take the bus name %s",
                                        MSERVER_BUS_NAME);
        return true;
}

static bool connect_bus(Bus *b, GError **error) {
        int r;

        r = sd_bus_open_system_with_description(&b->connection, "mserver");
        if (r < 0)
                return fleet_fail_errno(error, FLEET_ERROR_UNAVAILABLE, r,
                                        "Cannot connect to the system bus");
        b->callers = callers_new(b->connection);
        b->polkit = polkit_new(b->connection, server_actions);
        b->requests = requests_new();
        b->subscribers = subscribers_new(b->server->loop, b->connection, b->polkit, b->server->dispatcher);
        r = sd_bus_attach_event(b->connection, loop_event(b->server->loop), SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = publish(b);
        if (r >= 0)
                r = match(b);
        if (r < 0)
                (void) fleet_fail_errno(error, FLEET_ERROR_UNAVAILABLE, r, "Cannot set up the system bus");
        if (r < 0 || !take_name(b, error)) {
                disconnect_bus(b);
                return false;
        }
        return true;
}

Bus *bus_new(Server *server, GError **error) {
        Bus *b = g_new0(Bus, 1);

        b->server = server;
        if (!connect_bus(b, error)) {
                g_free(b);
                return NULL;
        }
        b->signals = signals_new(b);
        return b;
}

Bus *bus_free(Bus *b) {
        if (!b)
                return NULL;
        b->retry = loop_timer_free(b->retry);
        b->signals = signals_free(b->signals);
        disconnect_bus(b);
        g_free(b);
        return NULL;
}
