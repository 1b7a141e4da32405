/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list: the clients, and which of them are there. */
#include <fnmatch.h>
#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>

#include "bus-error.h"
#include "clock.h"
#include "verbs.h"
#include "when.h"

static const char *const states[] = { "online", "offline", NULL };

static const OptionInfo options[] = {
        { "state", 0, N_("STATE"), N_("Only clients that are online, or offline"), states },
        {},
};

static const ColumnInfo columns[] = {
        { "client", N_("CLIENT") },
        { "state", N_("STATE") },
        { "host", N_("HOST"), COLUMN_SHRINK },
        { "since", N_("SINCE") },
        {},
};

typedef struct Client {
        const char *id, *host, *state, *path;
        uint64_t since;
} Client;

typedef struct Counts {
        unsigned clients, online;
} Counts;

static bool is_wanted(const Client *c, const Args *args) {
        const char *const *patterns = args_words(args), *state = args_get(args, "state");

        if (state && strcmp(state, c->state) != 0)
                return false;
        if (args_count(args) == 0)
                return true;
        for (; *patterns; patterns++)
                if (fnmatch(*patterns, c->id, 0) == 0)
                        return true;
        return false;
}

static void add_row(Table *t, const Client *c, bool full) {
        uint64_t now = now_realtime();
        bool online = strcmp(c->state, "online") == 0;
        g_autofree char *since = full ? when_local(c->since) : when_ago(c->since, now);

        table_add_colored(t, COLOR_STRONG, c->id);
        table_add_colored(t, online ? COLOR_GOOD : COLOR_DIM, c->state);
        table_add(t, c->host);
        table_add_value(t, COLOR_DIM, c->since > 0 ? since : NULL, json_object_new_uint64(c->since));
}

static int fill(Table *t, sd_bus_message *reply, const Args *args, bool full, Counts *counts) {
        Client c;
        int r = sd_bus_message_enter_container(reply, 'a', "(sssto)");

        while (r > 0 && (r = sd_bus_message_read(reply, "(sssto)", &c.id, &c.host, &c.state, &c.since,
                                                 &c.path)) > 0) {
                if (!is_wanted(&c, args))
                        continue;
                counts->clients++;
                counts->online += strcmp(c.state, "online") == 0;
                add_row(t, &c, full);
        }
        return r;
}

static void print_totals(const Ctl *ctl, const Counts *counts) {
        if (counts->clients == 0)
                ctl_note(ctl, _("No clients. Let one in: mserverctl token CLIENT"));
        else
                ctl_note(ctl, ngettext("%u client, %u online", "%u clients, %u online", counts->clients),
                         counts->clients, counts->online);
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(Table) table = table_new(columns);
        g_autoptr(sd_bus_message) reply = NULL;
        Counts counts = {};
        BusClient *bus = ctl_bus(ctl, error);
        int r;

        reply = bus ? bus_client_call(bus, "ListClients", error, NULL) : NULL;
        if (!reply)
                return EXIT_FAILURE;
        r = fill(table, reply, args, ctl->style.full, &counts);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return EXIT_FAILURE;
        }
        ctl_print_table(ctl, table, false);
        if (ctl->style.json == JSON_OFF && ctl->terminal.tty)
                print_totals(ctl, &counts);
        return EXIT_SUCCESS;
}

const Verb verb_list = {
        .name = "list",
        .words = N_("[PATTERN...]"),
        .help = N_("List clients and whether they are online"),
        .details = N_("A PATTERN is a glob on client ids, such as 'seoul-*'."),
        .options = options,
        .words_max = VERB_WORDS_ANY,
        .kinds = { WORD_CLIENT },
        .run = run,
};
