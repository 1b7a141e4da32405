/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The JSON-RPC calls of the test node: those of Substrate that we and operators use, with the answers of a validator
 * that is well, until a test writes something else into the control directory:
 *
 *   syncing             exists: the node is behind, and catching up
 *   peers               number of peers (8)
 *   best                number of the best block, which comes to nothing more (one more every 6 s)
 *   registered          session keys: an account has registered these on the chain (none)
 *   owner-keys          exists: a newer runtime, which has author_rotateKeysWithOwner
 *   stop-delay          milliseconds between SIGTERM and the end (0)
 *   METHOD.delay        milliseconds before this call is looked at (0)
 *   METHOD.result       the JSON that this call answers instead of doing anything
 *   METHOD.error        "CODE MESSAGE": the error that this call answers instead of doing anything
 *   METHOD.drop         exists: the call is done, but the connection closed without an answer
 *   events              written by the node: one line "start", "stop" or "rotate KEYS" each time
 */
#include "rpc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "keystore.h"

#define FIRST_BLOCK 1204331U
#define BLOCK_SECONDS 6
#define BLOCKS_BEHIND 172689U /* when syncing */
#define FINALITY_LAG 2U

enum { RPC_METHOD_NOT_FOUND = -32601, RPC_INVALID_PARAMS = -32602, RPC_INTERNAL_ERROR = -32603 };

/* The text of a control file without its final newline, to be freed; NULL where there is none. */
static char *control_text(const Node *node, const char *name, const char *suffix) {
        char path[512], *text;
        ssize_t n;
        int fd;

        snprintf(path, sizeof path, "%s/%s%s", node->control, name, suffix);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return NULL;
        text = calloc(1, 4096);
        n = text ? read(fd, text, 4095) : 0;
        close(fd);
        while (n > 0 && text[n - 1] == '\n')
                text[--n] = '\0';
        return text;
}

static bool control_exists(const Node *node, const char *name, const char *suffix) {
        char path[512];

        snprintf(path, sizeof path, "%s/%s%s", node->control, name, suffix);
        return access(path, F_OK) == 0;
}

static long control_number(const Node *node, const char *name, const char *suffix, long fallback) {
        char *text = control_text(node, name, suffix);
        long value = text ? strtol(text, NULL, 10) : fallback;

        free(text);
        return value;
}

long node_control_number(const Node *node, const char *name, long fallback) {
        return control_number(node, name, "", fallback);
}

void node_event(const Node *node, const char *what, const char *detail) {
        char path[512];
        int fd;

        snprintf(path, sizeof path, "%s/events", node->control);
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (fd < 0)
                return;
        dprintf(fd, "%s%s%s\n", what, detail ? " " : "", detail ?: "");
        close(fd);
}

bool node_syncing(const Node *node) {
        return control_exists(node, "syncing", "");
}

unsigned node_peers(const Node *node) {
        return (unsigned) control_number(node, "peers", "", 8);
}

unsigned node_highest(const Node *node) {
        return FIRST_BLOCK + (unsigned) (time(NULL) / BLOCK_SECONDS % 1000000);
}

unsigned node_best(const Node *node) {
        unsigned best = node_highest(node) - (node_syncing(node) ? BLOCKS_BEHIND : 0);

        return (unsigned) control_number(node, "best", "", best);
}

static void add_hex(json_object *object, const char *key, unsigned value) {
        char text[16];

        snprintf(text, sizeof text, "0x%x", value);
        json_object_object_add(object, key, json_object_new_string(text));
}

/* A hash that says its block's number in its last digits, so that it can be asked for again. */
static json_object *block_hash(unsigned number) {
        char text[2 + 64 + 1];

        snprintf(text, sizeof text, "0x%08x%08x%08x%08x%08x%08x%08x%08x", number * 2654435761U,
                 number * 40503U, number ^ 0x9e3779b9U, number * 97U, ~number, number * 31U, number * 7U,
                 number);
        return json_object_new_string(text);
}

static unsigned hash_number(json_object *params, unsigned fallback) {
        const char *hash = json_object_get_string(json_object_array_get_idx(params, 0));

        return hash && strlen(hash) == 2 + 64 ? (unsigned) strtoul(hash + 2 + 56, NULL, 16) : fallback;
}

static json_object *header(unsigned number) {
        json_object *o = json_object_new_object(), *digest = json_object_new_object();

        json_object_object_add(o, "parentHash", block_hash(number - 1));
        add_hex(o, "number", number);
        json_object_object_add(o, "stateRoot", block_hash(number * 3));
        json_object_object_add(o, "extrinsicsRoot", block_hash(number * 5));
        json_object_object_add(digest, "logs", json_object_new_array());
        json_object_object_add(o, "digest", digest);
        return o;
}

static int call_rotate(const Node *node, json_object *params, json_object **ret) {
        char keys[SESSION_KEY_HEX + 1];
        int r = keystore_rotate(node->keystore, keys);

        if (r < 0)
                return RPC_INTERNAL_ERROR;
        node_event(node, "rotate", keys);
        *ret = json_object_new_string(keys);
        return 0;
}

static int call_rotate_with_owner(const Node *node, json_object *params, json_object **ret) {
        json_object *keys, *o;
        int r;

        if (!control_exists(node, "owner-keys", ""))
                return RPC_METHOD_NOT_FOUND;
        if (!json_object_is_type(json_object_array_get_idx(params, 0), json_type_string))
                return RPC_INVALID_PARAMS;
        r = call_rotate(node, params, &keys);
        if (r < 0)
                return r;

        o = json_object_new_object();
        json_object_object_add(o, "keys", keys);
        json_object_object_add(o, "proof", block_hash(node_best(node)));
        *ret = o;
        return 0;
}

static int call_has_session_keys(const Node *node, json_object *params, json_object **ret) {
        const char *keys = json_object_get_string(json_object_array_get_idx(params, 0));

        if (!keys)
                return RPC_INVALID_PARAMS;
        *ret = json_object_new_boolean(keystore_has_session_keys(node->keystore, keys));
        return 0;
}

static int call_has_key(const Node *node, json_object *params, json_object **ret) {
        const char *key = json_object_get_string(json_object_array_get_idx(params, 0));
        const char *type = json_object_get_string(json_object_array_get_idx(params, 1));

        if (!key || !type)
                return RPC_INVALID_PARAMS;
        *ret = json_object_new_boolean(keystore_has_key(node->keystore, key, type));
        return 0;
}

static int call_health(const Node *node, json_object *params, json_object **ret) {
        json_object *o = json_object_new_object();

        json_object_object_add(o, "peers", json_object_new_int64(node_peers(node)));
        json_object_object_add(o, "isSyncing", json_object_new_boolean(node_syncing(node)));
        json_object_object_add(o, "shouldHavePeers", json_object_new_boolean(true));
        *ret = o;
        return 0;
}

static int call_version(const Node *node, json_object *params, json_object **ret) {
        *ret = json_object_new_string("3.39.0-lab");
        return 0;
}

static int call_sync_state(const Node *node, json_object *params, json_object **ret) {
        json_object *o = json_object_new_object();

        json_object_object_add(o, "startingBlock", json_object_new_int64(FIRST_BLOCK - BLOCKS_BEHIND));
        json_object_object_add(o, "currentBlock", json_object_new_int64(node_best(node)));
        json_object_object_add(o, "highestBlock", json_object_new_int64(node_highest(node)));
        *ret = o;
        return 0;
}

static int call_header(const Node *node, json_object *params, json_object **ret) {
        *ret = header(hash_number(params, node_best(node)));
        return 0;
}

static int call_block(const Node *node, json_object *params, json_object **ret) {
        json_object *o = json_object_new_object(), *block = json_object_new_object();

        json_object_object_add(block, "header", header(hash_number(params, node_best(node))));
        json_object_object_add(block, "extrinsics", json_object_new_array());
        json_object_object_add(o, "block", block);
        json_object_object_add(o, "justifications", NULL);
        *ret = o;
        return 0;
}

static int call_finalized(const Node *node, json_object *params, json_object **ret) {
        *ret = block_hash(node_best(node) - FINALITY_LAG);
        return 0;
}

static int call_epoch_authorship(const Node *node, json_object *params, json_object **ret) {
        *ret = json_object_new_object();
        return 0;
}

#define ACCOUNT "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"

static bool ends_with(const char *text, const char *end, size_t n) {
        return strlen(text) >= n && strncmp(text + strlen(text) - n, end, n) == 0;
}

/* Session.KeyOwner of the first key, and Session.NextKeys of the account: what a map is asked for is the end of its key. */
static int call_storage(const Node *node, json_object *params, json_object **ret) {
        const char *key = json_object_get_string(json_object_array_get_idx(params, 0));
        char *registered = control_text(node, "registered", "");
        const size_t n = 2 * PUBLIC_KEY_BYTES;

        *ret = NULL;
        if (key && registered && strlen(registered) >= 2 + n && ends_with(key, registered + 2, n))
                *ret = json_object_new_string("0x" ACCOUNT);
        else if (key && registered && ends_with(key, ACCOUNT, n))
                *ret = json_object_new_string(registered);
        free(registered);
        return key ? 0 : RPC_INVALID_PARAMS;
}

static int call_methods(const Node *node, json_object *params, json_object **ret);

static const struct {
        const char *name;
        /* Returns 0 and the result, or one of the RPC_… codes. */
        int (*call)(const Node *node, json_object *params, json_object **ret);
} methods[] = {
        { "author_hasKey", call_has_key },
        { "author_hasSessionKeys", call_has_session_keys },
        { "author_rotateKeys", call_rotate },
        { "author_rotateKeysWithOwner", call_rotate_with_owner },
        { "babe_epochAuthorship", call_epoch_authorship },
        { "chain_getBlock", call_block },
        { "chain_getFinalizedHead", call_finalized },
        { "chain_getHeader", call_header },
        { "rpc_methods", call_methods },
        { "state_getStorage", call_storage },
        { "system_health", call_health },
        { "system_syncState", call_sync_state },
        { "system_version", call_version },
};
#define N_METHODS (sizeof methods / sizeof *methods)

static int call_methods(const Node *node, json_object *params, json_object **ret) {
        json_object *o = json_object_new_object(), *list = json_object_new_array();

        for (size_t i = 0; i < N_METHODS; i++)
                if (methods[i].call != call_rotate_with_owner || control_exists(node, "owner-keys", ""))
                        json_object_array_add(list, json_object_new_string(methods[i].name));
        json_object_object_add(o, "methods", list);
        *ret = o;
        return 0;
}

static json_object *error_object(int code, const char *message) {
        json_object *o = json_object_new_object();

        json_object_object_add(o, "code", json_object_new_int(code));
        json_object_object_add(o, "message", json_object_new_string(message));
        return o;
}

static const char *code_message(int code) {
        return code == RPC_METHOD_NOT_FOUND ? "Method not found"
               : code == RPC_INVALID_PARAMS ? "Invalid params"
                                            : "Internal error";
}

/* Does what the control files or else the method say; sets exactly one of result and error in answer. */
static void dispatch(const Node *node, const char *method, json_object *params, json_object *answer) {
        char *fixed_error = control_text(node, method, ".error"),
             *fixed_result = control_text(node, method, ".result");
        json_object *result = NULL;
        int r = RPC_METHOD_NOT_FOUND;

        if (fixed_error) {
                char *message;
                long code = strtol(fixed_error, &message, 10);

                json_object_object_add(answer, "error",
                                       error_object((int) code, *message == ' ' ? message + 1 : message));
        } else if (fixed_result)
                json_object_object_add(answer, "result", json_tokener_parse(fixed_result));
        else {
                for (size_t i = 0; i < N_METHODS; i++)
                        if (strcmp(methods[i].name, method) == 0)
                                r = methods[i].call(node, params, &result);
                if (r == 0)
                        json_object_object_add(answer, "result", result);
                else
                        json_object_object_add(answer, "error", error_object(r, code_message(r)));
        }
        free(fixed_error);
        free(fixed_result);
}

json_object *node_call(const Node *node, const char *text) {
        json_object *request = json_tokener_parse(text), *params, *answer = json_object_new_object();
        const char *method = json_object_get_string(json_object_object_get(request, "method"));
        bool drop = false;

        json_object_object_add(answer, "jsonrpc", json_object_new_string("2.0"));
        if (!method || strchr(method, '/'))
                json_object_object_add(answer, "error", error_object(-32600, "Invalid request"));
        else {
                params = json_object_object_get(request, "params");
                if (!json_object_is_type(params, json_type_array)) { /* may be left out */
                        params = json_object_new_array();
                        json_object_object_add(request, "params", params);
                }
                usleep((useconds_t) control_number(node, method, ".delay", 0) * 1000);
                dispatch(node, method, params, answer);
                drop = control_exists(node, method, ".drop");
        }
        json_object_object_add(answer, "id", json_object_get(json_object_object_get(request, "id")));
        json_object_put(request);

        if (drop) {
                json_object_put(answer);
                return NULL;
        }
        return answer;
}
