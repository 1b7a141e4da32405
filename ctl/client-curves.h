/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a client did in the last hour, as curves. */
#pragma once

#include <json-c/json.h>

#include "bus-client.h"
#include "table.h"

/* Heads of the cells that client_curves_add() fills, for a table's columns. */
#define CLIENT_CURVES_COLUMNS                                                                  \
        { "cpu_percent", N_("CPU, 1 h") }, { "memory_used_percent", N_("Memory, 1 h") },       \
                        { "disk_used_percent", N_("Disk, 1 h") }, { "load", N_("Load, 1 h") }, \
                        { "peers", N_("Peers, 1 h") }, {                                       \
                "finality_lag", N_("Not final, 1 h")                                           \
        }

/* What GetStats says of it; NULL where it says nothing. New reference. */
json_object *client_curves_read(BusClient *bus, const char *id);

/* Adds these cells; curves may be NULL. */
void client_curves_add(Table *t, json_object *curves, const Terminal *terminal);
