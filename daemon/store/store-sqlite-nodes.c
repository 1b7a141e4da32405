/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When each node last reported something, in SQLite. */
#include "db-row.h"
#include "store-sql.h"
#include "store-sqlite.h"
#include "store-task.h"

static bool times_row(RowReader *r, GPtrArray *rows) {
        NodeTimes *t = g_new0(NodeTimes, 1);

        t->client = read_text(r);
        t->container = read_text(r);
        t->key = read_number(r);
        t->backup = read_number(r);
        g_ptr_array_add(rows, t);
        return true;
}

static int run_times(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        Binder b;

        if (!binder_open(&b, db, sql_node_times))
                return db_error(db);
        return read_rows(&b, times_row, t->rows);
}

void sqlite_node_times(void *engine, StoreRows done, void *userdata) {
        GDestroyNotify row_free = (GDestroyNotify) node_times_free;

        store_read_submit(engine, store_read_new(run_times, row_free, NULL, NULL), done, userdata);
}
