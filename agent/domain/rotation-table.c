/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations of session keys in the agent's database. */
#include "rotation-table.h"

#include "limits.h"

static const char *const ends[] = {
        [ROTATION_ROTATED] = "rotated",
        [ROTATION_NOTHING] = "nothing",
        [ROTATION_UNKNOWN] = "unknown",
};

/* Any of the calls, on its way through the thread. */
typedef struct Call {
        DbTask task;
        RotationIntent *intent;
        char *container;
        RotationEnd end;
        char *session_key, *message;
        bool has_outcome, recorded;
        LedgerOutcome outcome;
        uint64_t usec;
        GPtrArray *intents;

        RotationWritten written;
        RotationEnded ended;
        RotationLast last;
        RotationsListed listed;
        void *userdata;
} Call;

RotationIntent *rotation_intent_copy(const RotationIntent *i) {
        RotationIntent *copy = g_new(RotationIntent, 1);

        *copy = (RotationIntent){ g_strdup(i->id), g_strdup(i->container), g_strdup(i->keystore),
                                  g_strdup(i->before), i->started_usec };
        return copy;
}

RotationIntent *rotation_intent_free(RotationIntent *i) {
        if (!i)
                return NULL;
        g_free(i->id);
        g_free(i->container);
        g_free(i->keystore);
        g_free(i->before);
        g_free(i);
        return NULL;
}

static void free_intent(void *p) {
        (void) rotation_intent_free(p);
}

static Call *call_new(int (*run)(DbThread *, DbTask *), void (*done)(DbTask *, int), void *userdata) {
        Call *c = g_new0(Call, 1);

        c->task.run = run;
        c->task.done = done;
        c->userdata = userdata;
        return c;
}

static void call_free(Call *c) {
        (void) rotation_intent_free(c->intent);
        g_free(c->container);
        g_free(c->session_key);
        g_free(c->message);
        g_free(c->outcome.result);
        g_free(c->outcome.error);
        if (c->intents)
                g_ptr_array_unref(c->intents);
        g_free(c);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

static void write_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->written(agent_db_problem(code), c->userdata);
}

static int begin_run(DbThread *db, DbTask *task) {
        const RotationIntent *i = ((Call *) task)->intent;
        sqlite3_stmt *s = db_statement(db, "INSERT INTO rotations (id, container, keystore, before, started)"
                                           "  VALUES (?, ?, ?, ?, ?)");

        if (!s)
                return db_error(db);
        sqlite3_bind_text(s, 1, i->id, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 2, i->container, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 3, i->keystore, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 4, i->before, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 5, (int64_t) i->started_usec);
        return db_finish(s);
}

void rotation_table_begin(AgentDb *db, const RotationIntent *intent, RotationWritten done, void *userdata) {
        Call *c = call_new(begin_run, write_done, userdata);

        c->intent = rotation_intent_copy(intent);
        c->written = done;
        c->task.one_statement = true;
        agent_db_submit(db, &c->task);
}

/* What is over needs no list of names any more. */
static int end_row(DbThread *db, const Call *c) {
        sqlite3_stmt *s = db_statement(db, "UPDATE rotations SET state = ?, session_key = ?, finished = ?,"
                                           "  before = '' WHERE id = ? AND state IS NULL");

        if (!s)
                return db_error(db);
        sqlite3_bind_text(s, 1, ends[c->end], -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 2, c->session_key, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 3, (int64_t) c->usec);
        sqlite3_bind_text(s, 4, c->intent->id, -1, SQLITE_STATIC);
        return db_finish(s);
}

static int forget_old(DbThread *db) {
        sqlite3_stmt *s =
                        db_statement(db, "DELETE FROM rotations WHERE state IS NOT NULL AND seq <="
                                         "  (SELECT seq FROM rotations ORDER BY seq DESC LIMIT 1 OFFSET ?)");

        if (!s)
                return db_error(db);
        sqlite3_bind_int64(s, 1, ROTATIONS_KEEP);
        return db_finish(s);
}

static int end_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        const OutboxRecord record = { OUTBOX_KEY_UPDATE, c->intent->id, c->intent->container, c->message };
        int r = SQLITE_OK;

        if (c->end != ROTATION_OPEN)
                r = end_row(db, c);
        if (r == SQLITE_OK && c->message)
                r = outbox_table_insert(db, &record, &c->recorded);
        if (r == SQLITE_OK && c->has_outcome)
                r = agent_ledger_settle(db, c->intent->id, &c->outcome, c->usec);
        return r == SQLITE_OK ? forget_old(db) : r;
}

static void end_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->ended(code == SQLITE_OK && c->recorded, agent_db_problem(code), c->userdata);
}

void rotation_table_end(AgentDb *db, const RotationIntent *intent, const RotationEnding *ending,
                        uint64_t now_usec, RotationEnded done, void *userdata) {
        Call *c = call_new(end_run, end_done, userdata);

        c->intent = rotation_intent_copy(intent);
        c->end = ending->end;
        c->session_key = g_strdup(ending->session_key);
        c->message = g_strdup(ending->message);
        c->has_outcome = ending->outcome != NULL;
        if (ending->outcome) {
                c->outcome.state = ending->outcome->state;
                c->outcome.result = g_strdup(ending->outcome->result);
                c->outcome.error = g_strdup(ending->outcome->error);
        }
        c->usec = now_usec;
        c->ended = done;
        agent_db_submit(db, &c->task);
}

static int last_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        sqlite3_stmt *s = db_statement(db, "SELECT max(started) FROM rotations WHERE container = ?"
                                           "  AND (state IS NULL OR state <> 'nothing')");

        if (!s)
                return db_error(db);
        sqlite3_bind_text(s, 1, c->container, -1, SQLITE_STATIC);
        if (sqlite3_step(s) != SQLITE_ROW)
                return db_error(db);
        c->usec = (uint64_t) sqlite3_column_int64(s, 0); /* null is 0 */
        return SQLITE_OK;
}

static void last_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->last(c->usec, agent_db_problem(code), c->userdata);
}

void rotation_table_last(AgentDb *db, const char *container, RotationLast done, void *userdata) {
        Call *c = call_new(last_run, last_done, userdata);

        c->container = g_strdup(container);
        c->last = done;
        c->task.read_only = true;
        agent_db_submit(db, &c->task);
}

static int list_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        sqlite3_stmt *s = db_statement(db, "SELECT id, container, keystore, before, started FROM rotations"
                                           "  WHERE state IS NULL ORDER BY seq");
        int r;

        if (!s)
                return db_error(db);
        g_ptr_array_set_size(c->intents, 0);
        while ((r = sqlite3_step(s)) == SQLITE_ROW) {
                RotationIntent *i = g_new(RotationIntent, 1);

                *i = (RotationIntent){ agent_db_text(s, 0), agent_db_text(s, 1), agent_db_text(s, 2),
                                       agent_db_text(s, 3), (uint64_t) sqlite3_column_int64(s, 4) };
                g_ptr_array_add(c->intents, i);
        }
        return r == SQLITE_DONE ? SQLITE_OK : db_error(db);
}

static void list_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->listed(c->intents, agent_db_problem(code), c->userdata);
}

void rotation_table_list(AgentDb *db, RotationsListed done, void *userdata) {
        Call *c = call_new(list_run, list_done, userdata);

        c->intents = g_ptr_array_new_with_free_func(free_intent);
        c->listed = done;
        c->task.read_only = true;
        agent_db_submit(db, &c->task);
}
