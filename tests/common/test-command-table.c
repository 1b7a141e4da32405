/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands' parameters: what passes in which form, and the words of each refusal. */
#include <glib.h>
#include <string.h>

#include "command-table.h"
#include "error.h"
#include "ident.h"
#include "limits.h"

typedef struct Case {
        const char *command; /* NULL: an operator's own */
        const char *params;  /* JSON */
        const char *expected;
} Case;

static json_object *check(const Case *c, GError **error) {
        json_object *params = json_tokener_parse(c->params);
        json_object *checked =
                        command_params_check(c->command ? command_info(c->command) : NULL, params, error);

        g_assert_true(params || strcmp(c->params, "null") == 0);
        json_object_put(params);
        return checked;
}

static void assert_good(const Case *cases, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                g_autoptr(GError) error = NULL;
                json_object *checked = check(&cases[i], &error);

                if (!checked)
                        g_error("%s: %s", cases[i].params, error->message);
                g_assert_cmpstr(json_object_to_json_string_ext(checked, JSON_C_TO_STRING_PLAIN), ==,
                                cases[i].expected);
                json_object_put(checked);
        }
}

static void assert_bad(const Case *cases, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                g_autoptr(GError) error = NULL;
                json_object *checked = check(&cases[i], &error);

                if (checked)
                        g_error("%s %s was accepted", cases[i].command, cases[i].params);
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER);
                g_assert_cmpstr(error->message, ==, cases[i].expected);
        }
}

static void test_table(void) {
        static const char *const names[] = {
                "start", "stop",        "restart", "logs",        "status",
                "exec",  "backup_keys", "payout",  "rotate_keys", "check_keys"
        };
        unsigned n = 0;

        for (const CommandInfo *info = command_table; info->name; info++, n++) {
                g_assert_cmpuint(n, <, G_N_ELEMENTS(names));
                g_assert_cmpstr(info->name, ==, names[n]);
                g_assert_true(command_name_is_valid(info->name));
                g_assert_true(command_info(info->name) == info);
                g_assert_nonnull(info->help);
                g_assert_cmpint(info->params[0].type, ==, PARAM_CONTAINER);
                g_assert_true(command_param(info, "target") == &info->params[0]);
                for (const ParamInfo *p = info->params; p->name; p++) {
                        g_assert_true(param_name_is_valid(p->name));
                        g_assert_true(command_param(info, p->name) == p);
                        g_assert_nonnull(p->help);
                        if (p->type == PARAM_UINT) {
                                g_assert_cmpuint(p->min, <, p->max);
                                g_assert_cmpuint(p->fallback, <=, p->max);
                        }
                        g_assert_true(!p->with || command_param(info, p->with));
                        g_assert_true(!p->without || command_param(info, p->without));
                }
        }
        g_assert_cmpuint(n, ==, G_N_ELEMENTS(names));
        g_assert_null(command_info("restrat"));
        g_assert_null(command_info(""));
        g_assert_null(command_param(command_info("logs"), "force"));
        g_assert_cmpuint(command_param(command_info("stop"), "timeout")->fallback, ==, 300);
        g_assert_cmpuint(command_param(command_info("logs"), "lines")->fallback, ==, 100);
}

static void test_good(void) {
        static const Case cases[] = {
                { "status", "null", "{}" },
                { "status", "{}", "{}" },
                { "status", "{\"container\":null}", "{}" },
                { "restart", "{\"container\":\"3node0\"}", "{\"container\":\"3node0\"}" },
                { "restart", "{\"target\":\"3node0\"}", "{\"container\":\"3node0\"}" },
                { "restart", "{\"target\":\"3node0\",\"container\":\"3node0\"}",
                  "{\"container\":\"3node0\"}" },
                { "start", "{\"container\":\"all\"}", "{\"container\":\"all\"}" },
                { "stop", "{\"container\":\"all\",\"timeout\":0}", "{\"container\":\"all\",\"timeout\":0}" },
                { "restart", "{\"timeout\":\"3600\"}", "{\"timeout\":3600}" },
                { "status", "{\"container\":\"all\"}", "{\"container\":\"all\"}" },
                { "logs", "{\"lines\":\"100\",\"since\":60,\"follow\":\"yes\"}",
                  "{\"lines\":100,\"since\":60,\"follow\":true}" },
                { "logs", "{\"lines\":10000,\"follow\":false}", "{\"lines\":10000,\"follow\":false}" },
                { "logs", "{\"follow\":1}", "{\"follow\":true}" },
                { "logs", "{\"follow\":\"Off\"}", "{\"follow\":false}" },
                { "exec", "{\"command\":\"ls -l '/a b'\"}", "{\"command\":\"ls -l '\\/a b'\"}" },
                { "exec", "{\"command\":[\"ls\",\"\",\"a\\nb\"]}", "{\"command\":[\"ls\",\"\",\"a\\nb\"]}" },
                { "backup_keys", "{\"target\":\"3node0\"}", "{\"container\":\"3node0\"}" },
                { "rotate_keys", "{\"force\":true}", "{\"force\":true}" },
                { "check_keys", "{}", "{}" },
                { "check_keys", "{\"session_keys\":\"0xabCD\"}", "{\"session_keys\":\"0xabCD\"}" },
                { "check_keys", "{\"public_key\":\"0x00\",\"key_type\":\"gran\"}",
                  "{\"public_key\":\"0x00\",\"key_type\":\"gran\"}" },
                { "check_keys", "{\"public_key\":\"0x00\",\"key_type\":1234}",
                  "{\"public_key\":\"0x00\",\"key_type\":\"1234\"}" },
                { "payout",
                  "{\"container\":\"3node0\",\"era\":1200,\"net\":\"main\",\"dry\":true,\"x\":1.5}",
                  "{\"container\":\"3node0\",\"era\":1200,\"net\":\"main\",\"dry\":true,\"x\":1.5}" },
                { NULL, "{\"target\":\"3node0\",\"level\":\"high\"}",
                  "{\"container\":\"3node0\",\"level\":\"high\"}" },
                { NULL, "null", "{}" },
        };

        assert_good(cases, G_N_ELEMENTS(cases));
}

static void test_bad(void) {
        static const Case cases[] = {
                { "restart", "[1]", "restart: the set of parameters is \"[1]\", expected an object" },
                { "restart", "{\"tiemout\":5}",
                  "restart: unknown parameter \"tiemout\", did you mean \"timeout\"?" },
                { "restart", "{\"force\":true}",
                  "restart: unknown parameter \"force\", expected container, timeout" },
                { "start", "{\"timeout\":5}", "start: unknown parameter \"timeout\", expected container" },
                { "restart", "{\"container\":5}",
                  "restart: container is \"5\", expected a container's name, or all" },
                { "restart", "{\"container\":\"a b\"}",
                  "restart: container is \"a b\", expected a container's name, or all" },
                { "restart", "{\"container\":\"a\\u0000b\"}",
                  "restart: container is \"a\", expected a container's name, or all" },
                { "logs", "{\"target\":\"all\"}",
                  "logs: container is \"all\", expected one container's name" },
                { "restart", "{\"target\":\"a\",\"container\":\"b\"}",
                  "restart: container is \"b\", expected the same name in container and target" },
                { "restart", "{\"timeout\":3601}",
                  "restart: timeout is \"3601\", expected a number from 0 to 3600" },
                { "restart", "{\"timeout\":-1}",
                  "restart: timeout is \"-1\", expected a number from 0 to 3600" },
                { "restart", "{\"timeout\":true}",
                  "restart: timeout is \"true\", expected a number from 0 to 3600" },
                { "restart", "{\"timeout\":1.5}",
                  "restart: timeout is \"1.5\", expected a number from 0 to 3600" },
                { "restart", "{\"timeout\":\"5s\"}",
                  "restart: timeout is \"5s\", expected a number from 0 to 3600" },
                { "logs", "{\"lines\":\"0\"}", "logs: lines is \"0\", expected a number from 1 to 10000" },
                { "logs", "{\"lines\":10001}",
                  "logs: lines is \"10001\", expected a number from 1 to 10000" },
                { "logs", "{\"lines\":18446744073709551615}",
                  "logs: lines is \"18446744073709551615\", expected a number from 1 to 10000" },
                { "logs", "{\"since\":0}", "logs: since is \"0\", expected a number from 1 to 315360000" },
                { "logs", "{\"follow\":\"maybe\"}", "logs: follow is \"maybe\", expected yes or no" },
                { "logs", "{\"follow\":2}", "logs: follow is \"2\", expected yes or no" },
                { "logs", "{\"follow\":[]}", "logs: follow is \"[]\", expected yes or no" },
                { "exec", "{}", "exec: command is missing (what to run, without a shell)" },
                { "exec", "{\"command\":null}", "exec: command is missing (what to run, without a shell)" },
                { "exec", "{\"command\":\"\"}",
                  "exec: command is \"\", expected a command line with matching quotes, or an array of its words" },
                { "exec", "{\"command\":\"  \"}",
                  "exec: command is \"  \", expected a command line with matching quotes, or an array of its words" },
                { "exec", "{\"command\":\"'' x\"}",
                  "exec: command is \"'' x\", expected a command line with matching quotes, or an array of its words" },
                { "exec", "{\"command\":\"ls 'x\"}",
                  "exec: command is \"ls 'x\", expected a command line with matching quotes, or an array of its words" },
                { "exec", "{\"command\":\"ls\\u0000 x\"}",
                  "exec: command is \"ls\", expected a command line with matching quotes, or an array of its words" },
                { "exec", "{\"command\":[]}",
                  "exec: command is \"[]\", expected a command line with matching quotes, or an array of its words" },
                { "exec", "{\"command\":[\"ls\",5]}",
                  "exec: command is \"[\"ls\",5]\", expected a command line with matching quotes, or an array of its words" },
                { "exec", "{\"command\":[\"\",\"x\"]}",
                  "exec: command is \"[\"\",\"x\"]\", expected a command line with matching quotes, or an array of its words" },
                { "check_keys", "{\"session_keys\":\"abcd\"}",
                  "check_keys: session_keys is \"abcd\", expected 0x and an even number of hex digits" },
                { "check_keys", "{\"session_keys\":\"0x\"}",
                  "check_keys: session_keys is \"0x\", expected 0x and an even number of hex digits" },
                { "check_keys", "{\"session_keys\":\"0xabc\"}",
                  "check_keys: session_keys is \"0xabc\", expected 0x and an even number of hex digits" },
                { "check_keys", "{\"session_keys\":\"0xabcg\"}",
                  "check_keys: session_keys is \"0xabcg\", expected 0x and an even number of hex digits" },
                { "check_keys", "{\"public_key\":\"0x00\"}",
                  "check_keys: public_key needs key_type as well" },
                { "check_keys", "{\"key_type\":\"gran\"}", "check_keys: key_type needs public_key as well" },
                { "check_keys", "{\"public_key\":\"0x00\",\"key_type\":\"grandpa\"}",
                  "check_keys: key_type is \"grandpa\", expected 4 characters" },
                { "check_keys", "{\"session_keys\":\"0x00\",\"public_key\":\"0x00\",\"key_type\":\"gran\"}",
                  "check_keys: session_keys and public_key exclude each other" },
                { "payout", "{\"a b\":1}", "payout: unknown parameter \"a b\", expected container" },
                { "payout", "{\"era\":[1]}",
                  "payout: era is \"[1]\", expected one line of at most 4096 characters, a number or a boolean" },
                { "payout", "{\"era\":\"1\\n2\"}",
                  "payout: era is \"1?2\", expected one line of at most 4096 characters, a number or a boolean" },
                { NULL, "{\"container\":\"all\"}",
                  "command: container is \"all\", expected one container's name" },
                { NULL, "{\"x\":{}}",
                  "command: x is \"{}\", expected one line of at most 4096 characters, a number or a boolean" },
        };

        assert_bad(cases, G_N_ELEMENTS(cases));
}

static void test_long(void) {
        g_autofree char *text = g_strnfill(PARAMS_BYTES_MAX, 'x');
        g_autofree char *line = g_strdup_printf("{\"note\":\"%.4097s\"}", text);
        g_autofree char *most = g_strdup_printf("{\"command\":\"%.*s\"}", (int) PARAMS_BYTES_MAX - 14, text);
        g_autofree char *more = g_strdup_printf("{\"command\":\"%.*s\"}", (int) PARAMS_BYTES_MAX - 13, text);
        g_autofree char *shown =
                        g_strdup_printf("payout: note is \"%.64s…\", expected one line of at most 4096 "
                                        "characters, a number or a boolean",
                                        text);
        const Case good[] = { { "exec", most, most } };
        const Case bad[] = { { "payout", line, shown },
                             { "exec", more,
                               "exec: the parameters have 65537 bytes, expected at most 65536" } };

        assert_good(good, G_N_ELEMENTS(good));
        assert_bad(bad, G_N_ELEMENTS(bad));
}

/* What is checked stays as it is when it is checked again: the server's result is the agent's input. */
static void test_again(void) {
        json_object *params = json_tokener_parse("{\"target\":\"a\",\"lines\":\"5\",\"follow\":\"on\"}");
        json_object *once = command_params_check(command_info("logs"), params, NULL);
        json_object *twice = command_params_check(command_info("logs"), once, NULL);

        g_assert_true(json_object_equal(once, twice));
        g_assert_false(json_object_equal(once, params));
        json_object_put(params);
        json_object_put(once);
        json_object_put(twice);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/command-table/table", test_table);
        g_test_add_func("/command-table/good", test_good);
        g_test_add_func("/command-table/bad", test_bad);
        g_test_add_func("/command-table/long", test_long);
        g_test_add_func("/command-table/again", test_again);
        return g_test_run();
}
