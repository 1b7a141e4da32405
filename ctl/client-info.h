/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service knows of its clients, as far as command lines need it: who there is, what each offers and manages. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "bus-client.h"
#include "selector.h"

/* Ids of all clients, NULL-terminated; empty where they may not be listed. */
char **client_info_ids(BusClient *bus);

/* Properties of org.mserver1.Client. For a client that is not known FLEET_ERROR_NO_SUCH_CLIENT, with the nearest that
 * is. New reference. */
json_object *client_info_read(BusClient *bus, const char *id, GError **error);

/* What it offers; FLEET_ERROR_UNKNOWN_COMMAND, with the nearest and all there are, for another command. */
bool client_info_check_command(json_object *info, const char *command, GError **error);

/* The same properties of all clients, ordered by id; a new array that owns its json_object. */
GPtrArray *client_info_list(BusClient *bus, GError **error);

bool client_info_is_online(json_object *info);
/* FLEET_ERROR_NOT_CONNECTED, with since when and what to do, for one that is not; now_usec: since the epoch. */
bool client_info_check_online(json_object *info, uint64_t now_usec, GError **error);
bool client_info_matches(json_object *info, const Selector *selector);
