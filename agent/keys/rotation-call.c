/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of a rotation that must not happen twice.
 *
 *   1. When were the keys of this node rotated last?
 *   2. Is the node well? (system_health, and for the message system_syncState)
 *   3. Does its runtime want to know the owner? (rpc_methods)
 *   4. Which key files are there?
 *   5. All of that is written down. From here on a kill is found out about afterwards (rotation-look.h).
 *   6. The node is asked for new keys. */
#include "rotation-call.h"

#include "clock.h"
#include "error.h"
#include "json-path.h"
#include "json-rpc.h"
#include "keystore-list.h"
#include "node-health.h"
#include "node.h"
#include "rotation-age.h"
#include "text.h"

struct RotationCall {
        Loop *loop;
        Docker *docker;
        AgentDb *db;
        const NodeConfig *config;
        char *id, *container;
        bool force;
        CallDone done;
        void *userdata;

        Node *node;
        KeystoreList *list;
        const char *owner; /* whom the node is told; NULL: nobody */
        RotationIntent *intent;
        bool committed, withdrawn;
        struct Ticket *ticket; /* of the call to the database under way */
};

/* The database calls back whatever becomes of us meanwhile. */
typedef struct Ticket {
        RotationCall *call; /* NULL: gone */
} Ticket;

static Ticket *ticket_new(RotationCall *c) {
        c->ticket = g_new(Ticket, 1);
        c->ticket->call = c;
        return c->ticket;
}

static RotationCall *ticket_redeem(Ticket *t) {
        RotationCall *c = t->call;

        g_free(t);
        if (c)
                c->ticket = NULL;
        return c;
}

/* "3node4 refused to rotate: the node is syncing. --force overrides." */
static void refuse(RotationCall *c, CommandState state, const char *why, bool can_force) {
        g_autofree char *text = g_strdup_printf("%s refused to rotate: %s%s", c->container, why,
                                                can_force ? ". --force overrides." : "");
        const CallResult r = { .end = CALL_REFUSED, .state = state, .problem = text };

        c->done(&r, c->userdata);
}

/* What stands in the way is no rule of ours. */
static void fail(RotationCall *c, const char *problem) {
        const CallResult r = { .end = CALL_REFUSED, .state = COMMAND_FAILED, .problem = problem };

        c->done(&r, c->userdata);
}

static void fail_question(RotationCall *c, const char *method, const NodeAnswer *a) {
        g_autofree char *text = g_strdup_printf("%s does not answer %s, nothing was rotated: %s",
                                                c->container, method, a->problem);

        fail(c, text);
}

static void end(RotationCall *c, CallEnd how, const char *problem) {
        const CallResult r = { .end = how, .problem = problem, .intent = c->intent };

        c->done(&r, c->userdata);
}

/* 6 */

static void call_node(RotationCall *c);

static void called(const NodeAnswer *a, void *userdata) {
        static const CallEnd ends[] = {
                [NODE_REFUSED] = CALL_DECLINED,
                [NODE_UNASKED] = CALL_UNASKED,
                [NODE_LOST] = CALL_LOST,
        };
        RotationCall *c = userdata;
        const char *keys = json_string_at(a->result, "keys"); /* with an owner */

        if (a->outcome == NODE_ANSWERED) {
                const CallResult r = { .end = CALL_ANSWERED,
                                       .intent = c->intent,
                                       .session_keys = keys ?: json_object_get_string(a->result) ?: "null",
                                       .proof = json_string_at(a->result, "proof") };

                c->done(&r, c->userdata);
        } else if (a->outcome == NODE_REFUSED && a->code == JSON_RPC_METHOD_NOT_FOUND && c->owner) {
                c->owner = NULL;
                call_node(c);
        } else
                end(c, ends[a->outcome], a->problem);
}

static void call_node(RotationCall *c) {
        json_object *params = json_object_new_array();

        if (c->owner)
                (void) json_object_array_add(params, json_object_new_string(c->owner));
        node_ask(c->node, c->owner ? "author_rotateKeysWithOwner" : "author_rotateKeys", params, called, c);
}

/* 5 */

static void written(const char *problem, void *userdata) {
        RotationCall *c = ticket_redeem(userdata);

        if (!c)
                return;
        if (problem) {
                g_autofree char *text =
                                g_strdup_printf("%s was not asked to rotate, because the agent cannot "
                                                "write it down: %s",
                                                c->container, problem);

                c->committed = false;
                fail(c, text);
        } else if (c->withdrawn)
                end(c, CALL_UNASKED, "withdrawn before the node was asked");
        else
                call_node(c);
}

static void keys_listed(const char *path, const KeyNames *names, const GError *error, void *userdata) {
        RotationCall *c = userdata;

        if (error) {
                fail(c, error->message);
                return;
        }
        c->intent = g_new(RotationIntent, 1);
        *c->intent = (RotationIntent){ g_strdup(c->id), g_strdup(c->container), g_strdup(path),
                                       key_names_to_text(names) };
        rotation_age_begin(c->intent);
        c->committed = true;
        rotation_table_begin(c->db, c->intent, written, ticket_new(c));
}

/* 4 */

static void list_keys(RotationCall *c) {
        c->list = keystore_list_new(c->loop, c->docker, c->container,
                                    node_config_keystore(c->config, c->container), node_inspect(c->node),
                                    keys_listed, c);
}

/* 3 */

static bool offers(json_object *methods, const char *name) {
        json_object *list = json_at(methods, "methods");

        if (!json_object_is_type(list, json_type_array))
                return false;
        for (size_t i = 0; i < json_object_array_length(list); i++)
                if (g_strcmp0(json_object_get_string(json_object_array_get_idx(list, i)), name) == 0)
                        return true;
        return false;
}

static void methods_told(const NodeAnswer *a, void *userdata) {
        RotationCall *c = userdata;

        if (a->outcome != NODE_ANSWERED && a->outcome != NODE_REFUSED) {
                fail_question(c, "rpc_methods", a);
                return;
        }
        if (!offers(a->result, "author_rotateKeysWithOwner"))
                c->owner = NULL;
        list_keys(c);
}

static void ask_methods(RotationCall *c) {
        c->owner = node_config_owner(c->config, c->container);
        if (c->owner)
                node_ask(c->node, "rpc_methods", NULL, methods_told, c);
        else
                list_keys(c);
}

/* 2 */

static void sync_state_told(const NodeAnswer *a, void *userdata) {
        RotationCall *c = userdata;
        g_autofree char *text = node_syncing_text(a->result);

        refuse(c, COMMAND_REJECTED, text, true);
}

static void health_told(const NodeAnswer *a, void *userdata) {
        RotationCall *c = userdata;
        g_autoptr(GError) error = NULL;
        bool syncing = false;

        if (a->outcome != NODE_ANSWERED)
                fail_question(c, "system_health", a);
        else if (node_health_check(a->result, &syncing, &error))
                ask_methods(c);
        else if (syncing)
                node_ask(c->node, "system_syncState", NULL, sync_state_told, c);
        else
                refuse(c,
                       g_error_matches(error, FLEET_ERROR, FLEET_ERROR_REJECTED) ? COMMAND_REJECTED
                                                                                 : COMMAND_FAILED,
                       error->message, true);
}

static void opened(const GError *error, void *userdata) {
        RotationCall *c = userdata;

        if (error)
                fail(c, error->message);
        else if (c->force)
                ask_methods(c);
        else
                node_ask(c->node, "system_health", NULL, health_told, c);
}

/* 1 */

static void last_told(uint64_t last_usec, const char *problem, void *userdata) {
        RotationCall *c = ticket_redeem(userdata);
        uint64_t now = now_realtime(), interval;

        if (!c)
                return;
        interval = c->config->rotate_interval_usec;
        if (problem) {
                g_autofree char *text = g_strdup_printf("the agent's database cannot be read: %s", problem);

                refuse(c, COMMAND_FAILED, text, false);
        } else if (!c->force && last_usec <= now &&
                   now - last_usec < interval) { /* or the clock was wrong */
                g_autofree char *
                                ago = text_duration(now - last_usec),
                               *least = text_duration(interval),
                               *text = g_strdup_printf(
                                               "its keys were rotated %s ago, and [Keys] RotateInterval= is %s",
                                               ago, least);

                refuse(c, COMMAND_REJECTED, text, true);
        } else
                c->node = node_open(c->loop, c->docker, c->config, c->container, opened, c);
}

RotationCall *rotation_call_new(Loop *l, Docker *d, AgentDb *db, const NodeConfig *config, const char *id,
                                const char *container, bool force, CallDone done, void *userdata) {
        RotationCall *c = g_new0(RotationCall, 1);

        c->loop = l;
        c->docker = d;
        c->db = db;
        c->config = config;
        c->id = g_strdup(id);
        c->container = g_strdup(container);
        c->force = force;
        c->done = done;
        c->userdata = userdata;
        rotation_table_last(db, container, last_told, ticket_new(c));
        return c;
}

bool rotation_call_is_committed(const RotationCall *c) {
        return c->committed;
}

void rotation_call_withdraw(RotationCall *c) {
        c->withdrawn = true;
}

RotationCall *rotation_call_free(RotationCall *c) {
        if (!c)
                return NULL;
        if (c->ticket)
                c->ticket->call = NULL;
        (void) keystore_list_free(c->list);
        (void) node_free(c->node);
        (void) rotation_intent_free(c->intent);
        g_free(c->id);
        g_free(c->container);
        g_free(c);
        return NULL;
}
