/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* history: the commands there were, newest first. */
#include <glib/gi18n.h>
#include <stdlib.h>

#include "command-list.h"
#include "json.h"
#include "list-range.h"
#include "verbs.h"
#include "when.h"

static const char *const states[] = { "queued",  "sent",        "running",   "succeeded",
                                      "failed",  "rejected",    "timed-out", "cancelled",
                                      "expired", "interrupted", NULL };

static const OptionInfo options[] = {
        { "since", 'S', N_("TIME"), N_("Only what was requested then or later: yesterday, 2h") },
        { "until", 'U', N_("TIME"), N_("Only what was requested then or before") },
        { "command", 'c', N_("COMMAND"), N_("Only this command") },
        { "state", 0, N_("STATE"), N_("Only commands in this state"), states },
        { "batch", 0, N_("BATCH"), N_("Only commands of this broadcast") },
        { "lines", 'n', N_("LINES"), N_("How many to show at most (default: 100)") },
        {},
};

static const ColumnInfo columns[] = {
        { "requested", N_("TIME") },
        { "client", N_("CLIENT") },
        { "command", N_("COMMAND") },
        { "state", N_("STATE") },
        { "finished", N_("TOOK"), COLUMN_RIGHT },
        { "id", N_("ID") },
        { "error", N_("ERROR"), COLUMN_SHRINK },
        {},
};

static void add_number(json_object *filter, const char *name, uint64_t n) {
        if (n > 0)
                json_object_object_add(filter, name, json_object_new_uint64(n));
}

static void add_text(json_object *filter, const char *name, const char *text) {
        if (text)
                json_object_object_add(filter, name, json_object_new_string(text));
}

static json_object *make_filter(const Args *args, GError **error) {
        g_autoptr(json_object) filter = json_object_new_object();
        ListRange range;

        if (!list_range_read(args, &range, error))
                return NULL;
        add_text(filter, "client", args_word(args, 0));
        add_text(filter, "command", args_get(args, "command"));
        add_text(filter, "state", args_get(args, "state"));
        add_text(filter, "batch", args_get(args, "batch"));
        add_number(filter, "since", range.since);
        add_number(filter, "until", range.until);
        add_number(filter, "limit", range.lines);
        return g_steal_pointer(&filter);
}

static void add_row(Table *t, const CommandRow *r) {
        g_autofree char *when = when_local(r->requested), *took = command_row_took(r);

        table_add_value(t, COLOR_DIM, when, json_object_new_uint64(r->requested));
        table_add_colored(t, COLOR_STRONG, r->client);
        table_add(t, r->command);
        table_add_colored(t, command_state_color(r->state), r->state);
        table_add_value(t, COLOR_NONE, took, json_object_new_uint64(r->finished));
        table_add_colored(t, COLOR_DIM, r->id);
        table_add(t, r->error);
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(json_object) filter = make_filter(args, error);
        g_autoptr(Table) table = table_new(columns);
        g_autoptr(GPtrArray) rows = NULL;

        rows = filter && ctl_bus(ctl, error) ? command_list_read(ctl->bus, filter, error) : NULL;
        if (!rows)
                return EXIT_FAILURE;
        for (unsigned i = 0; i < rows->len; i++)
                add_row(table, rows->pdata[i]);
        ctl_print_table(ctl, table, false);
        return EXIT_SUCCESS;
}

const Verb verb_history = {
        .name = "history",
        .words = N_("[CLIENT]"),
        .help = N_("List commands and how they ended, newest first"),
        .options = options,
        .words_max = 1,
        .kinds = { WORD_CLIENT },
        .run = run,
};
