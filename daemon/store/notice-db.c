/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices of alerts on disk: a row for each notice and target. */
#include "notice-db.h"

#include "db-anew.h"
#include "db-row.h"
#include "dbthread.h"

#define APPLICATION_ID 0x6d736e74 /* "msnt" */

static const char *const migrations[] = {
        "CREATE TABLE notices ("
        "  seq INTEGER PRIMARY KEY AUTOINCREMENT," /* in the order in which they happened; never used again */
        "  target TEXT NOT NULL, alert TEXT NOT NULL, cleared INTEGER NOT NULL,"
        "  sent INTEGER NOT NULL DEFAULT 0,"
        "  notice TEXT NOT NULL," /* notice_to_json() */
        "  UNIQUE (target, alert, cleared));",
        NULL,
};

static const DbSchema schema = { APPLICATION_ID, migrations };

static const char sql_put[] = "INSERT INTO notices (target, alert, cleared, notice) VALUES ($1, $2, $3, $4)"
                              " ON CONFLICT (target, alert, cleared) DO NOTHING",
                  sql_sent[] = "UPDATE notices SET sent = 1 WHERE seq = $1",
                  sql_drop[] = "DELETE FROM notices WHERE seq = $1",
                  sql_forget[] = "DELETE FROM notices WHERE target = $1 AND sent = 1"
                                 " AND ($2 IS NULL OR alert = $2)",
                  sql_remove[] = "DELETE FROM notices WHERE target = $1",
                  sql_load[] = "SELECT seq, target, sent, notice FROM notices ORDER BY seq";

struct NoticeDb {
        Loop *loop;
        DbThread *db;
};

typedef struct Task {
        DbTask db;
        const char *sql;
        char *target, *alert, *notice;
        bool cleared;
        int64_t seq;
        GPtrArray *rows;

        NoticeDbDone done;
        NoticeDbPut put;
        NoticeDbRows loaded;
        void *userdata;
} Task;

static void row_free(void *p) {
        NoticeRow *r = p;

        g_free(r->target);
        (void) notice_free(r->notice);
        g_free(r);
}

static void task_end(Task *t, int code) {
        const char *problem = code == SQLITE_OK ? NULL : sqlite3_errstr(code);

        if (t->done)
                t->done(problem, t->userdata);
        if (t->put)
                t->put(problem ? 0 : t->seq, problem, t->userdata);
        if (t->loaded) {
                if (problem)
                        g_ptr_array_set_size(t->rows, 0);
                t->loaded(t->rows, problem, t->userdata);
        }
        if (t->rows)
                g_ptr_array_unref(t->rows);
        g_free(t->target);
        g_free(t->alert);
        g_free(t->notice);
        g_free(t);
}

static void on_done(DbTask *task, int code) {
        task_end((Task *) task, code);
}

static void refuse(void *userdata) {
        task_end(userdata, SQLITE_BUSY);
}

static Task *task_new(int (*run)(DbThread *db, DbTask *task), const char *sql, void *userdata) {
        Task *t = g_new0(Task, 1);

        t->db.run = run;
        t->db.done = on_done;
        t->db.one_statement = true;
        t->sql = sql;
        t->userdata = userdata;
        return t;
}

static void submit(NoticeDb *d, Task *t) {
        if (!db_submit(d->db, &t->db))
                loop_defer(d->loop, refuse, t);
}

static int run_put(DbThread *db, DbTask *task) {
        Task *t = (Task *) task;
        Binder b;
        int r;

        if (!binder_open(&b, db, t->sql))
                return db_error(db);
        bind_text(&b, t->target);
        bind_text(&b, t->alert);
        bind_number(&b, t->cleared);
        bind_text(&b, t->notice);
        r = bound_finish(&b);
        if (r == SQLITE_OK)
                t->seq = db_changes(db) ? sqlite3_last_insert_rowid(db_handle(db)) : 0;
        return r;
}

void notice_db_put(NoticeDb *d, const char *target, const Notice *n, NoticeDbPut done, void *userdata) {
        Task *t = task_new(run_put, sql_put, userdata);
        json_object *o = notice_to_json(n);

        t->target = g_strdup(target);
        t->alert = g_strdup(n->alert->id);
        t->cleared = n->cleared;
        t->notice = g_strdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
        (void) json_object_put(o);
        t->put = done;
        submit(d, t);
}

/* A row by its number. */
static int run_by_seq(DbThread *db, DbTask *task) {
        Task *t = (Task *) task;
        Binder b;

        if (!binder_open(&b, db, t->sql))
                return db_error(db);
        bind_number(&b, (uint64_t) t->seq);
        return bound_finish(&b);
}

void notice_db_sent(NoticeDb *d, int64_t seq, NoticeDbDone done, void *userdata) {
        Task *t = task_new(run_by_seq, sql_sent, userdata);

        t->seq = seq;
        t->done = done;
        submit(d, t);
}

void notice_db_drop(NoticeDb *d, int64_t seq) {
        Task *t = task_new(run_by_seq, sql_drop, NULL);

        t->seq = seq;
        submit(d, t);
}

static int run_forget(DbThread *db, DbTask *task) {
        Task *t = (Task *) task;
        Binder b;

        if (!binder_open(&b, db, t->sql))
                return db_error(db);
        bind_text(&b, t->target);
        bind_text(&b, t->alert);
        return bound_finish(&b);
}

void notice_db_forget(NoticeDb *d, const char *target, const char *alert) {
        Task *t = task_new(run_forget, sql_forget, NULL);

        t->target = g_strdup(target);
        t->alert = g_strdup(alert);
        submit(d, t);
}

static int run_remove(DbThread *db, DbTask *task) {
        Task *t = (Task *) task;
        Binder b;

        if (!binder_open(&b, db, t->sql))
                return db_error(db);
        bind_text(&b, t->target);
        return bound_finish(&b);
}

void notice_db_remove_target(NoticeDb *d, const char *target) {
        Task *t = task_new(run_remove, sql_remove, NULL);

        t->target = g_strdup(target);
        submit(d, t);
}

/* One that cannot be read, of a version to come, is passed over. */
static bool read_one(RowReader *r, GPtrArray *rows) {
        NoticeRow *row = g_new0(NoticeRow, 1);
        g_autofree char *text = NULL;
        json_object *o;

        row->seq = (int64_t) read_number(r);
        row->target = read_text(r);
        row->sent = read_number(r) != 0;
        text = read_text(r);
        o = json_tokener_parse(text);
        row->notice = notice_from_json(o, NULL);
        (void) json_object_put(o);
        if (row->notice)
                g_ptr_array_add(rows, row);
        else
                row_free(row);
        return true;
}

static int run_load(DbThread *db, DbTask *task) {
        Task *t = (Task *) task;
        Binder b;

        g_ptr_array_set_size(t->rows, 0); /* it may be the second time */
        if (!binder_open(&b, db, t->sql))
                return db_error(db);
        return read_rows(&b, read_one, t->rows);
}

void notice_db_load(NoticeDb *d, NoticeDbRows done, void *userdata) {
        Task *t = task_new(run_load, sql_load, userdata);

        t->db.read_only = true;
        t->rows = g_ptr_array_new_with_free_func(row_free);
        t->loaded = done;
        submit(d, t);
}

NoticeDb *notice_db_open(Loop *l, const char *path, GError **error) {
        DbThread *db = db_open_or_begin_anew(l, path, &schema, "The queue of notices", error);
        NoticeDb *d;

        if (!db)
                return NULL;
        d = g_new(NoticeDb, 1);
        *d = (NoticeDb){ l, db };
        return d;
}

void notice_db_drain(NoticeDb *d) {
        db_drain(d->db);
}

NoticeDb *notice_db_close(NoticeDb *d) {
        if (!d)
                return NULL;
        (void) db_close(d->db);
        g_free(d);
        return NULL;
}
