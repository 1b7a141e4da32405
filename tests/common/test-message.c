/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire format: what we write is what docs/PROTOCOL.md shows, and reads back as it was meant. */
#include <glib.h>
#include <string.h>

#include "json-text.h"
#include "message.h"

#define NOW 1795406712331
#define ID "cmd_1795406712331_4821"

/* Takes text. */
static Message *read_back(char *text, const char *expected, MessageType type) {
        g_autofree char *owned = text;
        g_autoptr(GError) error = NULL;
        Message *m = message_parse(text, strlen(text), &error);

        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, expected);
        g_assert_cmpint(m->type, ==, type);
        return m;
}

static void test_register(void) {
        json_object *labels = json_tokener_parse("{\"role\":\"validator\"}");
        json_object *commands = json_tokener_parse("[\"start\",\"stop\"]");
        g_autoptr(Message) m =
                        read_back(message_register("seoul-1", "0.1.0", "se1.example.kr", labels, commands,
                                                   FEATURE_PROGRESS | FEATURE_LEDGER, NOW),
                                  "{\"type\":\"register\",\"serverId\":\"seoul-1\",\"version\":\"0.1.0\","
                                  "\"timestamp\":1795406712331,\"hostName\":\"se1.example.kr\","
                                  "\"labels\":{\"role\":\"validator\"},\"commands\":[\"start\",\"stop\"],"
                                  "\"features\":[\"progress\",\"ledger\"]}",
                                  MESSAGE_REGISTER);

        g_assert_cmpstr(m->reg.server_id, ==, "seoul-1");
        g_assert_cmpstr(m->reg.version, ==, "0.1.0");
        g_assert_cmpstr(m->reg.host_name, ==, "se1.example.kr");
        g_assert_true(json_object_equal(m->reg.labels, labels));
        g_assert_true(json_object_equal(m->reg.commands, commands));
        g_assert_cmpuint(m->reg.features, ==, FEATURE_PROGRESS | FEATURE_LEDGER);
        json_object_put(labels);
        json_object_put(commands);
}

static void test_register_least(void) {
        g_autoptr(Message) m = read_back(message_register("a", NULL, NULL, NULL, NULL, 0, 0),
                                         "{\"type\":\"register\",\"serverId\":\"a\",\"timestamp\":0}",
                                         MESSAGE_REGISTER);

        g_assert_null(m->reg.version);
        g_assert_null(m->reg.host_name);
        g_assert_null(m->reg.labels);
        g_assert_null(m->reg.commands);
        g_assert_cmpuint(m->reg.features, ==, 0);
}

static void test_register_ack(void) {
        g_autoptr(Message) yes = read_back(
                        message_register_ack("a", true, "Welcome", FEATURES_ALL, NOW),
                        "{\"type\":\"register_ack\",\"status\":\"success\",\"serverId\":\"a\","
                        "\"timestamp\":1795406712331,\"message\":\"Welcome\",\"features\":[\"progress\","
                        "\"cancel\",\"deadline\",\"backup_ack\",\"ledger\",\"flow\",\"caller\","
                        "\"certificate\"]}",
                        MESSAGE_REGISTER_ACK);
        g_autoptr(Message) no =
                        read_back(message_register_ack("a", false, NULL, 0, NOW),
                                  "{\"type\":\"register_ack\",\"status\":\"error\",\"serverId\":\"a\","
                                  "\"timestamp\":1795406712331}",
                                  MESSAGE_REGISTER_ACK);

        g_assert_true(yes->register_ack.success);
        g_assert_cmpstr(yes->register_ack.text, ==, "Welcome");
        g_assert_cmpuint(yes->register_ack.features, ==, FEATURES_ALL);
        g_assert_false(no->register_ack.success);
        g_assert_null(no->register_ack.text);
        g_assert_cmpuint(no->register_ack.features, ==, 0);
}

static void test_liveness(void) {
        g_autoptr(Message) pong =
                        read_back(message_pong(5), "{\"type\":\"pong\",\"timestamp\":5}", MESSAGE_PONG);
        g_autoptr(Message) beat = read_back(message_heartbeat(6), "{\"type\":\"heartbeat\",\"timestamp\":6}",
                                            MESSAGE_HEARTBEAT);
        g_autoptr(Message) ack =
                        read_back(message_heartbeat_ack(7), "{\"type\":\"heartbeat_ack\",\"timestamp\":7}",
                                  MESSAGE_HEARTBEAT_ACK);

        g_assert_cmpstr(pong->type_name, ==, "pong");
        g_assert_cmpstr(beat->type_name, ==, "heartbeat");
        g_assert_cmpstr(ack->type_name, ==, "heartbeat_ack");
}

static void test_stats(void) {
        json_object *data = json_tokener_parse("{\"system\":{\"host_name\":\"h\"},\"containers\":[]}");
        g_autoptr(Message) m =
                        read_back(message_stats("a", 7, 10, data, NOW),
                                  "{\"type\":\"stats\",\"serverId\":\"a\",\"timestamp\":1795406712331,"
                                  "\"sequence\":7,\"interval\":10,"
                                  "\"data\":{\"system\":{\"host_name\":\"h\"},\"containers\":[]}}",
                                  MESSAGE_STATS);
        g_autoptr(Message) ack = read_back(message_stats_ack(7, NOW),
                                           "{\"type\":\"stats_ack\",\"timestamp\":1795406712331,"
                                           "\"status\":\"success\",\"sequence\":7}",
                                           MESSAGE_STATS_ACK);
        g_autoptr(Message) numbered_ack = read_back(message_summary_ack(3, NOW),
                                                    "{\"type\":\"summary_ack\",\"timestamp\":1795406712331,"
                                                    "\"status\":\"success\",\"sequence\":3}",
                                                    MESSAGE_SUMMARY_ACK);
        g_autoptr(Message) summary_ack = read_back(message_summary_ack(0, NOW),
                                                   "{\"type\":\"summary_ack\",\"timestamp\":1795406712331,"
                                                   "\"status\":\"success\"}",
                                                   MESSAGE_SUMMARY_ACK);

        g_assert_cmpint(m->stats.sequence, ==, 7);
        g_assert_true(json_object_equal(m->stats.body, data));
        g_assert_cmpint(ack->stats.sequence, ==, 7);
        g_assert_cmpint(numbered_ack->stats.sequence, ==, 3);
        g_assert_cmpint(summary_ack->stats.sequence, ==, 0);
        json_object_put(data);
}

static void test_command(void) {
        json_object *params = json_tokener_parse("{\"container\":\"3node0\",\"timeout\":300}");
        g_autoptr(Message) m = read_back(
                        message_command(ID, "restart", "3node0", params, NOW + 5, "1000", NOW),
                        "{\"type\":\"command\",\"data\":{\"id\":\"" ID "\",\"command\":\"restart\","
                        "\"target\":\"3node0\",\"params\":{\"container\":\"3node0\",\"timeout\":300},"
                        "\"timestamp\":1795406712331,\"deadline\":1795406712336,\"caller\":\"1000\"}}",
                        MESSAGE_COMMAND);
        g_autoptr(Message) least = read_back(message_command(ID, "status", NULL, NULL, 0, NULL, NOW),
                                             "{\"type\":\"command\",\"data\":{\"id\":\"" ID "\","
                                             "\"command\":\"status\",\"params\":{},"
                                             "\"timestamp\":1795406712331}}",
                                             MESSAGE_COMMAND);

        g_assert_cmpstr(m->command.id, ==, ID);
        g_assert_cmpstr(m->command.command, ==, "restart");
        g_assert_cmpstr(m->command.target, ==, "3node0");
        g_assert_true(json_object_equal(m->command.params, params));
        g_assert_cmpint(m->command.deadline_ms, ==, NOW + 5);
        g_assert_cmpstr(m->command.caller, ==, "1000");
        g_assert_null(least->command.caller);
        g_assert_null(least->command.target);
        g_assert_cmpint(least->command.deadline_ms, ==, 0);
        json_object_put(params);
}

static void test_cancel(void) {
        g_autoptr(Message) cancel = read_back(message_command_cancel(ID),
                                              "{\"type\":\"command_cancel\",\"data\":{\"id\":\"" ID "\"}}",
                                              MESSAGE_COMMAND_CANCEL);
        g_autoptr(Message) ack = read_back(message_command_ack(ID, NOW),
                                           "{\"type\":\"command_ack\",\"timestamp\":1795406712331,"
                                           "\"command_id\":\"" ID "\"}",
                                           MESSAGE_COMMAND_ACK);

        g_assert_cmpstr(cancel->cancel.id, ==, ID);
        g_assert_cmpstr(ack->cancel.id, ==, ID);
}

static void test_flow(void) {
        g_autoptr(Message) m = read_back(message_command_flow(ID, 65536),
                                         "{\"type\":\"command_flow\",\"data\":{\"id\":\"" ID
                                         "\",\"offset\":65536}}",
                                         MESSAGE_COMMAND_FLOW);

        g_assert_cmpstr(m->flow.id, ==, ID);
        g_assert_cmpuint(m->flow.offset, ==, 65536);
}

static void test_progress(void) {
        static const char output[] = "line \"1\"\n\0서울";
        g_autoptr(Message) m = read_back(message_command_progress(ID, 4096, output, sizeof(output) - 1),
                                         "{\"type\":\"command_progress\",\"data\":{\"id\":\"" ID
                                         "\",\"state\":\"running\","
                                         "\"offset\":4096,\"output\":\"line \\\"1\\\"\\n\\u0000서울\"}}",
                                         MESSAGE_COMMAND_PROGRESS);

        g_assert_cmpstr(m->progress.id, ==, ID);
        g_assert_cmpuint(m->progress.offset, ==, 4096);
        g_assert_cmpmem(m->progress.output, m->progress.output_size, output, sizeof(output) - 1);
}

static void test_response(void) {
        json_object *result = json_tokener_parse("{\"container\":\"3node0\",\"state\":\"running\"}");
        g_autoptr(Message) done = read_back(
                        message_command_response(ID, COMMAND_SUCCEEDED, result, 17, NULL, NOW),
                        "{\"type\":\"command_response\",\"data\":{\"id\":\"" ID "\",\"command_id\":\"" ID
                        "\","
                        "\"status\":\"completed\",\"result\":{\"container\":\"3node0\",\"state\":\"running\"},"
                        "\"output_bytes\":17,\"timestamp\":1795406712331}}",
                        MESSAGE_COMMAND_RESPONSE);
        g_autoptr(Message) failed = read_back(
                        message_command_response(ID, COMMAND_FAILED, NULL, 0, "no such container: x", NOW),
                        "{\"type\":\"command_response\",\"data\":{\"id\":\"" ID "\",\"command_id\":\"" ID
                        "\","
                        "\"status\":\"failed\",\"error\":\"no such container: x\","
                        "\"timestamp\":1795406712331}}",
                        MESSAGE_COMMAND_RESPONSE);

        g_assert_cmpstr(done->response.id, ==, ID);
        g_assert_cmpint(done->response.status, ==, COMMAND_SUCCEEDED);
        g_assert_true(json_object_equal(done->response.result, result));
        g_assert_null(done->response.error);
        g_assert_cmpuint(done->response.output_bytes, ==, 17);
        g_assert_cmpint(failed->response.status, ==, COMMAND_FAILED);
        g_assert_null(failed->response.result);
        g_assert_cmpuint(failed->response.output_bytes, ==, 0);
        g_assert_cmpstr(failed->response.error, ==, "no such container: x");
        json_object_put(result);
}

static void test_response_states(void) {
        for (CommandState s = 0; s < _COMMAND_STATE_MAX; s++) {
                g_autofree char *text = message_command_response(ID, s, NULL, 0, NULL, NOW);
                g_autoptr(Message) m = message_parse(text, strlen(text), NULL);
                CommandState old = message_response_state(s, 0);

                g_assert_nonnull(m);
                g_assert_true(command_state_is_final(m->response.status) == command_state_is_final(s));

                g_assert_cmpint(message_response_state(s, FEATURE_CANCEL), ==, s);
                if (command_state_is_final(s))
                        g_assert_cmpint(old, ==, s == COMMAND_SUCCEEDED ? s : COMMAND_FAILED);
                else
                        g_assert_cmpint(old, ==, s);
        }
}

static void test_key_update(void) {
        g_autoptr(Message) m = read_back(message_key_update(ID, "3node0", "0xab", "rotate_keys", NOW),
                                         "{\"type\":\"key_update\",\"data\":{\"container\":\"3node0\","
                                         "\"session_key\":\"0xab\",\"timestamp\":1795406712331,"
                                         "\"action\":\"rotate_keys\",\"id\":\"" ID "\"}}",
                                         MESSAGE_KEY_UPDATE);
        g_autoptr(Message) ack = read_back(message_key_update_ack(ID, "3node0", NOW),
                                           "{\"type\":\"key_update_ack\",\"status\":\"success\","
                                           "\"timestamp\":1795406712331,\"message\":\"Session key stored\","
                                           "\"id\":\"" ID "\",\"container\":\"3node0\"}",
                                           MESSAGE_KEY_UPDATE_ACK);

        g_assert_cmpstr(m->key_update.id, ==, ID);
        g_assert_cmpstr(m->key_update.container, ==, "3node0");
        g_assert_cmpstr(m->key_update.session_key, ==, "0xab");
        g_assert_cmpstr(m->key_update.action, ==, "rotate_keys");
        g_assert_cmpint(m->key_update.timestamp_ms, ==, NOW);
        g_assert_true(ack->key_update.success);
        g_assert_cmpstr(ack->key_update.id, ==, ID);
        g_assert_cmpstr(ack->key_update.container, ==, "3node0");
}

static void test_backup(void) {
        g_autoptr(Message) m = read_back(message_backup_complete(ID, "3node0", "/b/k.tar", "00ff", 123, NOW),
                                         "{\"type\":\"backup_complete\",\"data\":{\"container\":\"3node0\","
                                         "\"backup_file\":\"/b/k.tar\",\"timestamp\":1795406712331,"
                                         "\"id\":\"" ID "\",\"sha256\":\"00ff\",\"size\":123}}",
                                         MESSAGE_BACKUP_COMPLETE);
        g_autoptr(Message) least =
                        read_back(message_backup_complete(NULL, "3node0", "k", NULL, 0, NOW),
                                  "{\"type\":\"backup_complete\",\"data\":{\"container\":\"3node0\","
                                  "\"backup_file\":\"k\",\"timestamp\":1795406712331}}",
                                  MESSAGE_BACKUP_COMPLETE);
        g_autoptr(Message) ack = read_back(message_backup_complete_ack(ID, "3node0", NOW),
                                           "{\"type\":\"backup_complete_ack\",\"status\":\"success\","
                                           "\"timestamp\":1795406712331,\"message\":\"Backup recorded\","
                                           "\"id\":\"" ID "\",\"container\":\"3node0\"}",
                                           MESSAGE_BACKUP_COMPLETE_ACK);

        g_assert_cmpstr(m->backup.id, ==, ID);
        g_assert_cmpstr(m->backup.container, ==, "3node0");
        g_assert_cmpstr(m->backup.backup_file, ==, "/b/k.tar");
        g_assert_cmpstr(m->backup.sha256, ==, "00ff");
        g_assert_cmpint(m->backup.size, ==, 123);
        g_assert_cmpint(m->backup.timestamp_ms, ==, NOW);
        g_assert_null(least->backup.id);
        g_assert_null(least->backup.sha256);
        g_assert_true(ack->backup.success);
        g_assert_cmpstr(ack->backup.id, ==, ID);
}

static void test_error(void) {
        g_autoptr(Message) m = read_back(message_error("unknown type", "\"x\""),
                                         "{\"type\":\"error\",\"message\":\"unknown type\","
                                         "\"detail\":\"\\\"x\\\"\"}",
                                         MESSAGE_ERROR);

        g_assert_cmpstr(m->error.message, ==, "unknown type");
        g_assert_cmpstr(m->error.detail, ==, "\"x\"");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/message/register", test_register);
        g_test_add_func("/message/register-least", test_register_least);
        g_test_add_func("/message/register-ack", test_register_ack);
        g_test_add_func("/message/liveness", test_liveness);
        g_test_add_func("/message/stats", test_stats);
        g_test_add_func("/message/command", test_command);
        g_test_add_func("/message/cancel", test_cancel);
        g_test_add_func("/message/flow", test_flow);
        g_test_add_func("/message/progress", test_progress);
        g_test_add_func("/message/response", test_response);
        g_test_add_func("/message/response-states", test_response_states);
        g_test_add_func("/message/key-update", test_key_update);
        g_test_add_func("/message/backup", test_backup);
        g_test_add_func("/message/error", test_error);
        return g_test_run();
}
