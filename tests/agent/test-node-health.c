/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a node says about itself, and whether it may get new session keys. */
#include <glib.h>

#include "error.h"
#include "node-health.h"

static void test_check(void) {
        static const struct {
                const char *health, *error; /* NULL: well */
                int code;
                bool syncing;
        } table[] = {
                { "{\"peers\":8,\"isSyncing\":false,\"shouldHavePeers\":true}" },
                { "{\"peers\":0,\"isSyncing\":false,\"shouldHavePeers\":false}" }, /* a chain of its own */
                { "{\"peers\":0,\"isSyncing\":false}" },
                { "{\"peers\":0,\"isSyncing\":false,\"shouldHavePeers\":true}", "the node has no peers",
                  FLEET_ERROR_REJECTED },
                { "{\"peers\":8,\"isSyncing\":true,\"shouldHavePeers\":true}", "the node is syncing",
                  FLEET_ERROR_REJECTED, true },
                { "{\"peers\":0,\"isSyncing\":true,\"shouldHavePeers\":true}", "the node is syncing",
                  FLEET_ERROR_REJECTED, true },
                { "{\"isSyncing\":false}",
                  "the node answers system_health without \"isSyncing\" or \"peers\"",
                  FLEET_ERROR_PROTOCOL },
                { "{\"peers\":8,\"isSyncing\":\"no\"}",
                  "the node answers system_health without \"isSyncing\" or \"peers\"",
                  FLEET_ERROR_PROTOCOL },
                { "{\"peers\":-1,\"isSyncing\":false}",
                  "the node answers system_health without \"isSyncing\" or \"peers\"",
                  FLEET_ERROR_PROTOCOL },
                { "null", "the node answers system_health without \"isSyncing\" or \"peers\"",
                  FLEET_ERROR_PROTOCOL },
                { "[]", "the node answers system_health without \"isSyncing\" or \"peers\"",
                  FLEET_ERROR_PROTOCOL },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                json_object *health = json_tokener_parse(table[i].health);
                g_autoptr(GError) error = NULL;
                bool syncing = false, well = node_health_check(health, &syncing, &error);

                g_assert_cmpint(well, ==, !table[i].error);
                g_assert_cmpint(syncing, ==, table[i].syncing);
                if (!well) {
                        g_assert_error(error, FLEET_ERROR, table[i].code);
                        g_assert_cmpstr(error->message, ==, table[i].error);
                }
                json_object_put(health);
        }
}

static void test_text(void) {
        static const struct {
                const char *state, *text;
        } table[] = {
                { "{\"startingBlock\":0,\"currentBlock\":1204331,\"highestBlock\":1377020}",
                  "the node is syncing (best 1,204,331 of 1,377,020)" },
                { "{\"currentBlock\":0,\"highestBlock\":999}", "the node is syncing (best 0 of 999)" },
                { "{\"currentBlock\":1000,\"highestBlock\":12345678}",
                  "the node is syncing (best 1,000 of 12,345,678)" },
                { "{\"currentBlock\":1000}", "the node is syncing" }, /* some leave the highest out */
                { "null", "the node is syncing" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                json_object *state = json_tokener_parse(table[i].state);
                g_autofree char *text = node_syncing_text(state);

                g_assert_cmpstr(text, ==, table[i].text);
                json_object_put(state);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/node-health/check", test_check);
        g_test_add_func("/node-health/text", test_text);
        return g_test_run();
}
