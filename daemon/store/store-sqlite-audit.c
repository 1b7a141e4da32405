/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The head of the audit trail in SQLite. */
#include "db-row.h"
#include "store-sql.h"
#include "store-sqlite.h"
#include "store-task.h"

static const ArgsLayout layout_of_head = {
        .size = sizeof(AuditHeadRecord),
        .n_strings = 2,
        .strings = { offsetof(AuditHeadRecord, instance), offsetof(AuditHeadRecord, hash) },
};

static int run_put(DbThread *db, DbTask *task) {
        const AuditHeadRecord *h = (void *) ((StoreTask *) task)->args;
        Binder b;

        if (!binder_open(&b, db, sql_put_audit_head))
                return db_error(db);
        bind_text(&b, h->instance);
        bind_number(&b, h->seq);
        bind_text(&b, h->hash);
        bind_number(&b, h->usec);
        bind_number(&b, h->exact);
        return bound_finish(&b);
}

void sqlite_put_audit_head(void *engine, const AuditHeadRecord *h, bool lazily, StoreDone done,
                           void *userdata) {
        StoreTask *t = store_write_new(run_put, &layout_of_head, h);

        if (lazily)
                store_write_lazily(engine, t);
        else
                store_write_submit(engine, t, done, userdata);
}

static bool head_row(RowReader *r, GPtrArray *rows) {
        AuditHeadRecord *h = g_new0(AuditHeadRecord, 1);

        h->instance = read_text(r);
        h->seq = read_number(r);
        h->hash = read_text(r);
        h->usec = read_number(r);
        h->exact = read_number(r) != 0;
        g_ptr_array_add(rows, h);
        return true;
}

static int run_load(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        Binder b;

        if (!binder_open(&b, db, sql_load_audit_head))
                return db_error(db);
        return read_rows(&b, head_row, t->rows);
}

void sqlite_load_audit_head(void *engine, StoreRows done, void *userdata) {
        GDestroyNotify row_free = (GDestroyNotify) audit_head_record_free;

        store_read_submit(engine, store_read_new(run_load, row_free, NULL, NULL), done, userdata);
}
