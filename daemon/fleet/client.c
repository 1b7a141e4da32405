/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One agent on one host, and its row in the store. */
#include "client.h"

#include <json-c/json.h>

#include "command-table.h"

static GHashTable *labels_new(void) {
        return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

Client *client_new(const char *id) {
        Client *c = g_new0(Client, 1);

        c->id = g_strdup(id);
        c->host = g_strdup("");
        c->version = g_strdup("");
        c->address = g_strdup("");
        c->labels = labels_new();
        c->commands = g_new0(char *, 1);
        return c;
}

Client *client_free(Client *c) {
        if (!c)
                return NULL;
        g_free(c->id);
        g_free(c->host);
        g_free(c->version);
        g_free(c->address);
        g_hash_table_unref(c->labels);
        g_strfreev(c->commands);
        g_free(c->stats);
        g_free(c->summary);
        g_free(c);
        return NULL;
}

static void read_labels(GHashTable *labels, const char *text) {
        json_object *o = text ? json_tokener_parse(text) : NULL;

        if (json_object_is_type(o, json_type_object)) {
                json_object_object_foreach (o, key, value)
                        g_hash_table_replace(labels, g_strdup(key), g_strdup(json_object_get_string(value)));
        }
        json_object_put(o);
}

static char **read_commands(const char *text) {
        g_autoptr(GStrvBuilder) names = g_strv_builder_new();
        json_object *o = text ? json_tokener_parse(text) : NULL;

        if (json_object_is_type(o, json_type_array))
                for (size_t i = 0; i < json_object_array_length(o); i++)
                        g_strv_builder_add(names, json_object_get_string(json_object_array_get_idx(o, i)));
        json_object_put(o);
        return g_strv_builder_end(names);
}

Client *client_from_record(const ClientRecord *r) {
        Client *c = client_new(r->id);

        g_free(c->host);
        g_free(c->version);
        g_free(c->address);
        g_strfreev(c->commands);
        c->host = g_strdup(r->host ?: "");
        c->version = g_strdup(r->version ?: "");
        c->address = g_strdup(r->address ?: "");
        read_labels(c->labels, r->labels);
        c->commands = read_commands(r->commands);
        c->online = r->online;
        c->revoked = r->revoked;
        c->since = r->since;
        c->last_seen = r->last_seen;
        return c;
}

static char *labels_text(GHashTable *labels) {
        json_object *o = json_object_new_object();
        GHashTableIter i;
        void *key, *value;
        char *text;

        g_hash_table_iter_init(&i, labels);
        while (g_hash_table_iter_next(&i, &key, &value))
                json_object_object_add(o, key, json_object_new_string(value));
        text = g_strdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
        json_object_put(o);
        return text;
}

static char *commands_text(char *const *commands) {
        json_object *o = json_object_new_array();
        char *text;

        for (; *commands; commands++)
                json_object_array_add(o, json_object_new_string(*commands));
        text = g_strdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
        json_object_put(o);
        return text;
}

void client_to_record(const Client *c, ClientRecord *ret) {
        *ret = (ClientRecord){
                .id = c->id,
                .host = c->host,
                .version = c->version,
                .address = c->address,
                .labels = labels_text(c->labels),
                .commands = commands_text(c->commands),
                .online = c->online,
                .revoked = c->revoked,
                .since = c->since,
                .last_seen = c->last_seen,
        };
}

void client_record_clear_texts(ClientRecord *r) {
        g_clear_pointer(&r->labels, g_free);
        g_clear_pointer(&r->commands, g_free);
}

char **client_commands(const Client *c) {
        g_autoptr(GStrvBuilder) names = g_strv_builder_new();

        if (c->commands[0])
                return g_strdupv(c->commands);
        for (const CommandInfo *i = command_table; i->name; i++)
                g_strv_builder_add(names, i->name);
        return g_strv_builder_end(names);
}

bool client_offers(const Client *c, const char *command) {
        if (c->commands[0])
                return g_strv_contains((const char *const *) c->commands, command);
        return command_info(command) != NULL;
}
