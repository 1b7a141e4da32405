/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The containers that clients manage, as their latest statistics have them. */
#include "client-containers.h"

#include <string.h>

#include "json.h"
#include "node-text.h"

static json_object *copy_members(json_object *from) {
        static const char *const names[] = { "name", "state", "health" };
        json_object *o = json_object_new_object();

        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
                json_object_object_add(o, names[i], json_object_get(json_member(from, names[i])));
        if (json_object_is_type(json_member(from, "node"), json_type_object))
                json_object_object_add(o, "node", json_object_get(json_member(from, "node")));
        return o;
}

static json_object *read_reply(sd_bus_message *reply) {
        g_autoptr(json_object) stats = NULL;
        const char *text, *summary;
        json_object *from, *containers;

        if (sd_bus_message_is_method_error(reply, NULL) ||
            sd_bus_message_read(reply, "ss", &text, &summary) < 0)
                return NULL;
        stats = json_tokener_parse(text);
        from = json_member(stats, "containers");
        if (!json_object_is_type(from, json_type_array))
                return NULL;
        containers = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(from); i++) {
                json_object *c = json_object_array_get_idx(from, i);

                if (json_text(c, "name")[0])
                        json_object_array_add(containers, copy_members(c));
        }
        return containers;
}

static void put_object(gpointer object) {
        json_object_put(object);
}

static void unref_message(gpointer m) {
        sd_bus_message_unref(m);
}

GPtrArray *client_containers_read(BusClient *bus, const char *const *ids, GError **error) {
        g_autoptr(GPtrArray) requests = g_ptr_array_new_with_free_func(unref_message), replies = NULL;
        GPtrArray *all;

        for (; *ids; ids++) {
                sd_bus_message *m = bus_client_request(bus, "GetLatestStats", NULL, 0, error, "s", *ids);

                if (!m)
                        return NULL;
                /* Nice to have, but worth no password. */
                (void) sd_bus_message_set_allow_interactive_authorization(m, false);
                g_ptr_array_add(requests, m);
        }
        replies = bus_client_send_all(bus, requests, error);
        if (!replies)
                return NULL;
        all = g_ptr_array_new_with_free_func(put_object);
        for (unsigned i = 0; i < replies->len; i++)
                g_ptr_array_add(all, read_reply(replies->pdata[i]));
        return all;
}

char **client_containers_names(BusClient *bus, const char *id) {
        const char *const ids[] = { id, NULL };
        g_autoptr(GPtrArray) all = client_containers_read(bus, ids, NULL);
        json_object *containers = all ? all->pdata[0] : NULL;
        GPtrArray *names;

        if (!containers)
                return NULL;
        names = g_ptr_array_new();
        for (size_t i = 0; i < json_object_array_length(containers); i++) {
                json_object *c = json_object_array_get_idx(containers, i);

                if (strcmp(json_text(c, "state"), "absent") != 0)
                        g_ptr_array_add(names, g_strdup(json_text(c, "name")));
        }
        g_ptr_array_add(names, NULL);
        return (char **) g_ptr_array_free(names, false);
}

/* What there is to say of one that runs; "" where it is well, or where all of it is said behind. */
static const char *complaint(json_object *c, bool full) {
        const char *health = json_text(c, "health");

        if (health[0] && strcmp(health, "healthy") != 0)
                return health;
        return (full ? NULL : node_trouble(json_member(c, "node"))) ?: "";
}

static void append_mark(Table *t, json_object *c, bool full, const Terminal *terminal) {
        const char *state = json_text(c, "state");
        bool runs = strcmp(state, "running") == 0;
        const char *said = runs ? complaint(c, full) : state;
        bool well = !said[0];
        Color color = !runs ? COLOR_BAD : well ? COLOR_GOOD : COLOR_WARN;
        g_autofree char *mark = g_strconcat(" ", terminal_glyph(terminal, runs ? GLYPH_ON : GLYPH_OFF),
                                            said[0] ? " " : "", said, NULL);

        table_append(t, color, mark);
}

static void append_node(Table *t, json_object *node) {
        Color color;
        g_autofree char *text = node_text(node, &color), *shown = g_strdup_printf(" (%s)", text);

        table_append(t, color, shown);
}

void client_containers_add(Table *t, json_object *containers, bool online, bool full,
                           const Terminal *terminal) {
        size_t n = containers ? json_object_array_length(containers) : 0;

        table_add_value(t, COLOR_NONE, NULL, json_object_get(containers));
        for (size_t i = 0; i < n; i++) {
                json_object *c = json_object_array_get_idx(containers, i);

                if (i > 0)
                        table_append(t, COLOR_NONE, " ");
                table_append(t, online ? COLOR_NONE : COLOR_DIM, json_text(c, "name"));
                if (online)
                        append_mark(t, c, full, terminal);
                if (online && full && json_member(c, "node"))
                        append_node(t, json_member(c, "node"));
        }
}
