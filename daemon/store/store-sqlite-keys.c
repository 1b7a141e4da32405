/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys in SQLite: every one that was ever reported. */
#include "store-node.h"
#include "store-sql.h"
#include "store-sqlite.h"

static const ArgsLayout layout_of_key = {
        .size = sizeof(KeyRecord),
        .n_strings = 5,
        .strings = { offsetof(KeyRecord, id), offsetof(KeyRecord, client), offsetof(KeyRecord, container),
                     offsetof(KeyRecord, session_key), offsetof(KeyRecord, action) },
};

static bool key_row(RowReader *r, GPtrArray *rows) {
        KeyRecord *k = g_new0(KeyRecord, 1);

        k->client = read_text(r);
        k->id = read_text(r);
        k->container = read_text(r);
        k->session_key = read_text(r);
        k->action = read_text(r);
        k->received = read_number(r);
        g_ptr_array_add(rows, k);
        return true;
}

static int run_append(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        const KeyRecord *k = (void *) t->args;
        Binder b;

        if (!binder_open(&b, db, sql_append_key))
                return db_error(db);
        bind_text(&b, k->client);
        bind_text(&b, k->id);
        bind_text(&b, k->container);
        bind_text(&b, k->session_key);
        bind_text(&b, k->action);
        bind_number(&b, k->received);
        return store_inserted(db, t, bound_finish(&b), sql_key_is_settled, k->client, k->id);
}

void sqlite_append_key(void *engine, const KeyRecord *k, StoreDone done, void *userdata) {
        store_write_submit(engine, store_write_new(run_append, &layout_of_key, k), done, userdata);
}

static int run_settle(DbThread *db, DbTask *task) {
        const KeyRecord *k = (void *) ((StoreTask *) task)->args;

        return store_settle(db, sql_settle_key, k->client, k->id);
}

void sqlite_settle_key(void *engine, const KeyRecord *k, StoreDone done, void *userdata) {
        store_write_submit(engine, store_write_new(run_settle, &layout_of_key, k), done, userdata);
}

void sqlite_list_keys(void *engine, const char *client, const char *container, unsigned limit,
                      StoreRows done, void *userdata) {
        static const NodeList list = { sql_list_keys, key_row, (GDestroyNotify) key_record_free };

        store_list_nodes(engine, &list, client, container, limit, done, userdata);
}

static int run_elsewhere(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        const KeyRecord *k = (void *) t->args;
        Binder b;

        if (!binder_open(&b, db, sql_key_elsewhere))
                return db_error(db);
        bind_text(&b, k->session_key);
        bind_text(&b, k->client);
        bind_text(&b, k->container);
        return read_rows(&b, key_row, t->rows);
}

void sqlite_key_elsewhere(void *engine, const KeyRecord *k, StoreRows done, void *userdata) {
        GDestroyNotify row_free = (GDestroyNotify) key_record_free;

        store_read_submit(engine, store_read_new(run_elsewhere, row_free, &layout_of_key, k), done,
                          userdata);
}
