/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kept output of commands in SQLite. */
#include <string.h>

#include "db-row.h"
#include "store-sql.h"
#include "store-sqlite.h"
#include "store-task.h"

typedef struct OutputArgs {
        const char *id;
        uint64_t offset;
} OutputArgs;

static const ArgsLayout layout_of_output = {
        .size = sizeof(OutputArgs),
        .n_strings = 1,
        .strings = { offsetof(OutputArgs, id) },
};

static int run_put(DbThread *db, DbTask *task) {
        const StoreTask *t = (StoreTask *) task;
        const OutputArgs *args = (void *) t->args;
        gsize size;
        const void *data = g_bytes_get_data(t->bytes, &size);
        Binder b;

        if (!binder_open(&b, db, sql_put_output))
                return db_error(db);
        bind_text(&b, args->id);
        bind_number(&b, args->offset);
        bind_bytes(&b, data, size);
        return bound_finish(&b);
}

void sqlite_put_output(void *engine, const char *id, uint64_t offset, GBytes *output, StoreDone done,
                       void *userdata) {
        OutputArgs args = { id, offset };
        StoreTask *t = store_write_new(run_put, &layout_of_output, &args);

        t->bytes = g_bytes_ref(output);
        store_write_submit(engine, t, done, userdata);
}

static bool output_row(RowReader *r, GPtrArray *rows) {
        uint64_t offset = GUINT64_TO_LE(read_number(r));
        size_t size;
        const void *data = read_bytes(r, &size);
        char *row = g_malloc(sizeof(offset) + size);

        memcpy(row, &offset, sizeof(offset));
        if (size > 0)
                memcpy(row + sizeof(offset), data, size);
        g_ptr_array_add(rows, g_bytes_new_take(row, sizeof(offset) + size));
        return true;
}

static int run_get(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        char *const *id = (void *) t->args;
        Binder b;

        if (!binder_open(&b, db, sql_get_output))
                return db_error(db);
        bind_text(&b, *id);
        return read_rows(&b, output_row, t->rows);
}

void sqlite_get_output(void *engine, const char *id, StoreRows done, void *userdata) {
        GDestroyNotify row_free = (GDestroyNotify) g_bytes_unref;

        store_read_submit(engine, store_read_new(run_get, row_free, &layout_of_string, &id), done, userdata);
}
