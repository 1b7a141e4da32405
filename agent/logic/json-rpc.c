/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON-RPC 2.0, one request and its answer. */
#include "json-rpc.h"

#include <string.h>

#include "error.h"
#include "json-path.h"
#include "json-text.h"
#include "limits.h"
#include "text.h"

#define SHOWN_MAX 200

char *json_rpc_request(const char *method, json_object *params) {
        GString *out = g_string_new("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":");

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

static json_object *parse(const char *text, size_t size) {
        json_tokener *t = json_tokener_new_ex(MESSAGE_DEPTH_MAX);
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
        *ret = (JsonRpcAnswer){ .refused = true,
                                .code = json_object_get_int64(code),
                                .message = explain(e) };
        return true;
}

bool json_rpc_parse(const char *text, size_t size, JsonRpcAnswer *ret, GError **error) {
        g_autofree char *shown = NULL;
        json_object *root, *part;
        bool good = false;

        if (size > RPC_ANSWER_BYTES_MAX)
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "the node answered with more than %u KiB",
                                  RPC_ANSWER_BYTES_MAX / 1024);
        root = parse(text, size);
        if (json_object_is_type(root, json_type_object)) {
                if (json_object_object_get_ex(root, "error", &part) && part)
                        good = read_error(part, ret);
                else if (json_object_object_get_ex(root, "result", &part)) {
                        *ret = (JsonRpcAnswer){ .result = json_object_get(part) };
                        good = true;
                }
        }
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
