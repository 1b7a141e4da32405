/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Backups in SQLite: every one that was ever reported. */
#include "store-node.h"
#include "store-sql.h"
#include "store-sqlite.h"

static const ArgsLayout layout_of_backup = {
        .size = sizeof(BackupRecord),
        .n_strings = 5,
        .strings = { offsetof(BackupRecord, id), offsetof(BackupRecord, client),
                     offsetof(BackupRecord, container), offsetof(BackupRecord, file),
                     offsetof(BackupRecord, sha256) },
};

static bool backup_row(RowReader *r, GPtrArray *rows) {
        BackupRecord *k = g_new0(BackupRecord, 1);

        k->client = read_text(r);
        k->id = read_text(r);
        k->container = read_text(r);
        k->file = read_text(r);
        k->sha256 = read_text(r);
        k->size = read_number(r);
        k->finished = read_number(r);
        g_ptr_array_add(rows, k);
        return true;
}

static int run_append(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        const BackupRecord *k = (void *) t->args;
        Binder b;

        if (!binder_open(&b, db, sql_append_backup))
                return db_error(db);
        bind_text(&b, k->client);
        bind_text(&b, k->id);
        bind_text(&b, k->container);
        bind_text(&b, k->file);
        bind_text(&b, k->sha256);
        bind_number(&b, k->size);
        bind_number(&b, k->finished);
        return store_inserted(db, t, bound_finish(&b), sql_backup_is_settled, k->client, k->id);
}

void sqlite_append_backup(void *engine, const BackupRecord *b, StoreDone done, void *userdata) {
        store_write_submit(engine, store_write_new(run_append, &layout_of_backup, b), done, userdata);
}

static int run_settle(DbThread *db, DbTask *task) {
        const BackupRecord *k = (void *) ((StoreTask *) task)->args;

        return store_settle(db, sql_settle_backup, k->client, k->id);
}

void sqlite_settle_backup(void *engine, const BackupRecord *k, StoreDone done, void *userdata) {
        store_write_submit(engine, store_write_new(run_settle, &layout_of_backup, k), done, userdata);
}

void sqlite_list_backups(void *engine, const char *client, const char *container, unsigned limit,
                         StoreRows done, void *userdata) {
        static const NodeList list = { sql_list_backups, backup_row, (GDestroyNotify) backup_record_free };

        store_list_nodes(engine, &list, client, container, limit, done, userdata);
}
