/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole conversations with servers, old and new: what each line from them makes the agent do. */
#include <glib.h>
#include <string.h>

#include "conversation.h"

#define NOW 1795406712331

typedef struct Line {
        const char *from_server;
        StepKind kind;
        const char *reply; /* part of it, of STEP_REPLY */
} Line;

static void converse(const Line *lines, size_t n, Conversation *ret) {
        Conversation c = {};

        for (size_t i = 0; i < n; i++) {
                g_auto(Step) step = conversation_receive(&c, lines[i].from_server,
                                                         strlen(lines[i].from_server), NOW);

                g_test_message("%s", lines[i].from_server);
                g_assert_cmpint(step.kind, ==, lines[i].kind);
                if (lines[i].reply)
                        g_assert_nonnull(strstr(step.reply, lines[i].reply));
                else
                        g_assert_null(step.reply);
                g_assert_true(step.kind == STEP_REPLY || step.message);
        }
        *ret = c;
}

#define COMMAND(id) \
        "{\"type\":\"command\",\"data\":{\"id\":\"" id "\",\"command\":\"status\",\"params\":{}}}"

static void test_old_server(void) {
        static const Line lines[] = {
                { "{\"type\":\"register_ack\",\"status\":\"success\",\"serverId\":\"a\",\"timestamp\":1,"
                  "\"message\":\"Registered\"}",
                  STEP_REGISTERED },
                { "{\"type\":\"ping\"}", STEP_REPLY, "\"pong\"" },
                { "{\"type\":\"pong\"}", STEP_NOTHING },
                { "{\"type\":\"key_update_ack\",\"status\":\"success\",\"timestamp\":1,\"message\":\"ok\"}",
                  STEP_KEY_ACKED },
                { "{\"type\":\"key_update_ack\",\"status\":\"error\",\"message\":\"disk full\"}",
                  STEP_NOTHING },
                { "{\"type\":\"heartbeat\",\"timestamp\":5}", STEP_REPLY, "\"heartbeat_ack\"" },
                { "{\"type\":\"heartbeat_ack\"}", STEP_NOTHING },
                { "{\"type\":\"stats_ack\",\"timestamp\":1,\"status\":\"success\",\"sequence\":7}",
                  STEP_STATS_ACKED },
                { "{\"type\":\"summary_ack\",\"timestamp\":1,\"status\":\"success\"}", STEP_SUMMARY_ACKED },
                { COMMAND("cmd_1_0001"), STEP_COMMAND },
                { "{\"type\":\"command_ack\",\"timestamp\":1,\"command_id\":\"cmd_1_0001\"}",
                  STEP_COMMAND_ACKED },
        };
        Conversation c;

        converse(lines, G_N_ELEMENTS(lines), &c);
        g_assert_true(c.registered);
        g_assert_cmpuint(c.features, ==, 0);
}

static void test_new_server(void) {
        static const Line lines[] = {
                { "{\"type\":\"register_ack\",\"status\":\"success\",\"features\":[\"progress\",\"cancel\",\"telepathy\"]}",
                  STEP_REGISTERED },
                { COMMAND("cmd_1_0001"), STEP_COMMAND },
                { "{\"type\":\"backup_complete_ack\",\"status\":\"success\",\"id\":\"cmd_1_0001\"}",
                  STEP_BACKUP_ACKED },
                { "{\"type\":\"backup_complete_ack\",\"status\":\"failed\",\"id\":\"cmd_1_0001\"}",
                  STEP_NOTHING },
                { "{\"type\":\"command_cancel\",\"data\":{\"id\":\"cmd_1_0001\"}}", STEP_CANCEL },
                { "{\"type\":\"command_flow\",\"data\":{\"id\":\"cmd_1_0001\",\"offset\":65536}}",
                  STEP_FLOW },
                { "{\"type\":\"command_flow\",\"data\":{\"id\":\"cmd_1_0001\"}}", STEP_REPLY, "offset" },
                { "{\"type\":\"certificate\",\"data\":{\"certificate\":\"PEM\"}}", STEP_CERTIFICATE },
                { "{\"type\":\"certificate\",\"data\":{}}", STEP_REPLY, "certificate" },
                /* Once is enough: a second one does not take away what was announced. */
                { "{\"type\":\"register_ack\",\"status\":\"success\"}", STEP_NOTHING },
        };
        Conversation c;

        converse(lines, G_N_ELEMENTS(lines), &c);
        g_assert_cmpuint(c.features, ==, FEATURE_PROGRESS | FEATURE_CANCEL);
}

static void test_refused(void) {
        static const Line lines[] = {
                { "{\"type\":\"register_ack\",\"status\":\"error\",\"message\":\"not you\"}", STEP_REFUSED },
        };
        Conversation c;

        converse(lines, G_N_ELEMENTS(lines), &c);
        g_assert_false(c.registered);
}

/* None of these is fatal, and none makes the agent act. */
static void test_nonsense(void) {
        static const Line lines[] = {
                { COMMAND("cmd_1_0001"), STEP_REPLY, "register_ack" },
                { "{\"type\":\"command_cancel\",\"data\":{\"id\":\"a\"}}", STEP_REPLY, "register_ack" },
                { "{\"type\":\"command_flow\",\"data\":{\"id\":\"a\",\"offset\":1}}", STEP_REPLY,
                  "register_ack" },
                { "{\"type\":\"command_ack\",\"command_id\":\"a\"}", STEP_REPLY, "register_ack" },
                { "{\"type\":\"certificate\",\"data\":{\"certificate\":\"PEM\"}}", STEP_REPLY,
                  "register_ack" },
                { "{\"type\":\"stats_ack\",\"sequence\":7}", STEP_REPLY, "register_ack" },
                { "{\"type\":\"key_update_ack\",\"status\":\"success\"}", STEP_REPLY, "register_ack" },
                { "{\"type\":\"backup_complete_ack\",\"status\":\"success\",\"id\":\"a\"}", STEP_REPLY,
                  "register_ack" },
                { "{\"type\":\"register_ack\",\"status\":\"success\"}", STEP_REGISTERED },
                { "{\"type\":\"dance\"}", STEP_REPLY, "dance" },
                { "{\"type\":\"stats\",\"data\":{}}", STEP_REPLY, "stats" },
                { "{\"type\":\"command\",\"data\":{\"id\":\"cmd 1\",\"command\":\"x\"}}", STEP_REPLY,
                  "cmd 1" },
                { "{\"type\":\"command\"}", STEP_REPLY, "data" },
                { "[]", STEP_REPLY, "\"error\"" },
                { "", STEP_REPLY, "\"error\"" },
                { "{\"type\":\"ping\"", STEP_REPLY, "\"error\"" },
                /* An error is not answered: two sides would never stop. */
                { "{\"type\":\"error\",\"message\":\"what?\"}", STEP_COMPLAINT },
        };
        Conversation c;

        converse(lines, G_N_ELEMENTS(lines), &c);
        g_assert_true(c.registered);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/conversation/old-server", test_old_server);
        g_test_add_func("/conversation/new-server", test_new_server);
        g_test_add_func("/conversation/refused", test_refused);
        g_test_add_func("/conversation/nonsense", test_nonsense);
        return g_test_run();
}
