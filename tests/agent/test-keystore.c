/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of key files, and where they are looked for. */
#include <glib.h>
#include <string.h>

#include "keystore.h"

#define PUBLIC "2f8c6129d816cf51c374bc7f08c3e63ed156cf78aefb4a6550d97b87997977ee"

static void test_names(void) {
        static const struct {
                const char *name, *type, *public_key;
        } table[] = {
                { "6772616e" PUBLIC, "gran", PUBLIC },       { "62616265" PUBLIC, "babe", PUBLIC },
                { "696D6F6E" PUBLIC, "imon", PUBLIC },       { "62656566" PUBLIC "02", "beef", PUBLIC "02" },
                { "00010203" PUBLIC, "0x00010203", PUBLIC }, { "6772206e" PUBLIC, "0x6772206e", PUBLIC },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
                KeystoreName k;

                g_assert_true(keystore_name_parse(table[i].name, &k));
                g_assert_cmpstr(k.type, ==, table[i].type);
                g_assert_cmpstr(k.public_key, ==, table[i].public_key);
        }
}

static void test_no_names(void) {
        static const char *const names[] = { "",
                                             "6772616e",
                                             PUBLIC,
                                             "6772616" PUBLIC,
                                             "6772616e" PUBLIC "0",
                                             "6772616g" PUBLIC,
                                             "6772616e" PUBLIC ".tmp",
                                             "6772616e0x" PUBLIC,
                                             "lost+found",
                                             PUBLIC PUBLIC PUBLIC PUBLIC };

        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
                KeystoreName k = { .type = "kept" };

                g_assert_false(keystore_name_parse(names[i], &k));
                g_assert_cmpstr(k.type, ==, "kept");
        }
}

static void assert_places(char **(*function)(const char *, json_object *), const char *container,
                          const char *inspect, const char *expected) {
        json_object *o = json_tokener_parse(inspect);
        g_auto(GStrv) places = function(container, o);
        g_autofree char *text = g_strjoinv(" ", places);

        g_assert_cmpstr(text, ==, expected);
        json_object_put(o);
}

static void test_places(void) {
        assert_places(keystore_places, "3node0", "{}",
                      "/root/data/chains/creditcoin3/keystore /creditcoin-node/data/chains/creditcoin3/keystore");
        assert_places(keystore_places, "node12", "{\"Args\":7}",
                      "/root/data/chains/creditcoin/keystore /creditcoin-node/data/chains/creditcoin/keystore");
        assert_places(keystore_places, "validator", "{\"Args\":[\"-d\"]}",
                      "/root/data/chains/creditcoin3/keystore /root/data/chains/creditcoin/keystore "
                      "/creditcoin-node/data/chains/creditcoin3/keystore /creditcoin-node/data/chains/creditcoin/keystore");
        assert_places(keystore_places, "3node0", "{\"Args\":[\"-d\",\"/data\",\"--validator\"]}",
                      "/data/chains/creditcoin3/keystore");
        assert_places(keystore_places, "3node0", "{\"Args\":[1,\"--base-path=/a\",\"--base-path\",\"/b\"]}",
                      "/b/chains/creditcoin3/keystore");
        assert_places(keystore_places, "3node0",
                      "{\"Args\":[\"--base-path\",\"/b\",\"--keystore-path=/keys\"]}", "/keys");
        assert_places(network_identity_places, "3node0",
                      "{\"Args\":[\"--base-path\",\"/b\",\"--keystore-path=/keys\"]}",
                      "/b/chains/creditcoin3/network/secret_ed25519");
        assert_places(network_identity_places, "3node0", "{\"Args\":[\"--node-key-file\",\"/node.key\"]}",
                      "/node.key");
}

static char **chain_folders(const char *container, json_object *inspect) {
        return keystore_chain_folders(inspect);
}

static void test_chain_folders(void) {
        assert_places(chain_folders, "validator", "{}", "/root/data/chains /creditcoin-node/data/chains");
        assert_places(chain_folders, "validator", "{\"Args\":[\"-d\",\"/data\"]}", "/data/chains");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/keystore/names", test_names);
        g_test_add_func("/keystore/no-names", test_no_names);
        g_test_add_func("/keystore/places", test_places);
        g_test_add_func("/keystore/chain-folders", test_chain_folders);
        return g_test_run();
}
