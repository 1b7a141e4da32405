/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a database file. It is looked at read-only first: even closing a writable connection changes a file
 * that was left with a WAL, and what is refused must stay as it is for whoever it belongs to. */
#include "db-open.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "error.h"
#include "limits.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3, sqlite3_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

/* The mutexes that SQLite saves here are not needed: the connection is used by one thread at a time. */
#define OPEN_FLAGS (SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE)

/* For somebody who looks in with sqlite3(1): a writer there holds us up as long, then our group fails. */
#define BUSY_TIMEOUT_MSEC 5000

/* After the WAL has grown it is cut back to this. A checkpoint is due after WAL_PAGES (8 MiB): rare enough to
 * write each page of an index once for many commands, and read back within a second after a crash. */
#define WAL_BYTES "33554432"
#define WAL_PAGES "2048"

/* A transaction whose pages do not fit would write some of them twice. */
#define CACHE_KIB "16384"

static bool fail(sqlite3 *db, const char *path, GError **error) {
        int r = sqlite3_errcode(db) & 0xff;
        bool damaged = r == SQLITE_CORRUPT || r == SQLITE_NOTADB;

        return fleet_fail(error, FLEET_ERROR_UNAVAILABLE, "cannot open %s: %s%s", path, sqlite3_errmsg(db),
                          damaged ? "; restore a backup, or move the file away" : "");
}

/* flock(2), which SQLite's own locks (fcntl(2)) do not see: other processes may read and back up the database,
 * a second of ours may not act on it. */
static int lock_file(const char *path, GError **error) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

        if (fd < 0) {
                fleet_fail_errno(error, FLEET_ERROR_UNAVAILABLE, errno, "cannot open %s", path);
                return -1;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno == EWOULDBLOCK)
                        fleet_fail(error, FLEET_ERROR_UNAVAILABLE, "%s is in use by another process", path);
                else
                        fleet_fail_errno(error, FLEET_ERROR_UNAVAILABLE, errno, "cannot lock %s", path);
                (void) close(fd);
                return -1;
        }
        return fd;
}

static bool get_number(sqlite3 *db, const char *path, const char *sql, int *ret, GError **error) {
        g_autoptr(sqlite3_stmt) s = NULL;

        if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
                return fail(db, path, error);
        *ret = sqlite3_column_int(s, 0);
        return true;
}

/* What a disk or a mistake has put in place of some pages shows in its schema only by chance, and would be met by a
 * command later, in the middle of its life. */
static bool check_pages(sqlite3 *db, const char *path, GError **error) {
        g_autoptr(sqlite3_stmt) s = NULL;
        const char *verdict, *detail;
        int page_size = 0, pages = 0;

        if (!get_number(db, path, "PRAGMA page_size", &page_size, error) ||
            !get_number(db, path, "PRAGMA page_count", &pages, error))
                return false;
        if ((uint64_t) page_size * (uint64_t) pages > DATABASE_CHECK_BYTES)
                return true;
        if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &s, NULL) != SQLITE_OK ||
            sqlite3_step(s) != SQLITE_ROW)
                return fail(db, path, error);
        verdict = (const char *) sqlite3_column_text(s, 0);
        if (g_strcmp0(verdict, "ok") == 0)
                return true;
        detail = verdict ? strrchr(verdict, '\n') : NULL; /* behind a headline */
        return fleet_fail(error, FLEET_ERROR_UNAVAILABLE,
                          "%s is damaged: %s; restore a backup, or move the file away", path,
                          detail ? detail + 1 : verdict);
}

static bool check_file(const char *path, const DbSchema *schema, int newest, GError **error) {
        g_autoptr(sqlite3) db = NULL;
        int application, version, tables;

        if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | OPEN_FLAGS, NULL) != SQLITE_OK)
                return fail(db, path, error);
        (void) sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        (void) sqlite3_busy_timeout(db, BUSY_TIMEOUT_MSEC);

        if (!get_number(db, path, "PRAGMA application_id", &application, error) ||
            !get_number(db, path, "PRAGMA user_version", &version, error) ||
            !get_number(db, path, "SELECT count(*) FROM sqlite_schema", &tables, error))
                return false;
        if (application == 0 && tables == 0) /* new, or killed before its first transaction */
                return true;
        if (application != schema->application_id)
                return fleet_fail(
                                error, FLEET_ERROR_UNAVAILABLE,
                                "%s belongs to another program: its application_id is 0x%08x, expected 0x%08x",
                                path, (unsigned) application, (unsigned) schema->application_id);
        if (version > newest)
                return fleet_fail(error, FLEET_ERROR_UNAVAILABLE,
                                  "%s was written by a newer version of this program: its schema is %i, "
                                  "expected at most %i",
                                  path, version, newest);
        return check_pages(db, path, error);
}

static bool execute(sqlite3 *db, const char *path, const char *sql, GError **error) {
        if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
                return fail(db, path, error);
        return true;
}

static bool set_journal_mode(sqlite3 *db, const char *path, GError **error) {
        g_autoptr(sqlite3_stmt) s = NULL;

        if (sqlite3_prepare_v2(db, "PRAGMA journal_mode=WAL", -1, &s, NULL) != SQLITE_OK ||
            sqlite3_step(s) != SQLITE_ROW)
                return fail(db, path, error);
        if (g_strcmp0((const char *) sqlite3_column_text(s, 0), "wal") != 0)
                return fleet_fail(
                                error, FLEET_ERROR_UNAVAILABLE,
                                "%s: its file system has no shared memory for a write-ahead log; expected a "
                                "local one",
                                path);
        return true;
}

static bool migrate_from(sqlite3 *db, const char *path, const DbSchema *schema, int version, int newest,
                         GError **error) {
        g_autofree char *stamp = g_strdup_printf("PRAGMA application_id=%i; PRAGMA user_version=%i",
                                                 schema->application_id, newest);

        if (!execute(db, path, "BEGIN IMMEDIATE", error))
                return false;
        for (int i = version; i < newest; i++)
                if (!execute(db, path, schema->migrations[i], error))
                        return false; /* closing the database rolls back */
        return execute(db, path, stamp, error) && execute(db, path, "COMMIT", error);
}

static bool prepare(sqlite3 *db, const char *path, const DbSchema *schema, int newest, GError **error) {
        int version;

        (void) sqlite3_busy_timeout(db, BUSY_TIMEOUT_MSEC);
        if (!set_journal_mode(db, path, error) ||
            !execute(db, path,
                     "PRAGMA synchronous=FULL;"
                     "PRAGMA foreign_keys=OFF;"
                     "PRAGMA trusted_schema=OFF;"
                     "PRAGMA temp_store=MEMORY;"
                     "PRAGMA cache_size=-" CACHE_KIB ";"
                     "PRAGMA wal_autocheckpoint=" WAL_PAGES ";"
                     "PRAGMA journal_size_limit=" WAL_BYTES,
                     error) ||
            !get_number(db, path, "PRAGMA user_version", &version, error))
                return false;
        return version == newest || migrate_from(db, path, schema, version, newest, error);
}

static sqlite3 *open_locked(const char *path, const DbSchema *schema, GError **error) {
        g_autoptr(sqlite3) db = NULL;
        int newest = (int) g_strv_length((char **) schema->migrations);

        if (!check_file(path, schema, newest, error))
                return NULL;
        if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | OPEN_FLAGS, NULL) != SQLITE_OK) {
                fail(db, path, error);
                return NULL;
        }
        if (!prepare(db, path, schema, newest, error))
                return NULL;
        return g_steal_pointer(&db);
}

/* SQLite counts what it allocates, for all connections and so under a lock, at a sixth of a small write's cost.
 * Refused, and no matter, where somebody else in the process has used SQLite before. */
static void stop_counting_memory(void) {
        static gsize once;

        if (g_once_init_enter(&once)) {
                (void) sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
                g_once_init_leave(&once, 1);
        }
}

sqlite3 *db_open_file(const char *path, const DbSchema *schema, int *ret_lock, GError **error) {
        int fd = lock_file(path, error);
        sqlite3 *db;

        if (fd < 0)
                return NULL;
        stop_counting_memory();
        db = open_locked(path, schema, error);
        if (!db) {
                (void) close(fd);
                return NULL;
        }
        *ret_lock = fd;
        return db;
}
