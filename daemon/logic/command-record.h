/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of one command: the row of the ledger, and the pure rules of how it moves on. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "state.h"

/* What a command is never changes and lies behind the record, in one piece of memory with it. What became of it is the
 * record's own. */
typedef struct CommandRecord {
        const char *id, *client, *command;
        const char *container; /* "" where none was named */
        const char *batch;     /* "" outside a batch */
        const char *schedule;  /* "" where no schedule asked for it; NULL in lists, which leave it out */
        const char *params;    /* JSON object text, as sent; NULL in lists, which leave it out */
        char *result;          /* JSON text, NULL before the end */
        char *error;           /* NULL while and where there is none */
        CommandState state;
        uint64_t requested, sent, started, finished; /* realtime µs, 0: not yet */
        uint64_t expires; /* realtime µs: queue deadline, 0: not queued or for ever */
        uint64_t timeout; /* µs from being sent to timed-out */
        uint32_t caller_uid;
        bool cancel; /* its end was asked for */
} CommandRecord;

/* Queued, without times; container and batch are "", params "{}", the caller is UINT32_MAX (not known). */
CommandRecord *command_record_new(const char *id, const char *client, const char *command);
/* r need not be one of these functions' own: its strings are copied. */
CommandRecord *command_record_copy(const CommandRecord *r);
CommandRecord *command_record_free(CommandRecord *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CommandRecord, command_record_free)

/* Moves to a state at a time (realtime µs) and sets the time that belongs to it. False, and nothing changes,
 * where command_state_may_follow() says no. result (JSON text) and error are copied; for a state that is not
 * final they must be NULL. A result beyond RESULT_BYTES_MAX is replaced by {"truncated": true, "size", "max"},
 * an error is cut at ERROR_TEXT_MAX. */
bool command_record_advance(CommandRecord *r, CommandState state, const char *result, const char *error,
                            uint64_t now_usec);

/* The result as RunCommand and GetResult give it: JSON text, "null" where there is none. Where the command did
 * not succeed it is an object with "error" in it: what the agent's result had for members, or that result as
 * "result". New string. */
char *command_record_result_json(const CommandRecord *r);
