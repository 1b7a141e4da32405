/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager's methods about commands that were sent: finding and ending them. */
#include <stddef.h>

#include "batch-bus.h"
#include "bus-internal.h"
#include "bus-options.h"
#include "command-bus.h"
#include "error.h"
#include "ident.h"
#include "limits.h"
#include "manager-methods.h"
#include "paths.h"

/* The state comes as text. */
typedef struct FilterOptions {
        CommandFilter filter;
        const char *state;
} FilterOptions;

static const BusOption filter_options[] = {
        { "client", 's', offsetof(FilterOptions, filter.client) },
        { "command", 's', offsetof(FilterOptions, filter.command) },
        { "state", 's', offsetof(FilterOptions, state) },
        { "batch", 's', offsetof(FilterOptions, filter.batch) },
        { "since", 't', offsetof(FilterOptions, filter.since) },
        { "until", 't', offsetof(FilterOptions, filter.until) },
        { "limit", 'u', offsetof(FilterOptions, filter.limit) },
        {},
};

static bool fail_state(const char *state, GError **error) {
        g_autoptr(GString) known = g_string_new(NULL);

        for (unsigned i = 0; i < _COMMAND_STATE_MAX; i++)
                g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", command_state_to_string(i));
        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "\"%s\" is no state: expected one of %s",
                          state, known->str);
}

bool manager_parse_filter(Request *r, sd_bus_message *m, GError **error) {
        FilterOptions o = { .filter = { .state = -1, .limit = LIST_COMMANDS_DEFAULT } };
        CommandState state;

        if (!bus_options_read(m, filter_options, &o, error))
                return false;
        if (o.state) {
                if (!command_state_from_string(o.state, &state))
                        return fail_state(o.state, error);
                o.filter.state = (int) state;
        }
        if (o.filter.limit < 1 || o.filter.limit > LIST_COMMANDS_MAX)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "Option \"limit\" is %u: expected 1 to %d", o.filter.limit,
                                  LIST_COMMANDS_MAX);
        r->args.filter = o.filter;
        r->subject.client = g_strdup(o.filter.client);
        r->subject.command = g_strdup(o.filter.command);
        return true;
}

bool manager_parse_command(Request *r, sd_bus_message *m, GError **error) {
        if (!manager_read_string(m, &r->args.id, error))
                return false;
        if (!command_id_is_valid(r->args.id))
                return fleet_fail(error, FLEET_ERROR_NO_SUCH_COMMAND,
                                  "\"%s\" is no command id: expected one as SendCommand returns it",
                                  r->args.id);
        return true;
}

bool manager_parse_batch(Request *r, sd_bus_message *m, GError **error) {
        return manager_read_string(m, &r->args.id, error) && batch_find_of(r, error);
}

void manager_get_command(Request *r) {
        g_autofree char *path = command_path(r->args.id);

        signals_watch_command(r->bus->signals, r->args.id);
        request_reply(r, "o", path);
}

static int append_command(sd_bus_message *m, const void *row) {
        const CommandRecord *c = row;

        return sd_bus_message_append(m, "(sssstts)", c->id, c->client, c->command,
                                     command_state_to_string(c->state), c->requested, c->finished,
                                     c->error ?: "");
}

static void on_rows(StoreStatus status, GPtrArray *rows, void *userdata) {
        g_autoptr(Request) r = userdata;

        request_reply_rows(r, status, rows, "(sssstts)", append_command);
}

void manager_list_commands(Request *r) {
        Store *s = r->bus->server->store;

        s->ops->list_commands(s->engine, &r->args.filter, on_rows, request_ref(r));
}
