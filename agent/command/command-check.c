/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* check_keys: does the node hold these session keys, or this one key? */
#include "command.h"
#include "json-path.h"
#include "node.h"

typedef struct Check {
        CommandContext *context;
        const char *container;
        Node *node;
} Check;

static void fail(Check *c, const char *what, const char *why) {
        g_autofree char *text = g_strdup_printf("%s%s%s", what ?: "", what ? ": " : "", why);

        c->node = node_free(c->node);
        command_finished(c->context, COMMAND_FAILED, NULL, text);
}

static void copy_param(Check *c, json_object *result, const char *name) {
        const char *value = json_string_at(c->context->params, name);

        if (value)
                json_add_string(result, name, value);
}

static void answered(const NodeAnswer *a, void *userdata) {
        Check *c = userdata;
        json_object *result;

        if (a->outcome != NODE_ANSWERED) {
                fail(c, a->outcome == NODE_REFUSED ? "the node refused" : "the node does not answer",
                     a->problem);
                return;
        }
        if (!json_object_is_type(a->result, json_type_boolean)) {
                fail(c, NULL, "the node answered neither yes nor no");
                return;
        }
        result = json_object_new_object();
        json_add_string(result, "container", c->container);
        (void) json_object_object_add(result, "has_keys", json_object_get(a->result));
        copy_param(c, result, "session_keys");
        copy_param(c, result, "public_key");
        copy_param(c, result, "key_type");
        c->node = node_free(c->node);
        command_finished(c->context, COMMAND_SUCCEEDED, result, NULL);
}

static void ask(Check *c) {
        const char *keys = json_string_at(c->context->params, "session_keys"),
                   *key = json_string_at(c->context->params, "public_key"),
                   *type = json_string_at(c->context->params, "key_type");
        json_object *params = json_object_new_array();

        (void) json_object_array_add(params, json_object_new_string(keys ?: key));
        if (!keys)
                (void) json_object_array_add(params, json_object_new_string(type));
        node_ask(c->node, keys ? "author_hasSessionKeys" : "author_hasKey", params, answered, c);
}

static void opened(const GError *error, void *userdata) {
        Check *c = userdata;

        if (error)
                fail(c, NULL, error->message);
        else if (!json_string_at(c->context->params, "session_keys") &&
                 !json_string_at(c->context->params, "public_key"))
                fail(c, NULL,
                     "which keys? expected session_keys=0x…, or public_key=0x… and key_type=gran (say)");
        else
                ask(c);
}

static void *check_start(CommandContext *x) {
        Check *c = g_new0(Check, 1);

        c->context = x;
        c->container = x->containers[0];
        c->node = node_open(x->tools->loop, x->tools->docker, x->tools->config->nodes, c->container, opened,
                            c);
        return c;
}

static void check_stop(void *command) {
        Check *c = command;

        c->node = node_free(c->node);
        command_finished(c->context, COMMAND_CANCELLED, NULL, NULL);
}

static void check_free(void *command) {
        Check *c = command;

        (void) node_free(c->node);
        g_free(c);
}

const CommandType command_type_check_keys = {
        .name = "check_keys",
        .start = check_start,
        .stop = check_stop,
        .free = check_free,
};
