/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of the wire, and what a peer that lacks a feature is told instead. */
#include "message.h"

#include "message-names.h"

const char *const message_type_names[MESSAGE_UNKNOWN] = {
        [MESSAGE_REGISTER] = "register",
        [MESSAGE_REGISTER_ACK] = "register_ack",
        [MESSAGE_PING] = "ping",
        [MESSAGE_PONG] = "pong",
        [MESSAGE_HEARTBEAT] = "heartbeat",
        [MESSAGE_HEARTBEAT_ACK] = "heartbeat_ack",
        [MESSAGE_STATS] = "stats",
        [MESSAGE_STATS_ACK] = "stats_ack",
        [MESSAGE_SUMMARY] = "summary",
        [MESSAGE_SUMMARY_ACK] = "summary_ack",
        [MESSAGE_COMMAND] = "command",
        [MESSAGE_COMMAND_PROGRESS] = "command_progress",
        [MESSAGE_COMMAND_CANCEL] = "command_cancel",
        [MESSAGE_COMMAND_FLOW] = "command_flow",
        [MESSAGE_COMMAND_RESPONSE] = "command_response",
        [MESSAGE_COMMAND_ACK] = "command_ack",
        [MESSAGE_KEY_UPDATE] = "key_update",
        [MESSAGE_KEY_UPDATE_ACK] = "key_update_ack",
        [MESSAGE_BACKUP_COMPLETE] = "backup_complete",
        [MESSAGE_BACKUP_COMPLETE_ACK] = "backup_complete_ack",
        [MESSAGE_CERTIFICATE_REQUEST] = "certificate_request",
        [MESSAGE_CERTIFICATE] = "certificate",
        [MESSAGE_ERROR] = "error",
};

const FeatureName message_feature_names[] = {
        { FEATURE_PROGRESS, "progress" },
        { FEATURE_CANCEL, "cancel" },
        { FEATURE_DEADLINE, "deadline" },
        { FEATURE_BACKUP_ACK, "backup_ack" },
        { FEATURE_LEDGER, "ledger" },
        { FEATURE_FLOW, "flow" },
        { FEATURE_CALLER, "caller" },
        { FEATURE_CERTIFICATE, "certificate" },
        {},
};

CommandState message_response_state(CommandState state, unsigned peer_features) {
        if (peer_features & FEATURE_CANCEL || !command_state_is_final(state) || state == COMMAND_SUCCEEDED)
                return state;
        return COMMAND_FAILED;
}

Message *message_free(Message *m) {
        if (!m)
                return NULL;
        json_object_put(m->root);
        g_free(m);
        return NULL;
}
