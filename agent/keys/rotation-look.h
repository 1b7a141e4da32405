/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of a rotation: the new names in the keystore tell, and the node says whether they are its keys. Nothing is
 * changed by looking, so it may be done as often as one likes. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "docker.h"
#include "loop.h"
#include "node-config.h"
#include "rotation-table.h"

typedef struct RotationLook RotationLook;

typedef enum LookVerdict {
        LOOK_KEY,
        LOOK_NOTHING,     /* there are no new keys */
        LOOK_UNCLEAR,     /* there are, but which ones are the rotation's cannot be known */
        LOOK_UNREACHABLE, /* the container or its node cannot be asked */
} LookVerdict;

typedef struct LookResult {
        LookVerdict verdict;
        const char *session_key; /* of LOOK_KEY */
        bool confirmed;          /* likewise: the node said that it has it */
        const char *problem;     /* for people, of all but LOOK_KEY */
} LookResult;

/* The end, exactly once; the look is still there: free it, here or later. */
typedef void (*LookDone)(const LookResult *r, void *userdata);

/* answer: the session keys that the node answered to the call, or NULL where there is no answer. wait_usec: how long the
 * call may still be under way: all but LOOK_KEY is said only then. done is never called from inside this. */
RotationLook *rotation_look_new(Loop *l, Docker *d, const NodeConfig *config, const RotationIntent *intent,
                                const char *answer, uint64_t wait_usec, LookDone done, void *userdata);
RotationLook *rotation_look_free(RotationLook *k);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RotationLook, rotation_look_free)
