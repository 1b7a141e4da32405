/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the names in a keystore tell, and what they do not. */
#include <glib.h>
#include <string.h>

#include "error.h"
#include "limits.h"
#include "session-keys.h"

#define GRAN "6772616e"
#define BABE "62616265"
#define IMON "696d6f6e"
#define AUDI "61756469"
#define ACCO "6163636f"
#define X8(c) c c c c c c c c
#define KEY(c) X8(c) X8(c) X8(c) X8(c) X8(c) X8(c) X8(c) X8(c)

static void test_check(void) {
        g_autofree char *most = g_strnfill(SESSION_KEYS_MAX * 64, '0'),
                        *good = g_strconcat("0x", most, NULL), *more = g_strconcat(good, KEY("0"), NULL);
        const struct {
                const char *keys;
                unsigned count; /* 0: none */
        } table[] = {
                { "0x" KEY("0"), 1 },
                { "0x" KEY("a") KEY("B") KEY("9"), 3 },
                { good, SESSION_KEYS_MAX },
                { more, 0 },
                { "", 0 },
                { "0x", 0 },
                { KEY("0"), 0 },
                { "0X" KEY("0"), 0 },
                { "0x" KEY("0") "0", 0 },
                { "0x" KEY("0") "00", 0 },
                { "0x" KEY("g"), 0 },
                { "0x" KEY("0") " ", 0 },
                { "null", 0 },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                g_autoptr(GError) error = NULL;
                unsigned count = 99;
                bool is = session_keys_check(table[i].keys, &count, &error);

                g_assert_cmpint(is, ==, table[i].count > 0);
                g_assert_cmpuint(count, ==, is ? table[i].count : 99);
                if (!is)
                        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        }
}

static void assert_names(const KeyNames *k, const char *expected) {
        g_autofree char *text = key_names_to_text(k);

        g_assert_cmpstr(text, ==, expected);
}

static void test_parse(void) {
        g_autoptr(KeyNames) none = key_names_parse(""), some = NULL, again = NULL;
        g_autofree char *text = NULL;

        assert_names(none, "");
        g_assert_cmpuint(key_names_count(none) + key_names_types(none), ==, 0);
        some = key_names_parse(GRAN KEY("2") "\r\n" GRAN KEY("1") "\nlost+found\n" BABE KEY(
                        "a") "\n\n"
                             "6772616E" KEY("1") "\n" /* the same in capitals */
                               GRAN KEY("1") "0\n" GRAN
                                             "\n." GRAN KEY("1") "\nls: /x: Permission denied\n" BABE KEY(
                                                             "A") "\n" IMON KEY("3"));
        assert_names(some, BABE KEY("a") "\n" GRAN KEY("1") "\n" GRAN KEY("2") "\n" IMON KEY("3") "\n");
        g_assert_cmpuint(key_names_count(some), ==, 4);
        g_assert_cmpuint(key_names_types(some), ==, 3);
        text = key_names_to_text(some);
        again = key_names_parse(text);
        assert_names(again, text);
}

static void test_added(void) {
        static const struct {
                const char *before, *after, *added;
        } table[] = {
                { "", "", "" },
                { "", GRAN KEY("1"), GRAN KEY("1") "\n" },
                { GRAN KEY("1"), GRAN KEY("1"), "" },
                { GRAN KEY("1"), "", "" }, /* wiped */
                { GRAN KEY("1") "\n" IMON KEY("1"), BABE KEY("1") "\n" GRAN KEY("2") "\n" IMON KEY("0"),
                  BABE KEY("1") "\n" GRAN KEY("2") "\n" IMON KEY("0") "\n" },
                { GRAN KEY("1") "\n" BABE KEY("1") "\n" IMON KEY("1"),
                  IMON KEY("2") "\n" GRAN KEY("1") "\n" BABE KEY("1") "\n" IMON KEY("1"),
                  IMON KEY("2") "\n" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                g_autoptr(KeyNames) before = key_names_parse(table[i].before),
                                    after = key_names_parse(table[i].after),
                                    added = key_names_added(before, after);

                assert_names(added, table[i].added);
        }
}

static void test_session_keys(void) {
        static const struct {
                const char *names, *keys;
        } table[] = {
                { BABE KEY("b") "\n" GRAN KEY("a") "\n" IMON KEY("c"), "0x" KEY("a") KEY("b") KEY("c") },
                { AUDI KEY("d") "\n" BABE KEY("b") "\n" GRAN KEY("a") "\n" IMON KEY("c"),
                  "0x" KEY("a") KEY("b") KEY("c") KEY("d") },
                { GRAN KEY("a"), "0x" KEY("a") }, /* whether it is all of them the node must tell */
                { "", NULL },
                { GRAN KEY("a") "\n" GRAN KEY("b"), NULL },
                { GRAN KEY("a") "\n" BABE KEY("b") "\n" IMON KEY("c") "\n" IMON KEY("d"), NULL },
                { GRAN KEY("a") "\n" BABE KEY("b") "\n" IMON KEY("c") "\n" ACCO KEY("d"), NULL },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                g_autoptr(KeyNames) names = key_names_parse(table[i].names);
                g_autofree char *keys = key_names_to_session_keys(names);

                g_assert_cmpstr(keys, ==, table[i].keys);
        }
}

static void test_are(void) {
        static const struct {
                const char *names, *keys;
                bool are;
        } table[] = {
                { BABE KEY("b") "\n" GRAN KEY("a") "\n" IMON KEY("c"), "0x" KEY("a") KEY("b") KEY("c"),
                  true },
                { BABE KEY("b") "\n" GRAN KEY("a") "\n" ACCO KEY("c"), "0x" KEY("C") KEY("a") KEY("B"),
                  true },
                { BABE KEY("b") "\n" GRAN KEY("a"), "0x" KEY("a") KEY("b") KEY("c"), false },
                { BABE KEY("b") "\n" GRAN KEY("a") "\n" IMON KEY("c"), "0x" KEY("a") KEY("b"), false },
                { BABE KEY("b") "\n" GRAN KEY("a"), "0x" KEY("a") KEY("c"), false },
                { "", "0x", false },
                { GRAN KEY("a"), "what", false },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                g_autoptr(KeyNames) names = key_names_parse(table[i].names);

                g_assert_cmpint(key_names_are(names, table[i].keys), ==, table[i].are);
        }
}

static void test_json(void) {
        g_autoptr(KeyNames) names = key_names_parse(
                        GRAN KEY("2") "\n" GRAN KEY("1") "\n" IMON KEY("3") "\n00000000" KEY("4"));
        json_object *o = key_names_to_json(names);

        g_assert_cmpstr(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), ==,
                        "{\"0x00000000\":[\"0x" KEY("4") "\"],\"gran\":[\"0x" KEY("1") "\",\"0x" KEY(
                                        "2") "\"],\"imon\":[\"0x" KEY("3") "\"]}");
        json_object_put(o);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/session-keys/check", test_check);
        g_test_add_func("/session-keys/parse", test_parse);
        g_test_add_func("/session-keys/added", test_added);
        g_test_add_func("/session-keys/session-keys", test_session_keys);
        g_test_add_func("/session-keys/are", test_are);
        g_test_add_func("/session-keys/json", test_json);
        return g_test_run();
}
