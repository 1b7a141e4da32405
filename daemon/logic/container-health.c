/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a client's containers are well again, from what its command status says of them. */
#include "container-health.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

static json_object *member(json_object *o, const char *name) {
        json_object *value = NULL;

        (void) json_object_object_get_ex(o, name, &value);
        return value;
}

/* "" for what is no text. */
static const char *text_of(json_object *o, const char *name) {
        json_object *value = member(o, name);

        return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static bool is_true(json_object *value) {
        return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

static char *peers_text(int64_t peers) {
        if (peers <= 0)
                return g_strdup("no peers");
        return g_strdup_printf("%" G_GINT64_FORMAT " peer%s", peers, peers == 1 ? "" : "s");
}

/* node: what the node says of itself, or {"error"} where it does not answer. */
static char *node_problem(json_object *node) {
        json_object *peers = member(node, "peers"), *syncing = member(node, "syncing"),
                    *should_have = member(node, "should_have_peers");
        g_autofree char *how_many = NULL;

        if (!json_object_is_type(peers, json_type_int) || !json_object_is_type(syncing, json_type_boolean))
                return g_strdup("the node does not answer");
        how_many = peers_text(json_object_get_int64(peers));
        if (is_true(syncing))
                return g_strdup_printf("syncing, %s", how_many);
        /* A node of a chain of its own says that it needs none. */
        if (json_object_get_int64(peers) <= 0 && (!should_have || is_true(should_have)))
                return g_steal_pointer(&how_many);
        return NULL;
}

static char *problem_of(json_object *container, bool *nodes) {
        const char *state = text_of(container, "state"), *health = text_of(container, "health"),
                   *error = text_of(container, "error");
        json_object *node = member(container, "node");

        if (error[0])
                return g_strdup(error);
        if (strcmp(state, "running") != 0)
                return g_strdup(state[0] ? state : "of unknown state");
        if (health[0] && strcmp(health, "healthy") != 0)
                return g_strdup(health);
        if (!json_object_is_type(node, json_type_object))
                return NULL;
        *nodes = true;
        return node_problem(node);
}

char *container_health_problem(json_object *result) {
        bool nodes = false;

        if (!json_object_is_type(result, json_type_array))
                return g_strdup("its status to be a list of containers");
        for (size_t i = 0; i < json_object_array_length(result); i++) {
                json_object *container = json_object_array_get_idx(result, i);
                g_autofree char *problem = problem_of(container, &nodes);

                if (problem)
                        return g_strdup_printf("%s: %s", text_of(container, "name"), problem);
        }
        return nodes ? NULL : g_strdup("a node that tells whether it is synced");
}
