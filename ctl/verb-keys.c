/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keys: the session keys that nodes have reported. */
#include <glib/gi18n.h>
#include <stdlib.h>

#include "bus-error.h"
#include "clock.h"
#include "node-list.h"
#include "verbs.h"
#include "when.h"

static const OptionInfo options[] = { NODE_LIST_OPTIONS, {} };

static const ColumnInfo columns[] = {
        { "client", N_("CLIENT") },
        { "container", N_("CONTAINER") },
        { "received", N_("RECEIVED") },
        { "session_key", N_("SESSION KEY"), COLUMN_SHRINK },
        { "command", NULL },
        {},
};

typedef struct Key {
        const char *client, *container, *session_key, *command;
        uint64_t received;
} Key;

static void add_row(Table *t, const Key *k, bool full) {
        g_autofree char *when = full ? when_local(k->received) : when_ago(k->received, now_realtime());

        table_add_colored(t, COLOR_STRONG, k->client);
        table_add(t, k->container);
        table_add_value(t, COLOR_DIM, when, json_object_new_uint64(k->received));
        table_add(t, k->session_key);
        table_add(t, k->command);
}

static int fill(Table *t, sd_bus_message *reply, const Args *args, bool full) {
        g_autoptr(GHashTable) seen = node_list_seen_new();
        Key k;
        int r = sd_bus_message_enter_container(reply, 'a', "(sssts)");

        while (r > 0 && (r = sd_bus_message_read(reply, "(sssts)", &k.client, &k.container, &k.session_key,
                                                 &k.received, &k.command)) > 0)
                if (node_list_wants(args, seen, k.client, k.container))
                        add_row(t, &k, full);
        return r;
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(sd_bus_message) reply = node_list_call(ctl, "ListKeys", args, error);
        g_autoptr(Table) table = table_new(columns);
        int r;

        if (!reply)
                return EXIT_FAILURE;
        r = fill(table, reply, args, ctl->style.full);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return EXIT_FAILURE;
        }
        if (table_rows(table) == 0 && !node_list_check_empty(ctl, args, error))
                return EXIT_FAILURE;
        ctl_print_table(ctl, table, false);
        if (table_rows(table) == 0)
                ctl_note(ctl, _("No session key was ever reported there"));
        return EXIT_SUCCESS;
}

const Verb verb_keys = {
        .name = "keys",
        .words = N_("[CLIENT [CONTAINER]]"),
        .help = N_("Show the session keys of nodes"),
        .details = N_("They are the public ones, as rotate_keys made them. -l shows them whole where the terminal is narrow."),
        .options = options,
        .words_max = 2,
        .kinds = { WORD_CLIENT, WORD_CONTAINER },
        .run = run,
};
