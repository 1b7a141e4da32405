/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command lines, taken apart. */
#include "args.h"
#include "error.h"

static const char *const colors[] = { "red", "blue", NULL };

static const OptionInfo own[] = {
        { "yes", 'y', NULL, "" },
        { "param", 'p', "KEY=VALUE", "" },
        { "color", 0, "COLOR", "", colors },
        { "json", 'j', "MODE", "", .optional = true },
        {},
};

static const OptionInfo common[] = { { "host", 'H', "HOST", "" }, {} };
static const OptionInfo *const tables[] = { own, common, NULL };

static Args *parse_by(const ArgsRules *rules, const char *line, GError **error) {
        g_auto(GStrv) words = g_strsplit(line, " ", -1);

        return args_parse(rules, (const char *const *) words, error);
}

static Args *parse(const char *line) {
        static const ArgsRules rules = { tables };
        g_autoptr(GError) error = NULL;
        Args *a = parse_by(&rules, line, &error);

        g_assert_no_error(error);
        return a;
}

static char *words_of(const Args *a) {
        return g_strjoinv(" ", (char **) args_words(a));
}

static void test_mixed(void) {
        g_autoptr(Args) a = parse("one -y two --host=there -p a=1 three --param b=2");
        g_autofree char *words = words_of(a);

        g_assert_cmpstr(words, ==, "one two three");
        g_assert_true(args_has(a, "yes"));
        g_assert_false(args_has(a, "json"));
        g_assert_cmpstr(args_get(a, "host"), ==, "there");
        g_assert_cmpstr(args_get(a, "param"), ==, "b=2");
        g_assert_cmpstr(args_all(a, "param")[0], ==, "a=1");
        g_assert_cmpstr(args_all(a, "param")[1], ==, "b=2");
        g_assert_null(args_all(a, "param")[2]);
        g_assert_null(args_all(a, "color")[0]);
        g_assert_null(args_word(a, 3));
}

static void test_letters(void) {
        g_autoptr(Args) a = parse("-yHhere -jy");

        g_assert_cmpstr(args_get(a, "host"), ==, "here");
        g_assert_cmpstr(args_get(a, "json"), ==, "");
        g_assert_cmpuint(args_count(a), ==, 0);
}

static void test_optional_value(void) {
        g_autoptr(Args) with = parse("--json=short word"), without = parse("--json word");

        g_assert_cmpstr(args_get(with, "json"), ==, "short");
        g_assert_cmpstr(args_get(without, "json"), ==, "");
        g_assert_cmpstr(args_word(without, 0), ==, "word");
}

static void test_dashes(void) {
        g_autoptr(Args) a = parse("- -- -y --host");
        g_autofree char *words = words_of(a);

        g_assert_cmpstr(words, ==, "- -y --host");
        g_assert_false(args_has(a, "yes"));
}

static bool after_exec(const char *const *words, unsigned n) {
        return n > 0 && g_str_equal(words[n - 1], "exec");
}

static void test_verbatim(void) {
        const ArgsRules rules = { tables, .verbatim = after_exec };
        g_autoptr(Args) a = parse_by(&rules, "exec -y ls -l --host=x", NULL);
        g_autofree char *words = words_of(a);

        g_assert_cmpstr(words, ==, "exec ls -l --host=x");
        g_assert_true(args_has(a, "yes"));
        g_assert_false(args_has(a, "host"));
        g_assert_true(args_verbatim(a));
}

static void test_stop(void) {
        const ArgsRules rules = { tables, .flags = ARGS_STOP_AT_WORD };
        g_autoptr(Args) a = parse_by(&rules, "-H there -y verb -p", NULL);

        g_assert_cmpuint(args_consumed(a), ==, 3);
        g_assert_cmpstr(args_get(a, "host"), ==, "there");
        g_assert_cmpuint(args_count(a), ==, 0);
}

static void test_unknown_kept(void) {
        const ArgsRules rules = { tables, .flags = ARGS_KEEP_UNKNOWN };
        g_autoptr(Args) a = parse_by(&rules, "one --force --lines=5 --yes", NULL);

        g_assert_cmpstr(args_unknown(a)[0], ==, "force");
        g_assert_cmpstr(args_unknown(a)[1], ==, "lines=5");
        g_assert_null(args_unknown(a)[2]);
        g_assert_true(args_has(a, "yes"));
}

static void test_incomplete(void) {
        const ArgsRules rules = { tables, .flags = ARGS_LAST_INCOMPLETE };
        g_autoptr(Args) value = parse_by(&rules, "one --color", NULL), letter = parse_by(&rules, "-p", NULL);
        g_autoptr(Args) unknown = parse_by(&rules, "-z --what", NULL);

        g_assert_cmpstr(args_pending(value)->name, ==, "color");
        g_assert_cmpstr(args_pending(letter)->name, ==, "param");
        g_assert_null(args_pending(unknown));
}

static void test_errors(void) {
        static const struct {
                const char *line, *message;
        } cases[] = {
                { "--yse", "unknown option --yse; did you mean --yes?" },
                { "--elephants=3", "unknown option --elephants; --help lists them" },
                { "-z", "unknown option -z; --help lists them" },
                { "--yes=no", "option --yes takes no value, got \"no\"" },
                { "--host", "option --host needs a value: HOST" },
                { "-yp", "option -p needs a value: KEY=VALUE" },
        };
        static const ArgsRules rules = { tables };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;

                g_assert_null(parse_by(&rules, cases[i].line, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER);
                g_assert_cmpstr(error->message, ==, cases[i].message);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/args/mixed", test_mixed);
        g_test_add_func("/args/letters", test_letters);
        g_test_add_func("/args/optional-value", test_optional_value);
        g_test_add_func("/args/dashes", test_dashes);
        g_test_add_func("/args/verbatim", test_verbatim);
        g_test_add_func("/args/stop", test_stop);
        g_test_add_func("/args/unknown-kept", test_unknown_kept);
        g_test_add_func("/args/incomplete", test_incomplete);
        g_test_add_func("/args/errors", test_errors);
        return g_test_run();
}
