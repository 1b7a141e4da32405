/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service lists of nodes (a node: one container of one client): what the verbs keys and backups share. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "args.h"
#include "ctl.h"

/* For their tables of options. */
#define NODE_LIST_OPTIONS \
        { "all", 'a', NULL, N_("All there ever were, not the latest of each") }

typedef struct NodeList {
        const char *member; /* of the manager, with client and container: "ListKeys" */
        const ColumnInfo *columns;
        /* Reads the answer, newest first, and adds a row for each that node_list_wants(). Returns a negative errno value where it
         * cannot be read. */
        int (*fill)(Table *t, sd_bus_message *reply, const Args *args, GHashTable *seen, bool full);
        /* Adds a row for a node of which nothing is listed; NULL: that says nothing. */
        void (*add_missing)(Table *t, const char *client, const char *container);
        const char *empty; /* N_(): said where there is nothing */
} NodeList;

/* The whole verb: calls, shows, and returns its exit status. An empty list is an answer where the client that was asked for exists:
 * else FLEET_ERROR_NO_SUCH_CLIENT. */
int node_list_run(Ctl *ctl, const NodeList *list, const Args *args, GError **error);

/* Is this row to be shown? Without --all only the first of each node is. */
bool node_list_wants(const Args *args, GHashTable *seen, const char *client, const char *container);
