/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of an output in every shape of result: found with its place, or not at all. */
#include <glib.h>

#include "result-tail.h"

static void test_table(void) {
        static const struct {
                const char *result;
                uint64_t output_bytes;
                const char *tail; /* NULL: none */
        } table[] = {
                { "\"line 1\\nline 2\\n\"", 14, "line 1\nline 2\n" },
                { "\"[90 bytes before this left out]\\nline 9\\n\"", 97, "line 9\n" },
                { "{\"output\":\"hello\",\"exit_code\":0}", 5, "hello" },
                { "{\"output\":\"lo\",\"truncated\":true,\"output_bytes\":5}", 5, "lo" },
                { "{\"output\":\"한\"}", 3, "한" },
                { "\"\"", 10, "" },

                /* A log that begins with what only looks like our mark. */
                { "\"[5 bytes before this left out]\\nx\"", 32, "[5 bytes before this left out]\nx" },
                { "\"[5 bytes before this\"", 20, "[5 bytes before this" },
                { "\"[-5 bytes before this left out]\\n\"", 33, "[-5 bytes before this left out]\n" },
                { "\"[99999999999999999999999 bytes before this left out]\\n\"", 60,
                  "[99999999999999999999999 bytes before this left out]\n" },
                /* In a program's output it is never ours. */
                { "{\"output\":\"[90 bytes before this left out]\\nx\"}", 91 + 32,
                  "[90 bytes before this left out]\nx" },

                { "\"text\"", 0, NULL }, /* of an agent that does not say */
                { "\"text\"", 3, NULL }, /* more than there was */
                { "{\"state\":\"running\"}", 5, NULL },
                { "{\"output\":null}", 5, NULL },
                { "[\"text\"]", 4, NULL },
                { "null", 4, NULL },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
                json_object *result = json_tokener_parse(table[i].result);
                size_t size = 4711;
                const char *tail = result_tail(result, table[i].output_bytes, &size);
                g_autofree char *seen = tail ? g_strndup(tail, size) : NULL;

                g_assert_cmpstr(seen, ==, table[i].tail);
                if (!tail)
                        g_assert_cmpuint(size, ==, 4711);
                json_object_put(result);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/result-tail/table", test_table);
        return g_test_run();
}
