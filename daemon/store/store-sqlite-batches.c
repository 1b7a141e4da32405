/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Batches in SQLite: what was asked for; their commands say what became of it. */
#include "command-row.h"
#include "db-row.h"
#include "store-sql.h"
#include "store-sqlite.h"
#include "store-task.h"

static const ArgsLayout layout_of_batch = {
        .size = sizeof(BatchRecord),
        .n_strings = 6,
        .strings = { offsetof(BatchRecord, id), offsetof(BatchRecord, selector),
                     offsetof(BatchRecord, command), offsetof(BatchRecord, params),
                     offsetof(BatchRecord, state), offsetof(BatchRecord, status) },
};

static int run_put(DbThread *db, DbTask *task) {
        const BatchRecord *batch = (void *) ((StoreTask *) task)->args;
        Binder b;

        if (!binder_open(&b, db, sql_put_batch))
                return db_error(db);
        bind_text(&b, batch->id);
        bind_text(&b, batch->selector);
        bind_text(&b, batch->command);
        bind_text(&b, batch->params);
        bind_number(&b, batch->requested);
        bind_number(&b, batch->finished);
        bind_number(&b, batch->caller_uid);
        bind_text(&b, batch->state);
        bind_text(&b, batch->status);
        bind_number(&b, batch->total);
        return bound_finish(&b);
}

void sqlite_put_batch(void *engine, const BatchRecord *b, StoreDone done, void *userdata) {
        store_write_submit(engine, store_write_new(run_put, &layout_of_batch, b), done, userdata);
}

static bool batch_row(RowReader *r, GPtrArray *rows) {
        BatchRecord *b = g_new0(BatchRecord, 1);

        b->id = read_text(r);
        b->selector = read_text(r);
        b->command = read_text(r);
        b->params = read_text(r);
        b->requested = read_number(r);
        b->finished = read_number(r);
        b->caller_uid = (uint32_t) read_number(r);
        b->state = read_text(r);
        b->status = read_text(r);
        b->total = (uint32_t) read_number(r);
        g_ptr_array_add(rows, b);
        return true;
}

static int run_get(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        char *const *id = (void *) t->args;
        Binder b;

        if (!binder_open(&b, db, sql_get_batch))
                return db_error(db);
        bind_text(&b, *id);
        return read_rows(&b, batch_row, t->rows);
}

void sqlite_get_batch(void *engine, const char *id, StoreRows done, void *userdata) {
        GDestroyNotify row_free = (GDestroyNotify) batch_record_free;

        store_read_submit(engine, store_read_new(run_get, row_free, &layout_of_string, &id), done, userdata);
}

static int run_open(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        Binder b;

        if (!binder_open(&b, db, sql_open_batches))
                return db_error(db);
        return read_rows(&b, batch_row, t->rows);
}

void sqlite_open_batches(void *engine, StoreRows done, void *userdata) {
        GDestroyNotify row_free = (GDestroyNotify) batch_record_free;

        store_read_submit(engine, store_read_new(run_open, row_free, NULL, NULL), done, userdata);
}

static int run_commands(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        char *const *id = (void *) t->args;
        Binder b;

        if (!binder_open(&b, db, sql_batch_commands))
                return db_error(db);
        bind_text(&b, *id);
        return read_rows(&b, command_row, t->rows);
}

void sqlite_batch_commands(void *engine, const char *id, StoreRows done, void *userdata) {
        store_read_submit(engine, command_read_new(run_commands, &layout_of_string, &id), done, userdata);
}
