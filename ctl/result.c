/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command answered, whatever its shape, as text for people. */
#include "result.h"

#include <glib/gi18n.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "node-text.h"
#include "when.h"

bool result_is_list(json_object *result) {
        if (!json_object_is_type(result, json_type_array))
                return false;
        for (size_t i = 0; i < json_object_array_length(result); i++)
                if (!json_object_is_type(json_object_array_get_idx(result, i), json_type_object))
                        return false;
        return true;
}

/* The names of all members, in the order in which they first come. */
static GPtrArray *collect_keys(const ResultRow *rows, unsigned n) {
        GPtrArray *keys = g_ptr_array_new();

        for (unsigned i = 0; i < n; i++)
                for (size_t j = 0; j < json_object_array_length(rows[i].result); j++) {
                        json_object_object_foreach (json_object_array_get_idx(rows[i].result, j), key,
                                                    value) {
                                (void) value;
                                if (key[0] &&
                                    !g_ptr_array_find_with_equal_func(keys, key, g_str_equal, NULL))
                                        g_ptr_array_add(keys, key);
                        }
                }
        return keys;
}

static Color color_of(const char *key, const char *value) {
        static const char *const good[] = { "running", "healthy", NULL };
        static const char *const bad[] = { "exited", "dead", "unhealthy", NULL };

        if (!value[0] || (strcmp(key, "state") != 0 && strcmp(key, "health") != 0))
                return COLOR_NONE;
        if (g_strv_contains(good, value))
                return COLOR_GOOD;
        return g_strv_contains(bad, value) ? COLOR_BAD : COLOR_WARN;
}

/* Agents give times as RFC 3339 has them. */
static bool parse_time(const char *text, uint64_t *ret) {
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);

        if (!time || g_date_time_to_unix(time) < 0)
                return false;
        *ret = (uint64_t) g_date_time_to_unix(time) * USEC_PER_SEC;
        return true;
}

static void add_node(Table *t, json_object *node) {
        Color color;
        g_autofree char *text = node_text(node, &color);

        table_add_value(t, color, text, json_object_get(node));
}

static void add_value(Table *t, const char *key, json_object *value, uint64_t now_usec) {
        g_autofree char *text = json_plain(value);
        uint64_t time;

        if (strcmp(key, "node") == 0 && json_object_is_type(value, json_type_object))
                add_node(t, value);
        else if (strcmp(key, "started") == 0 && parse_time(text, &time)) {
                g_autofree char *ago = when_ago(time, now_usec);

                table_add_value(t, COLOR_DIM, ago, json_object_get(value));
        } else {
                table_add_value(t, color_of(key, text), text, json_object_get(value));
        }
}

static void free_headings(ColumnInfo *columns) {
        for (ColumnInfo *c = columns; c->key; c++)
                g_free((char *) c->heading);
        g_free(columns);
}

/* Known names have a translation; others are shown as they are. */
static char *make_heading(const char *key) {
        static const char *const known[] = {
                N_("NAME"),     N_("IMAGE"),   N_("STATE"), N_("HEALTH"),
                N_("RESTARTS"), N_("STARTED"), N_("NODE"),  NULL,
        };
        g_autofree char *upper = g_ascii_strup(key, -1);

        return g_strdup(g_strv_contains(known, upper) ? _(upper) : upper);
}

static ColumnInfo *make_columns(const GPtrArray *keys, bool with_clients) {
        ColumnInfo *columns = g_new0(ColumnInfo, keys->len + 2), *c = columns;

        if (with_clients)
                *c++ = (ColumnInfo){ "client", g_strdup(_("CLIENT")) };
        for (unsigned i = 0; i < keys->len; i++)
                *c++ = (ColumnInfo){ keys->pdata[i], make_heading(keys->pdata[i]), COLUMN_SHRINK };
        return columns;
}

char *result_format_lists(const ResultRow *rows, unsigned n, bool with_clients, uint64_t now_usec,
                          const TableStyle *style) {
        g_autoptr(GPtrArray) keys = collect_keys(rows, n);
        ColumnInfo *columns = make_columns(keys, with_clients);
        Table *t = table_new(columns);
        char *text;

        for (unsigned i = 0; i < n; i++)
                for (size_t j = 0; j < json_object_array_length(rows[i].result); j++) {
                        json_object *object = json_object_array_get_idx(rows[i].result, j);

                        if (with_clients)
                                table_add_colored(t, COLOR_STRONG, rows[i].client);
                        for (unsigned k = 0; k < keys->len; k++)
                                add_value(t, keys->pdata[k], json_member(object, keys->pdata[k]), now_usec);
                }
        text = table_format(t, style);
        (void) table_free(t);
        free_headings(columns);
        return text;
}

char *result_format_members(json_object *result, uint64_t now_usec, const TableStyle *style) {
        static const char *const said[] = { "container", "state", "error", NULL };
        g_autoptr(GString) out = g_string_new(NULL);
        TableStyle plain = *style;

        plain.legend = false;
        if (json_object_is_type(result, json_type_object)) {
                static const ColumnInfo columns[] = { { "name", "name" }, { "value", "value" }, {} };
                g_autoptr(Table) t = table_new(columns);
                g_autofree char *text = NULL;

                json_object_object_foreach (result, key, value) {
                        if (g_strv_contains(said, key))
                                continue;
                        table_add_colored(t, COLOR_DIM, key);
                        add_value(t, key, value, now_usec);
                }
                text = table_format(t, &plain);
                g_string_append(out, text);
        }
        return g_string_free(g_steal_pointer(&out), false);
}

const char *result_output(json_object *result) {
        if (json_object_is_type(result, json_type_object))
                result = json_member(result, "output");
        return json_object_is_type(result, json_type_string) ? json_object_get_string(result) : NULL;
}

static char *describe_end(const CommandReport *r) {
        g_autofree char *title = command_report_title(r);
        CommandState state = _COMMAND_STATE_MAX;

        (void) command_state_from_string(r->state, &state);
        switch (state) {
        case COMMAND_FAILED:
                return g_strdup_printf(_("%s: %s failed"), r->client, title);
        case COMMAND_REJECTED:
                return g_strdup_printf(_("%s refused %s"), r->client, title);
        case COMMAND_TIMED_OUT:
                return g_strdup_printf(_("%s: %s took too long"), r->client, title);
        case COMMAND_CANCELLED:
                return g_strdup_printf(_("%s: %s was cancelled"), r->client, title);
        case COMMAND_EXPIRED:
                return g_strdup_printf(_("%s: %s was never sent, for the client stayed away"), r->client,
                                       title);
        case COMMAND_INTERRUPTED:
                return g_strdup_printf(_("%s: %s was interrupted, and whether it took effect is not known"),
                                       r->client, title);
        default:
                return g_strdup_printf("%s: %s %s", r->client, title, r->state);
        }
}

char *result_failure(const CommandReport *r) {
        g_autofree char *end = describe_end(r);

        return g_strdup_printf("%s%s%s (%s)", end, r->error[0] ? ": " : "", r->error, r->id);
}

json_object *result_report_json(const CommandReport *r) {
        json_object *o = json_object_new_object();

        json_object_object_add(o, "id", json_object_new_string(r->id));
        json_object_object_add(o, "client", json_object_new_string(r->client));
        json_object_object_add(o, "command", json_object_new_string(r->command));
        json_object_object_add(o, "container", json_object_new_string(r->container));
        json_object_object_add(o, "state", json_object_new_string(r->state));
        json_object_object_add(o, "batch", json_object_new_string(r->batch));
        json_object_object_add(o, "requested", json_object_new_uint64(r->requested));
        json_object_object_add(o, "sent", json_object_new_uint64(r->sent));
        json_object_object_add(o, "started", json_object_new_uint64(r->started));
        json_object_object_add(o, "finished", json_object_new_uint64(r->finished));
        json_object_object_add(o, "caller_uid", json_object_new_uint64(r->caller_uid));
        json_object_object_add(o, "parameters", json_object_get(r->parameters));
        json_object_object_add(o, "result", json_object_get(r->result));
        json_object_object_add(o, "error", json_object_new_string(r->error));
        return o;
}
