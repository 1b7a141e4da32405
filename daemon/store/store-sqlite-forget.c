/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands, batches and outputs go from SQLite when they are old. */
#include <inttypes.h>

#include "db-row.h"
#include "store-sql.h"
#include "store-sqlite.h"
#include "store-task.h"

typedef struct ForgetArgs {
        uint64_t commands_before, outputs_before;
        unsigned rows;
} ForgetArgs;

static const ArgsLayout layout = { .size = sizeof(ForgetArgs) };

static int forget_ids(DbThread *db, const char *sql, const char *kind, uint64_t before, unsigned rows) {
        g_autofree char *id = g_strdup_printf("%s_%013" PRIu64, kind, before / 1000);
        Binder b;

        if (!binder_open(&b, db, sql))
                return db_error(db);
        bind_text(&b, id);
        bind_number(&b, rows);
        return bound_finish(&b);
}

static int forget_commands(DbThread *db, const ForgetArgs *args) {
        Binder b;

        if (!binder_open(&b, db, sql_forget_commands))
                return db_error(db);
        bind_number(&b, args->commands_before);
        bind_number(&b, args->rows);
        return bound_finish(&b);
}

static int run(DbThread *db, DbTask *task) {
        const ForgetArgs *args = (void *) ((StoreTask *) task)->args;
        int r = forget_ids(db, sql_forget_outputs, "cmd", MAX(args->outputs_before, args->commands_before),
                           args->rows);

        if (r == SQLITE_OK)
                r = forget_commands(db, args);
        return r == SQLITE_OK ? forget_ids(db, sql_forget_batches, "batch", args->commands_before,
                                           args->rows)
                              : r;
}

void sqlite_forget_commands(void *engine, uint64_t commands_before, uint64_t outputs_before, unsigned rows) {
        const ForgetArgs args = { commands_before, outputs_before, rows };

        store_write_lazily(engine, store_write_new(run, &layout, &args));
}
