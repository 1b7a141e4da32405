/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Alerts and silences as tables. */
#include "alert-list.h"

#include <glib/gi18n.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "bus-error.h"
#include "clock.h"
#include "when.h"

#define ALERT "(ssssstb)"
#define PAST "(ssssstt)"
#define SILENCE "(sssttus)"

static const ColumnInfo alert_columns[] = {
        { "since", N_("SINCE") },
        { "severity", N_("SEVERITY") },
        { "kind", N_("KIND") },
        { "client", N_("CLIENT") },
        { "message", N_("WHAT"), COLUMN_SHRINK },
        { "id", N_("ID") },
        { "acknowledged", N_("ACKNOWLEDGED") },
        {},
};

static const ColumnInfo past_columns[] = {
        { "since", N_("SINCE") },
        { "cleared", N_("CLEARED") },
        { "severity", N_("SEVERITY") },
        { "kind", N_("KIND") },
        { "client", N_("CLIENT") },
        { "message", N_("WHAT"), COLUMN_SHRINK },
        { "id", N_("ID") },
        {},
};

static const ColumnInfo silence_columns[] = {
        { "id", N_("ID") },
        { "selector", N_("WHOSE") },
        { "kind", N_("KIND") },
        { "created", N_("SINCE") },
        { "until", N_("UNTIL") },
        { "uid", N_("BY") },
        { "comment", N_("WHY"), COLUMN_SHRINK },
        {},
};

typedef struct Alert {
        const char *id, *severity, *kind, *client, *message;
        uint64_t since, cleared;
        int acknowledged;
} Alert;

static Color color_of(const char *severity) {
        if (strcmp(severity, "critical") == 0)
                return COLOR_BAD;
        return strcmp(severity, "warning") == 0 ? COLOR_WARN : COLOR_NONE;
}

static void add_time(const Ctl *ctl, Table *t, uint64_t usec) {
        g_autofree char *text = ctl->style.full ? when_local(usec) : when_ago(usec, now_realtime());

        table_add_value(t, COLOR_DIM, text, json_object_new_uint64(usec));
}

static void add_what(Table *t, const Alert *a) {
        table_add_colored(t, color_of(a->severity), a->severity);
        table_add(t, a->kind);
        table_add_colored(t, COLOR_STRONG, a->client);
        table_add(t, a->message);
        table_add_colored(t, COLOR_DIM, a->id);
}

static int fill_alerts(const Ctl *ctl, Table *t, sd_bus_message *reply) {
        Alert a = {};
        int r = sd_bus_message_enter_container(reply, 'a', ALERT);

        while (r > 0 && (r = sd_bus_message_read(reply, ALERT, &a.id, &a.severity, &a.kind, &a.client,
                                                 &a.message, &a.since, &a.acknowledged)) > 0) {
                add_time(ctl, t, a.since);
                add_what(t, &a);
                table_add_value(t, COLOR_DIM, a.acknowledged ? _("yes") : NULL,
                                json_object_new_boolean(a.acknowledged));
        }
        return r;
}

static int fill_past(const Ctl *ctl, Table *t, sd_bus_message *reply) {
        Alert a = {};
        int r = sd_bus_message_enter_container(reply, 'a', PAST);

        while (r > 0 && (r = sd_bus_message_read(reply, PAST, &a.id, &a.severity, &a.kind, &a.client,
                                                 &a.message, &a.since, &a.cleared)) > 0) {
                add_time(ctl, t, a.since);
                add_time(ctl, t, a.cleared);
                add_what(t, &a);
        }
        return r;
}

static char *user_name(uint32_t uid) {
        const struct passwd *user = getpwuid(uid);

        return user ? g_strdup(user->pw_name) : g_strdup_printf("%u", uid);
}

static int fill_silences(const Ctl *ctl, Table *t, sd_bus_message *reply) {
        const char *id, *selector, *kind, *comment;
        uint64_t created, until;
        uint32_t uid;
        int r = sd_bus_message_enter_container(reply, 'a', SILENCE);

        while (r > 0 && (r = sd_bus_message_read(reply, SILENCE, &id, &selector, &kind, &created, &until,
                                                 &uid, &comment)) > 0) {
                g_autofree char *user = user_name(uid);

                table_add(t, id);
                table_add_colored(t, COLOR_STRONG, selector);
                table_add(t, kind);
                add_time(ctl, t, created);
                add_time(ctl, t, until);
                table_add_value(t, COLOR_NONE, user, json_object_new_uint64(uid));
                table_add(t, comment);
        }
        return r;
}

typedef struct List {
        const ColumnInfo *columns;
        int (*fill)(const Ctl *ctl, Table *t, sd_bus_message *reply);
        const char *none; /* N_() */
} List;

static int show(Ctl *ctl, const List *list, sd_bus_message *reply, GError **error) {
        g_autoptr(Table) table = table_new(list->columns);
        int r;

        if (!reply)
                return EXIT_FAILURE;
        r = list->fill(ctl, table, reply);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return EXIT_FAILURE;
        }
        ctl_print_table(ctl, table, false);
        if (table_rows(table) == 0)
                ctl_note(ctl, "%s", _(list->none));
        return EXIT_SUCCESS;
}

int alert_list_show(Ctl *ctl, GError **error) {
        static const List list = { alert_columns, fill_alerts, N_("Nothing is wrong.") };
        BusClient *bus = ctl_bus(ctl, error);
        g_autoptr(sd_bus_message) reply = bus ? bus_client_call(bus, "ListAlerts", error, NULL) : NULL;

        return show(ctl, &list, reply, error);
}

int alert_list_show_past(Ctl *ctl, unsigned lines, GError **error) {
        static const List list = { past_columns, fill_past, N_("Nothing has been wrong.") };
        BusClient *bus = ctl_bus(ctl, error);
        g_autoptr(sd_bus_message) reply =
                        bus ? bus_client_call(bus, "ListPastAlerts", error, "u", lines) : NULL;

        return show(ctl, &list, reply, error);
}

int alert_list_show_silences(Ctl *ctl, GError **error) {
        static const List list = { silence_columns, fill_silences, N_("No alert is silenced.") };
        BusClient *bus = ctl_bus(ctl, error);
        g_autoptr(sd_bus_message) reply = bus ? bus_client_call(bus, "ListSilences", error, NULL) : NULL;

        return show(ctl, &list, reply, error);
}

/* The first value of each row. */
static char **ids(sd_bus_message *reply, const char *row) {
        g_autoptr(GStrvBuilder) list = g_strv_builder_new();
        g_autofree char *rest = g_strndup(row + 2, strlen(row) - 3);
        const char *id;

        if (!reply || sd_bus_message_enter_container(reply, 'a', row) <= 0)
                return g_strv_builder_end(list);
        while (sd_bus_message_enter_container(reply, 'r', NULL) > 0) {
                if (sd_bus_message_read(reply, "s", &id) <= 0 || sd_bus_message_skip(reply, rest) < 0 ||
                    sd_bus_message_exit_container(reply) < 0)
                        break;
                g_strv_builder_add(list, id);
        }
        return g_strv_builder_end(list);
}

char **alert_list_ids(BusClient *bus) {
        g_autoptr(sd_bus_message) reply = bus_client_peek(bus, "ListAlerts", NULL);

        return ids(reply, ALERT);
}

char **alert_list_silence_ids(BusClient *bus) {
        g_autoptr(sd_bus_message) reply = bus_client_peek(bus, "ListSilences", NULL);

        return ids(reply, SILENCE);
}

unsigned alert_list_count(BusClient *bus) {
        g_auto(GStrv) all = alert_list_ids(bus);

        return g_strv_length(all);
}
