/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Declarations of an operator's commands, and parameters that are or are not as declared. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "limits.h"
#include "script-config.h"

static void gather(const char *message, void *userdata) {
        g_ptr_array_add(userdata, g_strdup(message));
}

/* What text declares; *ret_warnings as g_strjoinv() would show them. */
static GPtrArray *read_text(const char *text, char **ret_warnings) {
        static const ConfigKey keys[] = { SCRIPT_CONFIG_KEYS, {} };
        g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *dir = g_dir_make_tmp("script-XXXXXX", NULL),
                        *path = g_build_filename(dir, "mclient.conf", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(Config) f = NULL;
        GPtrArray *scripts;

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        f = config_read(path, keys, gather, warnings, &error);
        g_assert_no_error(error);
        scripts = script_config_read(f, gather, warnings);
        g_assert_cmpint(g_unlink(path), ==, 0);
        g_assert_cmpint(g_rmdir(dir), ==, 0);
        g_ptr_array_add(warnings, NULL);
        *ret_warnings = g_strjoinv("\n", (char **) warnings->pdata);
        return scripts;
}

static void test_declaration(void) {
        g_autofree char *warnings = NULL;
        g_autoptr(GPtrArray) scripts = read_text(
                        "[Command payout]\nExec=/usr/local/bin/payout --network 'main net'\n"
                        "Parameter.era=[0-9]{1,6}\nParameter.account=0x[0-9a-f]{64}\nOptional=account\n"
                        "ParameterType.force=boolean\nTimeout=20min\nOutputMax=64K\nUser=payer\n"
                        "SuccessExitStatus=3 77\nLock=signer\n"
                        "[Command report]\nExec=/bin/report\nContainer=no\n",
                        &warnings);
        const Script *s = script_find(scripts, "payout"), *report = script_find(scripts, "report");

        g_assert_cmpstr(warnings, ==, "");
        g_assert_cmpuint(scripts->len, ==, 2);
        g_assert_cmpuint(g_strv_length(s->argv), ==, 3);
        g_assert_cmpstr(s->argv[0], ==, "/usr/local/bin/payout");
        g_assert_cmpstr(s->argv[2], ==, "main net");
        g_assert_cmpuint(s->params->len, ==, 3);
        g_assert_false(script_param(s, "era")->optional);
        g_assert_true(script_param(s, "account")->optional);
        g_assert_cmpint(script_param(s, "force")->type, ==, SCRIPT_BOOLEAN);
        g_assert_cmpuint(s->timeout_usec, ==, 20 * 60 * USEC_PER_SEC);
        g_assert_cmpuint(s->output_max, ==, 65536);
        g_assert_cmpstr(s->user, ==, "payer");
        g_assert_cmpstr(s->lock, ==, "signer");
        g_assert_true(s->container);
        g_assert_true(script_is_success(s, 0) && script_is_success(s, 3) && script_is_success(s, 77));
        g_assert_false(script_is_success(s, 1));

        g_assert_false(report->container);
        g_assert_null(report->user);
        g_assert_cmpstr(report->lock, ==, "report");
        g_assert_cmpuint(report->timeout_usec, ==, COMMAND_TIMEOUT_DEFAULT_USEC);
        g_assert_cmpuint(report->output_max, ==, SCRIPT_OUTPUT_DEFAULT);
        g_assert_cmpuint(report->params->len, ==, 0);
        g_assert_null(script_find(scripts, "status"));
}

/* Each is left out, and what is wrong is said; the others stay. */
static void test_bad_declarations(void) {
        static const struct {
                const char *text, *complaint;
        } cases[] = {
                { "[Command x]\nTimeout=1\n", "[Command x] is not offered: Exec= is not set" },
                { "[Command x]\nExec=report\n", "Exec=report: expected an absolute path" },
                { "[Command x]\nExec=/bin/a \"b\n", "expected words with matching quotes" },
                { "[Command restart]\nExec=/bin/a\n", "\"restart\" is built in" },
                { "[Command Pay out]\nExec=/bin/a\n", "\"Pay out\" is no command's name" },
                { "[Command x]\nExec=/bin/a\nParameter.a=[0-9\n",
                  "Parameter.a=: \"[0-9\" is no regular expression" },
                { "[Command x]\nExec=/bin/a\nParameter.a=1)|(?:2\n", "is no regular expression" },
                { "[Command x]\nExec=/bin/a\nParameter.9=a\n", "\"9\" cannot be a parameter's name" },
                { "[Command x]\nExec=/bin/a\nParameter.container=a\n",
                  "\"container\" cannot be a parameter's" },
                { "[Command x]\nExec=/bin/a\nParameter.a-b=a\nParameter.A_b=a\n",
                  "are the same to the script's" },
                { "[Command x]\nExec=/bin/a\nParameterType.a=number\n",
                  "expected string, integer or boolean" },
                { "[Command x]\nExec=/bin/a\nOptional=a\n", "Optional=a: expected a parameter that" },
                { "[Command x]\nExec=/bin/a\nTimeout=soon\n", "Timeout=soon: expected a time" },
                { "[Command x]\nExec=/bin/a\nTimeout=0\n", "Timeout=0: expected a time" },
                { "[Command x]\nExec=/bin/a\nTimeout=2d\n", "at most 24h" },
                { "[Command x]\nExec=/bin/a\nOutputMax=2G\n", "OutputMax=2G: expected bytes" },
                { "[Command x]\nExec=/bin/a\nOutputMax=K\n", "OutputMax=K: expected bytes" },
                { "[Command x]\nExec=/bin/a\nUser=a b\n", "User=a b: expected the name of a user" },
                { "[Command x]\nExec=/bin/a\nUser=0\n", "User=0: expected the name of a user" },
                { "[Command x]\nExec=/bin/a\nLock=../x\n", "Lock=../x: expected a name" },
                { "[Command x]\nExec=/bin/a\nSuccessExitStatus=256\n", "expected exit codes" },
                { "[Command x]\nExec=/bin/a\nContainer=maybe\n", "expected yes or no" },
                { "[Command x]\nExec=/bin/a\nExce=/bin/b\n", "unknown key Exce=" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = g_strconcat(cases[i].text, "[Command good]\nExec=/bin/a\n", NULL),
                                *warnings = NULL;
                g_autoptr(GPtrArray) scripts = read_text(text, &warnings);

                if (!strstr(warnings, cases[i].complaint))
                        g_error("case %zu says: %s", i, warnings);
                g_assert_nonnull(script_find(scripts, "good"));
                g_assert_cmpuint(scripts->len, ==, strstr(warnings, "not offered") ? 1 : 2);
        }
}

static void test_too_many(void) {
        g_autoptr(GString) commands = g_string_new(NULL),
                           params = g_string_new("[Command a]\nExec=/bin/a\n");
        g_autoptr(GPtrArray) scripts = NULL, none = NULL;
        g_autofree char *warnings = NULL, *others = NULL;

        for (int i = 0; i <= SCRIPTS_MAX; i++)
                g_string_append_printf(commands, "[Command c%d]\nExec=/bin/a\n", i);
        scripts = read_text(commands->str, &warnings);
        g_assert_cmpuint(scripts->len, ==, SCRIPTS_MAX);
        g_assert_nonnull(strstr(warnings, "more than 64 commands"));

        for (int i = 0; i <= SCRIPT_PARAMS_MAX; i++)
                g_string_append_printf(params, "Parameter.p%d=a\n", i);
        none = read_text(params->str, &others);
        g_assert_cmpuint(none->len, ==, 0);
        g_assert_nonnull(strstr(others, "more than 32 parameters"));
}

#define PAYOUT                                                                                \
        "[Command payout]\nExec=/bin/pay now\nParameter.era=[0-9]+|last\nParameter.memo=.*\n" \
        "ParameterType.count=integer\nParameter.count=-?[1-9][0-9]{0,2}\n"                    \
        "ParameterType.force=boolean\nParameter.api_secret=[a-z]+\nParameter.slow=(a+)+b\n"   \
        "Optional=memo, count, force, api_secret, slow\n"

/* What becomes of these parameters: their JSON, or the error. */
static char *outcome(const Script *s, const char *params) {
        json_object *o = json_tokener_parse(params), *checked;
        g_autoptr(GError) error = NULL;
        char *text;

        checked = script_check(s, o, &error);
        g_assert_true(!checked == !!error);
        text = g_strdup(checked ? json_object_to_json_string_ext(checked, JSON_C_TO_STRING_PLAIN)
                                : error->message);
        if (error)
                g_assert_true(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER));
        json_object_put(checked);
        json_object_put(o);
        return text;
}

static void test_check(void) {
        static const struct {
                const char *params, *expected; /* with "*": it is in there somewhere */
        } cases[] = {
                { "{\"era\":\"1234\"}", "{\"era\":\"1234\"}" },
                { "{\"era\":1234,\"container\":\"3node0\"}", "{\"era\":\"1234\"}" },
                { "{\"memo\":\"a b\",\"era\":\"last\"}", "{\"era\":\"last\",\"memo\":\"a b\"}" },
                { "{\"era\":\"1\",\"memo\":\"\"}", "{\"era\":\"1\",\"memo\":\"\"}" },
                { "{\"era\":\"1\",\"memo\":null}", "{\"era\":\"1\"}" },
                { "{\"era\":\"1\",\"memo\":\"$(reboot); `id` | x > y\"}",
                  "{\"era\":\"1\",\"memo\":\"$(reboot); `id` | x > y\"}" },
                { "{\"era\":\"1\",\"force\":true}", "{\"era\":\"1\",\"force\":\"yes\"}" },
                { "{\"era\":\"1\",\"force\":\"off\"}", "{\"era\":\"1\",\"force\":\"no\"}" },
                { "{\"era\":\"1\",\"count\":-12}", "{\"era\":\"1\",\"count\":\"-12\"}" },
                /* all of the value, whatever the pattern's own alternatives */
                { "{\"era\":\"12x\"}", "payout: era is \"12x\", expected all of it to match [0-9]+|last" },
                { "{\"era\":\"x12\"}", "*era is \"x12\"" },
                { "{\"era\":\"lastly\"}", "*era is \"lastly\"" },
                { "{\"era\":\"\"}", "*era is \"\"" },
                { "{\"era\":\"12\\n\"}", "*era is \"12?\"" },
                { "{\"era\":\"1\",\"memo\":\"a\\nb\"}", "*memo is \"a?b\"" },
                { "{\"era\":\"1\",\"memo\":\"a\\u0000b\"}", "*memo is \"a\"" },
                { "{\"era\":[1]}", "*era is \"[1]\"" },
                { "{\"era\":{}}", "*era is \"{}\"" },
                { "{}", "payout: era is missing, expected all of it to match [0-9]+|last" },
                { "{\"era\":null}", "*era is missing" },
                { "null", "*era is missing" },
                { "[]", "*the set of parameters is no object" },
                { "{\"era\":\"1\",\"count\":\"1e3\"}",
                  "payout: count is \"1e3\", expected a whole number of at most 18 digits, all of it to match "
                  "-?[1-9][0-9]{0,2}" },
                { "{\"era\":\"1\",\"count\":1.5}", "*count is \"1.5\"" },
                { "{\"era\":\"1\",\"count\":1000}", "*count is \"1000\"" },
                { "{\"era\":\"1\",\"force\":\"perhaps\"}",
                  "payout: force is \"perhaps\", expected yes or no" },
                { "{\"eras\":\"1\"}",
                  "payout: no parameter \"eras\" (\"1\") is declared, did you mean \"era\"?" },
                { "{\"era\":\"1\",\"destination\":\"me\"}",
                  "payout: no parameter \"destination\" (\"me\") is declared, expected era, memo, count, force, "
                  "api_secret, slow" },
                /* what looks secret is not said */
                { "{\"era\":\"1\",\"api_secret\":\"HUNTER2\"}",
                  "payout: api_secret is \"***\", expected all of it to match [a-z]+" },
                { "{\"era\":\"1\",\"password\":\"hunter2\"}", "*\"password\" (\"***\")" },
                /* a pattern that would take for ever gives up, and does not match */
                { "{\"era\":\"1\",\"slow\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
                  "*slow is" },
        };
        g_autofree char *warnings = NULL;
        g_autoptr(GPtrArray) scripts = read_text(PAYOUT, &warnings);
        const Script *s = script_find(scripts, "payout");

        g_assert_cmpstr(warnings, ==, "");
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *seen = outcome(s, cases[i].params);

                if (cases[i].expected[0] == '*')
                        g_assert_nonnull(strstr(seen, cases[i].expected + 1));
                else
                        g_assert_cmpstr(seen, ==, cases[i].expected);
        }
}

/* Longer than any argument should be, and what is not UTF-8. */
static void test_check_odd(void) {
        g_autofree char *warnings = NULL, *longest = g_strnfill(PARAM_BYTES_MAX, 'a'),
                        *longer = g_strnfill(PARAM_BYTES_MAX + 1, 'a');
        g_autoptr(GPtrArray) scripts = read_text(PAYOUT, &warnings);
        const Script *s = script_find(scripts, "payout");
        const char *const texts[] = { longest, longer, "\xff" };

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                json_object *o = json_object_new_object(), *checked;

                json_object_object_add(o, "era", json_object_new_string("1"));
                json_object_object_add(o, "memo", json_object_new_string(texts[i]));
                checked = script_check(s, o, NULL);
                g_assert_true(!checked == (i > 0));
                json_object_put(checked);
                json_object_put(o);
        }
}

static void test_argv(void) {
        g_autofree char *warnings = NULL, *line = NULL, *all = NULL, *without = NULL;
        g_autoptr(GPtrArray) scripts = read_text(PAYOUT, &warnings);
        const Script *s = script_find(scripts, "payout");
        json_object *params = json_tokener_parse("{\"memo\":\"a 'b' $c\",\"era\":7,\"api_secret\":\"x\"}"),
                    *checked = script_check(s, params, NULL);
        g_auto(GStrv) argv = script_argv(s, checked),
                      environment = script_environment(s, "cmd_1_2", "3node0", checked),
                      host = script_environment(s, "cmd_1_2", NULL, checked);

        line = g_strjoinv("|", argv);
        g_assert_cmpstr(line, ==, "/bin/pay|now|--era=7|--memo=a 'b' $c|--api_secret=x");
        all = g_strjoinv("|", environment);
        g_assert_cmpstr(all, ==,
                        "MCLIENT_COMMAND=payout|MCLIENT_COMMAND_ID=cmd_1_2|MCLIENT_CONTAINER=3node0|"
                        "MCLIENT_PARAM_ERA=7|MCLIENT_PARAM_MEMO=a 'b' $c|MCLIENT_PARAM_API_SECRET=x");
        without = g_strjoinv("|", host);
        g_assert_null(strstr(without, "CONTAINER"));
        json_object_put(checked);
        json_object_put(params);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/script/declaration", test_declaration);
        g_test_add_func("/script/bad-declarations", test_bad_declarations);
        g_test_add_func("/script/too-many", test_too_many);
        g_test_add_func("/script/check", test_check);
        g_test_add_func("/script/check-odd", test_check_odd);
        g_test_add_func("/script/argv", test_argv);
        return g_test_run();
}
