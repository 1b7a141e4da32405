/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identifiers: the edges of what is valid, and that new ones never repeat. */
#include <glib.h>

#include "ident.h"

static void test_client_id(void) {
        g_autofree char *longest = g_strnfill(64, 'a'), *too_long = g_strnfill(65, 'a');

        g_assert_true(client_id_is_valid("seoul-1"));
        g_assert_true(client_id_is_valid("A.b_c-9"));
        g_assert_true(client_id_is_valid(longest));
        g_assert_false(client_id_is_valid(too_long));
        g_assert_false(client_id_is_valid(NULL));
        g_assert_false(client_id_is_valid(""));
        g_assert_false(client_id_is_valid("."));
        g_assert_false(client_id_is_valid(".."));
        g_assert_false(client_id_is_valid("a/b"));
        g_assert_false(client_id_is_valid("a b"));
        g_assert_false(client_id_is_valid("서울"));
}

static void test_names(void) {
        g_assert_true(container_name_is_valid("3node0"));
        g_assert_false(container_name_is_valid("-x"));
        g_assert_false(container_name_is_valid("a/../b"));
        g_assert_true(command_name_is_valid("rotate_keys"));
        g_assert_false(command_name_is_valid("Restart"));
        g_assert_false(command_name_is_valid("9x"));
        g_assert_true(param_name_is_valid("session_keys"));
        g_assert_true(param_name_is_valid("_Era-2"));
        g_assert_false(param_name_is_valid("2era"));
        g_assert_false(param_name_is_valid("-era"));
        g_assert_false(param_name_is_valid("a=b"));
        g_assert_false(param_name_is_valid(""));
        g_assert_true(command_id_is_valid("cmd_1795406712331_4821"));
        g_assert_false(command_id_is_valid("cmd 1"));
}

static void test_labels(void) {
        g_autofree char *longest = g_strnfill(256, 'v'), *too_long = g_strnfill(257, 'v');

        g_assert_true(label_key_is_valid("role"));
        g_assert_true(label_key_is_valid("example.kr/rack-1_a"));
        g_assert_false(label_key_is_valid(""));
        g_assert_false(label_key_is_valid("a=b"));
        g_assert_false(label_key_is_valid("a,b"));
        g_assert_false(label_key_is_valid(too_long));

        g_assert_true(label_value_is_valid("validator"));
        g_assert_true(label_value_is_valid("서울 1층"));
        g_assert_true(label_value_is_valid(""));
        g_assert_true(label_value_is_valid("a=b c"));
        g_assert_true(label_value_is_valid(longest));
        g_assert_false(label_value_is_valid(too_long));
        g_assert_false(label_value_is_valid(NULL));
        g_assert_false(label_value_is_valid("a,b"));
        g_assert_false(label_value_is_valid("a\nb"));
        g_assert_false(label_value_is_valid("a\177"));
        g_assert_false(label_value_is_valid("\xff"));
}

static void test_new_ids(void) {
        g_autofree char *a = command_id_new(1795406712331000), *b = command_id_new(1795406712331000);

        g_assert_true(g_str_has_prefix(a, "cmd_1795406712331_"));
        g_assert_cmpuint(strlen(a), >=, strlen("cmd_1795406712331_0000"));
        g_assert_cmpstr(a, !=, b);
        g_assert_true(command_id_is_valid(a));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ident/client", test_client_id);
        g_test_add_func("/ident/names", test_names);
        g_test_add_func("/ident/labels", test_labels);
        g_test_add_func("/ident/new", test_new_ids);
        return g_test_run();
}
