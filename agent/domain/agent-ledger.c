/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which command ids this agent has ever taken, and what became of them.  One row per id. A row without a
 * state belongs to the process whose number it carries: it is running as long as that process lives, and
 * interrupted for every later one. */
#include "agent-ledger.h"

#include <sys/random.h>

#include "limits.h"

#define PRUNE_EVERY 256 /* acknowledgements */

/* With the number of this process as ?2. What an earlier process was doing is interrupted, unless it was a rotation of
 * keys of which more can be known (rotations.h). */
#define HAS_ENDED                                  \
        "(state IS NOT NULL OR (process <> ?2 AND" \
        "  id NOT IN (SELECT id FROM rotations WHERE state IS NULL)))"

struct AgentLedger {
        AgentDb *db;
        int64_t process;
        unsigned acks; /* since the last pruning */
};

/* Any of the calls, on its way through the thread. */
typedef struct Call {
        DbTask task;
        AgentLedger *ledger;
        char *id, *command, *target;
        uint64_t now_usec;
        LedgerVerdict verdict;
        LedgerOutcome outcome;
        const char *problem; /* static: why it could not be written down */
        bool found;
        GPtrArray *ids;

        LedgerTaken taken;
        LedgerStored stored;
        LedgerIds listed;
        LedgerLoaded loaded;
        void *userdata;
} Call;

static Call *call_new(AgentLedger *l, const char *id, int (*run)(DbThread *, DbTask *),
                      void (*done)(DbTask *, int)) {
        Call *c = g_new0(Call, 1);

        c->task.run = run;
        c->task.done = done;
        c->ledger = l;
        c->id = g_strdup(id);
        return c;
}

static void call_free(Call *c) {
        g_free(c->id);
        g_free(c->command);
        g_free(c->target);
        g_free(c->outcome.result);
        g_free(c->outcome.error);
        if (c->ids)
                g_ptr_array_unref(c->ids);
        g_free(c);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

/* The columns of every SELECT of an outcome. */
#define OUTCOME_COLUMNS "state, result, error, command, target, output_bytes"

static void read_outcome(sqlite3_stmt *s, LedgerOutcome *ret) {
        const char *target = (const char *) sqlite3_column_text(s, 4);

        g_clear_pointer(&ret->result, g_free);
        g_clear_pointer(&ret->error, g_free);
        if (command_state_from_string((const char *) sqlite3_column_text(s, 0) ?: "", &ret->state)) {
                ret->result = agent_db_text(s, 1);
                ret->error = agent_db_text(s, 2);
                ret->output_bytes = (uint64_t) sqlite3_column_int64(s, 5);
                return;
        }
        ret->state = COMMAND_INTERRUPTED;
        ret->error = g_strdup_printf("The agent stopped in the middle of %s%s%s; how far it got is unknown",
                                     sqlite3_column_text(s, 3), target ? " " : "", target ?: "");
}

/* Sets verdict and outcome, where the id is there. */
static int look_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        sqlite3_stmt *s = db_statement(db, "SELECT " OUTCOME_COLUMNS ","
                                           "  NOT " HAS_ENDED " FROM commands WHERE id = ?1");
        int r;

        if (!s)
                return db_error(db);
        sqlite3_bind_text(s, 1, c->id, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 2, c->ledger->process);
        r = sqlite3_step(s);
        if (r != SQLITE_ROW)
                return r == SQLITE_DONE ? SQLITE_OK : db_error(db);
        c->verdict = sqlite3_column_int(s, 6) ? LEDGER_RUNNING : LEDGER_FINISHED;
        if (c->verdict == LEDGER_FINISHED)
                read_outcome(s, &c->outcome);
        return SQLITE_OK;
}

static void call_taken(Call *c, const char *problem) {
        c->taken(c->id, c->verdict, c->verdict == LEDGER_FINISHED ? &c->outcome : NULL, problem,
                 c->userdata);
}

static void look_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        if (code != SQLITE_OK)
                c->verdict = LEDGER_UNKNOWN;
        call_taken(c, c->verdict == LEDGER_FAILED ? c->problem : agent_db_problem(code));
}

/* An id that is there already need not be written: a disk that is full is no reason not to know its outcome. */
static void take_done(DbTask *task, int code) {
        Call *c = (Call *) task;

        if (code == SQLITE_OK) {
                call_taken(c, NULL);
                call_free(c);
                return;
        }
        c->problem = agent_db_problem(code);
        c->verdict = LEDGER_FAILED;
        c->task = (DbTask){ .run = look_run, .done = look_done, .read_only = true };
        agent_db_submit(c->ledger->db, &c->task);
}

/* After an INSERT that does nothing where the id is there. */
static int inserted(DbThread *db, Call *c, sqlite3_stmt *s) {
        int r = db_finish(s);

        if (r != SQLITE_OK)
                return r;
        return sqlite3_changes(db_handle(db)) == 0 ? look_run(db, &c->task) : SQLITE_OK;
}

static int take_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        sqlite3_stmt *s = db_statement(db, "INSERT INTO commands (id, command, target, process, received)"
                                           "  VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING");

        if (!s)
                return db_error(db);
        sqlite3_bind_text(s, 1, c->id, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 2, c->command, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 3, c->target, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 4, c->ledger->process);
        sqlite3_bind_int64(s, 5, c->now_usec);
        c->verdict = LEDGER_NEW;
        return inserted(db, c, s);
}

static Call *take_new(AgentLedger *l, const char *id, int (*run)(DbThread *, DbTask *), uint64_t now_usec,
                      LedgerTaken done, void *userdata) {
        Call *c = call_new(l, id, run, take_done);

        c->now_usec = now_usec;
        c->taken = done;
        c->userdata = userdata;
        c->task.one_statement = true;
        return c;
}

void agent_ledger_take(AgentLedger *l, const char *id, const char *command, const char *target,
                       uint64_t now_usec, LedgerTaken done, void *userdata) {
        Call *c = take_new(l, id, take_run, now_usec, done, userdata);

        c->command = g_strdup(command);
        c->target = g_strdup(target);
        agent_db_submit(l->db, &c->task);
}

static int forbid_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        sqlite3_stmt *s = db_statement(
                        db,
                        "INSERT INTO commands (id, command, process, received, finished, state, result, error)"
                        "  VALUES (?1, '', ?2, ?3, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING");

        if (!s)
                return db_error(db);
        sqlite3_bind_text(s, 1, c->id, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 2, c->ledger->process);
        sqlite3_bind_int64(s, 3, c->now_usec);
        sqlite3_bind_text(s, 4, command_state_to_string(c->outcome.state), -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 5, c->outcome.result, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 6, c->outcome.error, -1, SQLITE_STATIC);
        c->verdict = LEDGER_FINISHED;
        return inserted(db, c, s);
}

static void copy_outcome(LedgerOutcome *to, const LedgerOutcome *from) {
        to->state = from->state;
        to->result = g_strdup(from->result);
        to->error = g_strdup(from->error);
        to->output_bytes = from->output_bytes;
}

void agent_ledger_forbid(AgentLedger *l, const char *id, const LedgerOutcome *outcome, uint64_t now_usec,
                         LedgerTaken done, void *userdata) {
        Call *c = take_new(l, id, forbid_run, now_usec, done, userdata);

        copy_outcome(&c->outcome, outcome);
        agent_db_submit(l->db, &c->task);
}

int agent_ledger_settle(DbThread *db, const char *id, const LedgerOutcome *outcome, uint64_t now_usec) {
        sqlite3_stmt *s = db_statement(db,
                                       "UPDATE commands SET state = ?, result = ?, error = ?, finished = ?,"
                                       "  output_bytes = ? WHERE id = ? AND state IS NULL");

        if (!s)
                return db_error(db);
        sqlite3_bind_text(s, 1, command_state_to_string(outcome->state), -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 2, outcome->result, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 3, outcome->error, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 4, (int64_t) now_usec);
        sqlite3_bind_int64(s, 5, (int64_t) outcome->output_bytes);
        sqlite3_bind_text(s, 6, id, -1, SQLITE_STATIC);
        return db_finish(s);
}

static int finish_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;

        return agent_ledger_settle(db, c->id, &c->outcome, c->now_usec);
}

static void finish_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->stored(c->id, agent_db_problem(code), c->userdata);
}

void agent_ledger_finish(AgentLedger *l, const char *id, const LedgerOutcome *outcome, uint64_t now_usec,
                         LedgerStored done, void *userdata) {
        Call *c = call_new(l, id, finish_run, finish_done);

        copy_outcome(&c->outcome, outcome);
        c->now_usec = now_usec;
        c->stored = done;
        c->userdata = userdata;
        c->task.one_statement = true;
        agent_db_submit(l->db, &c->task);
}

static int acked_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        sqlite3_stmt *s = db_statement(db, "UPDATE commands SET acked = 1 WHERE id = ?1 AND " HAS_ENDED);

        if (!s)
                return db_error(db);
        sqlite3_bind_text(s, 1, c->id, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 2, c->ledger->process);
        return db_finish(s);
}

static int run_with_limit(DbThread *db, const char *sql, int64_t limit) {
        sqlite3_stmt *s = db_statement(db, sql);

        if (!s)
                return db_error(db);
        sqlite3_bind_int64(s, 1, limit);
        return db_finish(s);
}

static int prune_run(DbThread *db, DbTask *task) {
        int r = run_with_limit(
                        db,
                        "DELETE FROM commands WHERE acked = 1 AND seq <="
                        "  (SELECT seq FROM commands WHERE acked = 1 ORDER BY seq DESC LIMIT 1 OFFSET ?)",
                        AGENT_LEDGER_KEEP);

        if (r != SQLITE_OK)
                return r;
        return run_with_limit(
                        db,
                        "UPDATE commands SET result = NULL WHERE acked = 1 AND result IS NOT NULL AND seq <="
                        "  (SELECT seq FROM commands WHERE acked = 1 ORDER BY seq DESC LIMIT 1 OFFSET ?)",
                        LEDGER_RESULTS_KEEP);
}

/* Nothing depends on these: a lost acknowledgement is made again, and what was not pruned is next time. */
static void forget_done(DbTask *task, int code) {
        call_free((Call *) task);
}

void agent_ledger_acked(AgentLedger *l, const char *id) {
        Call *c = call_new(l, id, acked_run, forget_done);

        c->task.one_statement = true;
        agent_db_submit(l->db, &c->task);
        if (++l->acks < PRUNE_EVERY)
                return;
        l->acks = 0;
        agent_db_submit(l->db, &call_new(l, NULL, prune_run, forget_done)->task);
}

static int unacked_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        sqlite3_stmt *s = db_statement(db, "SELECT id FROM commands WHERE acked = 0 AND " HAS_ENDED
                                           "  ORDER BY finished, seq");
        int r;

        if (!s)
                return db_error(db);
        sqlite3_bind_int64(s, 2, c->ledger->process);
        g_ptr_array_set_size(c->ids, 0);
        while ((r = sqlite3_step(s)) == SQLITE_ROW)
                g_ptr_array_add(c->ids, agent_db_text(s, 0));
        return r == SQLITE_DONE ? SQLITE_OK : db_error(db);
}

static void unacked_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        g_ptr_array_add(c->ids, NULL);
        c->listed((char **) c->ids->pdata, agent_db_problem(code), c->userdata);
}

void agent_ledger_unacked(AgentLedger *l, LedgerIds done, void *userdata) {
        Call *c = call_new(l, NULL, unacked_run, unacked_done);

        c->ids = g_ptr_array_new_with_free_func(g_free);
        c->listed = done;
        c->userdata = userdata;
        c->task.read_only = true;
        agent_db_submit(l->db, &c->task);
}

static int load_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        sqlite3_stmt *s = db_statement(db, "SELECT " OUTCOME_COLUMNS " FROM commands"
                                           "  WHERE id = ?1 AND acked = 0 AND " HAS_ENDED);
        int r;

        if (!s)
                return db_error(db);
        sqlite3_bind_text(s, 1, c->id, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 2, c->ledger->process);
        c->found = false;
        r = sqlite3_step(s);
        if (r != SQLITE_ROW)
                return r == SQLITE_DONE ? SQLITE_OK : db_error(db);
        c->found = true;
        read_outcome(s, &c->outcome);
        return SQLITE_OK;
}

static void load_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->loaded(c->id, c->found ? &c->outcome : NULL, agent_db_problem(code), c->userdata);
}

void agent_ledger_load(AgentLedger *l, const char *id, LedgerLoaded done, void *userdata) {
        Call *c = call_new(l, id, load_run, load_done);

        c->loaded = done;
        c->userdata = userdata;
        c->task.read_only = true;
        agent_db_submit(l->db, &c->task);
}

AgentLedger *agent_ledger_new(AgentDb *db) {
        AgentLedger *l = g_new0(AgentLedger, 1);

        l->db = db;
        if (getrandom(&l->process, sizeof(l->process), 0) != sizeof(l->process))
                g_error("getrandom() has nothing to give");
        agent_db_submit(db, &call_new(l, NULL, prune_run, forget_done)->task);
        return l;
}

AgentLedger *agent_ledger_free(AgentLedger *l) {
        g_free(l);
        return NULL;
}
