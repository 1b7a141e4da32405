/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests as a node takes them, and answers as nodes and what is no node give them. */
#include <glib.h>
#include <string.h>

#include "error.h"
#include "json-rpc.h"
#include "limits.h"

static void test_request(void) {
        json_object *params = json_object_new_array();
        g_autofree char *bare = json_rpc_request(1, "system_health", NULL), *full = NULL;

        g_assert_cmpstr(bare, ==,
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"system_health\",\"params\":[]}");
        json_object_array_add(params, json_object_new_string("0x\"1\n"));
        full = json_rpc_request(12, "author_hasKey", params);
        g_assert_cmpstr(full, ==,
                        "{\"jsonrpc\":\"2.0\",\"id\":12,\"method\":\"author_hasKey\",\"params\":[\"0x\\\"1\\n\"]}");
        json_object_put(params);
}

static void test_answers(void) {
        static const struct {
                const char *text, *result; /* NULL: refused */
                int64_t code;
                const char *message;
        } table[] = {
                { "{\"jsonrpc\":\"2.0\",\"result\":\"0x00\",\"id\":1}", "\"0x00\"" },
                { "{\"jsonrpc\":\"2.0\",\"result\":true,\"id\":1}\n", "true" },
                { "{\"result\":null}", "null" },
                { "{\"result\":{\"peers\":8},\"error\":null}", "{\"peers\":8}" },
                { "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,\"message\":\"Method not found\"},\"id\":1}",
                  NULL, -32601, "Method not found" },
                { "{\"error\":{\"code\":1,\"message\":\"a\\nb\",\"data\":\"RPC call is unsafe\"}}", NULL, 1,
                  "a?b: RPC call is unsafe" },
                { "{\"error\":{\"code\":1}}", NULL, 1, "no message" },
                { "{\"error\":{\"code\":1,\"message\":7,\"data\":{}}}", NULL, 1, "no message" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                g_auto(JsonRpcAnswer) a = {};
                g_autoptr(GError) error = NULL;

                g_test_message("%s", table[i].text);
                g_assert_true(json_rpc_parse(table[i].text, strlen(table[i].text), &a, &error));
                g_assert_no_error(error);
                g_assert_cmpint(a.refused, ==, !table[i].result);
                g_assert_cmpint(a.code, ==, table[i].code);
                g_assert_cmpstr(a.message, ==, table[i].message);
                if (table[i].result)
                        g_assert_cmpstr(json_object_to_json_string_ext(a.result, JSON_C_TO_STRING_PLAIN), ==,
                                        table[i].result);
        }
}

static void test_no_answers(void) {
        static const char *const table[] = {
                "",
                "{",
                "[]",
                "null",
                "7",
                "{}",
                "not JSON",
                "{\"error\":\"x\"}",
                "\xff\xfe",
                "{\"error\":{\"message\":\"no code\"}}",
                "{\"error\":{\"code\":\"1\"}}",
                "<html>405 Used HTTP Method is not allowed</html>",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                JsonRpcAnswer a;
                g_autoptr(GError) error = NULL;

                g_assert_false(json_rpc_parse(table[i], strlen(table[i]), &a, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
                g_assert_true(g_utf8_validate(error->message, -1, NULL));
        }
}

/* As several calls of one program print them, in whatever order and however many. */
static void test_several(void) {
        static const struct {
                const char *text, *expected; /* of three, "-" for one that is not there, "!" for a refusal */
        } table[] = {
                { "", "---" },
                { "{\"id\":1,\"result\":1}{\"id\":2,\"result\":2}\n{\"id\":3,\"result\":3}\n", "123" },
                { " {\"id\":3,\"result\":7}\n{\"id\":1,\"error\":{\"code\":1}}", "!-7" },
                { "{\"id\":2,\"result\":1}{\"id\":2,\"result\":9}", "-1-" },
                { "{\"id\":0,\"result\":1}{\"id\":4,\"result\":1}{\"id\":\"1\",\"result\":1}{\"result\":1}[]7",
                  "---" },
                { "{\"id\":1,\"result\":1}curl: (28) timed out{\"id\":2,\"result\":2}", "1--" },
                { "{\"id\":1,\"result\":1}{\"id\":2,\"res", "1--" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                JsonRpcAnswer a[3] = {};
                g_autoptr(GString) seen = g_string_new(NULL);
                unsigned n = json_rpc_parse_all(table[i].text, strlen(table[i].text), 3, a), given = 0;

                for (unsigned k = 0; k < 3; k++) {
                        g_string_append(seen, !a[k].given    ? "-"
                                              : a[k].refused ? "!"
                                                             : json_object_get_string(a[k].result));
                        given += a[k].given;
                        json_rpc_answer_clear(&a[k]);
                }
                g_test_message("%s", table[i].text);
                g_assert_cmpstr(seen->str, ==, table[i].expected);
                g_assert_cmpuint(n, ==, given);
        }
}

static void test_bounded(void) {
        g_autofree char *large = g_strnfill(RPC_ANSWER_BYTES_MAX + 1, ' '), *deep = g_strnfill(10000, '[');
        g_autoptr(GError) error = NULL;
        JsonRpcAnswer a;

        g_assert_false(json_rpc_parse(large, strlen(large), &a, &error));
        g_assert_cmpstr(error->message, ==, "the node answered with more than 256 KiB");
        g_assert_false(json_rpc_parse(deep, strlen(deep), &a, NULL));
}

/* An answer with so many empty objects; new string. */
static char *objects(unsigned n, const char *before) {
        GString *s = g_string_new("{\"id\":1,");

        g_string_append_printf(s, "%s\"result\":[{}", before);
        for (unsigned i = 1; i < n; i++)
                g_string_append(s, ",{}");
        g_string_append(s, "]}");
        return g_string_free(s, false);
}

/* Tiny values cost far more than their bytes, wherever a node puts them. */
static void test_values(void) {
        g_autofree char *most = objects(RPC_ANSWER_VALUES_MAX / 2 - 2, ""),
                        *more = objects(RPC_ANSWER_VALUES_MAX / 2, ""),
                        *quoted = objects(RPC_ANSWER_VALUES_MAX, "'\"':1,"),
                        *comment = objects(RPC_ANSWER_VALUES_MAX, "/*\"*/"),
                        *half = objects(RPC_ANSWER_VALUES_MAX / 3, ""),
                        *both = g_strconcat(half, half, NULL);
        const char *const refused[] = { more, quoted, comment };
        g_autoptr(GError) error = NULL;
        JsonRpcAnswer a = {};

        g_assert_true(json_rpc_parse(most, strlen(most), &a, NULL));
        json_rpc_answer_clear(&a);
        a = (JsonRpcAnswer){};
        g_assert_cmpuint(json_rpc_parse_all(most, strlen(most), 1, &a), ==, 1);
        json_rpc_answer_clear(&a);
        a = (JsonRpcAnswer){};
        g_assert_false(json_rpc_parse(more, strlen(more), &a, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        g_assert_cmpstr(error->message, ==, "the node answered with more than 4096 values");
        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
                g_assert_false(json_rpc_parse(refused[i], strlen(refused[i]), &a, NULL));
                g_assert_cmpuint(json_rpc_parse_all(refused[i], strlen(refused[i]), 1, &a), ==, 0);
                g_assert_false(a.given);
        }
        g_assert_cmpuint(json_rpc_parse_all(both, strlen(both), 1, &a), ==,
                         0); /* these are there together */
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/json-rpc/request", test_request);
        g_test_add_func("/json-rpc/answers", test_answers);
        g_test_add_func("/json-rpc/no-answers", test_no_answers);
        g_test_add_func("/json-rpc/several", test_several);
        g_test_add_func("/json-rpc/bounded", test_bounded);
        g_test_add_func("/json-rpc/values", test_values);
        return g_test_run();
}
