/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a database: what is refused stays byte for byte as it is; what is older is brought up to date, whole
 * or not at all. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dbthread.h"
#include "error.h"

#define APPLICATION 0x74657374

static const char *const one_step[] = { "CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (1);", NULL };
static const char *const two_steps[] = { "CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (1);",
                                         "ALTER TABLE a ADD COLUMN m INTEGER; UPDATE a SET m = n + 1;",
                                         NULL };
static const char *const bad_second_step[] = {
        "CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (1);",
        "UPDATE a SET n = 99; ALTER TABLE nowhere ADD COLUMN m INTEGER;", NULL
};
static const DbSchema old_schema = { APPLICATION, one_step }, new_schema = { APPLICATION, two_steps },
                      bad_schema = { APPLICATION, bad_second_step }, foreign_schema = { 42, one_step };

typedef struct Fixture {
        Loop *loop;
        char *dir, *path, *wal;
} Fixture;

static void setup(Fixture *f, gconstpointer data) {
        f->loop = loop_new(NULL);
        f->dir = g_dir_make_tmp("test-db-open-XXXXXX", NULL);
        f->path = g_build_filename(f->dir, "db", NULL);
        f->wal = g_build_filename(f->dir, "db-wal", NULL);
}

static void teardown(Fixture *f, gconstpointer data) {
        g_autoptr(GDir) dir = g_dir_open(f->dir, 0, NULL);
        const char *name;

        loop_free(f->loop);
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *file = g_build_filename(f->dir, name, NULL);

                g_assert_cmpint(g_remove(file), ==, 0);
        }
        g_assert_cmpint(g_rmdir(f->dir), ==, 0);
        g_free(f->dir);
        g_free(f->path);
        g_free(f->wal);
}

static void open_and_close(Fixture *f, const DbSchema *schema) {
        g_autoptr(GError) error = NULL;
        DbThread *db = db_open(f->loop, f->path, schema, &error);

        g_assert_no_error(error);
        g_assert_nonnull(db);
        db_close(db);
}

/* With a connection of its own: the file, not what the thread thinks of it. */
static int64_t look(Fixture *f, const char *sql) {
        sqlite3_stmt *s = NULL;
        sqlite3 *db = NULL;
        int64_t value;

        g_assert_cmpint(sqlite3_open(f->path, &db), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &s, NULL), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_step(s), ==, SQLITE_ROW);
        value = sqlite3_column_int64(s, 0);
        sqlite3_finalize(s);
        sqlite3_close(db);
        return value;
}

/* A file that is not there counts as empty: looking into a WAL database makes an empty WAL. */
static GBytes *content(const char *path) {
        char *data = NULL;
        gsize size = 0;

        (void) g_file_get_contents(path, &data, &size, NULL);
        return g_bytes_new_take(data, size);
}

static void assert_same(const char *path, GBytes *before) {
        g_autoptr(GBytes) after = content(path);

        g_assert_true(g_bytes_equal(before, after));
}

static void assert_refused(Fixture *f, const DbSchema *schema, const char *reason) {
        g_autoptr(GBytes) before = content(f->path), wal_before = content(f->wal);
        g_autoptr(GError) error = NULL;

        g_assert_null(db_open(f->loop, f->path, schema, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, f->path));
        g_assert_nonnull(strstr(error->message, reason));
        assert_same(f->path, before);
        assert_same(f->wal, wal_before);
}

/* A process that dies with an open database leaves what it wrote in the WAL. */
static void die_with_wal(Fixture *f, const char *sql) {
        pid_t pid = fork();
        int status;

        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                sqlite3 *db = NULL;

                if (sqlite3_open(f->path, &db) != SQLITE_OK ||
                    sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
                        _exit(1);
                _exit(0);
        }
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_cmpint(status, ==, 0);
        g_assert_cmpint(g_access(f->wal, F_OK), ==, 0);
}

static void test_newer(Fixture *f, gconstpointer data) {
        open_and_close(f, &new_schema);
        assert_refused(f, &old_schema, "its schema is 2, expected at most 1");
}

static void test_foreign(Fixture *f, gconstpointer data) {
        open_and_close(f, &old_schema);
        assert_refused(f, &foreign_schema, "application_id is 0x74657374, expected 0x0000002a");
}

/* Some other SQLite database without an application_id, in the default journal mode. */
static void test_foreign_without_id(Fixture *f, gconstpointer data) {
        sqlite3 *db = NULL;

        g_assert_cmpint(sqlite3_open(f->path, &db), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_exec(db, "CREATE TABLE theirs (n INTEGER)", NULL, NULL, NULL), ==,
                        SQLITE_OK);
        sqlite3_close(db);
        assert_refused(f, &old_schema, "belongs to another program");
}

static void test_garbage(Fixture *f, gconstpointer data) {
        g_autofree char *text = g_strnfill(8192, 'x');

        g_assert_true(g_file_set_contents(f->path, text, -1, NULL));
        assert_refused(f, &old_schema, "file is not a database");
}

static void test_truncated(Fixture *f, gconstpointer data) {
        open_and_close(f, &old_schema);
        g_assert_cmpint(truncate(f->path, 4096), ==, 0);
        assert_refused(f, &old_schema, "malformed");
}

static void test_damaged_schema(Fixture *f, gconstpointer data) {
        g_autofree char *bytes = NULL;
        gsize size;
        char *text;

        open_and_close(f, &old_schema);
        g_assert_true(g_file_get_contents(f->path, &bytes, &size, NULL));
        text = memmem(bytes, size, "CREATE TABLE", strlen("CREATE TABLE"));
        g_assert_nonnull(text);
        memcpy(text, "XXXXXX", 6);
        g_assert_true(g_file_set_contents(f->path, bytes, (gssize) size, NULL));
        assert_refused(f, &old_schema, "malformed");
}

/* The schema is whole, what it speaks of is not. */
static void test_damaged_pages(Fixture *f, gconstpointer data) {
        g_autofree char *bytes = NULL;
        gsize size;

        open_and_close(f, &old_schema);
        g_assert_true(g_file_get_contents(f->path, &bytes, &size, NULL));
        g_assert_cmpuint(size, ==, 8192);
        memset(bytes + 4096, 0x5a, 4096);
        g_assert_true(g_file_set_contents(f->path, bytes, (gssize) size, NULL));
        assert_refused(f, &old_schema, "restore a backup, or move the file away");
}

/* The file of a program that was killed, with pages that are only in its WAL. */
static void test_damaged_with_wal(Fixture *f, gconstpointer data) {
        g_autofree char *bytes = NULL;
        gsize size;

        open_and_close(f, &old_schema);
        die_with_wal(f, "CREATE TABLE b (n INTEGER); INSERT INTO b VALUES (1)");
        g_assert_true(g_file_get_contents(f->path, &bytes, &size, NULL));
        memset(bytes + 4096, 0x5a, size - 4096);
        g_assert_true(g_file_set_contents(f->path, bytes, (gssize) size, NULL));
        assert_refused(f, &old_schema, "restore a backup, or move the file away");
}

static void test_not_a_file(Fixture *f, gconstpointer data) {
        g_autoptr(GError) error = NULL;

        g_assert_null(db_open(f->loop, f->dir, &old_schema, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_clear_error(&error);
        g_assert_null(db_open(f->loop, "/nowhere/at/all", &old_schema, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
}

static void test_in_use(Fixture *f, gconstpointer data) {
        g_autoptr(GError) error = NULL;
        g_autoptr(DbThread) db = db_open(f->loop, f->path, &old_schema, NULL);

        g_assert_nonnull(db);
        g_assert_null(db_open(f->loop, f->path, &old_schema, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_assert_nonnull(strstr(error->message, "in use by another process"));
        g_assert_cmpint(look(f, "SELECT n FROM a"), ==, 1); /* but anybody may look */
}

static void test_newer_with_wal(Fixture *f, gconstpointer data) {
        open_and_close(f, &old_schema);
        die_with_wal(f, "UPDATE a SET n = 77; PRAGMA user_version=5");
        assert_refused(f, &old_schema, "its schema is 5");
}

static void test_recovers_wal(Fixture *f, gconstpointer data) {
        open_and_close(f, &old_schema);
        die_with_wal(f, "UPDATE a SET n = 77");
        open_and_close(f, &old_schema);
        g_assert_cmpint(look(f, "SELECT n FROM a"), ==, 77);
}

/* Killed after the file was made and before its first transaction. */
static void test_new_file_left_empty(Fixture *f, gconstpointer data) {
        g_assert_true(g_file_set_contents(f->path, "", 0, NULL));
        open_and_close(f, &old_schema);
        g_assert_cmpint(look(f, "SELECT n FROM a"), ==, 1);
}

static void test_migration(Fixture *f, gconstpointer data) {
        open_and_close(f, &old_schema);
        g_assert_cmpint(look(f, "PRAGMA user_version"), ==, 1);
        open_and_close(f, &new_schema);
        g_assert_cmpint(look(f, "PRAGMA user_version"), ==, 2);
        g_assert_cmpint(look(f, "PRAGMA application_id"), ==, APPLICATION);
        g_assert_cmpint(look(f, "SELECT sum(10 * m + n) FROM a"), ==, 21);
        open_and_close(f, &new_schema);
        g_assert_cmpint(look(f, "SELECT sum(10 * m + n) FROM a"), ==, 21);
}

static void test_migration_fails(Fixture *f, gconstpointer data) {
        g_autoptr(GError) error = NULL;

        open_and_close(f, &old_schema);
        g_assert_null(db_open(f->loop, f->path, &bad_schema, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_assert_nonnull(strstr(error->message, "nowhere"));
        g_assert_cmpint(look(f, "PRAGMA user_version"), ==, 1);
        g_assert_cmpint(look(f, "SELECT n FROM a"), ==, 1);
        open_and_close(f, &new_schema);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add("/db-open/" path, Fixture, NULL, setup, function, teardown)
        ADD("newer", test_newer);
        ADD("foreign", test_foreign);
        ADD("foreign-without-id", test_foreign_without_id);
        ADD("garbage", test_garbage);
        ADD("truncated", test_truncated);
        ADD("damaged-schema", test_damaged_schema);
        ADD("damaged-pages", test_damaged_pages);
        ADD("damaged-with-wal", test_damaged_with_wal);
        ADD("not-a-file", test_not_a_file);
        ADD("in-use", test_in_use);
        ADD("newer-with-wal", test_newer_with_wal);
        ADD("recovers-wal", test_recovers_wal);
        ADD("new-file-left-empty", test_new_file_left_empty);
        ADD("migration", test_migration);
        ADD("migration-fails", test_migration_fails);
        return g_test_run();
}
