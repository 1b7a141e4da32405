/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server on the system bus: org.mserver1. dbus/org.mserver1.*.xml document what callers see. */
#pragma once

#include <glib.h>

#include "server.h"

typedef struct Bus Bus;

/* Connects to the system bus ($DBUS_SYSTEM_BUS_ADDRESS, see sd_bus_open_system(3)), publishes the objects and
 * takes the name MSERVER_BUS_NAME. FLEET_ERROR_UNAVAILABLE without a bus, FLEET_ERROR_ALREADY_EXISTS where
 * another server has the name. Should the bus go away later, it is tried again every second. Every part of the
 * server but the WebSocket one must be there, and outlive what is returned. */
Bus *bus_new(Server *server, GError **error);

/* Answers all that still waits with an error, gives the name back and leaves the bus. */
Bus *bus_free(Bus *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bus, bus_free)
