/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tokens in SQLite: their hashes, and whose they are. */
#include <string.h>

#include "db-row.h"
#include "store-sql.h"
#include "store-sqlite.h"
#include "store-task.h"
#include "store-token.h"

static const ArgsLayout layout_of_token = {
        .size = sizeof(TokenRecord),
        .n_strings = 1,
        .strings = { offsetof(TokenRecord, client) },
};

int sqlite_insert_token(DbThread *db, const char *sql, const TokenRecord *t) {
        Binder b;

        if (!binder_open(&b, db, sql))
                return db_error(db);
        bind_bytes(&b, t->hash, sizeof(t->hash));
        bind_text(&b, t->client);
        bind_number(&b, t->created);
        bind_number(&b, t->expires);
        return bound_finish(&b);
}

int sqlite_delete_of_client(DbThread *db, const char *sql, const char *client) {
        Binder b;

        if (!binder_open(&b, db, sql))
                return db_error(db);
        bind_text(&b, client);
        return bound_finish(&b);
}

/* Whoever makes or takes away a token does not want another one to come from an older line. */
static int delete_all_of(DbThread *db, const char *client) {
        int r = sqlite_delete_of_client(db, sql_delete_tokens, client);

        return r == SQLITE_OK ? sqlite_delete_of_client(db, sql_delete_enrollments, client) : r;
}

static int run_replace(DbThread *db, DbTask *task) {
        const TokenRecord *token = (void *) ((StoreTask *) task)->args;
        int r = delete_all_of(db, token->client);

        return r == SQLITE_OK ? sqlite_insert_token(db, sql_put_token, token) : r;
}

static int run_put_first(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        const TokenRecord *token = (void *) t->args;
        int r = sqlite_insert_token(db, sql_put_first_token, token);

        if (r != SQLITE_OK)
                return r;
        if (!db_changes(db)) {
                t->status = STORE_CONFLICT;
                return SQLITE_OK;
        }
        return sqlite_delete_of_client(db, sql_delete_enrollments, token->client);
}

void sqlite_put_token(void *engine, const TokenRecord *token, bool replace, StoreDone done, void *userdata) {
        StoreTask *t = store_write_new(replace ? run_replace : run_put_first, &layout_of_token, token);

        t->db.one_statement = false;
        store_write_submit(engine, t, done, userdata);
}

static int run_delete(DbThread *db, DbTask *task) {
        char *const *client = (void *) ((StoreTask *) task)->args;

        return delete_all_of(db, *client);
}

void sqlite_delete_tokens(void *engine, const char *client, StoreDone done, void *userdata) {
        StoreTask *t = store_write_new(run_delete, &layout_of_string, &client);

        t->db.one_statement = false;
        store_write_submit(engine, t, done, userdata);
}

static bool token_row(RowReader *r, GPtrArray *rows) {
        g_autoptr(TokenRecord) t = g_new0(TokenRecord, 1);
        size_t size;
        const void *hash = read_bytes(r, &size);

        if (size != sizeof(t->hash))
                return false;
        memcpy(t->hash, hash, size);
        t->client = read_text(r);
        t->created = read_number(r);
        t->expires = read_number(r);
        g_ptr_array_add(rows, g_steal_pointer(&t));
        return true;
}

static int run_load(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        Binder b;

        if (!binder_open(&b, db, sql_load_tokens))
                return db_error(db);
        return read_rows(&b, token_row, t->rows);
}

void sqlite_load_tokens(void *engine, StoreRows done, void *userdata) {
        GDestroyNotify row_free = (GDestroyNotify) token_record_free;

        store_read_submit(engine, store_read_new(run_load, row_free, NULL, NULL), done, userdata);
}
