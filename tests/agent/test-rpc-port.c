/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a node's JSON-RPC is: its own arguments, then the configuration, then its name. */
#include <glib.h>
#include <string.h>

#include "error.h"
#include "node-args.h"
#include "rpc-port.h"

static json_object *inspect_of(const char *args) {
        g_autofree char *text =
                        g_strdup_printf("{\"Path\":\"/usr/bin/creditcoin3-node\",\"Args\":%s}", args);
        json_object *o = json_tokener_parse(text);

        g_assert_nonnull(o);
        return o;
}

static void test_argument(void) {
        static const struct {
                const char *args, *value;
        } table[] = {
                { "[\"--rpc-port=1\"]", "1" },
                { "[\"--rpc-port\",\"1\"]", "1" },
                { "[\"--rpc-port=\"]", "" },
                { "[\"--name\",\"x\",\"--rpc-port\",\"1\",\"--validator\"]", "1" },
                { "[\"--rpc-port\",\"1\",\"--rpc-port=2\"]", "2" },
                { "[\"--rpc-port\"]", NULL },
                { "[\"--rpc-ports=1\"]", NULL },
                { "[\"--rpc-port-x\",\"1\"]", NULL },
                { "[\"-c\",\"exec creditcoin3-node --name 'a b' --rpc-port 7\"]", "7" },
                { "[\"-ec\",\"node --rpc-port='8' || true\"]", "8" },
                { "[\"-c\",\"echo 'unbalanced\"]", NULL },
                { "[\"--chain\",\"node --rpc-port 7\"]", NULL },
                { "[\"-c\"]", NULL },
                { "[1,null,[],\"--rpc-port\",\"1\"]", "1" },
                { "[]", NULL },
                { "null", NULL },
                { "\"--rpc-port=1\"", NULL },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                json_object *inspect = inspect_of(table[i].args);
                g_autofree char *value = node_argument(inspect, "--rpc-port");

                g_test_message("%s", table[i].args);
                g_assert_cmpstr(value, ==, table[i].value);
                json_object_put(inspect);
        }
        g_assert_null(node_argument(NULL, "--rpc-port"));
}

static void test_has_argument(void) {
        static const struct {
                const char *args;
                bool there;
        } table[] = {
                { "[\"--validator\"]", true },
                { "[\"--name\",\"x\",\"--validator\"]", true },
                { "[\"--validator\",\"--name\",\"x\"]", true },
                { "[\"--validator=true\"]", true },
                { "[\"-c\",\"exec node --validator\"]", true },
                { "[\"--validators\"]", false },
                { "[\"-c\",\"echo '--validator\"]", false },
                { "[1,null]", false },
                { "[]", false },
                { "null", false },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                json_object *inspect = inspect_of(table[i].args);

                g_test_message("%s", table[i].args);
                g_assert_cmpint(node_has_argument(inspect, "--validator"), ==, table[i].there);
                json_object_put(inspect);
        }
        g_assert_false(node_has_argument(NULL, "--validator"));
}

static void test_port(void) {
        static const struct {
                const char *container, *args;
                uint16_t configured;
                int port; /* 0: not known; -1: refused */
        } table[] = {
                { "3node0", "[]", 0, 33980 },
                { "3node4", "[]", 0, 33984 },
                { "node4", "[]", 0, 33884 },
                { "3node31555", "[]", 0, 65535 },
                { "3node31556", "[]", 0, 0 },
                { "node31655", "[]", 0, 65535 },
                { "node31656", "[]", 0, 0 },
                { "3node99999999999999999999", "[]", 0, 0 },
                { "3node", "[]", 0, 0 },
                { "3node4b", "[]", 0, 0 },
                { "3node-4", "[]", 0, 0 },
                { "3node+4", "[]", 0, 0 },
                { "my3node4", "[]", 0, 0 },
                { "validator", "[]", 0, 0 },
                { "validator", "[]", 9944, 9944 },
                { "3node4", "[]", 9944, 9944 },
                { "3node4", "[\"--rpc-port\",\"9933\"]", 9944, 9933 },
                { "validator", "[\"--rpc-port=9933\"]", 0, 9933 },
                { "3node4", "[\"--rpc-port=0\"]", 9944, -1 },
                { "3node4", "[\"--rpc-port=65536\"]", 9944, -1 },
                { "3node4", "[\"--rpc-port\",\"--validator\"]", 0, -1 },
                { "3node4", "[\"--rpc-port=\"]", 0, -1 },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                json_object *inspect = inspect_of(table[i].args);
                g_autoptr(GError) error = NULL;
                uint16_t port = 7;
                bool good = rpc_port(table[i].container, inspect, table[i].configured, &port, &error);

                g_test_message("%s %s", table[i].container, table[i].args);
                if (table[i].port > 0) {
                        g_assert_no_error(error);
                        g_assert_true(good);
                        g_assert_cmpint(port, ==, table[i].port);
                } else {
                        g_assert_false(good);
                        g_assert_cmpint(port, ==, 7);
                        g_assert_true(g_error_matches(error, FLEET_ERROR,
                                                      table[i].port == 0 ? FLEET_ERROR_CONFIG
                                                                         : FLEET_ERROR_FAILED));
                        g_assert_nonnull(strstr(error->message, table[i].container));
                }
                json_object_put(inspect);
        }
}

static void test_says_what_to_configure(void) {
        g_autoptr(GError) error = NULL;
        uint16_t port;

        g_assert_false(rpc_port("validator", NULL, 0, &port, &error));
        g_assert_cmpstr(error->message, ==,
                        "the JSON-RPC port of validator is not known: it was started without --rpc-port, and its "
                        "name is none like 3node4; set Port.validator= in [Rpc] of mclient.conf");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/rpc-port/argument", test_argument);
        g_test_add_func("/rpc-port/has-argument", test_has_argument);
        g_test_add_func("/rpc-port/port", test_port);
        g_test_add_func("/rpc-port/says-what-to-configure", test_says_what_to_configure);
        return g_test_run();
}
