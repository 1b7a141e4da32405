/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that ListCommands finds, as rows. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdint.h>

#include "bus-client.h"
#include "terminal.h"

typedef struct CommandRow {
        char *id, *client, *command, *state, *error; /* error: "" for none */
        uint64_t requested, finished;                /* µs since the epoch; 0: not yet */
} CommandRow;

/* filter: the argument of ListCommands as an object; reference kept by the caller. Returns an array that owns its
 * CommandRow, newest first. */
GPtrArray *command_list_read(BusClient *bus, json_object *filter, GError **error);

/* From the request to the end, for people; NULL while it has not ended. New string. */
char *command_row_took(const CommandRow *r);

Color command_state_color(const char *state);
