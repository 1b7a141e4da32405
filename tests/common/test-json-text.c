/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON writer: every byte there is, read back by json-c. */
#include <glib.h>
#include <string.h>

#include "json-text.h"

static char *written(const char *text, size_t size) {
        GString *out = g_string_new(NULL);

        json_append_string(out, text, size);
        return g_string_free(out, FALSE);
}

static void test_escapes(void) {
        static const struct {
                const char *text;
                const char *json;
        } cases[] = {
                { "", "\"\"" },
                { "plain / text", "\"plain / text\"" },
                { "\"\\", "\"\\\"\\\\\"" },
                { "\b\f\n\r\t\v\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u000b\\u0001\\u001f\x7f\"" },
                { "서울 😀", "\"서울 😀\"" },
                { "\xff", "\"\xef\xbf\xbd\"" },
                { "a\xc3", "\"a\xef\xbf\xbd\"" },               /* cut character */
                { "\xc3\"", "\"\xef\xbf\xbd\\\"\"" },           /* the quote is not swallowed */
                { "\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"" }, /* overlong */
                { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* surrogate */
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *json = written(cases[i].text, strlen(cases[i].text));

                g_assert_cmpstr(json, ==, cases[i].json);
        }
}

static void assert_read_back(const char *text, size_t size) {
        g_autofree char *json = written(text, size);
        json_object *o = json_tokener_parse(json);

        g_assert_true(json_object_is_type(o, json_type_string));
        g_assert_cmpmem(json_object_get_string(o), json_object_get_string_len(o), text, size);
        json_object_put(o);
}

static void test_read_back(void) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(3);
        g_autofree char *nothing = written(NULL, 0);

        g_assert_cmpstr(nothing, ==, "\"\"");
        for (unsigned c = 0; c < 0x80; c++) {
                char text[3] = { 'a', (char) c, 'b' };

                assert_read_back(text, sizeof(text));
        }
        for (unsigned round = 0; round < 2000; round++) {
                g_autoptr(GString) text = g_string_new(NULL);

                for (unsigned i = g_rand_int_range(rand, 0, 30); i > 0; i--) {
                        gunichar c = g_rand_int_range(rand, 1, 1 << g_rand_int_range(rand, 4, 21));

                        if (g_unichar_validate(c))
                                g_string_append_unichar(text, c);
                }
                assert_read_back(text->str, text->len);
        }
}

static void test_int(void) {
        static const int64_t numbers[] = { 0, 1, -1, 9, 10, 1795406712331, INT64_MAX, INT64_MIN };

        for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
                g_autoptr(GString) out = g_string_new("x");
                g_autofree char *expected = g_strdup_printf("x%" G_GINT64_FORMAT, numbers[i]);

                json_append_int(out, numbers[i]);
                g_assert_cmpstr(out->str, ==, expected);
        }
}

static void test_object(void) {
        g_autoptr(GString) out = g_string_new(NULL);
        json_object *o = json_tokener_parse("{\"a\": [1, \"x/y\", null, true]}");

        json_append_object(out, o);
        json_append_object(out, NULL);
        g_assert_cmpstr(out->str, ==, "{\"a\":[1,\"x/y\",null,true]}null");
        json_object_put(o);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/json-text/escapes", test_escapes);
        g_test_add_func("/json-text/read-back", test_read_back);
        g_test_add_func("/json-text/int", test_int);
        g_test_add_func("/json-text/object", test_object);
        return g_test_run();
}
