/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* backups: how old the last good backup of each node is. */
#include <glib/gi18n.h>

#include "clock.h"
#include "node-list.h"
#include "text.h"
#include "verbs.h"
#include "when.h"

static const OptionInfo options[] = { NODE_LIST_OPTIONS, {} };

static const ColumnInfo columns[] = {
        { "client", N_("CLIENT") },
        { "container", N_("CONTAINER") },
        { "finished", N_("BACKED UP") },
        { "size", N_("SIZE"), COLUMN_RIGHT },
        { "file", N_("FILE"), COLUMN_SHRINK },
        { "sha256", NULL },
        {},
};

typedef struct Backup {
        const char *client, *container, *file, *sha256;
        uint64_t size, finished;
} Backup;

static void add_row(Table *t, const Backup *b, bool full) {
        g_autofree char *when = full ? when_local(b->finished) : when_ago(b->finished, now_realtime()),
                        *size = text_size(b->size);

        table_add_colored(t, COLOR_STRONG, b->client);
        table_add(t, b->container);
        table_add_value(t, COLOR_NONE, when, json_object_new_uint64(b->finished));
        table_add_value(t, COLOR_DIM, size, json_object_new_uint64(b->size));
        table_add(t, b->file);
        table_add(t, b->sha256);
}

static int fill(Table *t, sd_bus_message *reply, const Args *args, GHashTable *seen, bool full) {
        Backup b;
        int r = sd_bus_message_enter_container(reply, 'a', "(sssstt)");

        while (r > 0 && (r = sd_bus_message_read(reply, "(sssstt)", &b.client, &b.container, &b.file,
                                                 &b.sha256, &b.size, &b.finished)) > 0)
                if (node_list_wants(args, seen, b.client, b.container))
                        add_row(t, &b, full);
        return r;
}

static void add_missing(Table *t, const char *client, const char *container) {
        table_add_colored(t, COLOR_STRONG, client);
        table_add(t, container);
        table_add_value(t, COLOR_BAD, _("never"), json_object_new_uint64(0));
        table_add_value(t, COLOR_NONE, NULL, json_object_new_uint64(0));
        table_add(t, NULL);
        table_add(t, NULL);
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        static const NodeList list = { "ListBackups", columns, fill, add_missing,
                                       N_("No backup was ever reported there") };

        return node_list_run(ctl, &list, args, error);
}

const Verb verb_backups = {
        .name = "backups",
        .words = N_("[CLIENT [CONTAINER]]"),
        .help = N_("Show when nodes were backed up last"),
        .details = N_("Nodes that run and were never backed up come last. Files are on the host of the client; whether they are "
                      "still there is not known here."),
        .options = options,
        .words_max = 2,
        .kinds = { WORD_CLIENT, WORD_CONTAINER },
        .run = run,
};
