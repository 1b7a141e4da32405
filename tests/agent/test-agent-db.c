/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Databases that older agents left behind: what they hold is still there after they are brought up to date. */
#include <glib.h>
#include <glib/gstdio.h>
#include <sqlite3.h>

#include "agent-ledger.h"
#include "outbox.h"

/* As mclient 0.1.0 made it, with an outcome that nobody has acknowledged. */
static const char version_1[] =
                "CREATE TABLE commands (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, command TEXT NOT NULL,"
                "  target TEXT, process INTEGER NOT NULL, received INTEGER NOT NULL, finished INTEGER,"
                "  state TEXT, result TEXT, error TEXT, acked INTEGER NOT NULL DEFAULT 0);"
                "CREATE INDEX commands_unacked ON commands (finished, seq) WHERE acked = 0;"
                "INSERT INTO commands VALUES (1, 'old', 'restart', '3node0', 7, 1, 2, 'succeeded', '1', NULL, 0);"
                "PRAGMA application_id = 1835232361; PRAGMA user_version = 1";

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

static void test_version_1(void) {
        static const char *const files[] = { "agent.db", "agent.db-wal", "agent.db-shm" };
        g_autofree char *dir = g_dir_make_tmp("agent-db-XXXXXX", NULL),
                        *path = g_build_filename(dir, "agent.db", NULL);
        OutboxRecord r = { OUTBOX_KEY_UPDATE, "a", "3node0", "{}" };
        Seen s = { .loop = loop_new(NULL) };
        g_autoptr(GError) error = NULL;
        sqlite3 *old;
        AgentDb *db;
        AgentLedger *ledger;
        Outbox *outbox;

        g_assert_cmpint(sqlite3_open(path, &old), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_exec(old, version_1, NULL, NULL, NULL), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_close(old), ==, SQLITE_OK);

        db = agent_db_open(s.loop, path, &error);
        g_assert_no_error(error);
        ledger = agent_ledger_new(db, NULL, NULL);
        outbox = outbox_new(s.loop, db, NULL, NULL);
        agent_ledger_take(ledger, "old", "restart", "3node0", 3, taken, &s);
        (void) outbox_put(outbox, &r, put_done, &s);
        (void) loop_run(s.loop);
        g_assert_cmpint(s.verdict, ==, LEDGER_FINISHED);
        g_assert_cmpstr(s.problem, ==, NULL);
        g_assert_cmpuint(outbox_pending(outbox), ==, 1);

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
        g_test_add_func("/agent-db/version-1", test_version_1);
        return g_test_run();
}
