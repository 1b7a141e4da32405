/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keys: the session keys that nodes have reported. */
#include <glib/gi18n.h>

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

static int fill(Table *t, sd_bus_message *reply, const Args *args, GHashTable *seen, bool full) {
        Key k;
        int r = sd_bus_message_enter_container(reply, 'a', "(sssts)");

        while (r > 0 && (r = sd_bus_message_read(reply, "(sssts)", &k.client, &k.container, &k.session_key,
                                                 &k.received, &k.command)) > 0)
                if (node_list_wants(args, seen, k.client, k.container))
                        add_row(t, &k, full);
        return r;
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        static const NodeList list = { "ListKeys", columns, fill, NULL,
                                       N_("No session key was ever reported there") };

        return node_list_run(ctl, &list, args, error);
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
