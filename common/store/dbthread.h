/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One SQLite database on a thread of its own, with group commit: what waits when a transaction ends goes
 * into the next one, so that durability never stalls the loop and ten thousand writes cost a few fsyncs. */
#pragma once

#include <glib.h>
#include <sqlite3.h>
#include <stdbool.h>

#include "loop.h"
#include "worker.h"

typedef struct DbThread DbThread;

/* One migration per schema version, oldest first, as SQL; user_version counts those applied. */
typedef struct DbSchema {
        int application_id;
        const char *const *migrations; /* NULL-terminated */
} DbSchema;

/* Opens or makes the database (mode 0600, WAL, synchronous=FULL, foreign keys off) and brings it up to date in
 * one transaction. A newer version, a foreign application_id, a damaged file or one that another process has
 * open by db_open() is refused with FLEET_ERROR_UNAVAILABLE and left untouched. The thread starts. */
DbThread *db_open(Loop *l, const char *path, const DbSchema *schema, GError **error);

/* Finishes what is queued; completions run, from here. */
void db_drain(DbThread *db);
/* Finishes what is queued, joins the thread; completions still run, from here. */
DbThread *db_close(DbThread *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbThread, db_close)

/* A unit of work: run() is called on the thread inside a transaction and returns an SQLite code; done() is
 * called on the loop after the COMMIT is durable, in order, with SQLITE_OK or the extended code of what
 * failed, its own run or the COMMIT (then nothing of the group is there; after an SQLITE_IOERR that is certain
 * only once a later task has succeeded). The run of one that fails is rolled back alone. task is given back to
 * done(), which owns it. False, and done() is never called, when STORE_QUEUE_MAX wait. */
typedef struct DbTask DbTask;
struct DbTask {
        WorkItem item; /* the queue's */
        int code;      /* likewise */

        int (*run)(DbThread *db, DbTask *task);
        void (*done)(DbTask *task, int code);
        bool read_only; /* writes nothing; waits for no fsync but that of writes queued before it, and does not
                             * fail because these do: run() is called again then, and starts over */
        bool one_statement; /* writes with one statement at most, which SQLite by itself undoes when it fails:
                             * saves the savepoint, 1 to 3 µs of the 4 to 7 that a small write costs */
        bool lazy; /* a power cut may undo it: with none but such in its group the COMMIT waits for no
                             * fsync. The end of the process undoes nothing. */
};
bool db_submit(DbThread *db, DbTask *task);

/* For run(): a cached prepared statement for this (static) SQL text, reset and unbound; it is so again after
 * run(), so SQLITE_STATIC is right for what lives in the task. Once per run() and text. NULL with the error
 * logged at debug level; db_error() is then what run() returns. */
sqlite3_stmt *db_statement(DbThread *db, const char *sql);
/* Steps to the end: SQLITE_OK, or the extended code of the failure. */
int db_finish(sqlite3_stmt *s);
int db_error(DbThread *db);
/* Rows that the latest INSERT, UPDATE or DELETE touched. */
unsigned db_changes(DbThread *db);
sqlite3 *db_handle(DbThread *db);

unsigned db_queue_depth(const DbThread *db);
