/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One SQLite database on a thread of its own, with group commit. */
#include "dbthread.h"

#include <unistd.h>

#include "db-open.h"
#include "limits.h"
#include "log.h"

struct DbThread {
        Worker *worker;
        int lock;

        /* The thread's alone. */
        sqlite3 *handle;
        GHashTable *statements; /* SQL text, by its address, to sqlite3_stmt */
        GPtrArray *used;        /* statements that the present task has asked for */
        const DbTask *task;     /* the present one */
};

static void finalize(void *s) {
        (void) sqlite3_finalize(s);
}

static sqlite3_stmt *cached(DbThread *db, const char *sql) {
        sqlite3_stmt *s = g_hash_table_lookup(db->statements, sql);

        if (s)
                return s;
        if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK) {
                log_debug("sqlite: %s: %s", sqlite3_errmsg(db->handle), sql);
                return NULL;
        }
        g_hash_table_insert(db->statements, (char *) sql, s);
        return s;
}

sqlite3_stmt *db_statement(DbThread *db, const char *sql) {
        sqlite3_stmt *s = cached(db, sql);

        if (!s)
                return NULL;
        g_assert(!db->task->read_only || sqlite3_stmt_readonly(s));
        g_assert(!sqlite3_stmt_busy(s));
        g_ptr_array_add(db->used, s);
        return s;
}

int db_finish(sqlite3_stmt *s) {
        int r;

        do
                r = sqlite3_step(s);
        while (r == SQLITE_ROW);
        return r == SQLITE_DONE ? SQLITE_OK : r;
}

int db_error(DbThread *db) {
        return sqlite3_extended_errcode(db->handle);
}

unsigned db_changes(DbThread *db) {
        return (unsigned) sqlite3_changes(db->handle);
}

sqlite3 *db_handle(DbThread *db) {
        return db->handle;
}

/* BEGIN, COMMIT and the like. */
static int control(DbThread *db, const char *sql) {
        sqlite3_stmt *s = cached(db, sql);
        int r;

        if (!s)
                return db_error(db);
        r = db_finish(s);
        (void) sqlite3_reset(s);
        return r;
}

/* At once, not when they are used again: a SELECT that has not come to its end would keep the old state of the
 * database alive, and bound values belong to the task. */
static void release_statements(DbThread *db) {
        for (unsigned i = 0; i < db->used->len; i++) {
                sqlite3_stmt *s = g_ptr_array_index(db->used, i);

                (void) sqlite3_reset(s);
                (void) sqlite3_clear_bindings(s);
        }
        g_ptr_array_set_size(db->used, 0);
}

static int call(DbThread *db, DbTask *task) {
        int r;

        db->task = task;
        r = task->run(db, task);
        if (r != SQLITE_OK)
                log_debug("sqlite: a task failed: %s (%i): %s", sqlite3_errstr(r), r,
                          sqlite3_errmsg(db->handle));
        release_statements(db);
        return r;
}

static bool transaction_is_gone(DbThread *db) {
        return sqlite3_get_autocommit(db->handle) != 0;
}

static int call_in_savepoint(DbThread *db, DbTask *task) {
        int r = control(db, "SAVEPOINT task");

        if (r != SQLITE_OK)
                return r;
        r = call(db, task);
        if (transaction_is_gone(db))
                return r;
        if (r != SQLITE_OK && control(db, "ROLLBACK TO task") != SQLITE_OK) {
                (void) control(db, "ROLLBACK"); /* rather none of the group than half a task */
                return r;
        }
        (void) control(db, "RELEASE task");
        return r;
}

static int run_in_transaction(DbThread *db, DbTask *task) {
        sqlite3_int64 changes;
        int r;

        if (!task->read_only && !task->one_statement)
                return call_in_savepoint(db, task);

        changes = sqlite3_total_changes64(db->handle);
        r = call(db, task);
        g_assert(r == SQLITE_OK || transaction_is_gone(db) ||
                 sqlite3_total_changes64(db->handle) == changes);
        return r;
}

static DbTask *next_task(const DbTask *task) {
        return (DbTask *) task->item.next;
}

/* Not a cached statement: SQLite sets it when it prepares one. */
static void set_synchronous(DbThread *db, bool full) {
        int r = sqlite3_exec(db->handle, full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
                             NULL, NULL, NULL);

        g_assert(r == SQLITE_OK); /* it is a flag in memory */
}

static bool is_lazy(const DbTask *first, const DbTask *last) {
        for (const DbTask *t = first;; t = next_task(t)) {
                if (!t->lazy && !t->read_only)
                        return false;
                if (t == last)
                        return true;
        }
}

/* Some failures (a full disk, no memory) undo the whole transaction: then the others share the fate of the one
 * that failed, as they all do when the COMMIT fails. But reads read again, what is there now. */
static void run_transaction(DbThread *db, DbTask *first, DbTask *last) {
        int r = control(db, "BEGIN IMMEDIATE");

        for (DbTask *t = first; r == SQLITE_OK; t = next_task(t)) {
                t->code = run_in_transaction(db, t);
                if (transaction_is_gone(db))
                        r = t->code;
                if (t == last)
                        break;
        }
        if (r == SQLITE_OK)
                r = control(db, "COMMIT");
        if (r == SQLITE_OK)
                return;

        log_debug("sqlite: a transaction failed: %s (%i)", sqlite3_errstr(r), r);
        if (!transaction_is_gone(db))
                (void) control(db, "ROLLBACK");
        if ((r & 0xff) == SQLITE_FULL) /* the WAL holds most pages many times: what it gives back may do */
                (void) sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        for (DbTask *t = first;; t = next_task(t)) {
                t->code = t->read_only ? call(db, t) : r;
                if (t == last)
                        break;
        }
}

static void run_group(DbThread *db, DbTask *first, DbTask *last) {
        bool lazy = is_lazy(first, last);

        if (lazy)
                set_synchronous(db, false);
        run_transaction(db, first, last);
        if (lazy)
                set_synchronous(db, true);
}

static DbTask *end_of_group(DbTask *first) {
        DbTask *last = first;

        for (unsigned n = 1; n < STORE_GROUP_MAX && next_task(last); n++)
                last = next_task(last);
        return last;
}

/* Reads with no write before them need no transaction, and their callers wait for none. */
static DbTask *run_leading_reads(DbThread *db, DbTask *first) {
        DbTask *last = NULL;

        for (DbTask *t = first; t && t->read_only; t = next_task(t)) {
                t->code = call(db, t);
                last = t;
        }
        return last;
}

static WorkItem *work(WorkItem *item, void *userdata) {
        DbTask *first = (DbTask *) item, *last = run_leading_reads(userdata, first);

        if (!last) {
                last = end_of_group(first);
                run_group(userdata, first, last);
        }
        return &last->item;
}

static void done(WorkItem *item, void *userdata) {
        DbTask *task = (DbTask *) item;

        task->done(task, task->code);
}

static const WorkerOps ops = { work, done };

static void release(DbThread *db) {
        int r;

        g_ptr_array_unref(db->used);
        g_hash_table_unref(db->statements);
        r = sqlite3_close(db->handle);
        g_assert(r == SQLITE_OK);
        (void) close(db->lock);
        g_free(db);
}

DbThread *db_open(Loop *l, const char *path, const DbSchema *schema, GError **error) {
        int lock;
        sqlite3 *handle = db_open_file(path, schema, &lock, error);
        DbThread *db;

        if (!handle)
                return NULL;
        db = g_new0(DbThread, 1);
        db->handle = handle;
        db->lock = lock;
        db->statements = g_hash_table_new_full(NULL, NULL, NULL, finalize);
        db->used = g_ptr_array_new();
        db->worker = worker_new(l, "store", &ops, db, STORE_QUEUE_MAX, error);
        if (!db->worker) {
                release(db);
                return NULL;
        }
        return db;
}

void db_drain(DbThread *db) {
        worker_drain(db->worker);
}

DbThread *db_close(DbThread *db) {
        if (!db)
                return NULL;
        worker_free(db->worker);
        release(db);
        return NULL;
}

bool db_submit(DbThread *db, DbTask *task) {
        return worker_submit(db->worker, &task->item);
}

unsigned db_queue_depth(const DbThread *db) {
        return worker_depth(db->worker);
}
