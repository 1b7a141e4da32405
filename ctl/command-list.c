/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that ListCommands finds, as rows. */
#include "command-list.h"

#include "bus-error.h"
#include "state.h"
#include "when.h"

static void row_free(gpointer data) {
        CommandRow *r = data;

        g_free(r->id);
        g_free(r->client);
        g_free(r->command);
        g_free(r->state);
        g_free(r->error);
        g_free(r);
}

static int read_rows(sd_bus_message *m, GPtrArray *rows) {
        int r = sd_bus_message_enter_container(m, 'a', "(sssstts)");
        CommandRow row;

        while (r >= 0 &&
               (r = sd_bus_message_read(m, "(sssstts)", &row.id, &row.client, &row.command, &row.state,
                                        &row.requested, &row.finished, &row.error)) > 0) {
                CommandRow *copy = g_new0(CommandRow, 1);

                *copy = (CommandRow){
                        g_strdup(row.id),    g_strdup(row.client), g_strdup(row.command),
                        g_strdup(row.state), g_strdup(row.error),  row.requested,
                        row.finished,
                };
                g_ptr_array_add(rows, copy);
        }
        return r;
}

GPtrArray *command_list_read(BusClient *bus, json_object *filter, GError **error) {
        g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(row_free);
        g_autoptr(sd_bus_message) m = NULL, reply = NULL;
        int r;

        m = bus_client_request(bus, "ListCommands", &filter, 1, error, NULL);
        reply = m ? bus_client_send(bus, g_steal_pointer(&m), error) : NULL;
        if (!reply)
                return NULL;
        r = read_rows(reply, rows);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return NULL;
        }
        return g_steal_pointer(&rows);
}

char *command_row_took(const CommandRow *r) {
        return r->finished >= r->requested ? when_span(r->finished - r->requested) : NULL;
}

Color command_state_color(const char *state) {
        CommandState s = _COMMAND_STATE_MAX;

        (void) command_state_from_string(state, &s);
        switch (s) {
        case COMMAND_SUCCEEDED:
                return COLOR_GOOD;
        case COMMAND_FAILED:
        case COMMAND_REJECTED:
        case COMMAND_TIMED_OUT:
                return COLOR_BAD;
        case COMMAND_CANCELLED:
        case COMMAND_EXPIRED:
        case COMMAND_INTERRUPTED:
                return COLOR_WARN;
        default:
                return COLOR_NONE;
        }
}
