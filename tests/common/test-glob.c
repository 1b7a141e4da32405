/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Globs: case by case, against a recursive definition, and in bounded time. */
#include <glib.h>

#include "glob.h"

static void test_cases(void) {
        static const struct {
                const char *pattern, *text;
                bool match;
        } cases[] = {
                { "", "", true },
                { "", "a", false },
                { "a", "", false },
                { "*", "", true },
                { "**", "", true },
                { "*", "seoul-1", true },
                { "seoul-*", "seoul-1", true },
                { "seoul-*", "seoul-", true },
                { "seoul-*", "seoul", false },
                { "seoul-*", "busan-1", false },
                { "seoul-?", "seoul-1", true },
                { "seoul-?", "seoul-12", false },
                { "seoul-?", "seoul-", false },
                { "*-1", "seoul-1", true },
                { "*-1", "seoul-1-1", true },
                { "*-1", "seoul-11", false },
                { "*o*l*", "seoul-1", true },
                { "*l*o*", "seoul-1", false },
                { "a*b*c", "abbc", true },
                { "a*b*c", "abbcd", false },
                { "seoul-[12]", "seoul-2", true },
                { "seoul-[12]", "seoul-3", false },
                { "seoul-[!12]", "seoul-3", true },
                { "seoul-[!12]", "seoul-1", false },
                { "seoul-[0-9]", "seoul-5", true },
                { "seoul-[0-9]", "seoul-x", false },
                { "seoul-[0-9]*x", "seoul-12x", true },
                { "[a-]", "-", true },
                { "[]]", "]", true },
                { "[!]]", "]", false },
                { "[z-a]", "b", false },
                { "[!a", "b", false },
                { "[", "[", false },
                { "x[", "x", false },
                { "Seoul", "seoul", false },
                { "?", "서", true },
                { "서*", "서울", true },
                { "[가-힣]?", "서울", true },
                { "[a-z]", "서", false },
                { "\\*", "\\x", true },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
                if (glob_matches(cases[i].pattern, cases[i].text) != cases[i].match)
                        g_error("%s on %s: expected %d", cases[i].pattern, cases[i].text, cases[i].match);
}

static bool slow_matches(const char *pattern, const char *text) {
        if (*pattern == '*')
                return slow_matches(pattern + 1, text) || (*text && slow_matches(pattern, text + 1));
        if (!*pattern || !*text)
                return !*pattern && !*text;
        return (*pattern == '?' || *pattern == *text) && slow_matches(pattern + 1, text + 1);
}

/* All patterns of up to 5 of "ab*?" on all texts of up to 6 of "ab". */
static void test_all_short(void) {
        for (unsigned p = 0; p < 5 * 5 * 5 * 5 * 5; p++)
                for (unsigned t = 0; t < 3 * 3 * 3 * 3 * 3 * 3; t++) {
                        char pattern[6] = "", text[7] = "";

                        for (unsigned i = 0, rest = p; i < 5; i++, rest /= 5)
                                pattern[i] = "ab*?"[rest % 5];
                        for (unsigned i = 0, rest = t; i < 6; i++, rest /= 3)
                                text[i] = "ab"[rest % 3];
                        if (glob_matches(pattern, text) != slow_matches(pattern, text))
                                g_error("%s on %s", pattern, text);
                }
}

/* The classic that takes naive matchers longer than the universe is old. */
static void test_time(void) {
        g_autofree char *text = g_strnfill(4096, 'a');
        g_autoptr(GString) pattern = g_string_new(NULL);

        for (unsigned i = 0; i < 100; i++)
                g_string_append(pattern, "*a");
        g_string_append(pattern, "*b");
        g_assert_false(glob_matches(pattern->str, text));
}

static void test_valid(void) {
        static const char *const good[] = { "",    "*",    "a?b", "[a]",    "[!a]",
                                            "[]]", "[!]]", "[[]", "[a][b]", "]" };
        static const char *const bad[] = { "[", "[]", "[!", "[!]", "[a", "x[a][", "[!a" };

        for (unsigned i = 0; i < G_N_ELEMENTS(good); i++)
                g_assert_true(glob_is_valid(good[i]));
        for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
                g_assert_false(glob_is_valid(bad[i]));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/glob/cases", test_cases);
        g_test_add_func("/glob/all-short", test_all_short);
        g_test_add_func("/glob/time", test_time);
        g_test_add_func("/glob/valid", test_valid);
        return g_test_run();
}
