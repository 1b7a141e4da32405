/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Selectors: what each condition picks out of one small fleet, and what is none. */
#include <glib.h>
#include <string.h>

#include "error.h"
#include "limits.h"
#include "selector.h"

static const struct {
        const char *id, *labels; /* "k=v k=v"; NULL: has none */
} fleet[] = {
        { "busan-1", "role=validator site=busan" },
        { "seoul-1", "role=validator site=서울" },
        { "seoul-2", "role=archive site=서울 note=" },
        { "all", NULL },
};

static GHashTable *labels_of(const char *text) {
        g_auto(GStrv) pairs = g_strsplit(text, " ", -1);
        GHashTable *labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

        for (char **p = pairs; *p; p++) {
                g_auto(GStrv) pair = g_strsplit(*p, "=", 2);

                g_hash_table_insert(labels, g_strdup(pair[0]), g_strdup(pair[1]));
        }
        return labels;
}

static void test_matches(void) {
        static const struct {
                const char *selector;
                const char *picked; /* x or . per client */
        } cases[] = {
                { "all", "xxxx" },
                { "*", "xxxx" },
                { "seoul-*", ".xx." },
                { "seoul-?", ".xx." },
                { "*-1", "xx.." },
                { "seoul-1", ".x.." },
                { "[bs]*-1", "xx.." },
                { "seoul-[!1]", "..x." },
                { "Seoul-1", "...." },
                { "a*", "...x" },
                { "role=validator", "xx.." },
                { "role=*", "xxx." },
                { "role=v*", "xx.." },
                { "site=서*", ".xx." },
                { "site=??", ".xx." },
                { "note=", "..x." },
                { "note=*", "..x." },
                { "rack=*", "...." },
                { "seoul-*,role=validator", ".x.." },
                { "role=validator,seoul-*", ".x.." },
                { " seoul-* , role=validator ", ".x.." },
                { "all,site=busan", "x..." },
                { "seoul-1,seoul-2", "...." },
                { "role=validator,role=archive", "...." },
                { "*-*,site=*,role=*", "xxx." },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(Selector) s = selector_parse(cases[i].selector, &error);

                g_assert_no_error(error);
                for (unsigned c = 0; c < G_N_ELEMENTS(fleet); c++) {
                        g_autoptr(GHashTable) labels = fleet[c].labels ? labels_of(fleet[c].labels) : NULL;

                        if (selector_matches(s, fleet[c].id, labels) != (cases[i].picked[c] == 'x'))
                                g_error("%s on %s: expected %c", cases[i].selector, fleet[c].id,
                                        cases[i].picked[c]);
                }
        }
}

static void test_refused(void) {
        static const struct {
                const char *selector, *error;
        } cases[] = {
                { "", "selector \"\": \"\" is not \"all\", a client id, a glob on it, or key=value" },
                { " ", "selector \" \": \"\" is not \"all\", a client id, a glob on it, or key=value" },
                { ",", "selector \",\": \"\" is not \"all\", a client id, a glob on it, or key=value" },
                { "a,", "selector \"a,\": \"\" is not \"all\", a client id, a glob on it, or key=value" },
                { "a,,b",
                  "selector \"a,,b\": \"\" is not \"all\", a client id, a glob on it, or key=value" },
                { "a b",
                  "selector \"a b\": \"a b\" is not \"all\", a client id, a glob on it, or key=value" },
                { "a/b",
                  "selector \"a/b\": \"a/b\" is not \"all\", a client id, a glob on it, or key=value" },
                { "a[1",
                  "selector \"a[1\": \"a[1\" is not \"all\", a client id, a glob on it, or key=value" },
                { "서울",
                  "selector \"서울\": \"서울\" is not \"all\", a client id, a glob on it, or key=value" },
                { "a\nb",
                  "selector \"a?b\": \"a?b\" is not \"all\", a client id, a glob on it, or key=value" },
                { "=v",
                  "selector \"=v\": \"\" is not a label's key (letters, digits, '.', '_', '/', '-', at most 64)" },
                { "r*=v",
                  "selector \"r*=v\": \"r*\" is not a label's key (letters, digits, '.', '_', '/', '-', at "
                  "most 64)" },
                { "role=[v", "selector \"role=[v\": \"[v\" is not a label's value or a glob" },
                { "role=a\tb", "selector \"role=a?b\": \"a?b\" is not a label's value or a glob" },
                { "role=\xff", "selector \"role=?\": \"?\" is not a label's value or a glob" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;

                g_assert_null(selector_parse(cases[i].selector, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER);
                g_assert_cmpstr(error->message, ==, cases[i].error);
        }
}

static void test_long(void) {
        g_autofree char *most = g_strnfill(SELECTOR_BYTES_MAX, '*'),
                        *more = g_strnfill(SELECTOR_BYTES_MAX + 1, '*');
        g_autoptr(Selector) s = selector_parse(most, NULL);
        g_autoptr(GError) error = NULL;

        g_assert_true(selector_matches(s, "seoul-1", NULL));
        g_assert_null(selector_parse(more, &error));
        g_assert_cmpstr(error->message, ==, "the selector has 1025 bytes, expected at most 1024");
        g_assert_null(selector_free(NULL));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/selector/matches", test_matches);
        g_test_add_func("/selector/refused", test_refused);
        g_test_add_func("/selector/long", test_long);
        return g_test_run();
}
