/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's one database. */
#include "agent-db.h"

/* Schema history. What is here was in the field: it never changes, a change is one more. */
static const char *const migrations[] = {
        /* 1: the ledger of commands */
        "CREATE TABLE commands ("
        "  seq INTEGER PRIMARY KEY," /* in order of receipt */
        "  id TEXT NOT NULL UNIQUE,"
        "  command TEXT NOT NULL,"
        "  target TEXT,"
        "  process INTEGER NOT NULL,"  /* a number per process */
        "  received INTEGER NOT NULL," /* µs since the epoch */
        "  finished INTEGER,"
        "  state TEXT,"  /* a final one, or NULL */
        "  result TEXT," /* JSON */
        "  error TEXT,"
        "  acked INTEGER NOT NULL DEFAULT 0);" /* or the server never knew of it */
        "CREATE INDEX commands_unacked ON commands (finished, seq) WHERE acked = 0;",

        /* 2: records on their way to the server */
        "CREATE TABLE outbox ("
        "  seq INTEGER PRIMARY KEY AUTOINCREMENT," /* in the order in which they happened; never used again */
        "  kind TEXT NOT NULL,"                    /* key_update, backup_complete */
        "  id TEXT NOT NULL,"                      /* of the command */
        "  container TEXT NOT NULL,"
        "  message TEXT NOT NULL," /* as it is sent */
        "  UNIQUE (kind, id));"
        "CREATE INDEX outbox_container ON outbox (container, seq);",

        /* 3: how much a command printed */
        "ALTER TABLE commands ADD COLUMN output_bytes INTEGER NOT NULL DEFAULT 0;",

        /* 4: rotations of session keys, from before the node is asked */
        "CREATE TABLE rotations ("
        "  seq INTEGER PRIMARY KEY AUTOINCREMENT,"
        "  id TEXT NOT NULL UNIQUE," /* of the command */
        "  container TEXT NOT NULL,"
        "  keystore TEXT NOT NULL,"   /* its directory in the container */
        "  before TEXT NOT NULL,"     /* the names in there, one per line */
        "  started INTEGER NOT NULL," /* µs since the epoch */
        "  finished INTEGER,"
        "  state TEXT," /* rotated, nothing, unknown; NULL: open */
        "  session_key TEXT);"
        "CREATE INDEX rotations_open ON rotations (id) WHERE state IS NULL;"
        "CREATE INDEX rotations_container ON rotations (container, started);",

        /* 5: commands whose outcome mclient-script knows */
        "ALTER TABLE commands ADD COLUMN script INTEGER NOT NULL DEFAULT 0;",

        /* 6: when a rotation was begun, by a clock that nobody sets */
        "ALTER TABLE rotations ADD COLUMN boot TEXT;" /* its boot id; NULL: not known */
        "ALTER TABLE rotations ADD COLUMN started_in_boot INTEGER NOT NULL DEFAULT 0;", /* µs of CLOCK_BOOTTIME */
        NULL,
};

static const DbSchema schema = { .application_id = 0x6d636c69 /* "mcli" */, .migrations = migrations };

struct AgentDb {
        Loop *loop;
        DbThread *thread;
};

AgentDb *agent_db_open(Loop *l, const char *path, GError **error) {
        g_autoptr(AgentDb) db = g_new0(AgentDb, 1);

        db->loop = l;
        db->thread = db_open(l, path, &schema, error);
        return db->thread ? g_steal_pointer(&db) : NULL;
}

AgentDb *agent_db_close(AgentDb *db) {
        if (!db)
                return NULL;
        db_close(db->thread);
        g_free(db);
        return NULL;
}

static void give_up(void *userdata) {
        DbTask *task = userdata;

        task->done(task, SQLITE_BUSY);
}

void agent_db_submit(AgentDb *db, DbTask *task) {
        if (!db_submit(db->thread, task))
                loop_defer(db->loop, give_up, task);
}

void *agent_db_call_new(size_t size, int (*run)(DbThread *, DbTask *), void (*done)(DbTask *, int),
                        void *userdata) {
        AgentDbCall *c = g_malloc0(size);

        g_assert(size >= sizeof(AgentDbCall));
        c->task.run = run;
        c->task.done = done;
        c->userdata = userdata;
        return c;
}

const char *agent_db_problem(int code) {
        return code == SQLITE_OK ? NULL : sqlite3_errstr(code);
}
