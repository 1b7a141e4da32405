/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's side of the protocol (docs/PROTOCOL.md), for one connection: text in, what to do about it
 * out. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"

/* What this agent can do beyond version 1.1.0. */
#define AGENT_FEATURES                                                                                \
        (FEATURE_PROGRESS | FEATURE_CANCEL | FEATURE_DEADLINE | FEATURE_BACKUP_ACK | FEATURE_LEDGER | \
         FEATURE_FLOW | FEATURE_CALLER)

typedef struct Conversation {
        bool registered;
        unsigned features; /* the server's */
} Conversation;            /* zeros at the start of every connection */

typedef enum StepKind {
        STEP_NOTHING,
        STEP_REPLY,         /* send Step.reply */
        STEP_REGISTERED,    /* from now on the server may be told things */
        STEP_REFUSED,       /* it does not want us; Step.message->register_ack.text may say why */
        STEP_COMMAND,       /* Step.message->command */
        STEP_CANCEL,        /* Step.message->cancel */
        STEP_FLOW,          /* Step.message->flow */
        STEP_COMMAND_ACKED, /* Step.message->cancel */
        STEP_STATS_ACKED,   /* Step.message->stats.sequence */
        STEP_SUMMARY_ACKED, /* likewise; 0: it does not say which */
        STEP_KEY_ACKED,     /* Step.message->key_update */
        STEP_BACKUP_ACKED,  /* Step.message->backup */
        STEP_CERTIFICATE,   /* Step.message->certificate.certificate */
        STEP_COMPLAINT,     /* Step.message->error */
} StepKind;

typedef struct Step {
        StepKind kind;
        char *reply;
        Message *message;
} Step;

/* What one message asks for. Whatever the server sends, the connection goes on: what makes no sense is
 * answered with an error, except errors. */
Step conversation_receive(Conversation *c, const char *text, size_t size, int64_t now_ms);
void step_clear(Step *s);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Step, step_clear)
