/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One SQLite database on a thread of its own, with group commit: what waits when a transaction ends goes
 * into the next one, so that durability never stalls the loop and ten thousand writes cost a few fsyncs. */
#pragma once

#include <glib.h>
#include <sqlite3.h>
#include <stdbool.h>

#include "loop.h"

typedef struct DbThread DbThread;

/* One migration per schema version, oldest first, as SQL; user_version counts those applied. */
typedef struct DbSchema {
        int application_id;
        const char *const *migrations; /* NULL-terminated */
} DbSchema;

/* Opens or makes the database (WAL, synchronous=FULL, foreign keys off) and brings it up to date in one
 * transaction. A newer version, a foreign application_id or a damaged file is refused with
 * FLEET_ERROR_UNAVAILABLE and left untouched. The thread starts. */
DbThread *db_open(Loop *l, const char *path, const DbSchema *schema, GError **error);

/* Finishes what is queued, joins the thread; completions still run, from here. */
DbThread *db_close(DbThread *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbThread, db_close)

/* A unit of work: run() is called on the thread inside a transaction and returns an SQLite code; done() is
 * called on the loop after the COMMIT is durable, in order, with SQLITE_OK or what failed (the run of one
 * that fails is rolled back alone, by savepoint). task is given back to done(), which owns it. read_only
 * work waits for no fsync. False, and done() is never called, when STORE_QUEUE_MAX wait. */
typedef struct DbTask DbTask;
struct DbTask {
        int (*run)(DbThread *db, DbTask *task);
        void (*done)(DbTask *task, int code);
        bool read_only;
};
bool db_submit(DbThread *db, DbTask *task);

/* For run(): a cached prepared statement for this (static) SQL text, reset and unbound. NULL with the error
 * logged at debug level. */
sqlite3_stmt *db_statement(DbThread *db, const char *sql);
sqlite3 *db_handle(DbThread *db);

unsigned db_queue_depth(const DbThread *db);
