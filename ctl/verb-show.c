/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* show: all that is known of a client. */
#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>

#include "client-containers.h"
#include "client-curves.h"
#include "client-info.h"
#include "clock.h"
#include "json.h"
#include "verbs.h"
#include "when.h"

static const ColumnInfo columns[] = {
        { "client", N_("Client") },         { "state", N_("State") },     { "host", N_("Host") },
        { "address", N_("Address") },       { "version", N_("Version") }, { "since", NULL },
        { "last_seen", N_("Last seen") },   { "labels", N_("Labels") },   { "commands", N_("Commands") },
        { "containers", N_("Containers") }, CLIENT_CURVES_COLUMNS,        {},
};

static void add_state(Table *t, json_object *info) {
        const char *state = json_text(info, "State");
        uint64_t since = json_uint(info, "Since");
        g_autofree char *local = when_local(since), *ago = when_ago(since, now_realtime());
        g_autofree char *when = g_strdup_printf(_(" since %s, %s"), local, ago);

        table_add_colored(t, strcmp(state, "online") == 0 ? COLOR_GOOD : COLOR_DIM, state);
        if (since > 0)
                table_append(t, COLOR_NONE, when);
}

static void add_time(Table *t, uint64_t usec) {
        g_autofree char *text = when_ago(usec, now_realtime());

        table_add_value(t, COLOR_NONE, usec > 0 ? text : NULL, json_object_new_uint64(usec));
}

static void add_json(Table *t, json_object *value) {
        g_autofree char *text = json_plain(value);

        table_add_value(t, COLOR_NONE, text, json_object_get(value));
}

static void add_client(const Ctl *ctl, Table *t, json_object *info, json_object *containers) {
        g_autoptr(json_object) curves = client_curves_read(ctl->bus, json_text(info, "Id"));

        table_add_colored(t, COLOR_STRONG, json_text(info, "Id"));
        add_state(t, info);
        table_add(t, json_text(info, "Host"));
        table_add(t, json_text(info, "Address"));
        table_add(t, json_text(info, "Version"));
        table_add_value(t, COLOR_NONE, NULL, json_object_new_uint64(json_uint(info, "Since")));
        add_time(t, json_uint(info, "LastSeen"));
        add_json(t, json_member(info, "Labels"));
        add_json(t, json_member(info, "Commands"));
        client_containers_add(t, containers, client_info_is_online(info), true, &ctl->terminal);
        client_curves_add(t, curves, &ctl->terminal);
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(Table) table = table_new(columns);
        g_autoptr(GPtrArray) containers = NULL;

        if (!ctl_bus(ctl, error))
                return EXIT_FAILURE;
        containers = client_containers_read(ctl->bus, args_words(args), error);
        if (!containers)
                return EXIT_FAILURE;
        for (unsigned i = 0; i < args_count(args); i++) {
                g_autoptr(json_object) info = client_info_read(ctl->bus, args_word(args, i), error);

                if (!info)
                        return EXIT_FAILURE;
                add_client(ctl, table, info, containers->pdata[i]);
        }
        ctl_print_table(ctl, table, true);
        return EXIT_SUCCESS;
}

const Verb verb_show = {
        .name = "show",
        .words = N_("CLIENT..."),
        .help = N_("Show all that is known of clients"),
        .words_min = 1,
        .words_max = VERB_WORDS_ANY,
        .kinds = { WORD_CLIENT },
        .run = run,
};
