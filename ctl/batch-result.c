/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a broadcast ended, client by client, with what each answered. */
#include "batch-result.h"

#include <glib/gi18n.h>
#include <string.h>

#include "clock.h"
#include "command-list.h"
#include "json.h"
#include "names.h"
#include "report.h"
#include "result.h"
#include "when.h"

#define SKIPPED "skipped"
#define PLANNED "planned"

static const ColumnInfo columns[] = {
        { "client", N_("CLIENT") },
        { "state", N_("STATE") },
        { "finished", N_("TOOK"), COLUMN_RIGHT },
        { "id", N_("ID") },
        { "error", N_("ERROR"), COLUMN_SHRINK },
        {},
};

static void report_free(gpointer data) {
        (void) command_report_free(data);
}

static int compare(gconstpointer a, gconstpointer b) {
        return strcmp((*(CommandReport *const *) a)->client, (*(CommandReport *const *) b)->client);
}

/* By client. */
static GPtrArray *read_reports(BusClient *bus, const BatchReport *batch, GError **error) {
        g_autoptr(GPtrArray) reports = g_ptr_array_new_with_free_func(report_free);
        GHashTableIter i;
        gpointer id;

        g_hash_table_iter_init(&i, batch->ids);
        while (g_hash_table_iter_next(&i, &id, NULL)) {
                g_autofree char *path = g_strconcat(MSERVER_COMMAND_ROOT "/", id, NULL);

                g_ptr_array_add(reports, command_report_new(id, path));
        }
        if (!command_reports_read(reports, bus, error))
                return NULL;
        g_ptr_array_sort(reports, compare);
        return g_steal_pointer(&reports);
}

static void replace(char **where, const char *text) {
        g_free(*where);
        *where = g_strdup(text);
}

/* Of its own kind for a client that has no command, so that everything after this treats all alike. */
static CommandReport *report_without(json_object *client, const char *state, const char *error) {
        CommandReport *r = command_report_new("", "");

        replace(&r->client, json_text(client, "Id"));
        replace(&r->state, state);
        replace(&r->error, error);
        return r;
}

static void add_skipped(GPtrArray *reports, const BatchReport *batch, const Broadcast *b) {
        g_autoptr(GHashTable) sent = g_hash_table_new(g_str_hash, g_str_equal);

        for (unsigned i = 0; i < reports->len; i++)
                g_hash_table_add(sent, ((CommandReport *) reports->pdata[i])->client);
        for (unsigned i = 0; i < b->clients->len; i++) {
                json_object *client = b->clients->pdata[i];
                g_autofree char *obstacle = broadcast_obstacle(b, client);
                CommandReport *r;

                if (g_hash_table_contains(sent, json_text(client, "Id")))
                        continue;
                r = report_without(client, SKIPPED, obstacle ?: _("its turn did not come"));
                replace(&r->batch, batch->id);
                g_ptr_array_add(reports, r);
        }
        g_ptr_array_sort(reports, compare);
}

static void print_json(const Ctl *ctl, const GPtrArray *reports) {
        g_autoptr(json_object) array = json_object_new_array();

        for (unsigned i = 0; i < reports->len; i++)
                json_object_array_add(array, result_report_json(reports->pdata[i]));
        ctl_print_json(ctl, array);
}

/* Lists go together into one table, texts one below the other; what is left is told by how it ended. */
static bool is_list(const CommandReport *r) {
        return command_report_succeeded(r) && result_is_list(r->result);
}

static void append_lists(GString *out, const GPtrArray *reports, const TableStyle *style) {
        g_autoptr(GArray) rows = g_array_new(false, false, sizeof(ResultRow));
        g_autofree char *text = NULL;

        for (unsigned i = 0; i < reports->len; i++) {
                const CommandReport *r = reports->pdata[i];
                ResultRow row = { r->client, r->result };

                if (is_list(r))
                        g_array_append_val(rows, row);
        }
        if (rows->len == 0)
                return;
        text = result_format_lists((const ResultRow *) rows->data, rows->len, true, now_realtime(), style);
        g_string_append(out, text);
}

static void append_outputs(GString *out, const GPtrArray *reports, const Terminal *terminal) {
        for (unsigned i = 0; i < reports->len; i++) {
                const CommandReport *r = reports->pdata[i];
                const char *output = result_output(r->result);

                if (!output || !output[0])
                        continue;
                g_string_append_printf(out, "%s==> %s <==%s\n%s%s", terminal_color(terminal, COLOR_STRONG),
                                       r->client, terminal_reset(terminal, COLOR_STRONG), output,
                                       g_str_has_suffix(output, "\n") ? "" : "\n");
        }
}

static void add_row(Table *t, const CommandReport *r) {
        g_autofree char *took = when_span(command_report_duration(r));
        bool skipped = strcmp(r->state, SKIPPED) == 0;

        table_add_colored(t, COLOR_STRONG, r->client);
        table_add_colored(t, skipped ? COLOR_WARN : command_state_color(r->state), r->state);
        table_add(t, r->finished > 0 ? took : NULL);
        table_add_colored(t, COLOR_DIM, r->id);
        table_add(t, r->error);
}

static void append_ends(GString *out, const GPtrArray *reports, const TableStyle *style) {
        g_autoptr(Table) table = table_new(columns);
        g_autofree char *text = NULL;

        for (unsigned i = 0; i < reports->len; i++)
                if (!is_list(reports->pdata[i]))
                        add_row(table, reports->pdata[i]);
        if (table_rows(table) == 0)
                return;
        text = table_format(table, style);
        g_string_append_printf(out, "%s%s", out->len > 0 ? "\n" : "", text);
}

bool batch_result_print(Ctl *ctl, const BatchReport *batch, const Broadcast *b, GError **error) {
        TableStyle style = { ctl->terminal, ctl->style.legend, ctl->style.full };
        g_autoptr(GPtrArray) reports = read_reports(ctl->bus, batch, error);
        g_autoptr(GString) out = g_string_new(NULL);

        if (!reports)
                return false;
        add_skipped(reports, batch, b);
        if (ctl->style.json != JSON_OFF) {
                print_json(ctl, reports);
                return true;
        }
        append_lists(out, reports, &style);
        append_outputs(out, reports, &style.terminal);
        append_ends(out, reports, &style);
        ctl_print(ctl, out->str);
        return true;
}

void batch_result_print_plan(Ctl *ctl, const Broadcast *b, json_object *planned) {
        static const ColumnInfo plan_columns[] = {
                { "client", N_("CLIENT") },
                { "state", N_("STATE") },
                { "error", N_("ERROR"), COLUMN_SHRINK },
                {},
        };
        g_autoptr(Table) table = table_new(plan_columns);

        for (unsigned i = 0; i < b->clients->len; i++) {
                const char *id = json_text(b->clients->pdata[i], "Id");
                g_autofree char *obstacle = broadcast_obstacle(b, b->clients->pdata[i]);
                bool sent = json_member(planned, id) != NULL;

                table_add_colored(table, COLOR_STRONG, id);
                table_add_colored(table, sent ? COLOR_NONE : COLOR_WARN, sent ? PLANNED : SKIPPED);
                table_add(table, sent ? NULL : obstacle);
        }
        ctl_print_table(ctl, table, false);
}
