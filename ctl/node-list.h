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

/* Calls a member (of the manager, with client and container) with the words that may name these: its answer. */
sd_bus_message *node_list_call(Ctl *ctl, const char *member, const Args *args, GError **error);

/* Is this row to be shown? Rows come newest first; without --all only the first of each node is. seen: a set of nodes,
 * node_list_seen_new(). */
GHashTable *node_list_seen_new(void);
bool node_list_wants(const Args *args, GHashTable *seen, const char *client, const char *container);

/* An empty list is an answer where the client that was asked for exists: else FLEET_ERROR_NO_SUCH_CLIENT. */
bool node_list_check_empty(Ctl *ctl, const Args *args, GError **error);
