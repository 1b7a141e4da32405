/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Databases that older servers left behind: what they hold is still there, and works, after they are brought up to
 * date. */
#include <glib/gstdio.h>
#include <sqlite3.h>

#include "store-fixture.h"

/* Each as it was in the field, and not as store-sql.c has it today, with what a server of that version wrote. */
typedef struct Version {
        const char *schema, *data;
} Version;

static const Version versions[] = {
        { "CREATE TABLE clients (id TEXT NOT NULL PRIMARY KEY, host TEXT, version TEXT, address TEXT, online INTEGER"
          " NOT NULL, revoked INTEGER NOT NULL, forgotten INTEGER NOT NULL, since BIGINT NOT NULL, last_seen BIGINT"
          " NOT NULL, labels TEXT, commands TEXT);"
          "CREATE TABLE tokens (hash BLOB NOT NULL PRIMARY KEY, client TEXT NOT NULL, created BIGINT NOT NULL,"
          " expires BIGINT NOT NULL);"
          "CREATE INDEX tokens_of_client ON tokens (client);"
          "CREATE TABLE commands (id TEXT NOT NULL PRIMARY KEY, client TEXT NOT NULL, command TEXT NOT NULL, container"
          " TEXT NOT NULL, batch TEXT NOT NULL, state TEXT NOT NULL, phase INTEGER NOT NULL, requested BIGINT NOT NULL,"
          " sent BIGINT NOT NULL, started BIGINT NOT NULL, finished BIGINT NOT NULL, expires BIGINT NOT NULL, timeout"
          " BIGINT NOT NULL, caller_uid BIGINT NOT NULL, error TEXT, params TEXT, result TEXT);"
          "CREATE INDEX commands_by_time ON commands (requested);"
          "CREATE INDEX commands_of_client ON commands (client, requested);"
          "CREATE INDEX commands_of_name ON commands (command, requested);"
          "CREATE INDEX commands_of_batch ON commands (batch, requested) WHERE batch <> '';"
          "CREATE INDEX commands_open ON commands (requested) WHERE phase = 0;"
          "CREATE INDEX commands_unsuccessful ON commands (requested) WHERE phase = 2;"
          "CREATE TABLE outputs (id TEXT NOT NULL PRIMARY KEY, start BIGINT NOT NULL, output BLOB NOT NULL);"
          "CREATE TABLE batches (id TEXT NOT NULL PRIMARY KEY, selector TEXT NOT NULL, command TEXT NOT NULL, params"
          " TEXT, requested BIGINT NOT NULL, finished BIGINT NOT NULL, caller_uid BIGINT NOT NULL);",

          "INSERT INTO clients VALUES ('seoul-1', 'se1', '0.1.0', '192.0.2.1', 1, 0, 0, 5, 6, '{}', '[]');"
          "INSERT INTO tokens VALUES (x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'seoul-1', 7, 0);"
          "INSERT INTO commands VALUES ('cmd_1_1000', 'seoul-1', 'restart', '3node0', '', 'sent', 0, 10, 11, 0, 0, 0,"
          " 600000000, 1000, NULL, '{\"container\":\"3node0\"}', NULL);"
          "INSERT INTO commands VALUES ('cmd_1_1001', 'seoul-1', 'exec', '3node0', 'batch_1', 'failed', 2, 12, 13, 14, 15,"
          " 0, 600000000, 1000, 'why', '{}', '{\"exit_code\":1}');"
          "INSERT INTO outputs VALUES ('cmd_1_1001', 3, x'616263');"
          "INSERT INTO batches VALUES ('batch_1', 'all', 'exec', '{}', 12, 16, 1000);" },

        { "CREATE TABLE keys (client TEXT NOT NULL, id TEXT NOT NULL, container TEXT NOT NULL, session_key TEXT NOT NULL,"
          " action TEXT, received BIGINT NOT NULL, settled INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (client, id));"
          "CREATE INDEX keys_of_node ON keys (client, container, received);"
          "CREATE INDEX keys_by_key ON keys (session_key);"
          "CREATE TABLE backups (client TEXT NOT NULL, id TEXT NOT NULL, container TEXT NOT NULL, file TEXT NOT NULL,"
          " sha256 TEXT, size BIGINT NOT NULL, finished BIGINT NOT NULL, settled INTEGER NOT NULL DEFAULT 0,"
          " PRIMARY KEY (client, id));"
          "CREATE INDEX backups_of_node ON backups (client, container, finished);",

          "INSERT INTO keys VALUES ('seoul-1', 'k1', '3node0', '0xabc', 'rotate_keys', 20, 1);"
          "INSERT INTO backups VALUES ('seoul-1', 'b1', '3node0', '/b/one.tar', 'ff', 512, 21, 1);" },

        { "ALTER TABLE commands ADD COLUMN cancel INTEGER NOT NULL DEFAULT 0;",

          "UPDATE commands SET cancel = 1 WHERE id = 'cmd_1_1000';" },

        { "ALTER TABLE batches ADD COLUMN state TEXT NOT NULL DEFAULT 'finished';"
          "ALTER TABLE batches ADD COLUMN status TEXT NOT NULL DEFAULT '';"
          "ALTER TABLE batches ADD COLUMN total BIGINT NOT NULL DEFAULT 0;"
          "CREATE INDEX batches_open ON batches (requested) WHERE finished = 0;",

          "UPDATE batches SET total = 1;" },

        { "CREATE TABLE enrollments (hash BLOB NOT NULL PRIMARY KEY, client TEXT NOT NULL UNIQUE, created BIGINT NOT NULL,"
          " expires BIGINT NOT NULL, caller_uid BIGINT NOT NULL, credential BLOB);",

          "INSERT INTO enrollments VALUES (x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'seoul-2',"
          " 30, 31, 1000, NULL);" },

        { "CREATE TABLE audit_head (number INTEGER NOT NULL PRIMARY KEY, instance TEXT NOT NULL, seq BIGINT NOT NULL,"
          " hash TEXT NOT NULL, time BIGINT NOT NULL, exact INTEGER NOT NULL);",

          "INSERT INTO audit_head VALUES (1, 'i', 7, 'h', 40, 1);" },

        { "ALTER TABLE commands ADD COLUMN schedule TEXT NOT NULL DEFAULT '';",

          "UPDATE commands SET schedule = 'nightly' WHERE id = 'cmd_1_1001';" },
};

static void execute(sqlite3 *db, const char *sql) {
        g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
}

/* In place of the fixture's own, a database as it was then. */
static void set_back(Fixture *f, unsigned version) {
        g_autofree char *stamp = g_strdup_printf(
                        "PRAGMA application_id = 1836282486; PRAGMA user_version = %u; PRAGMA journal_mode = WAL",
                        version);
        sqlite3 *db = NULL;

        store_close(f->store);
        f->store = NULL;
        g_assert_cmpint(g_remove(f->path), ==, 0);
        g_assert_cmpint(sqlite3_open(f->path, &db), ==, SQLITE_OK);
        for (unsigned i = 0; i < version; i++) {
                execute(db, versions[i].schema);
                execute(db, versions[i].data);
        }
        execute(db, stamp);
        g_assert_cmpint(sqlite3_close(db), ==, SQLITE_OK);
}

static unsigned rows_of(Fixture *f, void (*operation)(void *engine, StoreRows done, void *userdata),
                        GDestroyNotify row_free) {
        fixture_begin(f, row_free);
        operation(f->store->engine, fixture_on_rows, f);
        return fixture_rows(f);
}

static void assert_commands(Fixture *f, unsigned version) {
        const CommandRecord *r;

        g_assert_cmpuint(rows_of(f, f->store->ops->open_commands, (GDestroyNotify) command_record_free), ==,
                         1);
        r = g_ptr_array_index(f->rows, 0);
        g_assert_cmpstr(r->id, ==, "cmd_1_1000");
        g_assert_cmpint(r->state, ==, COMMAND_SENT);
        g_assert_cmpstr(r->params, ==, "{\"container\":\"3node0\"}");
        g_assert_cmpuint(r->timeout, ==, 600000000);
        g_assert_cmpint(r->cancel, ==, version >= 3);

        fixture_begin(f, (GDestroyNotify) command_record_free);
        f->store->ops->get_command(f->store->engine, "cmd_1_1001", fixture_on_rows, f);
        g_assert_cmpuint(fixture_rows(f), ==, 1);
        r = g_ptr_array_index(f->rows, 0);
        g_assert_cmpint(r->state, ==, COMMAND_FAILED);
        g_assert_cmpstr(r->error, ==, "why");
        g_assert_cmpstr(r->result, ==, "{\"exit_code\":1}");
}

static void assert_the_rest(Fixture *f, unsigned version) {
        const BatchRecord *b;

        g_assert_cmpuint(rows_of(f, f->store->ops->load_clients, (GDestroyNotify) client_record_free), ==,
                         1);
        g_assert_cmpuint(rows_of(f, f->store->ops->load_tokens, (GDestroyNotify) token_record_free), ==, 1);

        g_assert_cmpuint(
                        rows_of(f, f->store->ops->load_enrollments, (GDestroyNotify) enrollment_record_free),
                        ==, version >= 5);
        g_assert_cmpuint(rows_of(f, f->store->ops->load_audit_head, (GDestroyNotify) audit_head_record_free),
                         ==, version >= 6);
        g_assert_cmpuint(rows_of(f, f->store->ops->open_alerts, (GDestroyNotify) alert_row_free), ==, 0);
        g_assert_cmpuint(rows_of(f, f->store->ops->load_silences, (GDestroyNotify) silence_record_free), ==,
                         0);

        fixture_begin(f, (GDestroyNotify) batch_record_free);
        f->store->ops->get_batch(f->store->engine, "batch_1", fixture_on_rows, f);
        g_assert_cmpuint(fixture_rows(f), ==, 1);
        b = g_ptr_array_index(f->rows, 0);
        g_assert_cmpstr(b->state, ==, "finished");
        g_assert_cmpuint(b->total, ==, version >= 4);

        fixture_begin(f, (GDestroyNotify) key_record_free);
        f->store->ops->list_keys(f->store->engine, NULL, NULL, 0, fixture_on_rows, f);
        g_assert_cmpuint(fixture_rows(f), ==, version >= 2);
        fixture_begin(f, (GDestroyNotify) backup_record_free);
        f->store->ops->list_backups(f->store->engine, NULL, NULL, 0, fixture_on_rows, f);
        g_assert_cmpuint(fixture_rows(f), ==, version >= 2);
}

/* And then it is one like any other. */
static void assert_works(Fixture *f) {
        g_autoptr(CommandRecord) r = command_record_new("cmd_2_2000", "seoul-1", "status");
        const KeyRecord k = { (char *) "k2",    (char *) "seoul-1",     (char *) "3node0",
                              (char *) "0xdef", (char *) "rotate_keys", 30 };
        const AuditHeadRecord head = { (char *) "instance", (char *) "hash", 1, 2, true };

        r->params = r->params ?: g_strdup("{}");
        g_assert_cmpint(WRITE(f, submit_command, r), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, cancel_command, "cmd_2_2000"), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, append_key, &k), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, put_audit_head, &head, false), ==, STORE_OK);
}

static void test_from(Fixture *f, gconstpointer data) {
        unsigned version = GPOINTER_TO_UINT(data);

        set_back(f, version);
        fixture_reopen(f);
        assert_commands(f, version);
        assert_the_rest(f, version);
        assert_works(f);
        fixture_reopen(f); /* nothing more to migrate */
        g_assert_cmpuint(rows_of(f, f->store->ops->open_commands, (GDestroyNotify) command_record_free), ==,
                         2);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        for (unsigned v = 1; v <= G_N_ELEMENTS(versions); v++) {
                g_autofree char *name = g_strdup_printf("/store-migration/from-%u", v);

                g_test_add(name, Fixture, GUINT_TO_POINTER(v), fixture_setup, test_from, fixture_teardown);
        }
        return g_test_run();
}
