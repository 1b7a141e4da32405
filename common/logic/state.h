/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The states of a command (docs/PROTOCOL.md), their names, and which may follow which. */
#pragma once

#include <stdbool.h>

typedef enum CommandState {
        COMMAND_QUEUED,  /* the client is away and the caller asked to wait */
        COMMAND_SENT,    /* durable, audited, handed to the connection */
        COMMAND_RUNNING, /* the agent said so */
        COMMAND_SUCCEEDED,
        COMMAND_FAILED,
        COMMAND_REJECTED, /* by the agent's own policy */
        COMMAND_TIMED_OUT,
        COMMAND_CANCELLED,
        COMMAND_EXPIRED,     /* still queued at its deadline */
        COMMAND_INTERRUPTED, /* outcome unknown; never run again by itself */
        _COMMAND_STATE_MAX,
} CommandState;

/* "queued", …, "timed-out": as on D-Bus and in the journal. */
const char *command_state_to_string(CommandState state);

/* Returns false and leaves *ret alone when s names no state. */
bool command_state_from_string(const char *s, CommandState *ret);

/* The wire's status words: completed and success are both COMMAND_SUCCEEDED, in_progress is COMMAND_RUNNING,
 * timed_out is COMMAND_TIMED_OUT. */
bool command_state_from_wire(const char *s, CommandState *ret);
const char *command_state_to_wire(CommandState state);

bool command_state_is_final(CommandState state);

/* Running never goes back to sent. A final state is never left, but INTERRUPTED and TIMED_OUT may be replaced by a
 * final answer that arrives late from the agent: then the outcome has become known. */
bool command_state_may_follow(CommandState from, CommandState to);
