/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a node is well enough to get new session keys. */
#include "node-health.h"

#include <string.h>

#include "error.h"
#include "json-path.h"

bool node_health_check(json_object *health, bool *ret_syncing, GError **error) {
        json_object *syncing = json_at(health, "isSyncing");
        uint64_t peers;

        if (!json_object_is_type(syncing, json_type_boolean) || !json_uint_at(health, "peers", &peers))
                return fleet_fail(error, FLEET_ERROR_PROTOCOL,
                                  "the node answers system_health without \"isSyncing\" or \"peers\"");
        if (json_object_get_boolean(syncing)) {
                *ret_syncing = true;
                return fleet_fail(error, FLEET_ERROR_REJECTED, "the node is syncing");
        }
        *ret_syncing = false;
        if (peers == 0 && json_bool_at(health, "shouldHavePeers"))
                return fleet_fail(error, FLEET_ERROR_REJECTED, "the node has no peers");
        return true;
}

/* "1,204,331" */
static char *grouped(uint64_t n) {
        g_autofree char *digits = g_strdup_printf("%" G_GUINT64_FORMAT, n);
        GString *out = g_string_new(NULL);

        for (const char *c = digits; *c; c++) {
                size_t left = strlen(c);

                if (c > digits && left % 3 == 0)
                        g_string_append_c(out, ',');
                g_string_append_c(out, *c);
        }
        return g_string_free(out, false);
}

char *node_syncing_text(json_object *sync_state) {
        g_autofree char *best = NULL, *highest = NULL;
        uint64_t current, target;

        if (!json_uint_at(sync_state, "currentBlock", &current) ||
            !json_uint_at(sync_state, "highestBlock", &target))
                return g_strdup("the node is syncing");
        best = grouped(current);
        highest = grouped(target);
        return g_strdup_printf("the node is syncing (best %s of %s)", best, highest);
}
