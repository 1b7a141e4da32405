/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a node does, in its own words. */
#include "node-picture.h"

#include <glib.h>
#include <string.h>

#include "json-path.h"
#include "session-registry.h"
#include "text.h"

#define VERSION_SHOWN_MAX 64

/* Where the pallet "Staking" keeps "ActiveEra": twox128 of both names. */
#define ACTIVE_ERA "0x5f3e4907f716ac89b6347d15ececedca487df464e44a534ba6b0cbb32407b587"

enum {
        HEALTH,
        HEADER,
        FINALIZED,
        SYNC_STATE,
        VERSION,
        N_QUICK,
        ERA = N_QUICK,
        AUTHORSHIP,
        OWNER,
        N_QUESTIONS
};
G_STATIC_ASSERT(N_QUESTIONS == NODE_QUESTIONS_MAX);

static const struct {
        const char *method, *param;
} questions[] = {
        [HEALTH] = { "system_health" },
        [HEADER] = { "chain_getHeader" },
        [FINALIZED] = { "chain_getFinalizedHead" },
        [SYNC_STATE] = { "system_syncState" },
        [VERSION] = { "system_version" },
        [ERA] = { "state_getStorage", ACTIVE_ERA },
        [AUTHORSHIP] = { "babe_epochAuthorship" },
        [OWNER] = { "state_getStorage" }, /* of a key: only with session keys */
};

static char *request(unsigned id, const char *method, const char *param) {
        json_object *params = param ? json_object_new_array() : NULL;
        char *text;

        if (param)
                (void) json_object_array_add(params, json_object_new_string(param));
        text = json_rpc_request(id, method, params);
        json_object_put(params);
        return text;
}

char **node_picture_questions(bool slow, const char *session_keys) {
        unsigned n = !slow ? N_QUICK : session_keys ? N_QUESTIONS : OWNER;
        g_autofree char *owner = n > OWNER ? session_registry_owner_key(session_keys) : NULL;
        char **texts = g_new0(char *, n + 1);

        for (unsigned i = 0; i < n; i++)
                texts[i] = request(i + 1, questions[i].method, i == OWNER ? owner : questions[i].param);
        return texts;
}

json_object *node_picture_problem(const char *problem) {
        json_object *o = json_object_new_object();

        json_add_string(o, "error", problem);
        return o;
}

/* "0x1260cb", as headers have it. */
static bool block_number(json_object *header, uint64_t *ret) {
        const char *hex = json_string_at(header, "number");
        char *end;

        if (!hex || !g_str_has_prefix(hex, "0x") || !g_ascii_isxdigit(hex[2]) || strlen(hex) > 18)
                return false;
        *ret = g_ascii_strtoull(hex + 2, &end, 16);
        return !*end;
}

/* ActiveEraInfo begins with the index: four bytes, the lowest first. */
static bool era_index(json_object *storage, uint64_t *ret) {
        const char *hex = json_object_get_string(storage);
        uint64_t index = 0;

        if (!hex || !g_str_has_prefix(hex, "0x") || strspn(hex + 2, "0123456789abcdefABCDEF") < 8)
                return false;
        for (unsigned i = 0; i < 4; i++)
                index |= (uint64_t) (g_ascii_xdigit_value(hex[2 + 2 * i]) << 4 |
                                     g_ascii_xdigit_value(hex[3 + 2 * i]))
                         << (8 * i);
        *ret = index;
        return true;
}

/* Of each of the node's own authorities the slots of this epoch, by how they are claimed. */
static bool has_slot(json_object *authorship) {
        json_object_object_foreach (authorship, account, claims) {
                (void) account;
                if (!json_object_is_type(claims, json_type_object))
                        continue;
                json_object_object_foreach (claims, kind, slots) {
                        (void) kind;
                        if (json_object_is_type(slots, json_type_array) &&
                            json_object_array_length(slots) > 0)
                                return true;
                }
        }
        return false;
}

static void copy_member(json_object *to, json_object *from, const char *name) {
        json_object *value = json_at(from, name);

        if (value)
                (void) json_object_object_add(to, name, json_object_get(value));
}

static void add_health(json_object *o, json_object *health) {
        copy_member(o, health, "peers");
        (void) json_object_object_add(o, "syncing", json_object_get(json_at(health, "isSyncing")));
        (void) json_object_object_add(o, "should_have_peers",
                                      json_object_new_boolean(!json_at(health, "shouldHavePeers") ||
                                                              json_bool_at(health, "shouldHavePeers")));
}

/* The highest block that its peers have told of; a node that is alone or ahead of them knows none above its own. */
static void add_blocks(json_object *o, json_object *header, json_object *sync_state) {
        uint64_t best, target;

        if (!block_number(header, &best))
                return;
        json_add_uint(o, "best", best);
        if (json_uint_at(sync_state, "highestBlock", &target))
                json_add_uint(o, "target", MAX(best, target));
}

static void add_slow(json_object *o, json_object *storage, json_object *authorship) {
        uint64_t era;

        if (era_index(storage, &era))
                json_add_uint(o, "era", era);
        if (json_object_is_type(authorship, json_type_object))
                (void) json_object_object_add(o, "active_validator",
                                              json_object_new_boolean(has_slot(authorship)));
}

/* Nobody's keys are not registered; somebody's may still be others by now, which the follow-up tells. */
static void add_owner(json_object *o, const JsonRpcAnswer *a) {
        const char *account;

        if (a->given && !a->refused && session_registry_owner(a->result, &account) == SESSION_OWNER_NONE)
                (void) json_object_object_add(o, "keys_registered", json_object_new_boolean(false));
}

static bool tells_health(json_object *health) {
        uint64_t peers;

        return json_object_is_type(json_at(health, "isSyncing"), json_type_boolean) &&
               json_uint_at(health, "peers", &peers);
}

json_object *node_picture_read(const JsonRpcAnswer *answers, bool slow, const char *session_keys,
                               json_object *before) {
        json_object *o, *version = answers[VERSION].result;
        const JsonRpcAnswer *health = &answers[HEALTH];

        if (!tells_health(health->result))
                return node_picture_problem(health->refused ? health->message
                                            : health->given ? "its answer to system_health has no \"peers\""
                                                            : "no answer to system_health");
        o = json_object_new_object();
        add_health(o, health->result);
        add_blocks(o, answers[HEADER].result, answers[SYNC_STATE].result);
        if (json_object_is_type(version, json_type_string)) {
                g_autofree char *shown = text_shown(json_object_get_string(version), VERSION_SHOWN_MAX);

                json_add_string(o, "version", shown);
        }
        if (slow) {
                add_slow(o, answers[ERA].result, answers[AUTHORSHIP].result);
                if (session_keys)
                        add_owner(o, &answers[OWNER]);
        } else {
                copy_member(o, before, "era");
                copy_member(o, before, "active_validator");
                copy_member(o, before, "keys_registered");
        }
        return o;
}

char **node_picture_follow_up(const JsonRpcAnswer *answers, NodeFollowUp ret_about[_NODE_FOLLOW_UP_MAX]) {
        json_object *hash = answers[FINALIZED].result;
        char **texts = g_new0(char *, _NODE_FOLLOW_UP_MAX + 1);
        const char *account;
        unsigned n = 0;

        if (json_object_is_type(hash, json_type_string)) {
                ret_about[n++] = NODE_FINALIZED_HEADER;
                texts[n - 1] = request(n, "chain_getHeader", json_object_get_string(hash));
        }
        if (session_registry_owner(answers[OWNER].result, &account) == SESSION_OWNER_ACCOUNT) {
                g_autofree char *key = session_registry_next_keys_key(account);

                ret_about[n++] = NODE_NEXT_KEYS;
                texts[n - 1] = request(n, "state_getStorage", key);
        }
        if (n == 0)
                g_clear_pointer(&texts, g_free);
        return texts;
}

static void add_finalized(json_object *picture, const JsonRpcAnswer *a) {
        uint64_t best, finalized;

        if (!block_number(a->result, &finalized))
                return;
        json_add_uint(picture, "finalized", finalized);
        if (json_uint_at(picture, "best", &best))
                json_add_uint(picture, "finality_lag", best - MIN(best, finalized));
}

static void add_next_keys(json_object *picture, const JsonRpcAnswer *a, const char *session_keys) {
        bool registered;

        if (a->given && !a->refused && session_registry_compare(a->result, session_keys, &registered))
                (void) json_object_object_add(picture, "keys_registered",
                                              json_object_new_boolean(registered));
}

void node_picture_add(json_object *picture, NodeFollowUp about, const JsonRpcAnswer *a,
                      const char *session_keys) {
        if (about == NODE_FINALIZED_HEADER)
                add_finalized(picture, a);
        else
                add_next_keys(picture, a, session_keys);
}
