/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Curves of one line: every height, gaps, shares, and what is no curve. */
#include "sparkline.h"

#include <glib.h>

#include "json.h"

static const Terminal utf8 = { .utf8 = true }, plain = {};

static void assert_line(const char *values, double ceiling, unsigned width, const Terminal *terminal,
                        const char *expected) {
        g_autoptr(json_object) o = json_tokener_parse(values);
        g_autofree char *got = sparkline(o, ceiling, width, terminal);

        g_assert_cmpstr(got, ==, expected);
}

static void test_line(void) {
        assert_line("[0,1,2,3,4,5,6,7,8]", 8, 20, &utf8, "▁▂▃▄▅▆▇██");
        assert_line("[0,1,2,3,4,5,6,7,8]", 8, 20, &plain, "_.-~=+*##");
        assert_line("[0,2,4]", 0, 20, &utf8, "▁▅█"); /* the largest is the top */
        assert_line("[-3,200]", 100, 20, &utf8, "▁█");
        assert_line("[0,0]", 0, 20, &utf8, "▁▁");
        assert_line("[null,4,null,\"x\",8]", 8, 20, &utf8, " ▅  █");
        assert_line("[0,8,8,8,null,null,4,4]", 8, 4, &utf8, "▅█ ▅");
        assert_line("[0,8,4]", 8, 2, &utf8, "▁▇"); /* shares of one and of two */
        for (const char *const *none =
                             (const char *const[]){ "[]", "[null,null]", "{}", "7", "\"1\"", NULL };
             *none; none++)
                assert_line(*none, 8, 20, &utf8, NULL);
        assert_line("[1]", 8, 0, &utf8, NULL);
}

static void test_latest(void) {
        static const struct {
                const char *values, *latest;
        } table[] = { { "[1,2.5]", "2.5" },
                      { "[1,null]", "1" },
                      { "[12.345]", "12.3" },
                      { "[1234.5]", "1234" },
                      { "[1073741824]", "1073741824" },
                      { "[0]", "0" },
                      { "[null]", NULL },
                      { "[]", NULL },
                      { "null", NULL } };

        for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
                g_autoptr(json_object) o = json_tokener_parse(table[i].values);
                g_autofree char *got = sparkline_latest(o);

                g_assert_cmpstr(got, ==, table[i].latest);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/sparkline/line", test_line);
        g_test_add_func("/sparkline/latest", test_latest);
        return g_test_run();
}
