/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON-RPC 2.0 (jsonrpc.org/specification), one request and its answer. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_RPC_METHOD_NOT_FOUND (-32601)

/* params: array, or NULL for none; borrowed. New string, one line. */
char *json_rpc_request(const char *method, json_object *params);

typedef struct JsonRpcAnswer {
        json_object *result; /* owned; may be NULL for null */
        bool refused;        /* an error instead of a result: */
        int64_t code;
        char *message; /* one line; with what "data" explains */
} JsonRpcAnswer;

/* FLEET_ERROR_PROTOCOL for what is no answer to the one request, or larger than RPC_ANSWER_BYTES_MAX. */
bool json_rpc_parse(const char *text, size_t size, JsonRpcAnswer *ret, GError **error);
void json_rpc_answer_clear(JsonRpcAnswer *a);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JsonRpcAnswer, json_rpc_answer_clear)
