/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Batches in SQLite: what was asked for; their commands say what became of it. */
#include "store-row.h"
#include "store-sql.h"
#include "store-sqlite.h"
#include "store-task.h"

static const ArgsLayout layout_of_batch = {
        .size = sizeof(BatchRecord),
        .n_strings = 4,
        .strings = { offsetof(BatchRecord, id), offsetof(BatchRecord, selector),
                     offsetof(BatchRecord, command), offsetof(BatchRecord, params) },
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
        return db_finish(b.statement);
}

void sqlite_put_batch(void *engine, const BatchRecord *b, StoreDone done, void *userdata) {
        store_write_submit(engine, store_write_new(run_put, &layout_of_batch, b), done, userdata);
}
