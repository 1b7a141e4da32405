/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The embedded engine: one SQLite file, written by a thread of its own. */
#include "store-sqlite.h"

#include "store-sql.h"
#include "store-task.h"

#define APPLICATION_ID 0x6d737276 /* "msrv", for file(1) and against mistaken files */

static const DbSchema schema = { APPLICATION_ID, sql_migrations };

static void drain(void *engine) {
        SqliteStore *s = engine;

        db_drain(s->db);
}

static void close_engine(void *engine) {
        SqliteStore *s = engine;

        db_close(s->db);
        g_free(s);
}

static unsigned queue_depth(void *engine) {
        SqliteStore *s = engine;

        return db_queue_depth(s->db);
}

static const StoreEngine sqlite_engine = {
        .drain = drain,
        .close = close_engine,
        .put_client = sqlite_put_client,
        .load_clients = sqlite_load_clients,
        .put_token = sqlite_put_token,
        .delete_tokens = sqlite_delete_tokens,
        .load_tokens = sqlite_load_tokens,
        .put_enrollment = sqlite_put_enrollment,
        .trade_enrollment = sqlite_trade_enrollment,
        .load_enrollments = sqlite_load_enrollments,
        .put_audit_head = sqlite_put_audit_head,
        .load_audit_head = sqlite_load_audit_head,
        .submit_command = sqlite_submit_command,
        .advance_command = sqlite_advance_command,
        .cancel_command = sqlite_cancel_command,
        .settle_command = sqlite_settle_command,
        .put_output = sqlite_put_output,
        .get_output = sqlite_get_output,
        .get_command = sqlite_get_command,
        .list_commands = sqlite_list_commands,
        .open_commands = sqlite_open_commands,
        .put_batch = sqlite_put_batch,
        .get_batch = sqlite_get_batch,
        .open_batches = sqlite_open_batches,
        .batch_commands = sqlite_batch_commands,
        .append_key = sqlite_append_key,
        .append_backup = sqlite_append_backup,
        .settle_key = sqlite_settle_key,
        .settle_backup = sqlite_settle_backup,
        .list_keys = sqlite_list_keys,
        .list_backups = sqlite_list_backups,
        .key_elsewhere = sqlite_key_elsewhere,
        .node_times = sqlite_node_times,
        .put_alert = sqlite_put_alert,
        .settle_alert = sqlite_settle_alert,
        .open_alerts = sqlite_open_alerts,
        .forget_commands = sqlite_forget_commands,
        .past_alerts = sqlite_past_alerts,
        .trim_alerts = sqlite_trim_alerts,
        .put_silence = sqlite_put_silence,
        .delete_silence = sqlite_delete_silence,
        .load_silences = sqlite_load_silences,
        .queue_depth = queue_depth,
};

Store *store_open_sqlite(Loop *l, const char *path, GError **error) {
        DbThread *db = db_open(l, path, &schema, error);
        SqliteStore *engine;
        Store *s;

        if (!db)
                return NULL;
        engine = g_new0(SqliteStore, 1);
        engine->loop = l;
        engine->db = db;
        s = g_new0(Store, 1);
        s->ops = &sqlite_engine;
        s->engine = engine;
        return s;
}
