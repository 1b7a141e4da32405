/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of the outbox in the agent's database. */
#include "outbox-table.h"

#include "db-row.h"

/* Any of the calls. */
typedef struct Call {
        AgentDbCall base;
        OutboxKind kind;
        char *id, *container, *message;
        int64_t seq;
        bool changed, found;
        GPtrArray *containers;
        uint64_t records;

        OutboxChanged changed_done;
        OutboxListed listed;
        OutboxOldest oldest;
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
        Binder b;
        int code;

        if (!binder_open(&b, db,
                         "INSERT INTO outbox (kind, id, container, message)"
                         "  VALUES (?, ?, ?, ?) ON CONFLICT (kind, id) DO NOTHING"))
                return db_error(db);
        bind_text(&b, kinds[r->kind]);
        bind_text(&b, r->id);
        bind_text(&b, r->container);
        bind_text(&b, r->message);
        code = bound_finish(&b);
        if (code == SQLITE_OK)
                *ret_inserted = db_changes(db) > 0;
        return code;
}

static int put_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        const OutboxRecord r = { c->kind, c->id, c->container, c->message };

        return outbox_table_insert(db, &r, &c->changed);
}

static void change_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->changed_done(code == SQLITE_OK && c->changed, agent_db_problem(code), c->base.userdata);
}

void outbox_table_put(AgentDb *db, const OutboxRecord *r, OutboxChanged done, void *userdata) {
        Call *c = agent_db_call_new(sizeof(Call), put_run, change_done, userdata);

        c->kind = r->kind;
        c->id = g_strdup(r->id);
        c->container = g_strdup(r->container);
        c->message = g_strdup(r->message);
        c->changed_done = done;
        c->base.task.one_statement = true;
        agent_db_submit(db, &c->base.task);
}

static int remove_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        Binder b;
        int r;

        if (!binder_open(&b, db, "DELETE FROM outbox WHERE seq = ?"))
                return db_error(db);
        bind_number(&b, (uint64_t) c->seq);
        r = bound_finish(&b);
        c->changed = r == SQLITE_OK && db_changes(db) > 0;
        return r;
}

void outbox_table_remove(AgentDb *db, int64_t seq, OutboxChanged done, void *userdata) {
        Call *c = agent_db_call_new(sizeof(Call), remove_run, change_done, userdata);

        c->seq = seq;
        c->changed_done = done;
        c->base.task.one_statement = true;
        agent_db_submit(db, &c->base.task);
}

static int list_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        Binder containers, count;
        int r;

        if (!binder_open(&containers, db,
                         "SELECT container FROM outbox GROUP BY container ORDER BY min(seq)") ||
            !binder_open(&count, db, "SELECT count(*) FROM outbox"))
                return db_error(db);
        r = read_rows(&containers, add_texts, c->containers);
        return r == SQLITE_OK ? read_single(&count, 0, &c->records) : r;
}

static void list_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        g_ptr_array_add(c->containers, NULL);
        c->listed((char **) c->containers->pdata, (unsigned) c->records, agent_db_problem(code),
                  c->base.userdata);
}

void outbox_table_list(AgentDb *db, OutboxListed done, void *userdata) {
        Call *c = agent_db_call_new(sizeof(Call), list_run, list_done, userdata);

        c->containers = g_ptr_array_new_with_free_func(g_free);
        c->listed = done;
        c->base.task.read_only = true;
        agent_db_submit(db, &c->base.task);
}

static int oldest_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        g_autofree char *kind = NULL;
        Binder b;
        RowReader row;
        int r;

        if (!binder_open(&b, db,
                         "SELECT seq, kind, id, message FROM outbox"
                         "  WHERE container = ? ORDER BY seq LIMIT 1"))
                return db_error(db);
        bind_text(&b, c->container);
        r = read_row(&b, &row, &c->found);
        if (r != SQLITE_OK || !c->found)
                return r;
        g_clear_pointer(&c->id, g_free); /* it may be the second time */
        g_clear_pointer(&c->message, g_free);
        c->seq = (int64_t) read_number(&row);
        kind = read_text(&row);
        c->id = read_text(&row);
        c->message = read_text(&row);
        return kind_from_string(kind, &c->kind) ? SQLITE_OK : SQLITE_MISMATCH;
}

static void oldest_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;
        const OutboxRecord r = { c->kind, c->id, c->container, c->message };

        c->oldest(code == SQLITE_OK && c->found ? &r : NULL, c->seq, agent_db_problem(code),
                  c->base.userdata);
}

void outbox_table_oldest(AgentDb *db, const char *container, OutboxOldest done, void *userdata) {
        Call *c = agent_db_call_new(sizeof(Call), oldest_run, oldest_done, userdata);

        c->container = g_strdup(container);
        c->oldest = done;
        c->base.task.read_only = true;
        agent_db_submit(db, &c->base.task);
}
