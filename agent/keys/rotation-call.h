/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of a rotation that must not happen twice: the checks, the intent, and the call for new session keys. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "docker.h"
#include "loop.h"
#include "node-config.h"
#include "rotation-table.h"
#include "state.h"

typedef struct RotationCall RotationCall;

typedef enum CallEnd {
        CALL_REFUSED,  /* before anything was done: state and problem say how the command ends */
        CALL_ANSWERED, /* session_keys; the intent is durable */
        CALL_UNASKED,  /* the intent is durable, but the node has certainly not been asked */
        CALL_DECLINED, /* likewise, and the node said no */
        CALL_LOST,     /* likewise, and there is no answer: it may have made new keys, or make them yet */
} CallEnd;

typedef struct CallResult {
        CallEnd end;
        CommandState state;           /* of CALL_REFUSED: COMMAND_REJECTED or COMMAND_FAILED */
        const char *problem;          /* for people, of all but CALL_ANSWERED */
        const RotationIntent *intent; /* of all but CALL_REFUSED */
        const char *session_keys;     /* as the node wrote them, whatever they look like */
        const char *proof;            /* that they belong to the owner, of runtimes that give one; or NULL */
} CallResult;

/* The end, exactly once; the call is still there: free it, here or later. */
typedef void (*CallDone)(const CallResult *r, void *userdata);

/* id: of the command. force: also a node that is not well, and before the interval is over. done is never called from
 * inside this. */
RotationCall *rotation_call_new(Loop *l, Docker *d, AgentDb *db, const NodeConfig *config, const char *id,
                                const char *container, bool force, CallDone done, void *userdata);

/* The intent is, or is about to be, durable: only done() tells how it ends, so it must not be freed before, except with
 * everything else. */
bool rotation_call_is_committed(const RotationCall *c);

/* Does not ask the node, where that is not under way yet: done() follows with CALL_UNASKED. */
void rotation_call_withdraw(RotationCall *c);

RotationCall *rotation_call_free(RotationCall *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RotationCall, rotation_call_free)
