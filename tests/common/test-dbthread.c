/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The database thread: groups, failures that stay where they belong, and completions that tell the truth. What
 * is refused at opening is test-db-open.c's. */
#include "dbthread.h"

#include <glib/gstdio.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "limits.h"

#define DEADLINE_MS 60000
#define INSERT "INSERT INTO t (n) VALUES ($1)"

static const char *const migrations[] = { "CREATE TABLE t (n INTEGER PRIMARY KEY, data BLOB)", NULL };
static const DbSchema schema = { 0x74657374, migrations };

typedef struct Fixture {
        Loop *loop;
        LoopTimer *deadline;
        char *dir, *path;
        DbThread *db;
        unsigned submitted, finished, failed, waiting_for;
        unsigned commits;
        sem_t gate, entered;
} Fixture;

typedef struct Task {
        DbTask db;
        Fixture *f;
        unsigned number;    /* in order of submission */
        int64_t value;      /* bound as $1 where the statement has one */
        const char *sql[3]; /* run one after the other */
        int64_t *ret;       /* the last one's first column */
        int *ret_code;      /* what done() was told */
        bool gated;         /* run() waits for the gate */
} Task;

static void too_late(void *userdata) {
        g_error("not finished in time");
}

static void setup(Fixture *f, gconstpointer data) {
        g_autoptr(GError) error = NULL;

        f->loop = loop_new(NULL);
        f->deadline = loop_timer_new(f->loop, DEADLINE_MS, 0, too_late, NULL);
        f->dir = g_dir_make_tmp("test-dbthread-XXXXXX", NULL);
        f->path = g_build_filename(f->dir, "db", NULL);
        sem_init(&f->gate, 0, 0);
        sem_init(&f->entered, 0, 0);
        f->db = db_open(f->loop, f->path, &schema, &error);
        g_assert_no_error(error);
        g_assert_nonnull(f->db);
}

static void teardown(Fixture *f, gconstpointer data) {
        db_close(f->db);
        g_assert_cmpuint(f->finished, ==, f->submitted);
        loop_timer_free(f->deadline);
        loop_free(f->loop);
        g_assert_cmpint(g_remove(f->path), ==, 0);
        g_assert_cmpint(g_rmdir(f->dir), ==, 0); /* the WAL is gone with the database closed */
        g_free(f->path);
        g_free(f->dir);
        sem_destroy(&f->gate);
        sem_destroy(&f->entered);
}

static int run(DbThread *db, DbTask *task) {
        Task *t = (Task *) task;

        if (t->gated) {
                sem_post(&t->f->entered);
                while (sem_wait(&t->f->gate) < 0)
                        ;
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(t->sql) && t->sql[i]; i++) {
                sqlite3_stmt *s = db_statement(db, t->sql[i]);
                int r;

                if (!s)
                        return db_error(db);
                if (sqlite3_bind_parameter_count(s) > 0)
                        sqlite3_bind_int64(s, 1, t->value);
                r = sqlite3_step(s);
                if (r == SQLITE_ROW && t->ret)
                        *t->ret = sqlite3_column_int64(s, 0);
                else if (r != SQLITE_DONE && r != SQLITE_ROW)
                        return r;
        }
        return SQLITE_OK;
}

static void done(DbTask *task, int code) {
        Task *t = (Task *) task;
        Fixture *f = t->f;

        g_assert_cmpuint(t->number, ==, f->finished);
        f->finished++;
        if (code != SQLITE_OK)
                f->failed++;
        if (t->ret_code)
                *t->ret_code = code;
        if (f->finished == f->waiting_for)
                loop_quit(f->loop, 0);
        g_free(t);
}

static Task *task_new(Fixture *f, const char *sql) {
        Task *t = g_new0(Task, 1);

        t->db = (DbTask){ .run = run, .done = done };
        t->f = f;
        t->sql[0] = sql;
        return t;
}

static void submit(Task *t) {
        t->number = t->f->submitted++;
        g_assert_true(db_submit(t->f->db, &t->db));
}

static void insert(Fixture *f, int64_t value, int *ret_code) {
        Task *t = task_new(f, INSERT);

        t->db.one_statement = true;
        t->value = value;
        t->ret_code = ret_code;
        submit(t);
}

static void wait_for(Fixture *f, unsigned finished) {
        f->waiting_for = finished;
        if (f->finished < finished)
                loop_run(f->loop);
}

static void wait_for_all(Fixture *f) {
        wait_for(f, f->submitted);
}

static void submit_query(Fixture *f, const char *sql, int64_t *ret) {
        Task *t = task_new(f, sql);

        t->db.read_only = true;
        t->ret = ret;
        submit(t);
}

static int64_t query(Fixture *f, const char *sql) {
        int64_t value = -1;

        submit_query(f, sql, &value);
        wait_for_all(f);
        return value;
}

/* Submits a task that holds the thread, inside its transaction, until the gate is opened: what is submitted
 * meanwhile forms the next group. */
static void hold_thread(Fixture *f) {
        Task *t = task_new(f, "SELECT 1");

        t->gated = true;
        submit(t);
        /* The thread gets it at the end of a turn. */
        while (sem_trywait(&f->entered) < 0)
                (void) uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
}

static void release_thread(Fixture *f) {
        sem_post(&f->gate);
}

static void test_settings(Fixture *f, gconstpointer data) {
        struct stat st;

        g_assert_cmpint(query(f, "PRAGMA synchronous"), ==, 2);
        g_assert_cmpint(query(f, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), ==, 1);
        g_assert_cmpint(query(f, "PRAGMA user_version"), ==, 1);
        g_assert_cmpint(stat(f->path, &st), ==, 0);
        g_assert_cmpint(st.st_mode & 07777, ==, 0600);
}

static void test_persists(Fixture *f, gconstpointer data) {
        insert(f, 7, NULL);
        wait_for_all(f);
        db_close(f->db);
        f->db = db_open(f->loop, f->path, &schema, NULL);
        g_assert_nonnull(f->db);
        g_assert_cmpint(query(f, "SELECT n FROM t"), ==, 7);
}

/* What may be lost alone waits for no disk; what may not never goes with it in such a group. */
static void test_lazy(Fixture *f, gconstpointer data) {
        int64_t synchronous[3] = {};

        for (unsigned i = 0; i < 3; i++) {
                Task *t = task_new(f, "PRAGMA synchronous"), *other;

                t->db.lazy = i != 0;
                t->ret = &synchronous[i];
                hold_thread(f);
                submit(t);
                if (i == 2) {
                        other = task_new(f, INSERT);
                        submit(other);
                }
                release_thread(f);
                wait_for_all(f);
        }
        g_assert_cmpint(synchronous[0], ==, 2);
        g_assert_cmpint(synchronous[1], ==, 1);
        g_assert_cmpint(synchronous[2], ==, 2);
        g_assert_cmpint(query(f, "PRAGMA synchronous"), ==, 2);
}

static int count_commit(void *userdata) {
        ((Fixture *) userdata)->commits++;
        return 0;
}

static int run_install_hook(DbThread *db, DbTask *task) {
        sqlite3_commit_hook(db_handle(db), count_commit, ((Task *) task)->f);
        return SQLITE_OK;
}

static void test_groups(Fixture *f, gconstpointer data) {
        const unsigned count = 10000;
        Task *t = task_new(f, NULL);

        t->db.run = run_install_hook;
        submit(t);
        hold_thread(f);
        for (unsigned i = 0; i < count; i++)
                insert(f, i, NULL);
        g_assert_cmpuint(db_queue_depth(f->db), >, count);
        release_thread(f);
        wait_for_all(f);
        g_assert_cmpuint(f->failed, ==, 0);
        g_assert_cmpint(query(f, "SELECT count(*) FROM t"), ==, count);
        g_assert_cmpuint(f->commits, <=, 2 + (count + STORE_GROUP_MAX - 1) / STORE_GROUP_MAX);
}

static void test_failure_stays_alone(Fixture *f, gconstpointer data) {
        int before, twice, half, syntax, after;
        Task *t;

        hold_thread(f);
        insert(f, 1, &before);
        insert(f, 1, &twice);
        t = task_new(f,
                     "INSERT INTO t (n) VALUES ($1 + 100)"); /* good; what follows is not, and undoes it */
        t->sql[1] = INSERT;
        t->value = 1;
        t->ret_code = &half;
        submit(t);
        t = task_new(f, "DELETE FROM t");
        t->sql[1] = "INSERT INTO nowhere VALUES (1)";
        t->ret_code = &syntax;
        submit(t);
        insert(f, 2, &after);
        release_thread(f);
        wait_for_all(f);

        g_assert_cmpint(before, ==, SQLITE_OK);
        g_assert_cmpint(twice, ==, SQLITE_CONSTRAINT_PRIMARYKEY);
        g_assert_cmpint(half, ==, SQLITE_CONSTRAINT_PRIMARYKEY);
        g_assert_cmpint(syntax, ==, SQLITE_ERROR);
        g_assert_cmpint(after, ==, SQLITE_OK);
        g_assert_cmpint(query(f, "SELECT sum(n * 1000) + count(*) FROM t"), ==, 3002);
}

/* Several statements of one task, and of the next, all or nothing. */
static void test_several_statements(Fixture *f, gconstpointer data) {
        Task *t;

        insert(f, 1, NULL);
        t = task_new(f, "DELETE FROM t");
        t->sql[1] = INSERT;
        t->sql[2] = "UPDATE t SET n = n + 1";
        t->value = 5;
        submit(t);
        wait_for_all(f);
        g_assert_cmpuint(f->failed, ==, 0);
        g_assert_cmpint(query(f, "SELECT n FROM t"), ==, 6);
}

static void set_file_size_limit(rlim_t size) {
        struct rlimit limit;

        g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
        limit.rlim_cur = size;
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

/* The disk takes no more: all who write in the group are told so, and who reads sees what is there. The next group is
 * tried again. */
static void test_commit_fails(Fixture *f, gconstpointer data) {
        g_autofree char *wal = g_strconcat(f->path, "-wal", NULL);
        int first, second, third;
        int64_t seen = -1;
        struct stat st;

        insert(f, 1, NULL);
        wait_for_all(f);
        (void) signal(SIGXFSZ, SIG_IGN);
        g_assert_cmpint(stat(wal, &st), ==, 0);
        g_assert_cmpint(st.st_size, >, 0);

        hold_thread(f);
        insert(f, 2, &first);
        insert(f, 3, &second);
        submit_query(f, "SELECT count(*) FROM t", &seen);
        insert(f, 1, &third); /* fails by itself, but on the ground of what may not be there */
        set_file_size_limit((rlim_t) st.st_size);
        release_thread(f);
        wait_for_all(f);
        set_file_size_limit(RLIM_INFINITY);
        g_assert_cmpint(seen, ==, 1);
        g_assert_cmpint(first & 0xff, ==, SQLITE_IOERR);
        g_assert_cmpint(second, ==, first);
        g_assert_cmpint(third, ==, first);
        g_assert_cmpuint(f->failed, ==, 3);

        insert(f, 4, &first);
        wait_for_all(f);
        g_assert_cmpint(first, ==, SQLITE_OK);
        g_assert_cmpint(query(f, "SELECT sum(n * 1000) + count(*) FROM t"), ==, 5002);
}

/* Whether SQLite undoes the one or all of them when the file is full: who was told OK is there, and nobody
 * else. */
static void test_full(Fixture *f, gconstpointer data) {
        int small_code, big_code, after_code;
        int64_t small_there, big_there, after_there;
        Task *t;

        submit(task_new(f, "PRAGMA max_page_count=20"));
        hold_thread(f);
        insert(f, 1, &small_code);
        t = task_new(f, "INSERT INTO t (n, data) VALUES ($1, randomblob(1000000))");
        t->db.one_statement = true;
        t->value = 2;
        t->ret_code = &big_code;
        submit(t);
        insert(f, 3, &after_code);
        release_thread(f);
        wait_for_all(f);
        g_assert_cmpint(big_code, ==, SQLITE_FULL);

        small_there = query(f, "SELECT count(*) FROM t WHERE n = 1");
        big_there = query(f, "SELECT count(*) FROM t WHERE n = 2");
        after_there = query(f, "SELECT count(*) FROM t WHERE n = 3");
        g_assert_cmpint(big_there, ==, 0);
        g_assert_cmpint(small_there, ==, small_code == SQLITE_OK);
        g_assert_cmpint(after_there, ==, after_code == SQLITE_OK);

        insert(f, 4, &after_code);
        wait_for_all(f);
        g_assert_cmpint(after_code, ==, SQLITE_OK);
}

/* A read behind a write sees it; one in front of it does not wait for it. */
static void test_reads(Fixture *f, gconstpointer data) {
        int64_t before = -1, after = -1;
        unsigned reads;

        submit_query(f, "SELECT count(*) FROM t", &before);
        reads = f->submitted;
        hold_thread(f);
        insert(f, 1, NULL);
        submit_query(f, "SELECT count(*) FROM t", &after);
        wait_for(f, reads);
        g_assert_cmpint(before, ==, 0);
        release_thread(f);
        wait_for_all(f);
        g_assert_cmpint(after, ==, 1);
}

static void test_bound(Fixture *f, gconstpointer data) {
        Task *surplus = task_new(f, "SELECT 1");

        hold_thread(f);
        while (db_queue_depth(f->db) < STORE_QUEUE_MAX)
                submit(task_new(f, NULL));
        g_assert_false(db_submit(f->db, &surplus->db));
        g_free(surplus);
        release_thread(f);
        wait_for_all(f);
        g_assert_cmpuint(f->failed, ==, 0);
        g_assert_cmpuint(db_queue_depth(f->db), ==, 0);
}

/* Closed with work queued and the loop at rest: it is done, and its completions come from db_close(). */
static void test_close_finishes(Fixture *f, gconstpointer data) {
        for (unsigned i = 0; i < 1000; i++)
                insert(f, i, NULL);
        f->db = db_close(f->db);
        g_assert_cmpuint(f->finished, ==, 1000);
        g_assert_cmpuint(f->failed, ==, 0);
        f->db = db_open(f->loop, f->path, &schema, NULL);
        g_assert_cmpint(query(f, "SELECT count(*) FROM t"), ==, 1000);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add("/dbthread/" path, Fixture, NULL, setup, function, teardown)
        ADD("settings", test_settings);
        ADD("persists", test_persists);
        ADD("lazy", test_lazy);
        ADD("groups", test_groups);
        ADD("failure-stays-alone", test_failure_stays_alone);
        ADD("several-statements", test_several_statements);
        ADD("commit-fails", test_commit_fails);
        ADD("full", test_full);
        ADD("reads", test_reads);
        ADD("bound", test_bound);
        ADD("close-finishes", test_close_finishes);
        return g_test_run();
}
