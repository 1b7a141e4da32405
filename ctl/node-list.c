/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service lists of nodes: what the verbs keys and backups share. */
#include "node-list.h"

#include <glib/gi18n.h>
#include <stdlib.h>

#include "bus-error.h"
#include "client-info.h"
#include "json.h"

static sd_bus_message *call(Ctl *ctl, const char *member, const Args *args, GError **error) {
        if (!ctl_bus(ctl, error))
                return NULL;
        return bus_client_call(ctl->bus, member, error, "ss", args_word(args, 0) ?: "",
                               args_word(args, 1) ?: "");
}

bool node_list_wants(const Args *args, GHashTable *seen, const char *client, const char *container) {
        return args_has(args, "all") ||
               g_hash_table_add(seen, g_strconcat(client, "/", container, NULL)); /* no id has a slash */
}

static bool check_empty(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(json_object) info = NULL;

        if (!args_word(args, 0))
                return true;
        info = client_info_read(ctl->bus, args_word(args, 0), error);
        return info != NULL;
}

int node_list_run(Ctl *ctl, const NodeList *list, const Args *args, GError **error) {
        g_autoptr(sd_bus_message) reply = call(ctl, list->member, args, error);
        g_autoptr(Table) table = table_new(list->columns);
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        int r;

        if (!reply)
                return EXIT_FAILURE;
        r = list->fill(table, reply, args, seen, ctl->style.full);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return EXIT_FAILURE;
        }
        if (table_rows(table) == 0 && !check_empty(ctl, args, error))
                return EXIT_FAILURE;
        ctl_print_table(ctl, table, false);
        if (table_rows(table) == 0)
                ctl_note(ctl, "%s", _(list->empty));
        return EXIT_SUCCESS;
}
