/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service lists of nodes: what the verbs keys and backups share. */
#include "node-list.h"

#include "client-info.h"
#include "json.h"

sd_bus_message *node_list_call(Ctl *ctl, const char *member, const Args *args, GError **error) {
        if (!ctl_bus(ctl, error))
                return NULL;
        return bus_client_call(ctl->bus, member, error, "ss", args_word(args, 0) ?: "",
                               args_word(args, 1) ?: "");
}

GHashTable *node_list_seen_new(void) {
        return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

bool node_list_wants(const Args *args, GHashTable *seen, const char *client, const char *container) {
        return args_has(args, "all") ||
               g_hash_table_add(seen, g_strconcat(client, "/", container, NULL)); /* no id has a slash */
}

bool node_list_check_empty(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(json_object) info = NULL;

        if (!args_word(args, 0))
                return true;
        info = client_info_read(ctl->bus, args_word(args, 0), error);
        return info != NULL;
}
