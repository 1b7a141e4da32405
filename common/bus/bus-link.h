/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service's connection to the system bus: made, named, lost and made again. */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

#include "loop.h"

typedef struct BusLink BusLink;

typedef struct BusLinkHandler {
        /* A connection is there, in the loop, and has no name yet: publish objects, add matches. A negative errno, and it
         * is given up: then disconnected() follows. */
        int (*connected)(sd_bus *bus, void *userdata);
        /* It is about to be closed, or is lost: all that belongs to it goes. What is sent from here is still sent where
         * somebody hears it. Not from inside of its own dispatch. */
        void (*disconnected)(void *userdata);
        /* A unique name has left the bus: whoever had it waits for nothing any more. */
        void (*gone)(const char *name, void *userdata);
} BusLinkHandler;

/* Connects to the system bus ($DBUS_SYSTEM_BUS_ADDRESS, see sd_bus_open_system(3)) and takes the name. Should the bus
 * go away later, it is tried every second. FLEET_ERROR_UNAVAILABLE without a bus, FLEET_ERROR_ALREADY_EXISTS where
 * somebody else has the name; the strings and the handler are borrowed. */
BusLink *bus_link_new(Loop *l, const char *name, const BusLinkHandler *handler, void *userdata,
                      GError **error);
/* The same for one that can do without: it comes at once, and that there is no bus yet is logged. */
BusLink *bus_link_new_patient(Loop *l, const char *name, const BusLinkHandler *handler, void *userdata);
/* Gives the name back and leaves the bus. */
BusLink *bus_link_free(BusLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BusLink, bus_link_free)
