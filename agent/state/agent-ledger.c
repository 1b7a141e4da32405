/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which command ids this agent has ever taken, and what became of them.  One row per id. A row without a
 * state belongs to the process whose number it carries: it is running as long as that process lives, and
 * interrupted for every later one. */
#include "agent-ledger.h"

#include <sys/random.h>

#include "db-row.h"
#include "limits.h"

#define PRUNE_EVERY 256 /* acknowledgements */

/* With the number of this process as ?2. What an earlier process was doing is interrupted, unless it was a script or a
 * rotation of keys, of which more can be known (scripts.h, rotations.h). */
#define HAS_ENDED                                                 \
        "(state IS NOT NULL OR (process <> ?2 AND script = 0 AND" \
        "  id NOT IN (SELECT id FROM rotations WHERE state IS NULL)))"

struct AgentLedger {
        AgentDb *db;
        int64_t process;
        Backlog backlog;
        unsigned acks; /* since the last pruning */
};

/* Any of the calls. */
typedef struct Call {
        AgentDbCall base;
        AgentLedger *ledger; /* NULL where it is not asked for */
        char *id, *command, *target;
        uint64_t now_usec;
        LedgerVerdict verdict;
        LedgerOutcome outcome;
        bool local; /* the server does not know of it: as if it had acknowledged it from the start */
        const char *problem; /* static: why it could not be written down */
        bool found;
        unsigned waiting; /* for the server, after this */
        bool counted;
        GPtrArray *ids;

        LedgerTaken taken;
        LedgerStored stored;
        LedgerIds listed;
        LedgerLoaded loaded;
        void (*lost)(const char *problem, void *userdata);
} Call;

LedgerOutcome ledger_outcome_copy(const LedgerOutcome *o) {
        return (LedgerOutcome){ o->state, g_strdup(o->result), o->output_bytes, g_strdup(o->error) };
}

void ledger_outcome_clear(LedgerOutcome *o) {
        g_free(o->result);
        g_free(o->error);
        *o = (LedgerOutcome){};
}

static Call *call_new(AgentLedger *l, const char *id, int (*run)(DbThread *, DbTask *),
                      void (*done)(DbTask *, int), void *userdata) {
        Call *c = agent_db_call_new(sizeof(Call), run, done, userdata);

        c->ledger = l;
        c->id = g_strdup(id);
        return c;
}

static void call_free(Call *c) {
        g_free(c->id);
        g_free(c->command);
        g_free(c->target);
        ledger_outcome_clear(&c->outcome);
        if (c->ids)
                g_ptr_array_unref(c->ids);
        g_free(c);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

/* As far as the bound. */
static int count_waiting(DbThread *db, Call *c) {
        uint64_t waiting;
        Binder b;
        int r;

        if (!binder_open(&b, db, "SELECT count(*) FROM (SELECT 1 FROM commands WHERE acked = 0 LIMIT ?)"))
                return db_error(db);
        bind_number(&b, AGENT_OUTCOMES_MAX);
        r = read_single(&b, 0, &waiting);
        if (r == SQLITE_OK)
                c->waiting = (unsigned) waiting;
        c->counted = r == SQLITE_OK;
        return r;
}

static void note_waiting(const Call *c, int code) {
        if (code == SQLITE_OK && c->counted)
                backlog_set(&c->ledger->backlog, c->waiting);
}

/* The columns of every SELECT of an outcome. */
#define OUTCOME_COLUMNS "state, result, error, command, target, output_bytes"

static void read_outcome(RowReader *row, LedgerOutcome *ret) {
        g_autofree char *state = read_text(row), *result = read_text(row), *error = read_text(row),
                        *command = read_text(row), *target = read_text(row);

        ledger_outcome_clear(ret); /* it may be the second time */
        *ret = (LedgerOutcome){ .output_bytes = read_number(row) };
        if (command_state_from_string(state ?: "", &ret->state)) {
                ret->result = g_steal_pointer(&result);
                ret->error = g_steal_pointer(&error);
                return;
        }
        ret->state = COMMAND_INTERRUPTED;
        ret->output_bytes = 0;
        ret->error = g_strdup_printf("The agent stopped in the middle of %s%s%s; how far it got is unknown",
                                     command, target ? " " : "", target ?: "");
}

/* Sets verdict and outcome, where the id is there. */
static int look_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        Binder b;
        RowReader row;
        bool found;
        int r;

        if (!binder_open(&b, db,
                         "SELECT NOT " HAS_ENDED ", " OUTCOME_COLUMNS " FROM commands WHERE id = ?1"))
                return db_error(db);
        bind_text(&b, c->id);
        bind_number(&b, (uint64_t) c->ledger->process);
        r = read_row(&b, &row, &found);
        if (r != SQLITE_OK || !found)
                return r;
        c->verdict = read_number(&row) ? LEDGER_RUNNING : LEDGER_FINISHED;
        if (c->verdict == LEDGER_FINISHED)
                read_outcome(&row, &c->outcome);
        return SQLITE_OK;
}

static void call_taken(Call *c, const char *problem) {
        c->taken(c->id, c->verdict, c->verdict == LEDGER_FINISHED ? &c->outcome : NULL, problem,
                 c->base.userdata);
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

        note_waiting(c, code);
        if (code == SQLITE_OK) {
                call_taken(c, NULL);
                call_free(c);
                return;
        }
        c->problem = agent_db_problem(code);
        c->verdict = LEDGER_FAILED;
        c->base.task = (DbTask){ .run = look_run, .done = look_done, .read_only = true };
        agent_db_submit(c->ledger->db, &c->base.task);
}

/* Before the INSERT. *ret_room: there may be one. An id that is there already is known in any case. */
static int look_for_room(DbThread *db, Call *c, bool *ret_room) {
        int r = count_waiting(db, c);

        *ret_room = c->waiting < AGENT_OUTCOMES_MAX;
        if (r != SQLITE_OK || *ret_room)
                return r;
        c->verdict = LEDGER_FULL;
        return look_run(db, &c->base.task);
}

/* After an INSERT that does nothing where the id is there. */
static int inserted(DbThread *db, Call *c, Binder *b) {
        int r = bound_finish(b);

        if (r != SQLITE_OK)
                return r;
        if (!db_changes(db))
                return look_run(db, &c->base.task);
        c->waiting++;
        return SQLITE_OK;
}

static int take_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        bool room = true;
        Binder b;
        int r = c->local ? SQLITE_OK : look_for_room(db, c, &room);

        if (r != SQLITE_OK || !room)
                return r;
        if (!binder_open(&b, db,
                         "INSERT INTO commands (id, command, target, process, received, acked)"
                         "  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"))
                return db_error(db);
        bind_text(&b, c->id);
        bind_text(&b, c->command);
        bind_text(&b, c->target);
        bind_number(&b, (uint64_t) c->ledger->process);
        bind_number(&b, c->now_usec);
        bind_number(&b, c->local);
        c->verdict = LEDGER_NEW;
        return inserted(db, c, &b);
}

static Call *take_new(AgentLedger *l, const char *id, int (*run)(DbThread *, DbTask *), uint64_t now_usec,
                      LedgerTaken done, void *userdata) {
        Call *c = call_new(l, id, run, take_done, userdata);

        c->now_usec = now_usec;
        c->taken = done;
        c->base.task.one_statement = true;
        return c;
}

static void take(AgentLedger *l, const char *id, const char *command, const char *target, bool local,
                 uint64_t now_usec, LedgerTaken done, void *userdata) {
        Call *c = take_new(l, id, take_run, now_usec, done, userdata);

        c->command = g_strdup(command);
        c->target = g_strdup(target);
        c->local = local;
        agent_db_submit(l->db, &c->base.task);
}

void agent_ledger_take(AgentLedger *l, const char *id, const char *command, const char *target,
                       uint64_t now_usec, LedgerTaken done, void *userdata) {
        take(l, id, command, target, false, now_usec, done, userdata);
}

void agent_ledger_take_local(AgentLedger *l, const char *id, const char *command, const char *target,
                             uint64_t now_usec, LedgerTaken done, void *userdata) {
        take(l, id, command, target, true, now_usec, done, userdata);
}

static int forbid_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        bool room;
        Binder b;
        int r = look_for_room(db, c, &room);

        if (r != SQLITE_OK || !room)
                return r;
        if (!binder_open(&b, db,
                         "INSERT INTO commands (id, command, process, received, finished, state, result, error)"
                         "  VALUES (?1, '', ?2, ?3, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING"))
                return db_error(db);
        bind_text(&b, c->id);
        bind_number(&b, (uint64_t) c->ledger->process);
        bind_number(&b, c->now_usec);
        bind_text(&b, command_state_to_string(c->outcome.state));
        bind_text(&b, c->outcome.result);
        bind_text(&b, c->outcome.error);
        c->verdict = LEDGER_FINISHED;
        return inserted(db, c, &b);
}

void agent_ledger_forbid(AgentLedger *l, const char *id, const LedgerOutcome *outcome, uint64_t now_usec,
                         LedgerTaken done, void *userdata) {
        Call *c = take_new(l, id, forbid_run, now_usec, done, userdata);

        c->outcome = ledger_outcome_copy(outcome);
        agent_db_submit(l->db, &c->base.task);
}

int agent_ledger_settle(DbThread *db, const char *id, const LedgerOutcome *outcome, uint64_t now_usec) {
        Binder b;

        if (!binder_open(&b, db,
                         "UPDATE commands SET state = ?, result = ?, error = ?, finished = ?,"
                         "  output_bytes = ? WHERE id = ? AND state IS NULL"))
                return db_error(db);
        bind_text(&b, command_state_to_string(outcome->state));
        bind_text(&b, outcome->result);
        bind_text(&b, outcome->error);
        bind_number(&b, now_usec);
        bind_number(&b, outcome->output_bytes);
        bind_text(&b, id);
        return bound_finish(&b);
}

static int finish_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;

        return agent_ledger_settle(db, c->id, &c->outcome, c->now_usec);
}

static void finish_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->stored(c->id, agent_db_problem(code), c->base.userdata);
}

void agent_ledger_finish(AgentDb *db, const char *id, const LedgerOutcome *outcome, uint64_t now_usec,
                         LedgerStored done, void *userdata) {
        Call *c = call_new(NULL, id, finish_run, finish_done, userdata);

        c->outcome = ledger_outcome_copy(outcome);
        c->now_usec = now_usec;
        c->stored = done;
        c->base.task.one_statement = true;
        agent_db_submit(db, &c->base.task);
}

static int acked_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        Binder b;
        int r;

        if (!binder_open(&b, db, "UPDATE commands SET acked = 1 WHERE id = ?1 AND " HAS_ENDED))
                return db_error(db);
        bind_text(&b, c->id);
        bind_number(&b, (uint64_t) c->ledger->process);
        r = bound_finish(&b);
        return r == SQLITE_OK ? count_waiting(db, c) : r;
}

static int run_with_limit(DbThread *db, const char *sql, uint64_t limit) {
        Binder b;

        if (!binder_open(&b, db, sql))
                return db_error(db);
        bind_number(&b, limit);
        return bound_finish(&b);
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
        g_autoptr(Call) c = (Call *) task;

        note_waiting(c, code);
        if (code != SQLITE_OK && c->lost)
                c->lost(agent_db_problem(code), c->base.userdata);
}

void agent_ledger_acked(AgentLedger *l, const char *id, void (*lost)(const char *problem, void *userdata),
                        void *userdata) {
        Call *c = call_new(l, id, acked_run, forget_done, userdata);

        c->lost = lost;
        c->base.task.one_statement = true;
        agent_db_submit(l->db, &c->base.task);
        if (++l->acks < PRUNE_EVERY)
                return;
        l->acks = 0;
        agent_db_submit(l->db, &call_new(l, NULL, prune_run, forget_done, NULL)->base.task);
}

static int unacked_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        Binder b;

        if (!binder_open(&b, db,
                         "SELECT id FROM commands WHERE acked = 0 AND " HAS_ENDED
                         "  ORDER BY finished, seq"))
                return db_error(db);
        bind_text(&b, NULL);
        bind_number(&b, (uint64_t) c->ledger->process);
        return read_rows(&b, add_texts, c->ids);
}

static void unacked_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        g_ptr_array_add(c->ids, NULL);
        c->listed((char **) c->ids->pdata, agent_db_problem(code), c->base.userdata);
}

void agent_ledger_unacked(AgentLedger *l, LedgerIds done, void *userdata) {
        Call *c = call_new(l, NULL, unacked_run, unacked_done, userdata);

        c->ids = g_ptr_array_new_with_free_func(g_free);
        c->listed = done;
        c->base.task.read_only = true;
        agent_db_submit(l->db, &c->base.task);
}

static int load_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        Binder b;
        RowReader row;
        int r;

        if (!binder_open(&b, db,
                         "SELECT " OUTCOME_COLUMNS
                         " FROM commands WHERE id = ?1 AND acked = 0 AND " HAS_ENDED))
                return db_error(db);
        bind_text(&b, c->id);
        bind_number(&b, (uint64_t) c->ledger->process);
        r = read_row(&b, &row, &c->found);
        if (r == SQLITE_OK && c->found)
                read_outcome(&row, &c->outcome);
        return r;
}

static void load_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->loaded(c->id, c->found ? &c->outcome : NULL, agent_db_problem(code), c->base.userdata);
}

void agent_ledger_load(AgentLedger *l, const char *id, LedgerLoaded done, void *userdata) {
        Call *c = call_new(l, id, load_run, load_done, userdata);

        c->loaded = done;
        c->base.task.read_only = true;
        agent_db_submit(l->db, &c->base.task);
}

static int count_run(DbThread *db, DbTask *task) {
        return count_waiting(db, (Call *) task);
}

AgentLedger *agent_ledger_new(AgentDb *db, void (*changed)(bool crossed, void *userdata), void *userdata) {
        AgentLedger *l = g_new0(AgentLedger, 1);
        Call *count = call_new(l, NULL, count_run, forget_done, NULL);

        l->db = db;
        l->backlog = (Backlog){ .what = "outcomes of commands",
                                .consequence = "no command is taken up",
                                .max = AGENT_OUTCOMES_MAX,
                                .changed = changed,
                                .userdata = userdata };
        count->base.task.read_only = true;
        agent_db_submit(db, &count->base.task);
        if (getrandom(&l->process, sizeof(l->process), 0) != sizeof(l->process))
                g_error("getrandom() has nothing to give");
        agent_db_submit(db, &call_new(l, NULL, prune_run, forget_done, NULL)->base.task);
        return l;
}

AgentLedger *agent_ledger_free(AgentLedger *l) {
        g_free(l);
        return NULL;
}

const Backlog *agent_ledger_backlog(const AgentLedger *l) {
        return &l->backlog;
}
