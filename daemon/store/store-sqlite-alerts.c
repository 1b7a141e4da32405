/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Alerts in SQLite: those that last, and the latest of those that were cleared. */
#include "db-row.h"
#include "store-sql.h"
#include "store-sqlite.h"
#include "store-task.h"

typedef struct PutArgs {
        AlertRecord alert;
        bool told;
} PutArgs;

static const ArgsLayout layout_of_put = {
        .size = sizeof(PutArgs),
        .n_strings = 6,
        .strings = { offsetof(PutArgs, alert.id), offsetof(PutArgs, alert.kind),
                     offsetof(PutArgs, alert.client), offsetof(PutArgs, alert.container),
                     offsetof(PutArgs, alert.subject), offsetof(PutArgs, alert.message) },
};

static int run_put(DbThread *db, DbTask *task) {
        const PutArgs *args = (void *) ((StoreTask *) task)->args;
        const AlertRecord *a = &args->alert;
        Binder b;

        if (!binder_open(&b, db, sql_put_alert))
                return db_error(db);
        bind_text(&b, a->id);
        bind_text(&b, alert_severity_to_string(a->severity));
        bind_text(&b, a->kind);
        bind_text(&b, a->client);
        bind_text(&b, a->container);
        bind_text(&b, a->subject ?: "");
        bind_number(&b, a->since);
        bind_number(&b, a->cleared);
        bind_number(&b, a->acknowledged);
        bind_number(&b, a->silenced);
        bind_number(&b, args->told);
        bind_text(&b, a->message);
        return bound_finish(&b);
}

void sqlite_put_alert(void *engine, const AlertRecord *a, bool told, StoreDone done, void *userdata) {
        const PutArgs args = { *a, told };

        store_write_submit(engine, store_write_new(run_put, &layout_of_put, &args), done, userdata);
}

typedef struct SettleArgs {
        const char *id;
        uint64_t cleared;
} SettleArgs;

static const ArgsLayout layout_of_settle = {
        .size = sizeof(SettleArgs),
        .n_strings = 1,
        .strings = { offsetof(SettleArgs, id) },
};

static int run_settle(DbThread *db, DbTask *task) {
        const SettleArgs *args = (void *) ((StoreTask *) task)->args;
        Binder b;

        if (!binder_open(&b, db, sql_settle_alert))
                return db_error(db);
        bind_text(&b, args->id);
        bind_number(&b, args->cleared);
        return bound_finish(&b);
}

void sqlite_settle_alert(void *engine, const char *id, uint64_t cleared) {
        const SettleArgs args = { id, cleared };

        store_write_lazily(engine, store_write_new(run_settle, &layout_of_settle, &args));
}

static bool alert_row(RowReader *r, GPtrArray *rows) {
        g_autoptr(AlertRow) row = g_new0(AlertRow, 1);
        AlertRecord *a = row->alert = g_new0(AlertRecord, 1);

        a->id = read_text(r);
        if (!alert_severity_from_string(peek_text(r), &a->severity))
                return false;
        a->kind = read_text(r);
        a->client = read_text(r);
        a->container = read_text(r);
        a->subject = read_text(r);
        a->since = read_number(r);
        a->cleared = read_number(r);
        a->acknowledged = read_number(r) != 0;
        a->silenced = read_number(r) != 0;
        row->told = read_number(r) != 0;
        a->message = read_text(r);
        g_ptr_array_add(rows, g_steal_pointer(&row));
        return true;
}

static int run_open(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        Binder b;

        if (!binder_open(&b, db, sql_open_alerts))
                return db_error(db);
        return read_rows(&b, alert_row, t->rows);
}

void sqlite_open_alerts(void *engine, StoreRows done, void *userdata) {
        GDestroyNotify row_free = (GDestroyNotify) alert_row_free;

        store_read_submit(engine, store_read_new(run_open, row_free, NULL, NULL), done, userdata);
}

/* Of a statement with a number in it. */
static const ArgsLayout layout_of_number = { .size = sizeof(unsigned) };

static bool bind_limit(Binder *b, DbThread *db, const char *sql, const StoreTask *t) {
        if (!binder_open(b, db, sql))
                return false;
        bind_number(b, *(const unsigned *) (const void *) t->args);
        return true;
}

static int run_past(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        Binder b;

        return bind_limit(&b, db, sql_past_alerts, t) ? read_rows(&b, alert_row, t->rows) : db_error(db);
}

void sqlite_past_alerts(void *engine, unsigned limit, StoreRows done, void *userdata) {
        GDestroyNotify row_free = (GDestroyNotify) alert_row_free;

        store_read_submit(engine, store_read_new(run_past, row_free, &layout_of_number, &limit), done,
                          userdata);
}

static int run_trim(DbThread *db, DbTask *task) {
        Binder b;

        return bind_limit(&b, db, sql_trim_alerts, (StoreTask *) task) ? bound_finish(&b) : db_error(db);
}

void sqlite_trim_alerts(void *engine, unsigned keep) {
        store_write_lazily(engine, store_write_new(run_trim, &layout_of_number, &keep));
}
