/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Client objects: what an agent said of itself, as properties. */
#include "client-bus.h"

#include "bus-internal.h"
#include "dict.h"
#include "names.h"
#include "paths.h"

const char *client_state(const Client *c) {
        return c->online ? "online" : "offline";
}

static int get_state(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "s", client_state(userdata));
}

/* The object is the Client; strings and times are read from where they stand in it. */
static int get_commands(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        g_auto(GStrv) names = client_commands(userdata);

        return sd_bus_message_append_strv(reply, names);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Id", "s", NULL, offsetof(Client, id), SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Host", "s", NULL, offsetof(Client, host), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("State", "s", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Address", "s", NULL, offsetof(Client, address),
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Version", "s", NULL, offsetof(Client, version),
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Since", "t", NULL, offsetof(Client, since), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LastSeen", "t", NULL, offsetof(Client, last_seen), 0),
        SD_BUS_PROPERTY("Labels", "a{ss}", dict_property_get, offsetof(Client, labels),
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Commands", "as", get_commands, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

static int find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                sd_bus_error *ret_error) {
        Bus *b = userdata;
        g_autofree char *id = client_id_from_path(path);
        Client *c = id ? fleet_find(b->server->fleet, id) : NULL;

        if (!c)
                return 0;
        *ret_found = c;
        return 1;
}

static int enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
                     sd_bus_error *ret_error) {
        Bus *b = userdata;
        g_autoptr(GPtrArray) clients = fleet_list(b->server->fleet);
        char **nodes = g_new0(char *, clients->len + 1);

        for (guint i = 0; i < clients->len; i++)
                nodes[i] = client_path(((const Client *) g_ptr_array_index(clients, i))->id);
        *ret_nodes = nodes;
        return 0;
}

int client_bus_publish(Bus *b) {
        int r;

        r = sd_bus_add_fallback_vtable(b->connection, NULL, MSERVER_CLIENT_ROOT, MSERVER_IFACE_CLIENT,
                                       vtable, find, b);
        return r < 0 ? r
                     : sd_bus_add_node_enumerator(b->connection, NULL, MSERVER_CLIENT_ROOT, enumerate, b);
}
