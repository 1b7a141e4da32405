/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kinds of messages there are on the wire (docs/PROTOCOL.md), and which of them are optional. */
#pragma once

typedef enum MessageType {
        MESSAGE_REGISTER,
        MESSAGE_REGISTER_ACK,
        MESSAGE_PING,
        MESSAGE_PONG,
        MESSAGE_HEARTBEAT,
        MESSAGE_HEARTBEAT_ACK,
        MESSAGE_STATS,
        MESSAGE_STATS_ACK,
        MESSAGE_SUMMARY,
        MESSAGE_SUMMARY_ACK,
        MESSAGE_COMMAND,
        MESSAGE_COMMAND_PROGRESS,
        MESSAGE_COMMAND_CANCEL,
        MESSAGE_COMMAND_FLOW,
        MESSAGE_COMMAND_RESPONSE,
        MESSAGE_COMMAND_ACK,
        MESSAGE_KEY_UPDATE,
        MESSAGE_KEY_UPDATE_ACK,
        MESSAGE_BACKUP_COMPLETE,
        MESSAGE_BACKUP_COMPLETE_ACK,
        MESSAGE_CERTIFICATE_REQUEST,
        MESSAGE_CERTIFICATE,
        MESSAGE_ERROR,
        MESSAGE_UNKNOWN, /* well formed, but of no type we know: answered with an error, never fatal */
} MessageType;

/* Optional parts that a side announces in "features" (a bit set). */
typedef enum Feature {
        FEATURE_PROGRESS = 1 << 0,   /* "progress": command_progress */
        FEATURE_CANCEL = 1 << 1,     /* "cancel": command_cancel, and the + statuses */
        FEATURE_DEADLINE = 1 << 2,   /* "deadline" in a command */
        FEATURE_BACKUP_ACK = 1 << 3, /* "backup_ack": backup_complete_ack, and ids in key_update */
        FEATURE_LEDGER = 1 << 4, /* "ledger": the agent never acts on an id twice, so it may be sent again */
        FEATURE_FLOW = 1 << 5,   /* "flow": command_flow, and no more output than that lets through */
        FEATURE_CALLER = 1 << 6, /* "caller" in a command */
        FEATURE_CERTIFICATE = 1 << 7, /* "certificate": the server signs certificates of clients */
        FEATURES_ALL = (FEATURE_CERTIFICATE << 1) - 1,
} Feature;
