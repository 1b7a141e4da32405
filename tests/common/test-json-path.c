/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values out of nested objects of any shape. */
#include <glib.h>

#include "json-path.h"

static void test_at(void) {
        json_object *o = json_tokener_parse(
                        "{\"a\":{\"b\":{\"c\":\"text\",\"n\":7,\"neg\":-1,\"f\":1.5,\"t\":true,"
                        "\"null\":null}},\"list\":[1]}");
        uint64_t n = 99;

        g_assert_cmpstr(json_string_at(o, "a.b.c"), ==, "text");
        g_assert_null(json_string_at(o, "a.b"));
        g_assert_null(json_string_at(o, "a.b.c.d"));
        g_assert_null(json_string_at(o, "a.x.c"));
        g_assert_null(json_string_at(o, "a.b.null.c"));
        g_assert_null(json_string_at(o, "list.b"));
        g_assert_null(json_string_at(NULL, "a"));
        g_assert_true(json_object_is_type(json_at(o, "list"), json_type_array));

        g_assert_false(json_uint_at(o, "a.b.neg", &n));
        g_assert_false(json_uint_at(o, "a.b.f", &n));
        g_assert_false(json_uint_at(o, "a.b.c", &n));
        g_assert_false(json_uint_at(o, "a.b.none", &n));
        g_assert_cmpuint(n, ==, 99);
        g_assert_true(json_uint_at(o, "a.b.n", &n));
        g_assert_cmpuint(n, ==, 7);

        g_assert_true(json_bool_at(o, "a.b.t"));
        g_assert_false(json_bool_at(o, "a.b.n"));
        g_assert_false(json_bool_at(o, "a.b.none"));
        json_object_put(o);
}

/* docker counts nanoseconds: beyond what a signed number holds. */
static void test_large(void) {
        json_object *o = json_tokener_parse("{\"n\":18446744073709551615}");
        uint64_t n;

        g_assert_true(json_uint_at(o, "n", &n));
        g_assert_cmpuint(n, ==, UINT64_MAX);
        json_object_put(o);
}

static void test_add(void) {
        json_object *o = json_object_new_object();

        json_add_string(o, "s", "x");
        json_add_string(o, "none", NULL);
        json_add_uint(o, "u", UINT64_MAX);
        json_add_decimal(o, "d", 12.3, 1);
        json_add_decimal(o, "z", 0, 2);
        g_assert_cmpstr(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), ==,
                        "{\"s\":\"x\",\"none\":null,\"u\":18446744073709551615,\"d\":12.3,\"z\":0.00}");
        json_object_put(o);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/json-path/at", test_at);
        g_test_add_func("/json-path/large", test_large);
        g_test_add_func("/json-path/add", test_add);
        return g_test_run();
}
