/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Databases that older agents left behind: what they hold is still there after they are brought up to date. */
#include <glib.h>
#include <glib/gstdio.h>
#include <sqlite3.h>

#include "agent-ledger.h"
#include "outbox.h"

/* What each version of the schema added, as it was in the field, with records that nobody has acknowledged. */
static const char *const versions[] = {
        "CREATE TABLE commands (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, command TEXT NOT NULL,"
        "  target TEXT, process INTEGER NOT NULL, received INTEGER NOT NULL, finished INTEGER,"
        "  state TEXT, result TEXT, error TEXT, acked INTEGER NOT NULL DEFAULT 0);"
        "CREATE INDEX commands_unacked ON commands (finished, seq) WHERE acked = 0;"
        "INSERT INTO commands VALUES (1, 'old', 'restart', '3node0', 7, 1, 2, 'succeeded', '1', NULL, 0);",

        "CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL,"
        "  container TEXT NOT NULL, message TEXT NOT NULL, UNIQUE (kind, id));"
        "CREATE INDEX outbox_container ON outbox (container, seq);"
        "INSERT INTO outbox (kind, id, container, message) VALUES ('key_update', 'old', '3node0', '{}');",

        "ALTER TABLE commands ADD COLUMN output_bytes INTEGER NOT NULL DEFAULT 0;"
        "UPDATE commands SET output_bytes = 5;",

        "CREATE TABLE rotations (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
        "  container TEXT NOT NULL, keystore TEXT NOT NULL, before TEXT NOT NULL, started INTEGER NOT NULL,"
        "  finished INTEGER, state TEXT, session_key TEXT);"
        "CREATE INDEX rotations_open ON rotations (id) WHERE state IS NULL;"
        "CREATE INDEX rotations_container ON rotations (container, started);",

        "ALTER TABLE commands ADD COLUMN script INTEGER NOT NULL DEFAULT 0;",
};

typedef struct Seen {
        Loop *loop;
        LedgerVerdict verdict;
        char *problem;
} Seen;

static void taken(const char *id, LedgerVerdict verdict, const LedgerOutcome *outcome, const char *problem,
                  void *userdata) {
        ((Seen *) userdata)->verdict = verdict;
}

static void put_done(const char *problem, void *userdata) {
        Seen *s = userdata;

        s->problem = g_strdup(problem);
        loop_quit(s->loop, 0);
}

static void make_old(const char *path, unsigned version) {
        g_autofree char *stamp = g_strdup_printf(
                        "PRAGMA application_id = 1835232361; PRAGMA user_version = %u", version);
        sqlite3 *old;

        g_assert_cmpint(sqlite3_open(path, &old), ==, SQLITE_OK);
        for (unsigned i = 0; i < version; i++)
                g_assert_cmpint(sqlite3_exec(old, versions[i], NULL, NULL, NULL), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_exec(old, stamp, NULL, NULL, NULL), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_close(old), ==, SQLITE_OK);
}

static void test_version(gconstpointer data) {
        unsigned version = GPOINTER_TO_UINT(data);
        static const char *const files[] = { "agent.db", "agent.db-wal", "agent.db-shm" };
        g_autofree char *dir = g_dir_make_tmp("agent-db-XXXXXX", NULL),
                        *path = g_build_filename(dir, "agent.db", NULL);
        OutboxRecord r = { OUTBOX_KEY_UPDATE, "a", "3node0", "{}" };
        Seen s = { .loop = loop_new(NULL) };
        g_autoptr(GError) error = NULL;
        AgentDb *db;
        AgentLedger *ledger;
        Outbox *outbox;

        make_old(path, version);
        db = agent_db_open(s.loop, path, &error);
        g_assert_no_error(error);
        ledger = agent_ledger_new(db, NULL, NULL);
        outbox = outbox_new(s.loop, db, NULL, NULL);
        agent_ledger_take(ledger, "old", "restart", "3node0", 3, taken, &s);
        (void) outbox_put(outbox, &r, put_done, &s);
        (void) loop_run(s.loop);
        g_assert_cmpint(s.verdict, ==, LEDGER_FINISHED);
        g_assert_cmpstr(s.problem, ==, NULL);
        g_assert_cmpuint(outbox_pending(outbox), ==, version >= 2 ? 2 : 1);

        agent_db_close(db);
        outbox_free(outbox);
        agent_ledger_free(ledger);
        loop_free(s.loop);
        for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
                g_autofree char *file = g_build_filename(dir, files[i], NULL);

                (void) g_unlink(file);
        }
        g_assert_cmpint(g_rmdir(dir), ==, 0);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        for (unsigned v = 1; v <= G_N_ELEMENTS(versions); v++) {
                g_autofree char *name = g_strdup_printf("/agent-db/version-%u", v);

                g_test_add_data_func(name, GUINT_TO_POINTER(v), test_version);
        }
        return g_test_run();
}
