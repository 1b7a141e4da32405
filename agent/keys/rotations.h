/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations of session keys: one at a time for each node, never repeated by itself, and its key in the outbox, whatever is
 * killed or cut. A rotation outlives the command that asked for it, where that does not wait to its end, and the process:
 * those that an earlier one left open are looked into at once, and the containers that it left behind
 * (docker-guest.h) are removed. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "agent-config.h"
#include "agent-db.h"
#include "loop.h"
#include "outbox.h"
#include "state.h"

typedef struct Rotations Rotations;

/* The outcome of a command that an earlier process had begun is known now, and in the ledger. */
typedef void (*RotationsSettled)(const char *id, void *userdata);

/* db: stays until it is closed; the rest is borrowed. */
Rotations *rotations_new(Loop *l, const AgentConfig *config, AgentDb *db, Outbox *outbox,
                         RotationsSettled settled, void *userdata, GError **error);
/* After the database was closed, as its last callbacks come from there. Nobody may wait any more. */
Rotations *rotations_free(Rotations *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rotations, rotations_free)

/* A NodeSessionKeys (node-probe.h); rotations is the Rotations. */
const char *rotations_session_keys(const char *container, void *rotations);

/* The end, exactly once; the wait is gone by then. result: borrowed, may be NULL; error: NULL exactly for
 * COMMAND_SUCCEEDED. */
typedef struct RotationWait RotationWait;
typedef void (*RotationDone)(CommandState state, json_object *result, const char *error, void *userdata);

/* id: of the command. force: also a node that is not well, and before the interval is over. One that is open is looked into,
 * instead of another being begun. done is never called from inside this. */
RotationWait *rotations_rotate(Rotations *r, const char *id, const char *container, bool force,
                               RotationDone done, void *userdata);

/* Does not wait any more. False: nothing was done, nor will be; true: the node was or may have been asked, and the rotation
 * goes on to its end. */
bool rotation_wait_leave(RotationWait *w);
