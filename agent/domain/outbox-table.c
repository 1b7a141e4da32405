/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of the outbox in the agent's database. */
#include "outbox-table.h"

/* Any of the calls, on its way through the thread. */
typedef struct Call {
        DbTask task;
        OutboxKind kind;
        char *id, *container, *message;
        int64_t seq;
        bool changed, found;
        GPtrArray *containers;
        unsigned records;

        OutboxChanged changed_done;
        OutboxListed listed;
        OutboxOldest oldest;
        void *userdata;
} Call;

static const char *const kinds[_OUTBOX_KIND_MAX] = {
        [OUTBOX_KEY_UPDATE] = "key_update",
        [OUTBOX_BACKUP_COMPLETE] = "backup_complete",
};

const char *outbox_kind_to_string(OutboxKind kind) {
        return kinds[kind];
}

static bool kind_from_string(const char *s, OutboxKind *ret) {
        for (OutboxKind k = 0; k < _OUTBOX_KIND_MAX; k++)
                if (g_strcmp0(s, kinds[k]) == 0) {
                        *ret = k;
                        return true;
                }
        return false;
}

static Call *call_new(int (*run)(DbThread *, DbTask *), void (*done)(DbTask *, int), void *userdata) {
        Call *c = g_new0(Call, 1);

        c->task.run = run;
        c->task.done = done;
        c->userdata = userdata;
        return c;
}

static void call_free(Call *c) {
        g_free(c->id);
        g_free(c->container);
        g_free(c->message);
        if (c->containers)
                g_ptr_array_unref(c->containers);
        g_free(c);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

int outbox_table_insert(DbThread *db, const OutboxRecord *r, bool *ret_inserted) {
        sqlite3_stmt *s = db_statement(db, "INSERT INTO outbox (kind, id, container, message)"
                                           "  VALUES (?, ?, ?, ?) ON CONFLICT (kind, id) DO NOTHING");
        int code;

        if (!s)
                return db_error(db);
        sqlite3_bind_text(s, 1, kinds[r->kind], -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 2, r->id, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 3, r->container, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 4, r->message, -1, SQLITE_STATIC);
        code = db_finish(s);
        if (code == SQLITE_OK)
                *ret_inserted = sqlite3_changes(db_handle(db)) > 0;
        return code;
}

static int put_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        const OutboxRecord r = { c->kind, c->id, c->container, c->message };

        return outbox_table_insert(db, &r, &c->changed);
}

static void change_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->changed_done(code == SQLITE_OK && c->changed, agent_db_problem(code), c->userdata);
}

void outbox_table_put(AgentDb *db, const OutboxRecord *r, OutboxChanged done, void *userdata) {
        Call *c = call_new(put_run, change_done, userdata);

        c->kind = r->kind;
        c->id = g_strdup(r->id);
        c->container = g_strdup(r->container);
        c->message = g_strdup(r->message);
        c->changed_done = done;
        c->task.one_statement = true;
        agent_db_submit(db, &c->task);
}

static int remove_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        sqlite3_stmt *s = db_statement(db, "DELETE FROM outbox WHERE seq = ?");
        int r;

        if (!s)
                return db_error(db);
        sqlite3_bind_int64(s, 1, c->seq);
        r = db_finish(s);
        c->changed = r == SQLITE_OK && sqlite3_changes(db_handle(db)) > 0;
        return r;
}

void outbox_table_remove(AgentDb *db, int64_t seq, OutboxChanged done, void *userdata) {
        Call *c = call_new(remove_run, change_done, userdata);

        c->seq = seq;
        c->changed_done = done;
        c->task.one_statement = true;
        agent_db_submit(db, &c->task);
}

static int list_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        sqlite3_stmt *s = db_statement(db, "SELECT container, count(*) FROM outbox"
                                           "  GROUP BY container ORDER BY min(seq)");
        int r;

        if (!s)
                return db_error(db);
        g_ptr_array_set_size(c->containers, 0);
        c->records = 0;
        while ((r = sqlite3_step(s)) == SQLITE_ROW) {
                g_ptr_array_add(c->containers, agent_db_text(s, 0));
                c->records += (unsigned) sqlite3_column_int64(s, 1);
        }
        return r == SQLITE_DONE ? SQLITE_OK : db_error(db);
}

static void list_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        g_ptr_array_add(c->containers, NULL);
        c->listed((char **) c->containers->pdata, c->records, agent_db_problem(code), c->userdata);
}

void outbox_table_list(AgentDb *db, OutboxListed done, void *userdata) {
        Call *c = call_new(list_run, list_done, userdata);

        c->containers = g_ptr_array_new_with_free_func(g_free);
        c->listed = done;
        c->task.read_only = true;
        agent_db_submit(db, &c->task);
}

static int oldest_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        sqlite3_stmt *s = db_statement(db, "SELECT seq, kind, id, message FROM outbox"
                                           "  WHERE container = ? ORDER BY seq LIMIT 1");
        int r;

        if (!s)
                return db_error(db);
        sqlite3_bind_text(s, 1, c->container, -1, SQLITE_STATIC);
        c->found = false;
        r = sqlite3_step(s);
        if (r != SQLITE_ROW)
                return r == SQLITE_DONE ? SQLITE_OK : db_error(db);
        if (!kind_from_string((const char *) sqlite3_column_text(s, 1), &c->kind))
                return SQLITE_MISMATCH;
        c->found = true;
        c->seq = sqlite3_column_int64(s, 0);
        g_free(c->id);
        g_free(c->message);
        c->id = agent_db_text(s, 2);
        c->message = agent_db_text(s, 3);
        return SQLITE_OK;
}

static void oldest_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;
        const OutboxRecord r = { c->kind, c->id, c->container, c->message };

        c->oldest(c->found ? &r : NULL, c->seq, agent_db_problem(code), c->userdata);
}

void outbox_table_oldest(AgentDb *db, const char *container, OutboxOldest done, void *userdata) {
        Call *c = call_new(oldest_run, oldest_done, userdata);

        c->container = g_strdup(container);
        c->oldest = done;
        c->task.read_only = true;
        agent_db_submit(db, &c->task);
}
