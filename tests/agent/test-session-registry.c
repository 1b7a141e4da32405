/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a chain keeps who registered session keys, and what is made of what it has there. */
#include <glib.h>
#include <string.h>

#include "session-registry.h"

/* Alice of Substrate's development chains, and the storage prefixes that every chain with this pallet has. */
#define ALICE "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"
#define TWOX_64_ALICE "518366b5b1bc7c99"
#define SESSION "cec5070d609dd3497f72bde07fc96ba0"
#define KEY_OWNER "726380404683fc89e8233450c8aa1950"
#define NEXT_KEYS "4c014e6bf8b8c2c011e7290b85696bb3"

#define KEYS "0x" ALICE "00000000000000000000000000000000000000000000000000000000000000aa"

static void test_keys(void) {
        g_autofree char *owner = session_registry_owner_key(KEYS),
                        *next = session_registry_next_keys_key("0x" ALICE);

        g_assert_cmpstr(next, ==, "0x" SESSION NEXT_KEYS TWOX_64_ALICE ALICE);
        g_assert_true(g_str_has_prefix(owner, "0x" SESSION KEY_OWNER));
        g_assert_true(g_str_has_suffix(owner, "6772616e"
                                              "80" ALICE)); /* type, length, key */
        g_assert_cmpuint(strlen(owner), ==, strlen("0x" SESSION KEY_OWNER TWOX_64_ALICE "6772616e80" ALICE));
}

static void test_owner(void) {
        static const struct {
                const char *storage; /* JSON */
                SessionOwner owner;
        } table[] = {
                { "null", SESSION_OWNER_NONE },
                { "\"0x" ALICE "\"", SESSION_OWNER_ACCOUNT },
                { "\"0x" ALICE "00\"", SESSION_OWNER_UNKNOWN },
                { "\"" ALICE "\"", SESSION_OWNER_UNKNOWN },
                { "\"0x\"", SESSION_OWNER_UNKNOWN },
                { "\"0xz43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d\"",
                  SESSION_OWNER_UNKNOWN },
                { "7", SESSION_OWNER_UNKNOWN },
                { "{}", SESSION_OWNER_UNKNOWN },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                json_object *storage = json_tokener_parse(table[i].storage);
                const char *account = NULL;

                g_assert_cmpint(session_registry_owner(storage, &account), ==, table[i].owner);
                g_assert_cmpstr(account, ==, table[i].owner == SESSION_OWNER_ACCOUNT ? "0x" ALICE : NULL);
                json_object_put(storage);
        }
}

static void test_compare(void) {
        static const struct {
                const char *storage;
                bool told, registered;
        } table[] = {
                { "null", true, false },
                { "\"" KEYS "\"", true, true },
                { "\"0x" ALICE "00000000000000000000000000000000000000000000000000000000000000AA\"", true,
                  true },
                { "\"0x" ALICE "\"", true, false },
                { "\"\"", true, false },
                { "[]", false, false },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                json_object *storage = json_tokener_parse(table[i].storage);
                bool registered = false;

                g_assert_cmpint(session_registry_compare(storage, KEYS, &registered), ==, table[i].told);
                g_assert_cmpint(registered, ==, table[i].registered);
                json_object_put(storage);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/session-registry/keys", test_keys);
        g_test_add_func("/session-registry/owner", test_owner);
        g_test_add_func("/session-registry/compare", test_compare);
        return g_test_run();
}
