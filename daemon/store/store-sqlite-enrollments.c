/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enrolments in SQLite: made, and traded for a token in one transaction. */
#include <string.h>

#include "db-row.h"
#include "store-sql.h"
#include "store-sqlite.h"
#include "store-task.h"
#include "store-token.h"

static const ArgsLayout layout_of_enrollment = {
        .size = sizeof(EnrollmentRecord),
        .n_strings = 1,
        .strings = { offsetof(EnrollmentRecord, client) },
};

static int expire(DbThread *db, uint64_t now_usec) {
        Binder b;

        if (!binder_open(&b, db, sql_expire_enrollments))
                return db_error(db);
        bind_number(&b, now_usec);
        return bound_finish(&b);
}

static int insert(DbThread *db, const char *sql, const EnrollmentRecord *e) {
        Binder b;

        if (!binder_open(&b, db, sql))
                return db_error(db);
        bind_bytes(&b, e->hash, sizeof(e->hash));
        bind_text(&b, e->client);
        bind_number(&b, e->created);
        bind_number(&b, e->expires);
        bind_number(&b, e->caller_uid);
        return bound_finish(&b);
}

static int put(DbThread *db, const EnrollmentRecord *e, const char *sql) {
        int r = expire(db, e->created);

        if (r == SQLITE_OK)
                r = sqlite_delete_of_client(db, sql_delete_enrollments, e->client);
        if (r == SQLITE_OK)
                r = insert(db, sql, e);
        if (r == SQLITE_OK && !db_changes(db))
                return SQLITE_CONSTRAINT; /* undoes what was deleted */
        return r;
}

static int run_put(DbThread *db, DbTask *task) {
        return put(db, (void *) ((StoreTask *) task)->args, sql_put_enrollment);
}

static int run_put_first(DbThread *db, DbTask *task) {
        return put(db, (void *) ((StoreTask *) task)->args, sql_put_first_enrollment);
}

void sqlite_put_enrollment(void *engine, const EnrollmentRecord *e, bool replace, StoreDone done,
                           void *userdata) {
        StoreTask *t = store_write_new(replace ? run_put : run_put_first, &layout_of_enrollment, e);

        t->db.one_statement = false;
        store_write_submit(engine, t, done, userdata);
}

static int use(DbThread *db, const EnrollmentRecord *e, bool *ret_used) {
        Binder b;
        int r;

        if (!binder_open(&b, db, sql_use_enrollment))
                return db_error(db);
        bind_bytes(&b, e->credential, sizeof(e->credential));
        bind_bytes(&b, e->hash, sizeof(e->hash));
        r = bound_finish(&b);
        *ret_used = r == SQLITE_OK && db_changes(db);
        return r;
}

/* created is the time of the trade here. */
static int run_trade(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        const EnrollmentRecord *e = (void *) t->args;
        TokenRecord token = { .client = e->client, .created = e->created };
        bool used = false;
        int r = use(db, e, &used);

        if (r != SQLITE_OK)
                return r;
        if (!used) {
                t->status = STORE_CONFLICT;
                return SQLITE_OK;
        }
        memcpy(token.hash, e->credential, sizeof(token.hash));
        r = sqlite_delete_of_client(db, sql_delete_tokens, e->client);
        return r == SQLITE_OK ? sqlite_insert_token(db, sql_put_token, &token) : r;
}

void sqlite_trade_enrollment(void *engine, const EnrollmentRecord *e, uint64_t now_usec, StoreDone done,
                             void *userdata) {
        EnrollmentRecord args = *e;
        StoreTask *t;

        args.created = now_usec;
        t = store_write_new(run_trade, &layout_of_enrollment, &args);
        t->db.one_statement = false;
        store_write_submit(engine, t, done, userdata);
}

static bool enrollment_row(RowReader *r, GPtrArray *rows) {
        g_autoptr(EnrollmentRecord) e = g_new0(EnrollmentRecord, 1);
        size_t size;
        const void *bytes = read_bytes(r, &size);

        if (size != sizeof(e->hash))
                return false;
        memcpy(e->hash, bytes, size);
        e->client = read_text(r);
        e->created = read_number(r);
        e->expires = read_number(r);
        e->caller_uid = (uint32_t) read_number(r);
        bytes = read_bytes(r, &size);
        if (bytes && size != sizeof(e->credential))
                return false;
        e->used = bytes != NULL;
        if (bytes)
                memcpy(e->credential, bytes, size);
        g_ptr_array_add(rows, g_steal_pointer(&e));
        return true;
}

static int run_load(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        Binder b;

        if (!binder_open(&b, db, sql_load_enrollments))
                return db_error(db);
        return read_rows(&b, enrollment_row, t->rows);
}

void sqlite_load_enrollments(void *engine, StoreRows done, void *userdata) {
        GDestroyNotify row_free = (GDestroyNotify) enrollment_record_free;

        store_read_submit(engine, store_read_new(run_load, row_free, NULL, NULL), done, userdata);
}
