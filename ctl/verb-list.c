/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list: the clients, and which of them are there. */
#include <fnmatch.h>
#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>

#include "alert-list.h"
#include "bus-error.h"
#include "client-containers.h"
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
        { "containers", N_("CONTAINERS"), COLUMN_SHRINK },
        { "since", N_("SINCE") },
        {},
};

typedef struct Client {
        const char *id, *host, *state, *path;
        uint64_t since;
} Client;

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

/* The strings are the reply's. */
static int read_clients(sd_bus_message *reply, const Args *args, GArray *clients) {
        Client c;
        int r = sd_bus_message_enter_container(reply, 'a', "(sssto)");

        while (r > 0 &&
               (r = sd_bus_message_read(reply, "(sssto)", &c.id, &c.host, &c.state, &c.since, &c.path)) > 0)
                if (is_wanted(&c, args))
                        g_array_append_val(clients, c);
        return r;
}

static GPtrArray *read_containers(BusClient *bus, const GArray *clients, GError **error) {
        g_autoptr(GPtrArray) ids = g_ptr_array_new_null_terminated(1, NULL, true);

        for (unsigned i = 0; i < clients->len; i++)
                g_ptr_array_add(ids, (gpointer) g_array_index(clients, Client, i).id);
        return client_containers_read(bus, (const char *const *) ids->pdata, error);
}

static bool is_online(const Client *c) {
        return strcmp(c->state, "online") == 0;
}

static void add_row(const Ctl *ctl, Table *t, const Client *c, json_object *containers) {
        uint64_t now = now_realtime();
        g_autofree char *since = ctl->style.full ? when_local(c->since) : when_ago(c->since, now);

        table_add_colored(t, COLOR_STRONG, c->id);
        table_add_colored(t, is_online(c) ? COLOR_GOOD : COLOR_DIM, c->state);
        table_add(t, c->host);
        client_containers_add(t, containers, is_online(c), false, &ctl->terminal);
        table_add_value(t, COLOR_DIM, c->since > 0 ? since : NULL, json_object_new_uint64(c->since));
}

static void print_totals(const Ctl *ctl, const GArray *clients, unsigned alerts) {
        g_autofree char *totals = NULL;
        unsigned online = 0;

        for (unsigned i = 0; i < clients->len; i++)
                online += is_online(&g_array_index(clients, Client, i));
        if (clients->len == 0) {
                ctl_note(ctl, _("No clients. Let one in: mserverctl enroll CLIENT"));
                return;
        }
        totals = g_strdup_printf(ngettext("%u client, %u online", "%u clients, %u online", clients->len),
                                 clients->len, online);
        if (alerts > 0)
                ctl_note(ctl,
                         ngettext("%s, %u alert (mserverctl alerts)", "%s, %u alerts (mserverctl alerts)",
                                  alerts),
                         totals, alerts);
        else
                ctl_note(ctl, "%s", totals);
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(GArray) clients = g_array_new(false, false, sizeof(Client));
        g_autoptr(Table) table = table_new(columns);
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(GPtrArray) containers = NULL;
        BusClient *bus = ctl_bus(ctl, error);
        int r;

        reply = bus ? bus_client_call(bus, "ListClients", error, NULL) : NULL;
        if (!reply)
                return EXIT_FAILURE;
        r = read_clients(reply, args, clients);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return EXIT_FAILURE;
        }
        containers = read_containers(bus, clients, error);
        if (!containers)
                return EXIT_FAILURE;
        for (unsigned i = 0; i < clients->len; i++)
                add_row(ctl, table, &g_array_index(clients, Client, i), containers->pdata[i]);
        ctl_print_table(ctl, table, false);
        if (ctl->style.json == JSON_OFF && ctl->terminal.tty)
                print_totals(ctl, clients, alert_list_count(bus));
        return EXIT_SUCCESS;
}

const Verb verb_list = {
        .name = "list",
        .words = N_("[PATTERN...]"),
        .help = N_("List clients, their state and their containers"),
        .details = N_("A PATTERN is a glob on client ids, such as 'seoul-*'."),
        .options = options,
        .words_max = VERB_WORDS_ANY,
        .kinds = { WORD_CLIENT },
        .run = run,
};
