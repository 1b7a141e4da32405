/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parser against what peers really send, what they should not, and 20,000 mutations of both. */
#include <glib.h>
#include <string.h>

#include "error.h"
#include "limits.h"
#include "message.h"

static Message *parse(const char *text) {
        g_autoptr(GError) error = NULL;
        Message *m = message_parse(text, strlen(text), &error);

        if (!m)
                g_error("%s\n%s", error->message, text);
        return m;
}

static void assert_refused(const char *text, size_t size, const char *expected) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Message) m = message_parse(text, size, &error);

        if (m)
                g_error("accepted, expected \"%s\": %.200s", expected, text);
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        if (!strstr(error->message, expected))
                g_error("\"%s\", expected \"%s\": %.200s", error->message, expected, text);
        g_assert_cmpuint(strlen(error->message), <, 512);
}

/* Messages as version 1.1.0 clients and servers send them. */
static void test_old_peers(void) {
        g_autoptr(Message) reg =
                        parse("{\"type\": \"register\", \"serverId\": \"seoul-1\", \"version\": \"1.1.0\","
                              " \"timestamp\": 1795406712331.25}\n");
        g_autoptr(Message) stats = parse("{\"type\":\"stats\",\"serverId\":\"a\",\"timestamp\":1.0,"
                                         "\"sequence\":7.0,\"interval\":10,\"data\":{\"system\":{}}}");
        g_autoptr(Message) plain_stats = parse("{\"type\":\"stats\",\"data\":{}}");
        g_autoptr(Message) summary =
                        parse("{\"type\":\"summary\",\"period_seconds\":3600,\"data_points\":360}"),
                           numbered = parse("{\"type\":\"summary\",\"sequence\":5}");
        g_autoptr(Message) command = parse("{\"type\":\"command\",\"data\":{\"id\":\"cmd_1_0001\","
                                           "\"command\":\"status\",\"target\":\"\",\"params\":null}}");
        g_autoptr(Message) beat = parse("{\"type\":\"heartbeat\"}");
        g_autoptr(Message) ping = parse(" \t\r\n{\"type\":\"ping\"} \t\r\n");
        g_autoptr(Message) ack =
                        parse("{\"type\":\"key_update_ack\",\"status\":\"error\",\"message\":\"disk\"}");

        g_assert_cmpstr(reg->reg.version, ==, "1.1.0");
        g_assert_cmpint(stats->stats.sequence, ==, 7);
        g_assert_cmpint(plain_stats->stats.sequence, ==, 0);
        g_assert_true(summary->stats.body == summary->root);
        g_assert_cmpint(summary->stats.sequence, ==, 0);
        g_assert_cmpint(numbered->stats.sequence, ==, 5);
        g_assert_null(command->command.target);
        g_assert_null(command->command.params);
        g_assert_cmpint(beat->type, ==, MESSAGE_HEARTBEAT);
        g_assert_cmpint(ping->type, ==, MESSAGE_PING);
        g_assert_false(ack->key_update.success);
        g_assert_null(ack->key_update.id);
}

static void test_response_ids(void) {
        static const char *const texts[] = {
                "{\"type\":\"command_response\",\"data\":{\"id\":\"cmd_1_0001\",\"status\":\"success\"}}",
                "{\"type\":\"command_response\",\"data\":{\"command_id\":\"cmd_1_0001\",\"status\":\"completed\"}}",
                "{\"type\":\"command_response\",\"data\":{\"command_id\":\"cmd_1_0001\",\"id\":\"cmd_1_0001\","
                "\"status\":\"completed\"}}",
                "{\"type\":\"command_response\",\"data\":{\"command_id\":null,\"id\":\"cmd_1_0001\","
                "\"status\":\"completed\"}}",
                "{\"type\":\"command_response\",\"data\":{\"command_id\":\"cmd_1_0001\",\"id\":\"\","
                "\"status\":\"completed\"}}",
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autoptr(Message) m = parse(texts[i]);

                g_assert_cmpstr(m->response.id, ==, "cmd_1_0001");
                g_assert_cmpint(m->response.status, ==, COMMAND_SUCCEEDED);
        }
}

static void test_response_values(void) {
        static const struct {
                const char *result; /* JSON */
                json_type type;
        } results[] = {
                { "null", json_type_null },   { "\"text\"", json_type_string },
                { "\"\"", json_type_string }, { "5", json_type_int },
                { "1.5", json_type_double },  { "true", json_type_boolean },
                { "[1,2]", json_type_array }, { "{}", json_type_object },
        };
        static const struct {
                const char *json, *text;
        } errors[] = {
                { "null", NULL }, { "\"\"", NULL },     { "\"no\\nsuch container\"", "no\nsuch container" },
                { "5", "5" },     { "false", "false" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(results); i++) {
                g_autofree char *text =
                                g_strdup_printf("{\"type\":\"command_response\",\"data\":{\"id\":\"c\","
                                                "\"status\":\"success\",\"result\":%s}}",
                                                results[i].result);
                g_autoptr(Message) m = parse(text);

                g_assert_true(json_object_is_type(m->response.result, results[i].type));
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(errors); i++) {
                g_autofree char *text =
                                g_strdup_printf("{\"type\":\"command_response\",\"data\":{\"id\":\"c\","
                                                "\"status\":\"failed\",\"error\":%s}}",
                                                errors[i].json);
                g_autoptr(Message) m = parse(text);

                g_assert_cmpstr(m->response.error, ==, errors[i].text);
        }
}

static void test_numbers(void) {
        static const struct {
                const char *json;
                int64_t n;
        } good[] = {
                { "0", 0 },      { "1795406712331", 1795406712331 },   { "1795406712331.75", 1795406712331 },
                { "1e3", 1000 }, { "9223372036854775807", INT64_MAX }, { "null", 0 },
        };
        static const char *const bad[] = { "-1", "-0.5", "1e300", "\"5\"", "true", "[]", "NaN", "Infinity" };

        for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) {
                g_autofree char *text =
                                g_strdup_printf("{\"type\":\"stats_ack\",\"sequence\":%s}", good[i].json);
                g_autoptr(Message) m = parse(text);

                g_assert_cmpint(m->stats.sequence, ==, good[i].n);
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autofree char *text = g_strdup_printf("{\"type\":\"stats_ack\",\"sequence\":%s}", bad[i]);

                assert_refused(text, strlen(text), "a number from 0 to 2^63-1");
        }
}

/* Times inform; whatever is in their place, the key counts. */
static void test_times(void) {
        static const struct {
                const char *json;
                int64_t n;
        } cases[] = { { "1795406712331", 1795406712331 },
                      { "1795406712331.5", 1795406712331 },
                      { "\"2026-11-23T12:05:12\"", 0 },
                      { "null", 0 },
                      { "-5", 0 },
                      { "{}", 0 } };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text =
                                g_strdup_printf("{\"type\":\"key_update\",\"data\":{\"container\":\"n\","
                                                "\"session_key\":\"0x1\",\"timestamp\":%s}}",
                                                cases[i].json);
                g_autoptr(Message) m = parse(text);

                g_assert_cmpint(m->key_update.timestamp_ms, ==, cases[i].n);
                g_assert_null(m->key_update.action);
        }
}

static void test_unknown(void) {
        g_autoptr(Message) type = parse("{\"type\":\"telemetry\",\"data\":5}");
        g_autoptr(Message) empty = parse("{\"type\":\"\"}");
        g_autoptr(Message) field = parse("{\"type\":\"ping\",\"x\":{\"y\":[1]},\"data\":7}");
        g_autoptr(Message) feature = parse("{\"type\":\"register\",\"serverId\":\"a\","
                                           "\"features\":[\"teleport\",\"cancel\",\"\"]}");
        g_autoptr(Message) twice = parse("{\"type\":\"pong\",\"type\":\"ping\"}");

        g_assert_cmpint(type->type, ==, MESSAGE_UNKNOWN);
        g_assert_cmpstr(type->type_name, ==, "telemetry");
        g_assert_cmpint(empty->type, ==, MESSAGE_UNKNOWN);
        g_assert_cmpint(field->type, ==, MESSAGE_PING);
        g_assert_cmpuint(feature->reg.features, ==, FEATURE_CANCEL);
        g_assert_cmpint(twice->type, ==, MESSAGE_PING);
}

static void test_refused(void) {
        static const struct {
                const char *text, *error;
        } cases[] = {
                { "", "ends after 0 bytes" },
                { " ", "ends after 1 bytes" },
                { "{\"type\":\"ping\"", "ends after 14 bytes" },
                { "{\"type\":\"pi", "ends after" },
                { "null ", "no JSON object" },
                { "[1]", "no JSON object" },
                { "\"type\"", "no JSON object" },
                { "{type:\"ping\"}", "no JSON at byte 1" },
                { "{'type':'ping'}", "no JSON at byte" },
                { "{\"type\":\"ping\",}", "no JSON" },
                { "{\"type\":\"ping\"}{}", "more behind the object that ends at byte 15" },
                { "{\"type\":\"ping\"} x", "more behind the object" },
                { "{}", "\"type\" is missing" },
                { "{\"type\":null}", "\"type\" is missing" },
                { "{\"type\":5}", "\"type\" is missing or no string" },
                { "\xff{\"type\":\"ping\"}", "not UTF-8" },
                { "{\"type\":\"\xed\xa0\x80\"}", "not UTF-8" },

                { "{\"type\":\"register\"}", "register: \"serverId\" is missing" },
                { "{\"type\":\"register\",\"serverId\":\"a b\"}",
                  "register: \"serverId\" is \"a b\", expected a client id" },
                { "{\"type\":\"register\",\"serverId\":\"a\\u0000b\"}", "expected a client id" },
                { "{\"type\":\"register\",\"serverId\":\"..\"}", "expected a client id" },
                { "{\"type\":\"register\",\"serverId\":5}", "is 5, expected a client id" },
                { "{\"type\":\"register\",\"serverId\":\"a\",\"version\":110}",
                  "\"version\" is 110, expected a string" },
                { "{\"type\":\"register\",\"serverId\":\"a\",\"hostName\":\"a\\nb\"}",
                  "without control characters" },
                { "{\"type\":\"register\",\"serverId\":\"a\",\"labels\":[]}",
                  "an object of at most 64 labels" },
                { "{\"type\":\"register\",\"serverId\":\"a\",\"labels\":{\"a\":1}}", "labels of one line" },
                { "{\"type\":\"register\",\"serverId\":\"a\",\"labels\":{\"a\":null}}",
                  "labels of one line" },
                { "{\"type\":\"register\",\"serverId\":\"a\",\"labels\":{\"a b\":\"c\"}}",
                  "labels of one line" },
                { "{\"type\":\"register\",\"serverId\":\"a\",\"labels\":{\"a\":\"b,c\"}}",
                  "labels of one line" },
                { "{\"type\":\"register\",\"serverId\":\"a\",\"commands\":\"start\"}", "command names" },
                { "{\"type\":\"register\",\"serverId\":\"a\",\"commands\":[1]}", "command names" },
                { "{\"type\":\"register\",\"serverId\":\"a\",\"commands\":[null]}", "command names" },
                { "{\"type\":\"register\",\"serverId\":\"a\",\"commands\":[\"Start\"]}", "command names" },
                { "{\"type\":\"register\",\"serverId\":\"a\",\"features\":{}}", "an array of strings" },
                { "{\"type\":\"register\",\"serverId\":\"a\",\"features\":[1]}", "an array of strings" },
                { "{\"type\":\"register_ack\"}", "\"status\" is missing" },
                { "{\"type\":\"register_ack\",\"status\":true}", "expected a string" },

                { "{\"type\":\"stats\"}", "stats: \"data\" is missing" },
                { "{\"type\":\"stats\",\"data\":[]}", "stats: \"data\" is [], expected an object" },

                { "{\"type\":\"command\"}", "command: \"data\" is missing" },
                { "{\"type\":\"command\",\"data\":null}", "command: \"data\" is missing" },
                { "{\"type\":\"command\",\"data\":\"x\"}", "\"data\" is \"x\", expected an object" },
                { "{\"type\":\"command\",\"data\":{\"command\":\"x\"}}", "\"id\" is missing" },
                { "{\"type\":\"command\",\"data\":{\"id\":\"c\"}}", "\"command\" is missing" },
                { "{\"type\":\"command\",\"data\":{\"id\":\"c/d\",\"command\":\"x\"}}",
                  "expected a command id" },
                { "{\"type\":\"command\",\"data\":{\"id\":\"c\",\"command\":\"x\",\"params\":[]}}",
                  "\"params\" is [], expected an object" },
                { "{\"type\":\"command\",\"data\":{\"id\":\"c\",\"command\":\"x\",\"deadline\":-1}}",
                  "\"deadline\" is -1" },

                { "{\"type\":\"command_progress\",\"data\":{\"offset\":0}}", "\"id\" is missing" },
                { "{\"type\":\"command_progress\",\"data\":{\"id\":\"c\",\"output\":5}}",
                  "expected a string" },
                { "{\"type\":\"command_progress\",\"data\":{\"id\":\"c\",\"offset\":\"5\"}}",
                  "expected a number" },
                { "{\"type\":\"command_cancel\",\"data\":{}}", "\"id\" is missing" },
                { "{\"type\":\"command_cancel\",\"data\":{\"id\":\"\"}}", "\"id\" is missing" },
                { "{\"type\":\"command_flow\",\"data\":{\"id\":\"c\"}}", "\"offset\" is missing" },
                { "{\"type\":\"command_flow\",\"data\":{\"id\":\"c\",\"offset\":-1}}",
                  "\"offset\" is -1, expected a number" },

                { "{\"type\":\"command_response\",\"data\":{\"status\":\"success\"}}", "\"id\" is missing" },
                { "{\"type\":\"command_response\",\"data\":{\"id\":\"c\"}}", "\"status\" is missing" },
                { "{\"type\":\"command_response\",\"data\":{\"id\":\"c\",\"status\":\"done\"}}",
                  "\"status\" is \"done\", expected completed, success, failed" },
                { "{\"type\":\"command_response\",\"data\":{\"id\":\"c\",\"command_id\":\"d\",\"status\":\"success\"}}",
                  "\"id\" is \"c\", expected the same id as in \"command_id\"" },
                { "{\"type\":\"command_ack\"}", "\"command_id\" is missing" },

                { "{\"type\":\"key_update\",\"data\":{\"session_key\":\"0x1\"}}",
                  "\"container\" is missing" },
                { "{\"type\":\"key_update\",\"data\":{\"container\":\"n\",\"session_key\":\"\"}}",
                  "\"session_key\" is missing" },
                { "{\"type\":\"key_update\",\"data\":{\"container\":\"../n\",\"session_key\":\"0x1\"}}",
                  "\"container\" is \"..\\/n\", expected a container's name" },
                { "{\"type\":\"backup_complete\",\"data\":{\"container\":\"n\"}}",
                  "\"backup_file\" is missing" },
                { "{\"type\":\"backup_complete\",\"data\":{\"container\":\"n\",\"backup_file\":\"f\","
                  "\"size\":\"1\"}}",
                  "expected a number" },
                { "{\"type\":\"key_update_ack\"}", "\"status\" is missing" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
                assert_refused(cases[i].text, strlen(cases[i].text), cases[i].error);
        assert_refused("{\"type\":\"ping\"}\0", 16, "not UTF-8");
        assert_refused("{\"type\":\"pi\0ng\"}", 16, "not UTF-8");
}

static void test_long_values(void) {
        g_autofree char *name = g_strnfill(MESSAGE_FIELD_MAX + 1, 'x');
        g_autofree char *command = g_strdup_printf(
                        "{\"type\":\"command\",\"data\":{\"id\":\"c\",\"command\":\"%s\"}}", name);
        g_autofree char *version = g_strdup_printf(
                        "{\"type\":\"register\",\"serverId\":\"a\",\"version\":\"%.65s\"}", name);
        g_autofree char *host = g_strdup_printf(
                        "{\"type\":\"register\",\"serverId\":\"a\",\"hostName\":\"%.254s\"}", name);
        g_autofree char *label = g_strdup_printf(
                        "{\"type\":\"register\",\"serverId\":\"a\",\"labels\":{\"l\":\"%.257s\"}}", name);
        g_autofree char *free_text = g_strdup_printf("{\"type\":\"error\",\"message\":\"%s\"}", name);
        g_autoptr(Message) m = parse(free_text);

        assert_refused(command, strlen(command), "expected a shorter string");
        assert_refused(version, strlen(version), "expected a shorter string");
        assert_refused(host, strlen(host), "expected a shorter string");
        assert_refused(label, strlen(label), "labels of one line");
        g_assert_cmpstr(m->error.message, ==, name);
}

/* before, then n times item with its number in place of '#', between commas, then after. */
static char *list_of(unsigned n, const char *item, const char *before, const char *after) {
        g_auto(GStrv) parts = g_strsplit(item, "#", 2);
        GString *s = g_string_new(before);

        for (unsigned i = 0; i < n; i++)
                g_string_append_printf(s, "%s%s%u%s", i > 0 ? "," : "", parts[0], i, parts[1]);
        g_string_append(s, after);
        return g_string_free(s, FALSE);
}

static void test_counts(void) {
        static const char labels[] = "{\"type\":\"register\",\"serverId\":\"a\",\"labels\":{";
        static const char commands[] = "{\"type\":\"register\",\"serverId\":\"a\",\"commands\":[";
        g_autofree char *most_labels = list_of(LABELS_MAX, "\"l#\":\"v\"", labels, "}}");
        g_autofree char *more_labels = list_of(LABELS_MAX + 1, "\"l#\":\"v\"", labels, "}}");
        g_autofree char *most_commands = list_of(OFFERED_COMMANDS_MAX, "\"c#\"", commands, "]}");
        g_autofree char *more_commands = list_of(OFFERED_COMMANDS_MAX + 1, "\"c#\"", commands, "]}");
        g_autoptr(Message) a = parse(most_labels), b = parse(most_commands);

        g_assert_cmpint(json_object_object_length(a->reg.labels), ==, LABELS_MAX);
        g_assert_cmpuint(json_object_array_length(b->reg.commands), ==, OFFERED_COMMANDS_MAX);
        assert_refused(more_labels, strlen(more_labels), "an object of at most 64 labels");
        assert_refused(more_commands, strlen(more_commands), "an array of at most 128 command names");
}

static char *nested(unsigned depth) {
        g_autofree char *open = g_strnfill(depth, '['), *close = g_strnfill(depth, ']');

        return g_strdup_printf("{\"type\":\"ping\",\"x\":%s%s}", open, close);
}

static void test_depth(void) {
        g_autofree char *most = nested(MESSAGE_DEPTH_MAX - 1), *more = nested(MESSAGE_DEPTH_MAX),
                        *endless = nested(1000000);
        g_autoptr(Message) m = parse(most);

        g_assert_cmpint(m->type, ==, MESSAGE_PING);
        assert_refused(more, strlen(more), "nesting too deep");
        assert_refused(endless, strlen(endless), "");
}

static void test_size(void) {
        g_autofree char *padding = g_strnfill(MESSAGE_BYTES_MAX - 15, ' ');
        g_autofree char *most = g_strconcat("{\"type\":\"ping\"}", padding, NULL);
        g_autofree char *more = g_strconcat(most, " ", NULL);
        g_autoptr(Message) m = parse(most);

        g_assert_cmpint(m->type, ==, MESSAGE_PING);
        assert_refused(more, strlen(more), "expected at most 10485760");
}

/* What costs memory is counted, what only looks like it is not. */
static void test_values(void) {
        g_autofree char *most = list_of(MESSAGE_VALUES_MAX - 4, "#", "{\"type\":\"ping\",\"x\":[", "]}");
        g_autofree char *more = list_of(MESSAGE_VALUES_MAX, "#", "{\"type\":\"ping\",\"x\":[", "]}");
        /* json-c takes this for a name. */
        g_autofree char *hidden = list_of(MESSAGE_VALUES_MAX, "#", "{\"type\":\"ping\",'\"':[", "]}");
        g_autofree char *commas = g_strnfill(MESSAGE_VALUES_MAX * 2, ',');
        g_autofree char *text = g_strdup_printf("{\"type\":\"ping\",\"x\":\"\\\"[%s\"}", commas);
        g_autoptr(Message) a = parse(most), b = parse(text);

        g_assert_cmpint(a->type, ==, MESSAGE_PING);
        g_assert_cmpint(b->type, ==, MESSAGE_PING);
        assert_refused(more, strlen(more), "more than 65536 values");
        assert_refused(hidden, strlen(hidden), "more than 65536 values");
}

static const char *const samples[] = {
        "{\"type\":\"register\",\"serverId\":\"seoul-1\",\"version\":\"1.1.0\",\"timestamp\":1795406712331,"
        "\"hostName\":\"h\",\"labels\":{\"a\":\"b\"},\"commands\":[\"start\"],\"features\":[\"cancel\"]}",
        "{\"type\":\"stats\",\"sequence\":7,\"data\":{\"system\":{\"x\":1.5e3},\"containers\":[{},null]}}",
        "{\"type\":\"summary\",\"period_seconds\":3600}",
        "{\"type\":\"command\",\"data\":{\"id\":\"cmd_1_0001\",\"command\":\"logs\",\"target\":\"3node0\","
        "\"params\":{\"lines\":100},\"deadline\":1795406712331}}",
        "{\"type\":\"command_progress\",\"data\":{\"id\":\"cmd_1_0001\",\"state\":\"running\",\"offset\":10,"
        "\"output\":\"a\\u0000\\ud83d\\ude00\\n서울\"}}",
        "{\"type\":\"command_response\",\"data\":{\"id\":\"cmd_1_0001\",\"command_id\":\"cmd_1_0001\","
        "\"status\":\"failed\",\"result\":[true,{}],\"error\":\"no\"}}",
        "{\"type\":\"key_update\",\"data\":{\"container\":\"3node0\",\"session_key\":\"0xab\",\"timestamp\":1}}",
        "{\"type\":\"backup_complete\",\"data\":{\"container\":\"3node0\",\"backup_file\":\"f\",\"size\":1}}",
        "{\"type\":\"error\",\"message\":\"m\",\"detail\":{\"x\":1}}",
};

static void mutate(GRand *rand, GString *s) {
        static const char *const pieces[] = { "\"",    "\\",      "{",         "}",       "[",
                                              "]",     ",",       ":",         "null",    "-1",
                                              "1e999", "\xff",    "\\u0000",   "\\ud800", "true",
                                              "\"\"",  "\"id\":", "\"data\":", " " };
        const char *piece = pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces))];
        gssize at = g_rand_int_range(rand, 0, (gint32) s->len + 1);
        gssize some = g_rand_int_range(rand, 1, 12), size = MIN(some, (gssize) s->len - at);

        switch (g_rand_int_range(rand, 0, 5)) {
        case 0:
                if (at < (gssize) s->len)
                        s->str[at] = (char) g_rand_int_range(rand, 0, 256);
                break;
        case 1:
                g_string_erase(s, at, size);
                break;
        case 2:
                g_string_insert(s, at, piece);
                break;
        case 3:
                g_string_truncate(s, at);
                break;
        default: { /* repeat a part */
                g_autofree char *part = g_strndup(s->str + at, size);

                g_string_insert(s, g_rand_int_range(rand, 0, (gint32) s->len + 1), part);
        }
        }
}

/* Never a crash; exactly one of a message and an error. Each text is at the end of its own allocation, so that
 * memory checkers see the first byte read beyond it. */
static void test_mutations(void) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(20000);
        unsigned accepted = 0;

        for (unsigned i = 0; i < 20000; i++) {
                g_autoptr(GString) s = g_string_new(samples[i % G_N_ELEMENTS(samples)]);
                g_autoptr(GError) error = NULL;
                g_autoptr(Message) m = NULL;
                g_autofree char *exact = NULL;

                for (int n = g_rand_int_range(rand, 1, 5); n > 0; n--)
                        mutate(rand, s);
                exact = g_memdup2(s->str, s->len);
                m = message_parse(exact, s->len, &error);
                g_assert_true((m != NULL) == (error == NULL));
                if (m) {
                        accepted++;
                        g_assert_nonnull(m->type_name);
                } else
                        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        }
        g_test_message("%u of 20000 accepted", accepted);
        g_assert_cmpuint(accepted, >, 500);
        g_assert_cmpuint(accepted, <, 19500);
}

/* All cuts of all samples are refused. */
static void test_cuts(void) {
        for (unsigned i = 0; i < G_N_ELEMENTS(samples); i++)
                for (size_t size = 0; size < strlen(samples[i]); size++) {
                        g_autofree char *exact = g_memdup2(samples[i], size);

                        g_assert_null(message_parse(exact, size, NULL));
                }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/message-parse/old-peers", test_old_peers);
        g_test_add_func("/message-parse/response-ids", test_response_ids);
        g_test_add_func("/message-parse/response-values", test_response_values);
        g_test_add_func("/message-parse/numbers", test_numbers);
        g_test_add_func("/message-parse/times", test_times);
        g_test_add_func("/message-parse/unknown", test_unknown);
        g_test_add_func("/message-parse/refused", test_refused);
        g_test_add_func("/message-parse/long-values", test_long_values);
        g_test_add_func("/message-parse/counts", test_counts);
        g_test_add_func("/message-parse/depth", test_depth);
        g_test_add_func("/message-parse/size", test_size);
        g_test_add_func("/message-parse/values", test_values);
        g_test_add_func("/message-parse/cuts", test_cuts);
        g_test_add_func("/message-parse/mutations", test_mutations);
        return g_test_run();
}
