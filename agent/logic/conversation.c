/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's side of the protocol. */
#include "conversation.h"

static Step reply(char *text) {
        return (Step){ .kind = STEP_REPLY, .reply = text };
}

static StepKind register_answered(Conversation *c, const Message *m) {
        if (c->registered)
                return STEP_NOTHING;
        if (!m->register_ack.success)
                return STEP_REFUSED;
        c->registered = true;
        c->features = m->register_ack.features;
        return STEP_REGISTERED;
}

/* What only a server that has taken us may say: it changes what we do, or what we still keep. */
static bool has_consequences(MessageType type) {
        switch (type) {
        case MESSAGE_COMMAND:
        case MESSAGE_COMMAND_CANCEL:
        case MESSAGE_COMMAND_FLOW:
        case MESSAGE_COMMAND_ACK:
        case MESSAGE_STATS_ACK:
        case MESSAGE_KEY_UPDATE_ACK:
        case MESSAGE_BACKUP_COMPLETE_ACK:
        case MESSAGE_CERTIFICATE:
                return true;
        default:
                return false;
        }
}

Step conversation_receive(Conversation *c, const char *text, size_t size, int64_t now_ms) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Message) m = message_parse(text, size, &error);
        StepKind kind = STEP_NOTHING;

        if (!m)
                return reply(message_error("Message not understood", error->message));
        if (!c->registered && has_consequences(m->type))
                return reply(message_error("Too early: there was no register_ack", m->type_name));
        switch (m->type) {
        case MESSAGE_REGISTER_ACK:
                kind = register_answered(c, m);
                break;
        case MESSAGE_PING:
                return reply(message_pong(now_ms));
        case MESSAGE_HEARTBEAT:
                return reply(message_heartbeat_ack(now_ms));
        case MESSAGE_COMMAND:
                kind = STEP_COMMAND;
                break;
        case MESSAGE_COMMAND_CANCEL:
                kind = STEP_CANCEL;
                break;
        case MESSAGE_COMMAND_FLOW:
                kind = STEP_FLOW;
                break;
        case MESSAGE_COMMAND_ACK:
                kind = STEP_COMMAND_ACKED;
                break;
        case MESSAGE_STATS_ACK:
                kind = STEP_STATS_ACKED;
                break;
        case MESSAGE_SUMMARY_ACK:
                kind = STEP_SUMMARY_ACKED;
                break;
        case MESSAGE_KEY_UPDATE_ACK:
                kind = m->key_update.success ? STEP_KEY_ACKED : STEP_NOTHING;
                break;
        case MESSAGE_BACKUP_COMPLETE_ACK:
                kind = m->backup.success ? STEP_BACKUP_ACKED : STEP_NOTHING;
                break;
        case MESSAGE_CERTIFICATE:
                kind = STEP_CERTIFICATE;
                break;
        case MESSAGE_ERROR:
                kind = STEP_COMPLAINT;
                break;
        case MESSAGE_PONG:
        case MESSAGE_HEARTBEAT_ACK:
                break;
        case MESSAGE_REGISTER:
        case MESSAGE_STATS:
        case MESSAGE_SUMMARY:
        case MESSAGE_COMMAND_PROGRESS:
        case MESSAGE_COMMAND_RESPONSE:
        case MESSAGE_KEY_UPDATE:
        case MESSAGE_BACKUP_COMPLETE:
        case MESSAGE_CERTIFICATE_REQUEST:
                return reply(message_error("Message for a server, but this is an agent", m->type_name));
        case MESSAGE_UNKNOWN:
                return reply(message_error("Unknown message type", m->type_name));
        }
        return (Step){ .kind = kind, .message = g_steal_pointer(&m) };
}

void step_clear(Step *s) {
        g_free(s->reply);
        message_free(s->message);
}
