/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* history: the commands there were, newest first. */
#include <glib/gi18n.h>
#include <stdlib.h>

#include "clock.h"
#include "command-list.h"
#include "error.h"
#include "json.h"
#include "limits.h"
#include "text.h"
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

static bool add_time(json_object *filter, const Args *args, const char *name, GError **error) {
        uint64_t usec;

        if (!args_has(args, name))
                return true;
        if (!when_parse(args_get(args, name), WHEN_PAST, now_realtime(), &usec, error))
                return false;
        json_object_object_add(filter, name, json_object_new_uint64(usec));
        return true;
}

static void add_text(json_object *filter, const char *name, const char *text) {
        if (text)
                json_object_object_add(filter, name, json_object_new_string(text));
}

static bool add_limit(json_object *filter, const char *text, GError **error) {
        uint64_t limit;

        if (!text)
                return true;
        if (!text_to_uint(text, 1, LIST_COMMANDS_MAX, &limit))
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, _("--lines=%s: expected 1 to %d"),
                                  text, LIST_COMMANDS_MAX);
        json_object_object_add(filter, "limit", json_object_new_uint64(limit));
        return true;
}

static json_object *make_filter(const Args *args, GError **error) {
        g_autoptr(json_object) filter = json_object_new_object();

        add_text(filter, "client", args_word(args, 0));
        add_text(filter, "command", args_get(args, "command"));
        add_text(filter, "state", args_get(args, "state"));
        add_text(filter, "batch", args_get(args, "batch"));
        if (!add_time(filter, args, "since", error) || !add_time(filter, args, "until", error) ||
            !add_limit(filter, args_get(args, "lines"), error))
                return NULL;
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
