/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows a broadcast to the end of its last command.
 *
 * The counts are the service's own, told by the batch's properties; its object goes when all has ended. */
#include "batch.h"

#include <glib/gi18n.h>
#include <string.h>

#include "bus-error.h"
#include "bus-json.h"
#include "error.h"
#include "json.h"
#include "names.h"
#include "state.h"

#define PATIENCE 1 /* interrupts: the first cancels */
#define LEARN_MAX \
        256 /* clients of a batch whose ids are asked for while it runs: of more the line shows counts alone */

typedef struct Watch {
        BusClient *bus;
        BatchReport *report;
        BatchChanged changed;
        void *userdata;
        sd_bus_slot *slots[4];
        bool ended, lost;
} Watch;

void batch_report_clear(BatchReport *r) {
        g_clear_pointer(&r->id, g_free);
        g_clear_pointer(&r->path, g_free);
        g_clear_pointer(&r->state, g_free);
        g_clear_pointer(&r->status, g_free);
        g_clear_pointer(&r->last, g_free);
        g_clear_pointer(&r->ids, g_hash_table_unref);
}

static void take_count(json_object *properties, const char *name, unsigned *where) {
        if (json_member(properties, name))
                *where = (unsigned) json_uint(properties, name);
}

/* {client: id} */
static void take_commands(BatchReport *r, json_object *commands) {
        if (!json_object_is_type(commands, json_type_object))
                return;
        json_object_object_foreach (commands, client, id) {
                (void) client;
                g_hash_table_add(r->ids, g_strdup(json_object_get_string(id)));
        }
}

static void take_text(json_object *properties, const char *name, char **where) {
        if (!json_member(properties, name))
                return;
        g_free(*where);
        *where = g_strdup(json_text(properties, name));
}

static void take_properties(Watch *w, json_object *properties) {
        BatchReport *r = w->report;

        take_count(properties, "Total", &r->total);
        take_count(properties, "Sent", &r->sent);
        take_count(properties, "Succeeded", &r->succeeded);
        take_count(properties, "Failed", &r->failed);
        take_count(properties, "Skipped", &r->skipped);
        take_text(properties, "State", &r->state);
        take_text(properties, "Status", &r->status);
        take_commands(r, json_member(properties, "Commands"));
        w->changed(r, w->userdata);
}

static bool is_ours(const Watch *w, const char *path) {
        return w->report->path && strcmp(path, w->report->path) == 0;
}

static int on_properties(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        g_autoptr(json_object) properties = NULL;
        Watch *w = userdata;

        if (is_ours(w, sd_bus_message_get_path(m)) && sd_bus_message_skip(m, "s") >= 0 &&
            bus_read_json(m, &properties) > 0)
                take_properties(w, properties);
        return 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Watch *w = userdata;
        const char *path;

        if (sd_bus_message_read(m, "o", &path) >= 0 && is_ours(w, path))
                w->ended = true;
        return 0;
}

static int on_state(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *id, *client, *command, *text;
        Watch *w = userdata;
        CommandState state;

        if (sd_bus_message_read(m, "ssss", &id, &client, &command, &text) < 0 ||
            !g_hash_table_contains(w->report->ids, id) || !command_state_from_string(text, &state) ||
            !command_state_is_final(state))
                return 0;
        g_free(w->report->last);
        w->report->last = g_strdup(client);
        w->report->last_ok = state == COMMAND_SUCCEEDED;
        w->changed(w->report, w->userdata);
        return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Watch *w = userdata;

        w->lost = true;
        return 0;
}

static int add_match(Watch *w, unsigned i, const char *match, sd_bus_message_handler_t handler) {
        return sd_bus_add_match(bus_client_bus(w->bus), &w->slots[i], match, handler, w);
}

static bool listen(Watch *w, GError **error) {
        int r;

        r = add_match(w, 0,
                      "type='signal',sender='" MSERVER_BUS_NAME
                      "',interface='org.freedesktop.DBus.Properties',"
                      "member='PropertiesChanged',path_namespace='" MSERVER_BATCH_ROOT "'",
                      on_properties);
        if (r >= 0)
                r = add_match(w, 1,
                              "type='signal',sender='" MSERVER_BUS_NAME "',"
                              "interface='org.freedesktop.DBus.ObjectManager',member='InterfacesRemoved'",
                              on_removed);
        if (r >= 0)
                r = add_match(w, 2,
                              "type='signal',sender='" MSERVER_BUS_NAME "',path='" MSERVER_ROOT "',"
                              "interface='" MSERVER_IFACE_MANAGER "',member='CommandStateChanged'",
                              on_state);
        if (r >= 0)
                r = add_match(w, 3,
                              "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                              "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                              "arg0='" MSERVER_BUS_NAME "'",
                              on_owner);
        return r < 0 ? bus_fail_errno(error, r) : true;
}

static bool send_request(Watch *w, sd_bus_message *request, GError **error) {
        const char *id, *path;
        g_autoptr(sd_bus_message) reply = bus_client_send_for_id(w->bus, request, &id, &path, error);
        g_autoptr(json_object) commands = NULL;
        int r;

        if (!reply)
                return false;
        r = bus_read_json(reply, &commands);
        if (r < 0)
                return bus_fail_errno(error, r);
        take_commands(w->report, commands);
        w->report->id = g_strdup(id);
        w->report->path = g_strdup(path);
        w->report->state = g_strdup("");
        w->report->status = g_strdup("");
        return true;
}

/* A batch that was stopped ends with what it has sent. */
static bool has_ended(const BatchReport *r) {
        return *r->state && strcmp(r->state, "running") != 0 && r->succeeded + r->failed >= r->sent;
}

/* How it stands. It may have ended by now, and its signals have come before anybody knew that they were of it. */
static bool read_start(Watch *w, GError **error) {
        g_autoptr(GError) failed = NULL;
        g_autoptr(json_object) p =
                        bus_client_properties(w->bus, w->report->path, MSERVER_IFACE_BATCH, &failed);

        if (p) {
                take_properties(w, p);
                w->ended = w->ended || has_ended(w->report);
        } else if (g_error_matches(failed, FLEET_ERROR, FLEET_ERROR_NO_SUCH_CLIENT))
                w->ended = true;
        else
                g_propagate_error(error, g_steal_pointer(&failed));
        return p || w->ended;
}

static bool step(Watch *w, GError **error) {
        BatchReport *r = w->report;

        if (w->lost)
                return fleet_fail(
                                error, FLEET_ERROR_UNAVAILABLE,
                                _("mserver was stopped or started again during %s; see: mserverctl history --batch %s"),
                                r->id, r->id);
        if (bus_client_interrupts(w->bus) > PATIENCE)
                return fleet_fail(error, FLEET_ERROR_FAILED,
                                  _("left %s before its end; see: mserverctl history --batch %s"), r->id,
                                  r->id);
        if (bus_client_interrupts(w->bus) > 0 && !r->cancelled) {
                g_autoptr(sd_bus_message) reply = bus_client_call(w->bus, "CancelBatch", error, "s", r->id);

                r->cancelled = true;
                return reply != NULL;
        }
        return w->ended ||
               bus_client_turn(w->bus, error); /* a call before may have brought the last signal */
}

/* The ids of commands that were not sent at once are not in the signals. */
static bool learn_ids(Watch *w, GError **error) {
        g_autoptr(json_object) p = NULL;

        if (w->report->sent <= g_hash_table_size(w->report->ids))
                return true;
        p = bus_client_properties(w->bus, w->report->path, MSERVER_IFACE_BATCH, error);
        if (!p)
                return false;
        take_properties(w, p);
        return true;
}

static bool to_the_end(Watch *w, GError **error) {
        if (!read_start(w, error))
                return false;
        while (!w->ended) {
                if (w->report->total <= LEARN_MAX && !learn_ids(w, error))
                        return false;
                if (!step(w, error))
                        return false;
        }
        return learn_ids(w, error);
}

bool batch_follow(BusClient *bus, sd_bus_message *request, BatchChanged changed, void *userdata,
                  BatchReport *r, GError **error) {
        Watch w = { .bus = bus, .report = r, .changed = changed, .userdata = userdata };
        g_autoptr(sd_bus_message) m = request;
        bool ok;

        r->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        bus_client_catch_interrupts(bus, PATIENCE, false);
        ok = listen(&w, error) && send_request(&w, g_steal_pointer(&m), error) && to_the_end(&w, error);
        bus_client_release_interrupts(bus);
        for (unsigned i = 0; i < G_N_ELEMENTS(w.slots); i++)
                sd_bus_slot_unref(w.slots[i]);
        return ok;
}
