/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One rotation of session keys, from the checks to its key in the outbox. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "agent-ledger.h"
#include "docker.h"
#include "loop.h"
#include "node-config.h"
#include "outbox.h"
#include "rotation-table.h"

typedef struct Rotation Rotation;

typedef struct RotationHost {
        Loop *loop;
        Docker *docker;
        AgentDb *db;
        Outbox *outbox;
        const NodeConfig *config;

        /* How it ended, exactly once; free the rotation, here or later. end: ROTATION_OPEN where the node was not asked
         * because something stood in the way. outcome: of the command; borrowed. */
        void (*ended)(Rotation *o, RotationEnd end, const LedgerOutcome *outcome, void *userdata);
        /* Nothing can be seen for now: an outcome for whoever waits. It goes on looking. */
        void (*unseen)(Rotation *o, const LedgerOutcome *outcome, void *userdata);
        /* The outcome of the command of an inherited one has come into the ledger. */
        void (*settled)(Rotation *o, void *userdata);
        void *userdata;
} RotationHost;

/* host: stays as long as the rotation. Its functions are never called from inside these. */
Rotation *rotation_begin(const RotationHost *host, const char *id, const char *container, bool force);
/* One that an earlier process has begun. */
Rotation *rotation_inherit(const RotationHost *host, const RotationIntent *intent);
/* Only before the node may have been asked, after the end, or with the database closed. */
Rotation *rotation_free(Rotation *o);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rotation, rotation_free)

const char *rotation_container(const Rotation *o);

/* The new ones; NULL unless it ended as ROTATION_ROTATED. */
const char *rotation_session_keys(const Rotation *o);

/* Its command. */
const char *rotation_id(const Rotation *o);

/* The node has been asked, or may have been. */
bool rotation_is_asked(const Rotation *o);

/* It need not happen any more. False: that is too late, and it goes on to its end. */
bool rotation_withdraw(Rotation *o);

/* Somebody waits: look now. */
void rotation_hurry(Rotation *o);
