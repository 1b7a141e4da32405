/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service's connection to the system bus: made, named, lost and made again. */
#include "bus-link.h"

#include <errno.h>
#include <stdbool.h>

#include "error.h"
#include "limits.h"
#include "log.h"

/* One match for every connection that leaves the bus: a match per caller would cost each call two messages. */
#define MATCH_GONE                                                                      \
        "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus'," \
        "member='NameOwnerChanged',path='/org/freedesktop/DBus',arg2=''"
#define MATCH_DISCONNECTED                                                                          \
        "type='signal',sender='org.freedesktop.DBus.Local',interface='org.freedesktop.DBus.Local'," \
        "member='Disconnected',path='/org/freedesktop/DBus/Local'"

struct BusLink {
        Loop *loop;
        const char *name;
        const BusLinkHandler *handler;
        void *userdata;
        sd_bus *bus;      /* NULL while there is none */
        bool told;        /* connected() was called for it */
        LoopTimer *retry; /* while the bus is away */
};

static void leave(BusLink *link) {
        if (!link->bus)
                return;
        if (link->told)
                link->handler->disconnected(link->userdata);
        link->told = false;
        link->bus = sd_bus_flush_close_unref(link->bus);
}

static bool join(BusLink *link, GError **error);

static void on_retry(void *userdata) {
        BusLink *link = userdata;
        g_autoptr(GError) error = NULL;

        leave(link);
        if (join(link, &error)) {
                link->retry = loop_timer_free(link->retry);
                log_info("On the system bus again, as %s", link->name);
        } else
                log_debug("Still without the system bus: %s", error->message);
}

static void try_later(BusLink *link) {
        if (!link->retry)
                link->retry = loop_timer_new(link->loop, BUS_RETRY_MSEC, BUS_RETRY_MSEC, on_retry, link);
}

/* sd-bus still has calls to end with an error after this: the rest is torn down outside of its dispatch. */
static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        log_warning("The system bus went away; all else goes on, and the bus is tried every second");
        try_later(userdata);
        return 0;
}

static int on_name_gone(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        BusLink *link = userdata;
        const char *name;

        if (sd_bus_message_read(m, "s", &name) >= 0 && name[0] == ':')
                link->handler->gone(name, link->userdata);
        return 0;
}

static bool take_name(BusLink *link, GError **error) {
        int r = sd_bus_request_name(link->bus, link->name, 0);

        if (r == -EEXIST)
                return fleet_fail(error, FLEET_ERROR_ALREADY_EXISTS,
                                  "The bus name %s is taken: another such service is running", link->name);
        if (r < 0)
                return fleet_fail_errno(error, FLEET_ERROR_UNAVAILABLE, r, "Cannot take the bus name %s",
                                        link->name);
        return true;
}

static bool join(BusLink *link, GError **error) {
        int r;

        r = sd_bus_open_system_with_description(&link->bus, link->name);
        if (r < 0)
                return fleet_fail_errno(error, FLEET_ERROR_UNAVAILABLE, r,
                                        "Cannot connect to the system bus");
        /* The name is asked for, and waited for: a bus that does not answer must not hold the loop up for long. */
        (void) sd_bus_set_method_call_timeout(link->bus, BUS_JOIN_TIMEOUT_USEC);
        r = sd_bus_attach_event(link->bus, loop_event(link->loop), SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_add_match(link->bus, NULL, MATCH_DISCONNECTED, on_disconnected, link);
        if (r >= 0) {
                link->told = true;
                r = link->handler->connected(link->bus, link->userdata);
        }
        if (r >= 0)
                r = sd_bus_add_match_async(link->bus, NULL, MATCH_GONE, on_name_gone, NULL, link);
        if (r < 0)
                (void) fleet_fail_errno(error, FLEET_ERROR_UNAVAILABLE, r, "Cannot set up the system bus");
        if (r < 0 || !take_name(link, error)) {
                leave(link);
                return false;
        }
        (void) sd_bus_set_method_call_timeout(link->bus, 0); /* the usual one */
        return true;
}

static BusLink *link_new(Loop *l, const char *name, const BusLinkHandler *handler, void *userdata) {
        BusLink *link = g_new0(BusLink, 1);

        *link = (BusLink){ .loop = l, .name = name, .handler = handler, .userdata = userdata };
        return link;
}

BusLink *bus_link_new(Loop *l, const char *name, const BusLinkHandler *handler, void *userdata,
                      GError **error) {
        g_autoptr(BusLink) link = link_new(l, name, handler, userdata);

        return join(link, error) ? g_steal_pointer(&link) : NULL;
}

BusLink *bus_link_new_patient(Loop *l, const char *name, const BusLinkHandler *handler, void *userdata) {
        BusLink *link = link_new(l, name, handler, userdata);
        g_autoptr(GError) error = NULL;

        if (!join(link, &error)) {
                log_warning("%s; all else works, and it is tried every second", error->message);
                try_later(link);
        }
        return link;
}

BusLink *bus_link_free(BusLink *link) {
        if (!link)
                return NULL;
        link->retry = loop_timer_free(link->retry);
        leave(link);
        g_free(link);
        return NULL;
}
