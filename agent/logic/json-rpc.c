/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON-RPC 2.0, requests and their answers. */
#include "json-rpc.h"

#include <string.h>

#include "error.h"
#include "json-path.h"
#include "json-text.h"
#include "json-values.h"
#include "limits.h"
#include "text.h"

#define SHOWN_MAX 200

char *json_rpc_request(unsigned id, const char *method, json_object *params) {
        GString *out = g_string_new("{\"jsonrpc\":\"2.0\",");

        g_string_append_printf(out, "\"id\":%u,\"method\":", id);
        json_append_string(out, method, strlen(method));
        g_string_append(out, ",\"params\":");
        if (params)
                json_append_object(out, params);
        else
                g_string_append(out, "[]");
        g_string_append_c(out, '}');
        return g_string_free(out, false);
}

/* A node explains in "data" what its "message" only names. */
static char *explain(json_object *error) {
        const char *message = json_string_at(error, "message"), *data = json_string_at(error, "data");
        g_autofree char *both =
                        g_strdup_printf("%s%s%s", message ?: "no message", data ? ": " : "", data ?: "");

        return text_shown(both, SHOWN_MAX);
}

/* Strict, as json_has_more_values() asks for. */
static json_tokener *tokener_new(void) {
        json_tokener *t = json_tokener_new_ex(MESSAGE_DEPTH_MAX);

        json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
        return t;
}

static json_object *parse(const char *text, size_t size) {
        json_tokener *t = tokener_new();
        json_object *o = json_tokener_parse_ex(t, text, (int) size);

        if (json_tokener_get_error(t) != json_tokener_success) {
                json_object_put(o);
                o = NULL;
        }
        json_tokener_free(t);
        return o;
}

static bool read_error(json_object *e, JsonRpcAnswer *ret) {
        json_object *code = json_at(e, "code");

        if (!json_object_is_type(code, json_type_int))
                return false;
        *ret = (JsonRpcAnswer){
                .given = true, .refused = true, .code = json_object_get_int64(code), .message = explain(e)
        };
        return true;
}

static bool read_answer(json_object *root, JsonRpcAnswer *ret) {
        json_object *part;

        if (!json_object_is_type(root, json_type_object))
                return false;
        if (json_object_object_get_ex(root, "error", &part) && part)
                return read_error(part, ret);
        if (!json_object_object_get_ex(root, "result", &part))
                return false;
        *ret = (JsonRpcAnswer){ .given = true, .result = json_object_get(part) };
        return true;
}

bool json_rpc_parse(const char *text, size_t size, JsonRpcAnswer *ret, GError **error) {
        g_autofree char *shown = NULL;
        json_object *root;
        bool good;

        if (size > RPC_ANSWER_BYTES_MAX)
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "the node answered with more than %u KiB",
                                  RPC_ANSWER_BYTES_MAX / 1024);
        if (json_has_more_values(text, size, RPC_ANSWER_VALUES_MAX))
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "the node answered with more than %u values",
                                  RPC_ANSWER_VALUES_MAX);
        root = parse(text, size);
        good = read_answer(root, ret);
        json_object_put(root);
        if (good)
                return true;
        {
                g_autofree char *copy = g_strndup(text, MIN(size, SHOWN_MAX + 1));

                shown = text_shown(copy, SHOWN_MAX);
        }
        return fleet_fail(error, FLEET_ERROR_PROTOCOL,
                          "the node answered \"%s\", which is no JSON-RPC answer", shown);
}

void json_rpc_answer_clear(JsonRpcAnswer *a) {
        json_object_put(a->result);
        g_free(a->message);
}

unsigned json_rpc_parse_all(const char *text, size_t size, unsigned n, JsonRpcAnswer *ret) {
        json_tokener *t;
        unsigned found = 0;

        size = MIN(size, RPC_ANSWER_BYTES_MAX);
        if (json_has_more_values(text, size, RPC_ANSWER_VALUES_MAX))
                return 0;
        t = tokener_new();
        while (size > 0) {
                json_object *root = json_tokener_parse_ex(t, text, (int) size);
                size_t end = json_tokener_get_parse_end(t);
                uint64_t id;

                if (json_tokener_get_error(t) != json_tokener_success)
                        break; /* what comes after this cannot be told apart */
                if (json_uint_at(root, "id", &id) && id >= 1 && id <= n && !ret[id - 1].given)
                        found += read_answer(root, &ret[id - 1]);
                json_object_put(root);
                text += end;
                size -= end;
        }
        json_tokener_free(t);
        return found;
}
