/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations of session keys in the agent's database. One is written down before the node is asked, with the names of the
 * key files that there are: whatever is killed then, the new names tell what became of it. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent-db.h"
#include "agent-ledger.h"
#include "outbox-table.h"

typedef struct RotationIntent {
        char *id; /* of the command */
        char *container;
        char *keystore;        /* the directory in the container */
        char *before;          /* key_names_to_text() of what is in there */
        uint64_t started_usec; /* since the epoch */
        char *boot;            /* boot id (sd_id128_get_boot(3)); NULL: not known */
        uint64_t started_monotonic_usec; /* in that boot: now_monotonic(), which goes on from one process to the next */
} RotationIntent;

RotationIntent *rotation_intent_copy(const RotationIntent *i);
RotationIntent *rotation_intent_free(RotationIntent *i);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RotationIntent, rotation_intent_free)

typedef enum RotationEnd {
        ROTATION_OPEN, /* not known yet */
        ROTATION_ROTATED,
        ROTATION_NOTHING, /* there are no new keys */
        ROTATION_UNKNOWN, /* there are, but which ones are these cannot be known */
} RotationEnd;

/* The callbacks come from the loop, in the order of the calls, never from inside one. What they are given is
 * borrowed. problem is for people, and NULL where there is none. */

typedef void (*RotationWritten)(const char *problem, void *userdata);
void rotation_table_begin(AgentDb *db, const RotationIntent *intent, RotationWritten done, void *userdata);

/* All in one transaction: how it ended, the key for the server, the outcome of the command that began it. */
typedef struct RotationEnding {
        RotationEnd end;              /* ROTATION_OPEN leaves that as it is */
        const char *session_key;      /* and message: of ROTATION_ROTATED only */
        const char *message;          /* the key_update */
        const LedgerOutcome *outcome; /* where the command has none yet; NULL: it certainly has */
} RotationEnding;
/* recorded: the key is in the outbox, and was not before. */
typedef void (*RotationEnded)(bool recorded, const char *problem, void *userdata);
void rotation_table_end(AgentDb *db, const RotationIntent *intent, const RotationEnding *ending,
                        uint64_t now_usec, RotationEnded done, void *userdata);

/* When the keys of this container were, or may have been, rotated last; 0: never. */
typedef void (*RotationLast)(uint64_t usec, const char *problem, void *userdata);
void rotation_table_last(AgentDb *db, const char *container, RotationLast done, void *userdata);

/* The keys that each container was last rotated to: container to session keys. */
typedef void (*RotationKeys)(GHashTable *keys, const char *problem, void *userdata);
void rotation_table_keys(AgentDb *db, RotationKeys done, void *userdata);

/* The open ones, of RotationIntent. */
typedef void (*RotationsListed)(GPtrArray *intents, const char *problem, void *userdata);
void rotation_table_list(AgentDb *db, RotationsListed done, void *userdata);
