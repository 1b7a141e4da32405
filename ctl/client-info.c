/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service knows of its clients, as far as command lines need it: who there is, what each offers and manages. */
#include "client-info.h"

#include <glib/gi18n.h>
#include <string.h>

#include "bus-error.h"
#include "bus-json.h"
#include "error.h"
#include "ident.h"
#include "json.h"
#include "names.h"
#include "text.h"
#include "when.h"

char **client_info_ids(BusClient *bus) {
        g_autoptr(sd_bus_message) reply = bus_client_peek(bus, "ListClients", NULL);
        g_autoptr(GPtrArray) ids = g_ptr_array_new();
        const char *id;

        if (reply && sd_bus_message_enter_container(reply, 'a', "(sssto)") > 0)
                while (sd_bus_message_read(reply, "(sssto)", &id, NULL, NULL, NULL, NULL) > 0)
                        g_ptr_array_add(ids, g_strdup(id));
        g_ptr_array_add(ids, NULL);
        return (char **) g_ptr_array_free(g_steal_pointer(&ids), false);
}

static bool fail_unknown_client(BusClient *bus, const char *id, GError **error) {
        g_auto(GStrv) ids = client_info_ids(bus);
        const char *nearest = text_nearest(id, (const char *const *) ids);

        if (nearest)
                return fleet_fail(error, FLEET_ERROR_NO_SUCH_CLIENT,
                                  _("no client \"%s\"; did you mean \"%s\"?"), id, nearest);
        return fleet_fail(error, FLEET_ERROR_NO_SUCH_CLIENT,
                          _("no client \"%s\"; mserverctl list shows them"), id);
}

json_object *client_info_read(BusClient *bus, const char *id, GError **error) {
        g_autofree char *path = NULL;
        g_autoptr(GError) failed = NULL;
        json_object *info;

        if (!client_id_is_valid(id)) {
                (void) fleet_fail(
                                error, FLEET_ERROR_INVALID_PARAMETER,
                                _("\"%s\" is no client id: expected up to 64 letters, digits, \".\", \"_\" or \"-\""),
                                id);
                return NULL;
        }
        path = bus_client_path(id);
        info = bus_client_properties(bus, path, MSERVER_IFACE_CLIENT, &failed);
        if (info)
                return info;
        if (g_error_matches(failed, FLEET_ERROR, FLEET_ERROR_NO_SUCH_CLIENT))
                (void) fail_unknown_client(bus, id, error);
        else
                g_propagate_error(error, g_steal_pointer(&failed));
        return NULL;
}

bool client_info_check_command(json_object *info, const char *command, GError **error) {
        g_autofree const char **offered = json_strings(json_member(info, "Commands"));
        g_autofree char *all = NULL;
        const char *nearest;

        if (!offered || !offered[0] || g_strv_contains(offered, command))
                return true;
        all = g_strjoinv(", ", (char **) offered);
        nearest = text_nearest(command, offered);
        if (nearest)
                return fleet_fail(error, FLEET_ERROR_UNKNOWN_COMMAND,
                                  _("no command \"%s\"; did you mean \"%s\"? Commands of %s: %s"), command,
                                  nearest, json_text(info, "Id"), all);
        return fleet_fail(error, FLEET_ERROR_UNKNOWN_COMMAND, _("no command \"%s\". Commands of %s: %s"),
                          command, json_text(info, "Id"), all);
}

bool client_info_is_online(json_object *info) {
        return strcmp(json_text(info, "State"), "online") == 0;
}

bool client_info_check_online(json_object *info, uint64_t now_usec, GError **error) {
        uint64_t since = json_uint(info, "Since");
        g_autofree char *ago = when_span(now_usec > since ? now_usec - since : 0);

        if (client_info_is_online(info))
                return true;
        return fleet_fail(error, FLEET_ERROR_NOT_CONNECTED,
                          _("%s has been offline for %s; --queue sends it once it is back"),
                          json_text(info, "Id"), ago);
}

bool client_info_matches(json_object *info, const Selector *selector) {
        g_autoptr(GHashTable) labels = g_hash_table_new(g_str_hash, g_str_equal);
        json_object *all = json_member(info, "Labels");

        if (json_object_is_type(all, json_type_object)) {
                json_object_object_foreach (all, key, value) {
                        g_hash_table_insert(labels, key, (gpointer) json_object_get_string(value));
                }
        }
        return selector_matches(selector, json_text(info, "Id"), labels);
}

static void info_free(gpointer info) {
        json_object_put(info);
}

static int compare(gconstpointer a, gconstpointer b) {
        return strcmp(json_text(*(json_object *const *) a, "Id"),
                      json_text(*(json_object *const *) b, "Id"));
}

/* a{oa{sa{sv}}}, of which only the clients are looked at. */
static int read_objects(sd_bus_message *m, GPtrArray *clients) {
        int r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
                g_autoptr(json_object) interfaces = NULL;
                json_object *client;

                r = sd_bus_message_skip(m, "o");
                if (r >= 0)
                        r = bus_read_json(m, &interfaces);
                if (r < 0)
                        return r;
                client = json_member(interfaces, MSERVER_IFACE_CLIENT);
                if (client)
                        g_ptr_array_add(clients, json_object_get(client));
                r = sd_bus_message_exit_container(m);
        }
        return r;
}

GPtrArray *client_info_list(BusClient *bus, GError **error) {
        g_autoptr(GPtrArray) clients = g_ptr_array_new_with_free_func(info_free);
        g_autoptr(sd_bus_message) m = NULL, reply = NULL;
        int r;

        m = bus_client_message(bus, MSERVER_ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                               error);
        reply = m ? bus_client_send(bus, g_steal_pointer(&m), error) : NULL;
        if (!reply)
                return NULL;
        r = read_objects(reply, clients);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return NULL;
        }
        g_ptr_array_sort(clients, compare);
        return g_steal_pointer(&clients);
}
