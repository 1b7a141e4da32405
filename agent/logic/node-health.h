/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a node is well enough to get new session keys, from its own words. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

/* health: what system_health answers. FLEET_ERROR_REJECTED says what is wrong: "the node has no peers";
 * FLEET_ERROR_PROTOCOL where it is no such answer. *ret_syncing: more can be said by system_syncState. */
bool node_health_check(json_object *health, bool *ret_syncing, GError **error);

/* "the node is syncing (best 1,204,331 of 1,377,020)". sync_state: what system_syncState answers, or NULL. New
 * string. */
char *node_syncing_text(json_object *sync_state);
