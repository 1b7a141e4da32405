/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of a backup into the keystore of a container that does not run. Two nodes with the same keys are slashed,
 * so it is looked first who else on this host has them. */
#pragma once

#include "agent-config.h"
#include "docker.h"
#include "key-bundle.h"

typedef struct Restore Restore;

/* What is about to be done. Borrowed. */
typedef struct RestorePlan {
        const char *container, *keystore; /* the directory in the container */
        unsigned missing, there; /* files to be written; those that are there as they are in the backup */
        char *const *idle; /* "3node1: gran 0x…": containers that have the same keys and do not run */
} RestorePlan;

/* plan is NULL with an error: FLEET_ERROR_REJECTED where the container runs, or another one that does has one of the
 * keys, FLEET_ERROR_ALREADY_EXISTS where a file of the keystore would be replaced by another. */
typedef void (*RestorePlanned)(const RestorePlan *plan, const GError *error, void *userdata);

/* backup, config: stay as long as the restore. planned is never called from inside this. */
Restore *restore_new(Docker *d, const AgentConfig *config, const char *container, const KeyBundle *backup,
                     RestorePlanned planned, void *userdata);
Restore *restore_free(Restore *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Restore, restore_free)

/* Does it, after planned(): looks once more whether the container runs, writes, and reads back what is there then. */
typedef void (*RestoreDone)(const GError *error, void *userdata);
void restore_go(Restore *r, RestoreDone done);
