/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The containers that clients manage, as their latest statistics have them. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "bus-client.h"
#include "table.h"

/* For each client id (NULL-terminated) an array of {"name", "state", "health", "node"}, or NULL where that is not known, in an array
 * that owns them. */
GPtrArray *client_containers_read(BusClient *bus, const char *const *ids, GError **error);

/* The names of those that are there; NULL where these are not known. NULL-terminated. */
char **client_containers_names(BusClient *bus, const char *id);

/* Adds a cell that shows each with a mark for how it does, "3node0 ● 3node1 ○ exited 3node2 ● syncing"; full: with all that a node
 * says of itself. What an offline client said last is past, and only its names are shown. NULL: not known. */
void client_containers_add(Table *t, json_object *containers, bool online, bool full,
                           const Terminal *terminal);
