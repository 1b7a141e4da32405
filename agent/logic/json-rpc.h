/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON-RPC 2.0 (jsonrpc.org/specification), requests and their answers. Batches are not used: nodes may refuse them. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_RPC_METHOD_NOT_FOUND (-32601)

/* params: array, or NULL for none; borrowed. New string, one line. */
char *json_rpc_request(unsigned id, const char *method, json_object *params);

typedef struct JsonRpcAnswer {
        bool given;          /* false: there is none, and nothing below */
        json_object *result; /* owned; may be NULL for null */
        bool refused;        /* an error instead of a result: */
        int64_t code;
        char *message; /* one line; with what "data" explains */
} JsonRpcAnswer;

/* Whatever its id. FLEET_ERROR_PROTOCOL for what is no answer to the one request, or larger than RPC_ANSWER_BYTES_MAX
 * and RPC_ANSWER_VALUES_MAX allow. */
bool json_rpc_parse(const char *text, size_t size, JsonRpcAnswer *ret, GError **error);
void json_rpc_answer_clear(JsonRpcAnswer *a);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JsonRpcAnswer, json_rpc_answer_clear)

/* Answers one after the other, as several calls of a program print them: fills in those of the requests 1 to n, of which
 * any may be missing. ret: n of them, zeroed; to be cleared in any case. Returns how many there were: none, where
 * all of them have more than RPC_ANSWER_VALUES_MAX. */
unsigned json_rpc_parse_all(const char *text, size_t size, unsigned n, JsonRpcAnswer *ret);
