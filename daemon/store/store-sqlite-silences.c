/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Silences in SQLite. */
#include "db-row.h"
#include "store-sql.h"
#include "store-sqlite.h"
#include "store-task.h"

static const ArgsLayout layout_of_silence = {
        .size = sizeof(SilenceRecord),
        .n_strings = 4,
        .strings = { offsetof(SilenceRecord, id), offsetof(SilenceRecord, selector),
                     offsetof(SilenceRecord, kind), offsetof(SilenceRecord, comment) },
};

static int run_put(DbThread *db, DbTask *task) {
        const SilenceRecord *s = (void *) ((StoreTask *) task)->args;
        Binder b;

        if (!binder_open(&b, db, sql_put_silence))
                return db_error(db);
        bind_text(&b, s->id);
        bind_text(&b, s->selector);
        bind_text(&b, s->kind);
        bind_text(&b, s->comment);
        bind_number(&b, s->created);
        bind_number(&b, s->until);
        bind_number(&b, s->caller_uid);
        return bound_finish(&b);
}

void sqlite_put_silence(void *engine, const SilenceRecord *s, StoreDone done, void *userdata) {
        store_write_submit(engine, store_write_new(run_put, &layout_of_silence, s), done, userdata);
}

static int run_delete(DbThread *db, DbTask *task) {
        char *const *id = (void *) ((StoreTask *) task)->args;
        Binder b;

        if (!binder_open(&b, db, sql_delete_silence))
                return db_error(db);
        bind_text(&b, *id);
        return bound_finish(&b);
}

void sqlite_delete_silence(void *engine, const char *id, StoreDone done, void *userdata) {
        store_write_submit(engine, store_write_new(run_delete, &layout_of_string, &id), done, userdata);
}

static bool silence_row(RowReader *r, GPtrArray *rows) {
        SilenceRecord *s = g_new0(SilenceRecord, 1);

        s->id = read_text(r);
        s->selector = read_text(r);
        s->kind = read_text(r);
        s->comment = read_text(r);
        s->created = read_number(r);
        s->until = read_number(r);
        s->caller_uid = (uint32_t) read_number(r);
        g_ptr_array_add(rows, s);
        return true;
}

static int run_load(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        Binder b;

        if (!binder_open(&b, db, sql_load_silences))
                return db_error(db);
        return read_rows(&b, silence_row, t->rows);
}

void sqlite_load_silences(void *engine, StoreRows done, void *userdata) {
        GDestroyNotify row_free = (GDestroyNotify) silence_record_free;

        store_read_submit(engine, store_read_new(run_load, row_free, NULL, NULL), done, userdata);
}
