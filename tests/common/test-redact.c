/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Redaction: what is masked, and, as important, what stays readable. */
#include <glib.h>
#include <string.h>

#include "limits.h"
#include "redact-text.h"
#include "redact.h"

#define SEED "0x0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"
#define WORDS11 "abandon ability able about above absent absorb abstract absurd abuse access"
#define WORDS12 WORDS11 " accident"

static void test_names(void) {
        static const char *const secret[] = {
                "password",      "PASSWORD",      "db_password", "Passwd",    "passphrase", "secret",
                "clientSecret",  "token",         "auth-token",  "mnemonic",  "seed",       "suri",
                "private",       "privateKey",    "key",         "api_key",   "apikey",     "X-Api-Key",
                "keys",          "credentials",   "pass",        "MYSQL_PWD", "db.pass",    "auth",
                "session_token", "Authorization", "Set-Cookie",  "node-key"
        };
        static const char *const open[] = { "",           "container",    "command",
                                            "public_key", "session_keys", "sessionKey",
                                            "key_type",   "keystore",     "compass",
                                            "bypass",     "author",       "timeout",
                                            "passive",    "lines",        "keyboard" };

        for (unsigned i = 0; i < G_N_ELEMENTS(secret); i++)
                if (!redact_name_is_secret(secret[i], strlen(secret[i])))
                        g_error("%s is a secret", secret[i]);
        for (unsigned i = 0; i < G_N_ELEMENTS(open); i++)
                if (redact_name_is_secret(open[i], strlen(open[i])))
                        g_error("%s is none", open[i]);
}

typedef struct Case {
        const char *text, *masked;
} Case;

static const Case texts[] = {
        /* Options */
        { "login --password hunter2 --user me", "login --password *** --user me" },
        { "login --password=hunter2 --user me", "login --password=*** --user me" },
        { "login --password 'hunter 2' x", "login --password '***' x" },
        { "login --password=\"hunter 2\" x", "login --password=\"***\" x" },
        { "login --password   \t x", "login --password   \t ***" },
        { "login -password x y", "login -password *** y" },
        { "key insert --suri //Alice --key-type gran", "key insert --suri *** --key-type gran" },
        { "run --node-key 00ff --port 30333", "run --node-key *** --port 30333" },
        { "run --password --verbose", "run --password --verbose" },
        { "run --password= x", "run --password= x" },
        { "run --password=", "run --password=" },
        { "run --keystore-path /keys", "run --keystore-path /keys" },
        { "'login' '--password' 'hunter 2' 'x'", "'login' '--password' '***' 'x'" },
        { "sh -c \"login '--token' hunter2\"", "sh -c \"login '--token' ***\"" },
        { "'run' '--password' '--verbose'", "'run' '--password' '***'" },
        /* Assignments */
        { "PASSWORD=x ls -l", "PASSWORD=*** ls -l" },
        { "env DB_PASSWORD=x API_KEY='a b' A=b sh", "env DB_PASSWORD=*** API_KEY='***' A=b sh" },
        { "export TOKEN=abc; echo", "export TOKEN=*** echo" },
        { "echo $PASSWORD", "echo $PASSWORD" },
        { "PATH=/bin KEYSTORE=/k ls", "PATH=/bin KEYSTORE=/k ls" },
        /* Headers */
        { "curl -H 'Authorization: Bearer abc' http://x/", "curl -H 'Authorization: ***' http://x/" },
        { "curl -H \"authorization:Basic dXNlcjpw\" x", "curl -H \"authorization:***\" x" },
        { "curl -H 'X-Api-Key: abc' x", "curl -H 'X-Api-Key: ***' x" },
        { "curl -H 'Cookie: a=b; c=d' x", "curl -H 'Cookie: ***' x" },
        { "curl -H 'Accept: text/plain' x", "curl -H 'Accept: text/plain' x" },
        { "send Bearer abc.def-ghi now", "send Bearer *** now" },
        { "the bearers come", "the bearers come" },
        /* JSON in text */
        { "{\"user\":\"me\",\"password\":\"x\\\"y\",\"z\":1}",
          "{\"user\":\"me\",\"password\":\"***\",\"z\":1}" },
        { "-d \"{\\\"token\\\": \\\"abc\\\", \\\"n\\\": 1}\"",
          "-d \"{\\\"token\\\": \\\"***\\\", \\\"n\\\": 1}\"" },
        { "{\"pin\":1,\"secrets\":[\"a\",\"b\"],\"n\":1}", "{\"pin\":1,\"secrets\":***" },
        { "{\"method\":\"author_hasKey\",\"params\":[\"0xab\",\"gran\"]}",
          "{\"method\":\"author_hasKey\",\"params\":[\"0xab\",\"gran\"]}" },
        { "password: x y", "password: *** y" },
        { "password: \"x", "password: \"***" },
        /* URLs */
        { "git clone https://me:hunter2@example.kr/x", "git clone https://me:***@example.kr/x" },
        { "curl http://h:9944/a@b:c", "curl http://h:9944/a@b:c" },
        { "ssh://git@example.kr", "ssh://git@example.kr" },
        { "http://h/?token=abc&x=1 y", "http://h/?token=*** y" },
        /* Seeds */
        { "key " SEED " end", "key *** end" },
        { SEED, "***" },
        { "(" SEED ")", "(***)" },
        { SEED "0", SEED "0" },
        { "0x0123", "0x0123" },
        /* Mnemonics */
        { WORDS12, "***" },
        { "insert '" WORDS12 "' gran", "insert '***' gran" },
        { "insert \"" WORDS12 "//stash///pw\" x", "insert \"***\" x" },
        { WORDS12 "\n" WORDS12, "***" },
        { "abandon 'ability' 'able' 'about' 'above' 'absent' 'absorb' 'abstract' 'absurd' 'abuse' 'access' 'accident' "
          "'acid' X",
          "abandon '***' X" },
        { WORDS11, WORDS11 },
        { WORDS11 " It goes on", WORDS11 " It goes on" },
        { "tar c " WORDS12, "tar c ***" },
        /* Plain */
        { "", "" },
        { "ls -l /root/data/chains", "ls -l /root/data/chains" },
        { "서울 --password 비밀 끝", "서울 --password *** 끝" },
        { "a - b -- c = d : e", "a - b -- c = d : e" },
};

static void test_texts(void) {
        for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autoptr(GString) out = g_string_new(NULL);

                (void) redact_text(out, texts[i].text, 0);
                if (strcmp(out->str, texts[i].masked) != 0)
                        g_error("%s\n%s, expected\n%s", texts[i].text, out->str, texts[i].masked);
        }
}

static void test_pending(void) {
        static const char *const pending[] = { "--password",     "run --password",  "--suri ",
                                               "Authorization:", "Authorization: ", "password:",
                                               "Bearer",         "-H Bearer " };
        static const char *const not_pending[] = { "",         "password", "--password x", "--password=",
                                                   "Bearer x", "--user",   "key_type:" };

        for (unsigned i = 0; i < G_N_ELEMENTS(pending); i++) {
                g_autoptr(GString) out = g_string_new(NULL);

                g_assert_true(redact_text(out, pending[i], 0));
                g_assert_cmpstr(out->str, ==, pending[i]);
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(not_pending); i++) {
                g_autoptr(GString) out = g_string_new(NULL);

                g_assert_false(redact_text(out, not_pending[i], 0));
        }
}

static void test_params(void) {
        static const Case cases[] = {
                { "{}", "{}" },
                { "null", "null" },
                { "{\"container\":\"3node0\",\"timeout\":300,\"x\":1.5,\"y\":null}",
                  "{\"container\":\"3node0\",\"timeout\":300,\"x\":1.5,\"y\":null}" },
                { "{\"command\":\"mysql --password=x\"}", "{\"command\":\"mysql --password=***\"}" },
                { "{\"command\":\"'login' '--password' 'a b' \\\"it's\\\" ''\"}",
                  "{\"command\":\"login --password *** 'it'\\\\''s' ''\"}" },
                { "{\"command\":\"curl 'Authorization:' Bearer 'abc' 'http://x/'\"}",
                  "{\"command\":\"curl Authorization: Bearer *** http://x/\"}" },
                { "{\"command\":\"insert '" WORDS12 "//a' gran\"}", "{\"command\":\"insert *** gran\"}" },
                { "{\"command\":\"login --password=x 'open\"}",
                  "{\"command\":\"login --password=*** 'open\"}" },
                { "{\"password\":\"x\",\"token\":5,\"private\":true,\"secret\":null}",
                  "{\"password\":\"***\",\"token\":\"***\",\"private\":true,\"secret\":null}" },
                { "{\"secrets\":[\"a\",\"b\"],\"keys\":{\"a\":\"b\"}}",
                  "{\"secrets\":\"***\",\"keys\":\"***\"}" },
                { "{\"a\":{\"b\":{\"password\":\"x\",\"c\":1}}}",
                  "{\"a\":{\"b\":{\"password\":\"***\",\"c\":1}}}" },
                { "{\"note\":\"" SEED "\"}", "{\"note\":\"***\"}" },
                { "{\"public_key\":\"" SEED "\",\"session_keys\":\"" SEED "\"}",
                  "{\"public_key\":\"" SEED "\",\"session_keys\":\"" SEED "\"}" },
                { "{\"session_keys\":\"" WORDS12 "\"}", "{\"session_keys\":\"***\"}" },
                { "{\"command\":[\"curl\",\"-H\",\"Authorization: Bearer abc\",\"http://x/\"]}",
                  "{\"command\":[\"curl\",\"-H\",\"Authorization: ***\",\"http://x/\"]}" },
                { "{\"command\":[\"x\",\"Authorization:\",\"Bearer\",\"abc\",\"y\"]}",
                  "{\"command\":[\"x\",\"Authorization:\",\"Bearer\",\"***\",\"y\"]}" },
                { "{\"command\":[\"login\",\"--password\",\"a b\",\"--user\",\"me\"]}",
                  "{\"command\":[\"login\",\"--password\",\"***\",\"--user\",\"me\"]}" },
                { "{\"command\":[\"login\",\"--password\",\"--user\",\"me\"]}",
                  "{\"command\":[\"login\",\"--password\",\"--user\",\"me\"]}" },
                { "{\"command\":[\"login\",\"--password=a b\",\"me\"]}",
                  "{\"command\":[\"login\",\"--password=***\",\"me\"]}" },
                { "{\"command\":[\"env\",\"PASSWORD=a b\",\"sh\",\"-c\",\"A=1 TOKEN=b ls\"]}",
                  "{\"command\":[\"env\",\"PASSWORD=***\",\"sh\",\"-c\",\"A=1 TOKEN=*** ls\"]}" },
                { "{\"command\":[\"x\",\"--token\",5,[\"--suri\",\"a\"],{\"pass\":\"b\"}]}",
                  "{\"command\":[\"x\",\"--token\",\"***\",[\"--suri\",\"***\"],{\"pass\":\"***\"}]}" },
                { "{\"command\":[\"insert\",\"abandon\",\"ability\",\"able\",\"about\",\"above\",\"absent\",\"absorb\","
                  "\"abstract\",\"absurd\",\"abuse\",\"access\",\"Gran\",\"b\"]}",
                  "{\"command\":[\"***\",\"Gran\",\"b\"]}" },
                { "{\"command\":[\"ls\",\"-l\",\"/root\"]}", "{\"command\":[\"ls\",\"-l\",\"/root\"]}" },
                { "{\"quote\\\"d\":\"a\\nb/c\"}", "{\"quote\\\"d\":\"a\\nb/c\"}" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                json_object *params = json_tokener_parse(cases[i].text);
                g_autofree char *masked = redact_params(params);

                if (strcmp(masked, cases[i].masked) != 0)
                        g_error("%s\n%s, expected\n%s", cases[i].text, masked, cases[i].masked);
                json_object_put(params);
        }
}

/* docker quotes what it cannot run. */
static void test_error(void) {
        g_autofree char *masked = redact_error("exec: \"DB_PASSWORD=x y\": not found in $PATH");

        g_assert_cmpstr(masked, ==, "exec: \"DB_PASSWORD=*** y\": not found in $PATH");
        g_assert_null(redact_error(NULL));
}

/* Whatever is cut, it is JSON, not too long, and shows the beginning. */
static void test_bounded(void) {
        static const char *const fillings[] = { "a", "\"", "\\\n", "서", "a b \"c\" ", "\001" };

        for (unsigned i = 0; i < G_N_ELEMENTS(fillings); i++)
                for (unsigned n = 600; n < 9000; n += 211) {
                        g_autoptr(GString) text = g_string_new("x --password hunter2 ");
                        json_object *params = json_object_new_object(), *back;
                        g_autofree char *masked = NULL;

                        while (text->len < n)
                                g_string_append(text, fillings[i]);
                        json_object_object_add(params, "command", json_object_new_string(text->str));
                        masked = redact_params(params);

                        g_assert_cmpuint(strlen(masked), <=, AUDIT_PARAMS_BYTES_MAX);
                        g_assert_null(strstr(masked, "hunter2"));
                        g_assert_true(g_utf8_validate(masked, -1, NULL));
                        back = json_tokener_parse(masked);
                        g_assert_true(json_object_is_type(back, json_type_object));
                        if (json_object_object_get_ex(back, "truncated", NULL)) {
                                g_assert_true(g_str_has_prefix(
                                                masked,
                                                "{\"truncated\":\"{\\\"command\\\":\\\"x --password"));
                                g_assert_cmpuint(strlen(masked), >, AUDIT_PARAMS_BYTES_MAX - 16);
                        } else
                                g_assert_true(json_object_object_get_ex(back, "command", NULL));
                        json_object_put(back);
                        json_object_put(params);
                }
}

/* Long texts of what the rules look for take no longer than others. */
static void test_time(void) {
        static const char *const fillings[] = { "a-", "token",  "a ",   "abandon ", "0x0", "\"",
                                                "--", "x://a:", "key:", "bearer ",  "\\" };

        for (unsigned i = 0; i < G_N_ELEMENTS(fillings); i++) {
                g_autoptr(GString) text = g_string_new(NULL), out = g_string_new(NULL);

                while (text->len < PARAMS_BYTES_MAX)
                        g_string_append(text, fillings[i]);
                (void) redact_text(out, text->str, 0);
                g_assert_cmpuint(out->len, >, 0);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/redact/names", test_names);
        g_test_add_func("/redact/texts", test_texts);
        g_test_add_func("/redact/pending", test_pending);
        g_test_add_func("/redact/params", test_params);
        g_test_add_func("/redact/error", test_error);
        g_test_add_func("/redact/bounded", test_bounded);
        g_test_add_func("/redact/time", test_time);
        return g_test_run();
}
