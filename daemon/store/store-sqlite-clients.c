/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients in SQLite: the latest that is known of each. */
#include "db-row.h"
#include "store-sql.h"
#include "store-sqlite.h"
#include "store-task.h"

static const ArgsLayout layout_of_client = {
        .size = sizeof(ClientRecord),
        .n_strings = 6,
        .strings = { offsetof(ClientRecord, id), offsetof(ClientRecord, host),
                     offsetof(ClientRecord, version), offsetof(ClientRecord, address),
                     offsetof(ClientRecord, labels), offsetof(ClientRecord, commands) },
};

static int run_put_client(DbThread *db, DbTask *task) {
        const ClientRecord *c = (void *) ((StoreTask *) task)->args;
        Binder b;

        if (!binder_open(&b, db, sql_put_client))
                return db_error(db);
        bind_text(&b, c->id);
        bind_text(&b, c->host);
        bind_text(&b, c->version);
        bind_text(&b, c->address);
        bind_number(&b, c->online);
        bind_number(&b, c->revoked);
        bind_number(&b, c->forgotten);
        bind_number(&b, c->since);
        bind_number(&b, c->last_seen);
        bind_text(&b, c->labels);
        bind_text(&b, c->commands);
        return bound_finish(&b);
}

void sqlite_put_client(void *engine, const ClientRecord *c, StoreDone done, void *userdata) {
        store_write_submit(engine, store_write_new(run_put_client, &layout_of_client, c), done, userdata);
}

static bool client_row(RowReader *r, GPtrArray *rows) {
        ClientRecord *c = g_new0(ClientRecord, 1);

        c->id = read_text(r);
        c->host = read_text(r);
        c->version = read_text(r);
        c->address = read_text(r);
        c->online = read_number(r);
        c->revoked = read_number(r);
        c->forgotten = read_number(r);
        c->since = read_number(r);
        c->last_seen = read_number(r);
        c->labels = read_text(r);
        c->commands = read_text(r);
        g_ptr_array_add(rows, c);
        return true;
}

static int run_load_clients(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        Binder b;

        if (!binder_open(&b, db, sql_load_clients))
                return db_error(db);
        return read_rows(&b, client_row, t->rows);
}

void sqlite_load_clients(void *engine, StoreRows done, void *userdata) {
        GDestroyNotify row_free = (GDestroyNotify) client_record_free;

        store_read_submit(engine, store_read_new(run_load_clients, row_free, NULL, NULL), done, userdata);
}
