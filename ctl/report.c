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

static sd_bus_message *ask_properties(const CommandReport *r, BusClient *bus, GError **error) {
        return bus_client_properties_request(bus, r->path, MSERVER_IFACE_COMMAND, error);
}

static bool take_properties(CommandReport *r, sd_bus_message *reply, GError **error) {
        g_autoptr(json_object) p = bus_client_properties_read(reply, error);

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

static sd_bus_message *ask_result(const CommandReport *r, BusClient *bus, GError **error) {
        return bus_client_message(bus, r->path, MSERVER_IFACE_COMMAND, "GetResult", error);
}

static bool take_result(CommandReport *r, sd_bus_message *reply, GError **error) {
        const char *parameters, *result, *text;
        int e;

        if (!bus_client_check_answer(reply, error))
                return false;
        e = sd_bus_message_read(reply, "sss", &parameters, &result, &text);
        if (e < 0)
                return bus_fail_errno(error, e);
        set_json(&r->parameters, parameters);
        set_json(&r->result, result);
        set_text(&r->error, text);
        return true;
}

bool command_report_read(CommandReport *r, BusClient *bus, GError **error) {
        sd_bus_message *m = ask_properties(r, bus, error);
        g_autoptr(sd_bus_message) reply = m ? bus_client_send(bus, m, error) : NULL;

        return reply && take_properties(r, reply, error);
}

bool command_report_read_result(CommandReport *r, BusClient *bus, GError **error) {
        sd_bus_message *m = ask_result(r, bus, error);
        g_autoptr(sd_bus_message) reply = m ? bus_client_send(bus, m, error) : NULL;

        return reply && take_result(r, reply, error);
}

static void unref_message(gpointer m) {
        sd_bus_message_unref(m);
}

static bool read_each(GPtrArray *reports, BusClient *bus,
                      sd_bus_message *(*ask)(const CommandReport *, BusClient *, GError **),
                      bool (*take)(CommandReport *, sd_bus_message *, GError **), GError **error) {
        g_autoptr(GPtrArray) requests = g_ptr_array_new_with_free_func(unref_message), replies = NULL;

        for (unsigned i = 0; i < reports->len; i++) {
                sd_bus_message *m = ask(reports->pdata[i], bus, error);

                if (!m)
                        return false;
                g_ptr_array_add(requests, m);
        }
        replies = bus_client_send_all(bus, requests, error);
        for (unsigned i = 0; replies && i < replies->len; i++)
                if (!take(reports->pdata[i], replies->pdata[i], error))
                        return false;
        return replies != NULL;
}

bool command_reports_read(GPtrArray *reports, BusClient *bus, GError **error) {
        return read_each(reports, bus, ask_properties, take_properties, error) &&
               read_each(reports, bus, ask_result, take_result, error);
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
