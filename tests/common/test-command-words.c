/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command line's words become. */
#include <glib.h>
#include <string.h>

#include "command-table.h"
#include "error.h"

static const char *const known[] = { "3node0", "3node1", "100", NULL };

typedef struct Case {
        const char *line; /* the command, then its words; split by shell quoting rules */
        const char *expected;
} Case;

static json_object *parse(const char *line, const char *const *containers, GError **error) {
        g_auto(GStrv) words = NULL;

        g_assert_true(g_shell_parse_argv(line, NULL, &words, NULL));
        return command_params_from_words(command_info(words[0]), containers, (const char *const *) words + 1,
                                         error);
}

static void assert_words(const char *const *containers, const Case *cases, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                g_autoptr(GError) error = NULL;
                json_object *params = parse(cases[i].line, containers, &error);

                if (!params)
                        g_error("%s: %s", cases[i].line, error->message);
                g_assert_cmpstr(json_object_to_json_string_ext(params, JSON_C_TO_STRING_NOSLASHESCAPE), ==,
                                cases[i].expected);
                json_object_put(params);
        }
}

static void test_words(void) {
        static const Case cases[] = {
                { "status", "{}" },
                { "status 3node0", "{\"container\":\"3node0\"}" },
                { "status all", "{\"container\":\"all\"}" },
                { "restart 3node0", "{\"container\":\"3node0\"}" },
                { "restart target=3node0", "{\"container\":\"3node0\"}" },
                { "restart 3node0 60", "{\"container\":\"3node0\",\"timeout\":60}" },
                { "restart 3node0 timeout=60", "{\"container\":\"3node0\",\"timeout\":60}" },
                { "restart --timeout=60 3node0", "{\"timeout\":60,\"container\":\"3node0\"}" },
                { "stop --all", "{\"container\":\"all\"}" },
                { "logs", "{}" },
                { "logs 3node0", "{\"container\":\"3node0\"}" },
                { "logs 3node0 50", "{\"container\":\"3node0\",\"lines\":50}" },
                { "logs 50", "{\"lines\":50}" },
                { "logs 50 3node0", "{\"lines\":50,\"container\":\"3node0\"}" },
                { "logs 3node0 50 -f", "{\"container\":\"3node0\",\"lines\":50,\"follow\":true}" },
                { "logs -f", "{\"follow\":true}" },
                { "logs --follow 3node0 since=60",
                  "{\"follow\":true,\"container\":\"3node0\",\"since\":60}" },
                { "logs --follow=no", "{\"follow\":false}" },
                { "rotate_keys 3node0 --force", "{\"container\":\"3node0\",\"force\":true}" },
                { "rotate_keys force=yes", "{\"force\":true}" },
                { "check_keys 3node0 0xabcd", "{\"container\":\"3node0\",\"session_keys\":\"0xabcd\"}" },
                { "check_keys 0xabcd", "{\"session_keys\":\"0xabcd\"}" },
                { "check_keys public_key=0xab key_type=gran",
                  "{\"public_key\":\"0xab\",\"key_type\":\"gran\"}" },
                { "payout 3node0 era=1200 'note=a b=c'",
                  "{\"container\":\"3node0\",\"era\":\"1200\",\"note\":\"a b=c\"}" },
                { "disk_check 3node0 level=2 --deep=yes",
                  "{\"container\":\"3node0\",\"level\":\"2\",\"deep\":\"yes\"}" },

                { "exec ls -l /", "{\"command\":[\"ls\",\"-l\",\"/\"]}" },
                { "exec ls", "{\"command\":[\"ls\"]}" },
                { "exec 'ls -l /'", "{\"command\":\"ls -l /\"}" },
                { "exec -- -x", "{\"command\":[\"-x\"]}" },
                { "exec container=3node0 ls -l", "{\"container\":\"3node0\",\"command\":[\"ls\",\"-l\"]}" },
                { "exec target=3node0 -- ls", "{\"container\":\"3node0\",\"command\":[\"ls\"]}" },
                { "exec env A=b container=x --all -f",
                  "{\"command\":[\"env\",\"A=b\",\"container=x\",\"--all\",\"-f\"]}" },
                { "exec A=b ls", "{\"command\":[\"A=b\",\"ls\"]}" },
        };

        assert_words(NULL, cases, G_N_ELEMENTS(cases));
}

static void test_known_containers(void) {
        static const Case cases[] = {
                { "exec 3node0 ls -l /", "{\"container\":\"3node0\",\"command\":[\"ls\",\"-l\",\"/\"]}" },
                { "exec 3node0 'ls -l /'", "{\"container\":\"3node0\",\"command\":\"ls -l /\"}" },
                { "exec 3node0 -- 3node1 x", "{\"container\":\"3node0\",\"command\":[\"3node1\",\"x\"]}" },
                { "exec -- 3node0 x", "{\"command\":[\"3node0\",\"x\"]}" },
                { "exec 3node9 ls", "{\"command\":[\"3node9\",\"ls\"]}" },
                { "exec container=3node9 3node0", "{\"container\":\"3node9\",\"command\":[\"3node0\"]}" },
                { "logs 100", "{\"container\":\"100\"}" },
                { "logs 100 100", "{\"container\":\"100\",\"lines\":100}" },
                { "restart 3node9", "{\"container\":\"3node9\"}" },
        };

        assert_words(known, cases, G_N_ELEMENTS(cases));
}

static void test_refused(void) {
        static const Case cases[] = {
                { "restart 3node0 3node1", "restart: one word too many: \"3node1\"" },
                { "start 3node0 3node1", "start: one word too many: \"3node1\"" },
                { "logs 3node0 5 6", "logs: one word too many: \"6\"" },
                { "payout 3node0 1200", "payout: one word too many: \"1200\"" },
                { "disk_check a b", "command: one word too many: \"b\"" },
                { "logs lines=5 lines=6", "logs: lines is given twice" },
                { "logs lines=5 3node0 6", "logs: one word too many: \"6\"" },
                { "stop --all 3node0", "stop: one word too many: \"3node0\"" },
                { "start --all 3node0", "start: one word too many: \"3node0\"" },
                { "stop 3node0 target=3node1", "stop: container is given twice" },
                { "logs --all", "logs: container is \"all\", expected one container's name" },
                { "logs 3node0 0", "logs: lines is \"0\", expected a number from 1 to 10000" },
                { "restart tiemout=5", "restart: unknown parameter \"tiemout\", did you mean \"timeout\"?" },
                { "restart --timeout 5", "restart: timeout needs a value: --timeout=…" },
                { "restart -f", "restart: unknown option \"-f\"" },
                { "restart --force", "restart: unknown option \"--force\"" },
                { "restart -", "restart: unknown option \"-\"" },
                { "restart ''", "restart: container is \"\", expected a container's name, or all" },
                { "restart a/b=c", "restart: container is \"a/b=c\", expected a container's name, or all" },
                { "exec", "exec: command is missing (what to run, without a shell)" },
                { "exec 3node0", "exec: command is missing (what to run, without a shell)" },
                { "exec container=a/b ls", "exec: container is \"a/b\", expected one container's name" },
                { "exec ''",
                  "exec: command is \"[\"\"]\", expected a command line with matching quotes, or an "
                  "array of its words" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                json_object *params = parse(cases[i].line, known, &error);

                if (params)
                        g_error("%s was accepted: %s", cases[i].line, json_object_to_json_string(params));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER);
                g_assert_cmpstr(error->message, ==, cases[i].expected);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/command-words/words", test_words);
        g_test_add_func("/command-words/known-containers", test_known_containers);
        g_test_add_func("/command-words/refused", test_refused);
        return g_test_run();
}
