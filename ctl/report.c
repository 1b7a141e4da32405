/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that there is to read about one command. */
#include "report.h"

#include <string.h>

#include "bus-error.h"
#include "json.h"
#include "names.h"

CommandReport *command_report_new(const char *id, const char *path) {
        CommandReport *r = g_new0(CommandReport, 1);

        r->id = g_strdup(id);
        r->path = g_strdup(path);
        r->client = g_strdup("");
        r->command = g_strdup("");
        r->container = g_strdup("");
        r->state = g_strdup("");
        r->batch = g_strdup("");
        r->error = g_strdup("");
        return r;
}

CommandReport *command_report_free(CommandReport *r) {
        if (!r)
                return NULL;
        g_free(r->id);
        g_free(r->path);
        g_free(r->client);
        g_free(r->command);
        g_free(r->container);
        g_free(r->state);
        g_free(r->batch);
        g_free(r->error);
        json_object_put(r->parameters);
        json_object_put(r->result);
        g_free(r);
        return NULL;
}

/* GetCommand also brings one that ended long ago back onto the bus. */
CommandReport *command_report_find(BusClient *bus, const char *id, GError **error) {
        g_autoptr(sd_bus_message) reply = bus_client_call(bus, "GetCommand", error, "s", id);
        const char *path;
        int r;

        if (!reply)
                return NULL;
        r = sd_bus_message_read(reply, "o", &path);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return NULL;
        }
        return command_report_new(id, path);
}

static void set_text(char **where, const char *text) {
        g_free(*where);
        *where = g_strdup(text);
}

static void set_json(json_object **where, const char *text) {
        json_object_put(*where);
        *where = json_tokener_parse(text);
}

bool command_report_read(CommandReport *r, BusClient *bus, GError **error) {
        g_autoptr(json_object) p = bus_client_properties(bus, r->path, MSERVER_IFACE_COMMAND, error);

        if (!p)
                return false;
        set_text(&r->client, json_text(p, "Client"));
        set_text(&r->command, json_text(p, "Command"));
        set_text(&r->container, json_text(p, "Container"));
        set_text(&r->state, json_text(p, "State"));
        set_text(&r->batch, json_text(p, "Batch"));
        r->requested = json_uint(p, "Requested");
        r->sent = json_uint(p, "Sent");
        r->started = json_uint(p, "Started");
        r->finished = json_uint(p, "Finished");
        r->caller_uid = json_uint(p, "CallerUid");
        return true;
}

bool command_report_read_result(CommandReport *r, BusClient *bus, GError **error) {
        const char *parameters, *result, *text;
        g_autoptr(sd_bus_message) m = NULL, reply = NULL;
        int e;

        m = bus_client_message(bus, r->path, MSERVER_IFACE_COMMAND, "GetResult", error);
        reply = m ? bus_client_send(bus, g_steal_pointer(&m), error) : NULL;
        if (!reply)
                return false;
        e = sd_bus_message_read(reply, "sss", &parameters, &result, &text);
        if (e < 0)
                return bus_fail_errno(error, e);
        set_json(&r->parameters, parameters);
        set_json(&r->result, result);
        set_text(&r->error, text);
        return true;
}

bool command_report_succeeded(const CommandReport *r) {
        return strcmp(r->state, command_state_to_string(COMMAND_SUCCEEDED)) == 0;
}

bool command_report_is_final(const CommandReport *r) {
        CommandState state;

        return command_state_from_string(r->state, &state) && command_state_is_final(state);
}

uint64_t command_report_duration(const CommandReport *r) {
        return r->sent > 0 && r->finished > r->sent ? r->finished - r->sent : 0;
}

char *command_report_title(const CommandReport *r) {
        return g_strjoin(r->container[0] ? " " : "", r->command, r->container, NULL);
}
