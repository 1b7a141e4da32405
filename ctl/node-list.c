/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service lists of nodes: what the verbs keys and backups share. */
#include "node-list.h"

#include <glib/gi18n.h>
#include <stdlib.h>

#include "bus-error.h"
#include "client-containers.h"
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

/* Nodes that clients tell of, and that the list does not. */
static void add_missing_of(Table *t, const NodeList *list, const Args *args, GHashTable *seen,
                           const char *client, json_object *containers) {
        for (size_t i = 0; containers && i < json_object_array_length(containers); i++) {
                json_object *c = json_object_array_get_idx(containers, i);
                const char *name = json_text(c, "name"), *wanted = args_word(args, 1);

                if (json_member(c, "node") && (!wanted || g_str_equal(wanted, name)) &&
                    node_list_wants(args, seen, client, name))
                        list->add_missing(t, client, name);
        }
}

static char **client_ids(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(GStrvBuilder) ids = g_strv_builder_new();
        g_autoptr(sd_bus_message) reply = bus_client_call(ctl->bus, "ListClients", error, NULL);
        const char *id, *host, *state, *path;
        uint64_t since;
        int r = reply ? sd_bus_message_enter_container(reply, 'a', "(sssto)") : 0;

        while (r > 0 && (r = sd_bus_message_read(reply, "(sssto)", &id, &host, &state, &since, &path)) > 0)
                if (!args_word(args, 0) || g_str_equal(args_word(args, 0), id))
                        g_strv_builder_add(ids, id);
        if (r < 0)
                (void) bus_fail_errno(error, r);
        return reply && r >= 0 ? g_strv_builder_end(ids) : NULL;
}

static bool add_missing(Ctl *ctl, const NodeList *list, const Args *args, Table *t, GHashTable *seen,
                        GError **error) {
        g_auto(GStrv) ids = client_ids(ctl, args, error);
        g_autoptr(GPtrArray) containers =
                        ids ? client_containers_read(ctl->bus, (const char *const *) ids, error) : NULL;

        for (unsigned i = 0; containers && i < containers->len; i++)
                add_missing_of(t, list, args, seen, ids[i], containers->pdata[i]);
        return containers != NULL;
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
        if (list->add_missing && !args_has(args, "all") && !add_missing(ctl, list, args, table, seen, error))
                return EXIT_FAILURE;
        if (table_rows(table) == 0 && !check_empty(ctl, args, error))
                return EXIT_FAILURE;
        ctl_print_table(ctl, table, false);
        if (table_rows(table) == 0)
                ctl_note(ctl, "%s", _(list->empty));
        return EXIT_SUCCESS;
}
