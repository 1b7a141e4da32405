/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changes in the fleet, told to the bus: signals, PropertiesChanged, InterfacesAdded and …Removed. */
#pragma once

#include <glib.h>

typedef struct Bus Bus;
typedef struct Signals Signals;

/* Observes b->server->fleet from here on; while b->connection is NULL nothing is sent. */
Signals *signals_new(Bus *b);
Signals *signals_free(Signals *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Signals, signals_free)

/* Somebody looks at this command's object: its changes are announced with PropertiesChanged until it has ended.
 * Commands nobody looked at have CommandStateChanged alone (a broadcast to thousands must stay cheap). At most
 * WATCHED_COMMANDS_MAX, the one looked at longest ago makes room. */
void signals_watch_command(Signals *s, const char *id);
