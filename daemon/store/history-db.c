/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The history of all clients on disk: a row for each block. A block of the finest level is read, completed and written whole;
 * what is coarser is made from it anew each time, so a sample that comes late, or twice, changes nothing but its own cell. */
#include "history-db.h"

#include "db-anew.h"
#include "db-row.h"
#include "dbthread.h"
#include "limits.h"

#define APPLICATION_ID 0x6d736868 /* "mshh" */

static const char *const migrations[] = {
        "CREATE TABLE blocks (client TEXT NOT NULL, level INTEGER NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL,"
        " PRIMARY KEY (client, level, start));"
        "CREATE INDEX blocks_age ON blocks (level, start);",
        NULL,
};

static const DbSchema schema = { APPLICATION_ID, migrations };

static const char sql_get
                [] = "SELECT data FROM blocks WHERE client = $1 AND level = $2 AND start = $3",
         sql_put[] = "INSERT INTO blocks (client, level, start, data) VALUES ($1, $2, $3, $4)"
                     " ON CONFLICT (client, level, start) DO UPDATE SET data = excluded.data",
         sql_range[] = "SELECT start, data FROM blocks"
                       " WHERE client = $1 AND level = $2 AND start >= $3 AND start < $4",
         sql_oldest[] = "SELECT min(start) FROM blocks WHERE level = $1",
         sql_delete[] = "DELETE FROM blocks WHERE rowid IN"
                        " (SELECT rowid FROM blocks WHERE level = $1 AND start < $2 ORDER BY start LIMIT $3)",
         sql_used[] = "SELECT (page_count - freelist_count) * page_size"
                      " FROM pragma_page_count, pragma_freelist_count, pragma_page_size";

struct HistoryDb {
        Loop *loop;
        DbThread *db;
};

typedef struct Task {
        DbTask db;
        HistoryDb *owner;
        char *client;
        uint64_t start;
        HistoryBlock *block; /* put */
        HistoryPlan plan;    /* read */
        char *text;
        uint64_t now_sec, bytes_max; /* trim */
        uint64_t since[_HISTORY_LEVEL_MAX], bytes;

        HistoryDbDone done;
        HistoryDbText read;
        HistoryDbTrimmed trimmed;
        void *userdata;
} Task;

static void task_end(Task *t, int code) {
        if (code != SQLITE_OK)
                g_clear_pointer(&t->text, g_free);
        if (t->done)
                t->done(code == SQLITE_OK ? NULL : sqlite3_errstr(code), t->userdata);
        if (t->read)
                t->read(t->text, t->userdata);
        if (t->trimmed)
                t->trimmed(code == SQLITE_OK ? t->since : NULL, t->bytes, t->userdata);
        (void) history_block_free(t->block);
        g_free(t->client);
        g_free(t->text);
        g_free(t);
}

static void on_done(DbTask *task, int code) {
        task_end((Task *) task, code);
}

static void refuse(void *userdata) {
        task_end(userdata, SQLITE_BUSY);
}

static Task *task_new(HistoryDb *d, int (*run)(DbThread *db, DbTask *task), const char *client,
                      void *userdata) {
        Task *t = g_new0(Task, 1);

        t->db.run = run;
        t->db.done = on_done;
        t->db.lazy = true;
        t->owner = d;
        t->client = g_strdup(client);
        t->userdata = userdata;
        return t;
}

static void submit(Task *t) {
        if (!db_submit(t->owner->db, &t->db))
                loop_defer(t->owner->loop, refuse, t);
}

/* A statement that is used several times in one task. */
static void again(Binder *b) {
        (void) sqlite3_reset(b->statement);
        b->last = 0;
}

/* Putting */

static unsigned n_cells(HistoryLevelId level) {
        return history_levels[level].cells;
}

/* Bytes that are no block (of a version to come, or damaged) are begun anew. */
static int get_block(Binder *get, const char *client, HistoryLevelId level, uint64_t start,
                     HistoryBlock **ret) {
        RowReader row;
        bool found;
        int r;

        again(get);
        bind_text(get, client);
        bind_number(get, level);
        bind_number(get, start);
        r = read_row(get, &row, &found);
        if (r != SQLITE_OK)
                return r;
        *ret = NULL;
        if (found) {
                size_t size;
                const void *data = read_bytes(&row, &size);

                *ret = history_block_from_bytes(data, size, n_cells(level));
        }
        *ret = *ret ?: history_block_new(n_cells(level));
        return SQLITE_OK;
}

static int put_block(Binder *put, const char *client, HistoryLevelId level, uint64_t start,
                     const HistoryBlock *block) {
        g_autoptr(GBytes) bytes = history_block_to_bytes(block);
        size_t size;
        const void *data = g_bytes_get_data(bytes, &size);
        int r;

        again(put);
        bind_text(put, client);
        bind_number(put, level);
        bind_number(put, start);
        bind_bytes(put, data, size);
        r = bound_finish(put);
        again(put); /* it points to the bytes */
        return r;
}

static int run_put(DbThread *db, DbTask *task) {
        Task *t = (Task *) task;
        g_autoptr(HistoryBlock) raw = NULL;
        Binder get, put;
        int r;

        if (!binder_open(&get, db, sql_get) || !binder_open(&put, db, sql_put))
                return db_error(db);
        r = get_block(&get, t->client, HISTORY_RAW, t->start, &raw);
        if (r != SQLITE_OK)
                return r;
        history_block_merge(raw, t->block);
        r = put_block(&put, t->client, HISTORY_RAW, t->start, raw);
        for (HistoryLevelId l = HISTORY_RAW + 1; l < _HISTORY_LEVEL_MAX && r == SQLITE_OK; l++) {
                g_autoptr(HistoryBlock) coarse = NULL;
                uint64_t start = history_block_start(l, t->start);

                r = get_block(&get, t->client, l, start, &coarse);
                if (r != SQLITE_OK)
                        return r;
                history_block_shrink(coarse, history_block_cell(l, t->start), raw,
                                     history_levels[l].step_sec / history_levels[HISTORY_RAW].step_sec);
                r = put_block(&put, t->client, l, start, coarse);
        }
        return r;
}

void history_db_put(HistoryDb *d, const char *client, uint64_t start, const HistoryBlock *block,
                    HistoryDbDone done, void *userdata) {
        Task *t = task_new(d, run_put, client, userdata);

        t->start = start;
        t->block = history_block_new(n_cells(HISTORY_RAW));
        history_block_merge(t->block, block);
        t->done = done;
        submit(t);
}

/* Reading */

static int run_read(DbThread *db, DbTask *task) {
        Task *t = (Task *) task;
        const HistoryPlan *p = &t->plan;
        g_autoptr(HistoryRange) range = history_range_new(p);
        Binder b;
        int r;

        if (!binder_open(&b, db, sql_range))
                return db_error(db);
        bind_text(&b, t->client);
        bind_number(&b, p->level);
        bind_number(&b, history_block_start(p->level, p->from_sec));
        bind_number(&b, p->from_sec + (uint64_t) p->step_sec * p->points);
        while ((r = sqlite3_step(b.statement)) == SQLITE_ROW) {
                RowReader row = { b.statement, 0 };
                uint64_t start = read_number(&row);
                size_t size;
                const void *data = read_bytes(&row, &size);
                g_autoptr(HistoryBlock) block = history_block_from_bytes(data, size, n_cells(p->level));

                if (block)
                        history_range_add(range, start, block);
        }
        if (r != SQLITE_DONE)
                return r;
        g_free(t->text);
        t->text = history_range_to_json(range, t->client);
        return SQLITE_OK;
}

void history_db_read(HistoryDb *d, const char *client, const HistoryPlan *plan, HistoryDbText done,
                     void *userdata) {
        Task *t = task_new(d, run_read, client, userdata);

        t->db.read_only = true;
        t->plan = *plan;
        t->read = done;
        submit(t);
}

/* Trimming */

static int get_number(Binder *b, uint64_t none, uint64_t *ret) {
        int r = read_single(b, none, ret);

        again(b);
        return r;
}

typedef struct Trim {
        Task *task;
        DbThread *db;
        Binder oldest, delete, used;
        unsigned left; /* rows that may still go */
} Trim;

static int look(Trim *x) {
        int r = get_number(&x->used, 0, &x->task->bytes);

        for (HistoryLevelId l = 0; l < _HISTORY_LEVEL_MAX && r == SQLITE_OK; l++) {
                bind_number(&x->oldest, l);
                r = get_number(&x->oldest, UINT64_MAX, &x->task->since[l]);
        }
        return r;
}

static int delete_before(Trim *x, HistoryLevelId level, uint64_t before, unsigned max) {
        int r;

        again(&x->delete);
        bind_number(&x->delete, level);
        bind_number(&x->delete, before);
        bind_number(&x->delete, MIN(max, x->left));
        r = bound_finish(&x->delete);
        x->left -= MIN(x->left, db_changes(x->db));
        return r;
}

#define TRIM_STEP 200 /* rows between two looks at what is still used */

static int run_trim(DbThread *db, DbTask *task) {
        Task *t = (Task *) task;
        Trim x = { .task = t, .db = db, .left = HISTORY_TRIM_ROWS };
        int r;

        if (!binder_open(&x.oldest, db, sql_oldest) || !binder_open(&x.delete, db, sql_delete) ||
            !binder_open(&x.used, db, sql_used))
                return db_error(db);
        for (HistoryLevelId l = 0; l < _HISTORY_LEVEL_MAX; l++) {
                r = delete_before(&x, l, t->now_sec - MIN(t->now_sec, history_levels[l].keep_sec),
                                  HISTORY_TRIM_ROWS);
                if (r != SQLITE_OK)
                        return r;
        }
        r = look(&x);
        while (r == SQLITE_OK && t->bytes > t->bytes_max && x.left > 0) {
                HistoryLevelId l = history_level_to_trim(t->since, t->now_sec);

                if (t->since[l] == UINT64_MAX)
                        break;
                r = delete_before(&x, l, t->since[l] + 1, TRIM_STEP);
                if (r == SQLITE_OK)
                        r = look(&x);
        }
        return r;
}

void history_db_trim(HistoryDb *d, uint64_t now_sec, uint64_t bytes_max, HistoryDbTrimmed done,
                     void *userdata) {
        Task *t = task_new(d, run_trim, NULL, userdata);

        t->now_sec = now_sec;
        t->bytes_max = bytes_max;
        t->trimmed = done;
        submit(t);
}

/* The file */

HistoryDb *history_db_open(Loop *l, const char *path, GError **error) {
        DbThread *db = db_open_or_begin_anew(l, path, &schema, "The history of statistics", error);
        HistoryDb *d;

        if (!db)
                return NULL;
        d = g_new(HistoryDb, 1);
        *d = (HistoryDb){ l, db };
        return d;
}

HistoryDb *history_db_close(HistoryDb *d) {
        if (!d)
                return NULL;
        (void) db_close(d->db);
        g_free(d);
        return NULL;
}
