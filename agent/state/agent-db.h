/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's one database: what it must not forget, whatever is killed or cut. Each table has a file of its own:
 * agent-ledger.h (and for some of its rows script-table.h), outbox-table.h, rotation-table.h. */
#pragma once

#include <glib.h>

#include "dbthread.h"
#include "loop.h"

typedef struct AgentDb AgentDb;

/* Opens or makes the database at path, or brings it up to date; errors are those of db_open(). */
AgentDb *agent_db_open(Loop *l, const char *path, GError **error);
/* Finishes what is queued; the callbacks of these still run, from here. */
AgentDb *agent_db_close(AgentDb *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AgentDb, agent_db_close)

/* db_submit(); where the queue is full the task is done with SQLITE_BUSY, not from inside the call either. */
void agent_db_submit(AgentDb *db, DbTask *task);

/* What a call of a table begins with: it goes through the thread and comes back to whom it is for. */
typedef struct AgentDbCall {
        DbTask task;
        void *userdata;
} AgentDbCall;

/* size: of the table's own struct, which begins with this one; the rest of it is zero. done() frees it. */
void *agent_db_call_new(size_t size, int (*run)(DbThread *, DbTask *), void (*done)(DbTask *, int),
                        void *userdata);

/* What a code of SQLite means, for people; NULL for SQLITE_OK. */
const char *agent_db_problem(int code);
