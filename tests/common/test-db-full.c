/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk that is full: nothing is claimed that is not there, and work goes on as soon as there is room. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>

#include "dbthread.h"
#include "mount-namespace.h"

#define DISK_BYTES (2u * 1024 * 1024)

static const char *const migrations[] = { "CREATE TABLE t (n INTEGER PRIMARY KEY, data BLOB);", NULL };
static const DbSchema schema = { 0x74657374, migrations };

static bool namespace_entered;

typedef struct Fixture {
        Loop *loop;
        char *dir, *path, *filler;
        DbThread *db;
} Fixture;

typedef struct Task {
        DbTask db;
        const char *sql;
        int64_t *ret; /* first column */
        int *ret_code;
} Task;

static int run(DbThread *db, DbTask *task) {
        Task *t = (Task *) task;
        sqlite3_stmt *s = db_statement(db, t->sql);

        if (!s)
                return db_error(db);
        if (t->ret && sqlite3_step(s) == SQLITE_ROW)
                *t->ret = sqlite3_column_int64(s, 0);
        return db_finish(s);
}

static void done(DbTask *task, int code) {
        Task *t = (Task *) task;

        *t->ret_code = code;
        g_free(t);
}

/* Runs one statement in a transaction of its own. */
static int execute(Fixture *f, const char *sql, int64_t *ret) {
        Task *t = g_new0(Task, 1);
        int code = -1;

        t->db = (DbTask){ .run = run, .done = done, .one_statement = true };
        t->sql = sql;
        t->ret = ret;
        t->ret_code = &code;
        g_assert_true(db_submit(f->db, &t->db));
        while (code == -1)
                uv_run(loop_uv(f->loop), UV_RUN_ONCE);
        return code;
}

static int64_t count_rows(Fixture *f) {
        int64_t n = -1;

        g_assert_cmpint(execute(f, "SELECT count(*) FROM t", &n), ==, SQLITE_OK);
        return n;
}

static void reopen(Fixture *f) {
        db_close(f->db);
        f->db = db_open(f->loop, f->path, &schema, NULL);
        g_assert_nonnull(f->db);
}

static void setup(Fixture *f, gconstpointer data) {
        f->loop = loop_new(NULL);
        f->dir = g_dir_make_tmp("test-db-full-XXXXXX", NULL);
        f->path = g_build_filename(f->dir, "db", NULL);
        f->filler = g_build_filename(f->dir, "filler", NULL);
        if (!namespace_entered)
                return;
        g_assert_true(mount_tmpfs(f->dir, DISK_BYTES));
        reopen(f);
}

static void teardown(Fixture *f, gconstpointer data) {
        db_close(f->db);
        loop_free(f->loop);
        if (namespace_entered)
                g_assert_cmpint(umount(f->dir), ==, 0);
        g_assert_cmpint(g_rmdir(f->dir), ==, 0);
        g_free(f->filler);
        g_free(f->path);
        g_free(f->dir);
}

static bool skip(void) {
        if (!namespace_entered)
                g_test_skip("no mount namespace to be had here");
        return !namespace_entered;
}

static void test_room_again(Fixture *f, gconstpointer data) {
        g_autofree char *bytes = g_malloc0(DISK_BYTES / 2);
        int64_t stored = 0;
        int r;

        if (skip())
                return;
        g_assert_true(g_file_set_contents(f->filler, bytes, DISK_BYTES / 2, NULL));
        while ((r = execute(f, "INSERT INTO t (data) VALUES (randomblob(20000))", NULL)) == SQLITE_OK)
                stored++;
        g_assert_cmpint(r & 0xff, ==, SQLITE_FULL);
        g_assert_cmpint(stored, >, 0);
        g_assert_cmpint(count_rows(f), ==, stored);

        g_assert_cmpint(g_unlink(f->filler), ==, 0);
        g_assert_cmpint(execute(f, "INSERT INTO t (data) VALUES (randomblob(20000))", NULL), ==, SQLITE_OK);
        reopen(f);
        g_assert_cmpint(count_rows(f), ==, stored + 1);
}

/* What changes rows that are there needs no more room than the WAL: when that fills the disk it is given back,
 * and one transaction fails now and then, not all from then on. */
static void test_updates_go_on(Fixture *f, gconstpointer data) {
        unsigned failed = 0, failed_in_a_row = 0;
        int64_t n = -1, good = 0;

        if (skip())
                return;
        g_assert_cmpint(execute(f, "INSERT INTO t (n, data) VALUES (1, 0)", NULL), ==, SQLITE_OK);
        reopen(f);                            /* the row has moved from the WAL to its place */
        for (unsigned i = 0; i < 2000; i++) { /* 4 KiB and more of WAL each */
                if (execute(f, "UPDATE t SET data = data + 1", NULL) == SQLITE_OK) {
                        good++;
                        failed_in_a_row = 0;
                } else {
                        failed++;
                        g_assert_cmpuint(++failed_in_a_row, <, 2);
                }
        }
        g_assert_cmpuint(failed, >, 0);
        g_assert_cmpint(execute(f, "SELECT data FROM t", &n), ==, SQLITE_OK);
        g_assert_cmpint(n, ==, good);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        namespace_entered = enter_mount_namespace();
        g_test_add("/db-full/room-again", Fixture, NULL, setup, test_room_again, teardown);
        g_test_add("/db-full/updates-go-on", Fixture, NULL, setup, test_updates_go_on, teardown);
        return g_test_run();
}
