/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of the outbox in the agent's database: records that the server has not acknowledged. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent-db.h"

typedef enum OutboxKind {
        OUTBOX_KEY_UPDATE,
        OUTBOX_BACKUP_COMPLETE,
        _OUTBOX_KIND_MAX,
} OutboxKind;

/* "key_update" */
const char *outbox_kind_to_string(OutboxKind kind);

typedef struct OutboxRecord {
        OutboxKind kind;
        const char *id; /* of the command: a second record of this kind and id is the same one */
        const char *container;
        const char *message; /* as it is sent: message_key_update(), message_backup_complete() */
} OutboxRecord;

/* For the run() of a task that writes something else as well. Returns an SQLite code; *ret_inserted: there was no
 * such record yet. */
int outbox_table_insert(DbThread *db, const OutboxRecord *r, bool *ret_inserted);

/* The callbacks come from the loop, in the order of the calls, never from inside one. What they are given is
 * borrowed. problem is for people, and NULL where there is none. */

typedef void (*OutboxChanged)(bool changed, const char *problem, void *userdata);
void outbox_table_put(AgentDb *db, const OutboxRecord *r, OutboxChanged done, void *userdata);
void outbox_table_remove(AgentDb *db, int64_t seq, OutboxChanged done, void *userdata);

/* The containers that have records, the one with the oldest first, and how many records there are in all. */
typedef void (*OutboxListed)(char **containers, unsigned records, const char *problem, void *userdata);
void outbox_table_list(AgentDb *db, OutboxListed done, void *userdata);

/* The oldest record of a container; NULL where there is none. */
typedef void (*OutboxOldest)(const OutboxRecord *r, int64_t seq, const char *problem, void *userdata);
void outbox_table_oldest(AgentDb *db, const char *container, OutboxOldest done, void *userdata);
