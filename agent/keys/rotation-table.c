/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations of session keys in the agent's database. */
#include "rotation-table.h"

#include "db-row.h"
#include "limits.h"

static const char *const ends[] = {
        [ROTATION_ROTATED] = "rotated",
        [ROTATION_NOTHING] = "nothing",
        [ROTATION_UNKNOWN] = "unknown",
};

/* Any of the calls. */
typedef struct Call {
        AgentDbCall base;
        RotationIntent *intent;
        char *container;
        RotationEnd end;
        char *session_key, *message;
        bool has_outcome, recorded;
        LedgerOutcome outcome;
        uint64_t usec;
        GPtrArray *intents;
        GPtrArray *pairs; /* container, its keys, the next container, … */

        RotationWritten written;
        RotationEnded ended;
        RotationLast last;
        RotationsListed listed;
        RotationKeys keys;
} Call;

RotationIntent *rotation_intent_copy(const RotationIntent *i) {
        RotationIntent *copy = g_new(RotationIntent, 1);

        *copy = (RotationIntent){ g_strdup(i->id),          g_strdup(i->container), g_strdup(i->keystore),
                                  g_strdup(i->before),      i->started_usec,        g_strdup(i->boot),
                                  i->started_monotonic_usec };
        return copy;
}

RotationIntent *rotation_intent_free(RotationIntent *i) {
        if (!i)
                return NULL;
        g_free(i->id);
        g_free(i->container);
        g_free(i->keystore);
        g_free(i->before);
        g_free(i->boot);
        g_free(i);
        return NULL;
}

static void free_intent(void *p) {
        (void) rotation_intent_free(p);
}

static void call_free(Call *c) {
        (void) rotation_intent_free(c->intent);
        g_free(c->container);
        g_free(c->session_key);
        g_free(c->message);
        ledger_outcome_clear(&c->outcome);
        if (c->intents)
                g_ptr_array_unref(c->intents);
        if (c->pairs)
                g_ptr_array_unref(c->pairs);
        g_free(c);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

static void write_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->written(agent_db_problem(code), c->base.userdata);
}

static int begin_run(DbThread *db, DbTask *task) {
        const RotationIntent *i = ((Call *) task)->intent;
        Binder b;

        if (!binder_open(&b, db,
                         "INSERT INTO rotations (id, container, keystore, before, started, boot, started_in_boot)"
                         "  VALUES (?, ?, ?, ?, ?, ?, ?)"))
                return db_error(db);
        bind_text(&b, i->id);
        bind_text(&b, i->container);
        bind_text(&b, i->keystore);
        bind_text(&b, i->before);
        bind_number(&b, i->started_usec);
        bind_text(&b, i->boot);
        bind_number(&b, i->started_monotonic_usec);
        return bound_finish(&b);
}

void rotation_table_begin(AgentDb *db, const RotationIntent *intent, RotationWritten done, void *userdata) {
        Call *c = agent_db_call_new(sizeof(Call), begin_run, write_done, userdata);

        c->intent = rotation_intent_copy(intent);
        c->written = done;
        c->base.task.one_statement = true;
        agent_db_submit(db, &c->base.task);
}

/* What is over needs no list of names any more. */
static int end_row(DbThread *db, const Call *c) {
        Binder b;

        if (!binder_open(&b, db,
                         "UPDATE rotations SET state = ?, session_key = ?, finished = ?, before = ''"
                         "  WHERE id = ? AND state IS NULL"))
                return db_error(db);
        bind_text(&b, ends[c->end]);
        bind_text(&b, c->session_key);
        bind_number(&b, c->usec);
        bind_text(&b, c->intent->id);
        return bound_finish(&b);
}

static int forget_old(DbThread *db) {
        Binder b;

        if (!binder_open(&b, db,
                         "DELETE FROM rotations WHERE state IS NOT NULL AND seq <="
                         "  (SELECT seq FROM rotations ORDER BY seq DESC LIMIT 1 OFFSET ?)"))
                return db_error(db);
        bind_number(&b, ROTATIONS_KEEP);
        return bound_finish(&b);
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

        c->ended(code == SQLITE_OK && c->recorded, agent_db_problem(code), c->base.userdata);
}

void rotation_table_end(AgentDb *db, const RotationIntent *intent, const RotationEnding *ending,
                        uint64_t now_usec, RotationEnded done, void *userdata) {
        Call *c = agent_db_call_new(sizeof(Call), end_run, end_done, userdata);

        c->intent = rotation_intent_copy(intent);
        c->end = ending->end;
        c->session_key = g_strdup(ending->session_key);
        c->message = g_strdup(ending->message);
        c->has_outcome = ending->outcome != NULL;
        if (ending->outcome)
                c->outcome = ledger_outcome_copy(ending->outcome);
        c->usec = now_usec;
        c->ended = done;
        agent_db_submit(db, &c->base.task);
}

static int last_run(DbThread *db, DbTask *task) {
        Call *c = (Call *) task;
        Binder b;

        if (!binder_open(&b, db,
                         "SELECT max(started) FROM rotations WHERE container = ?"
                         "  AND (state IS NULL OR state <> 'nothing')"))
                return db_error(db);
        bind_text(&b, c->container);
        return read_single(&b, 0, &c->usec);
}

static void last_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->last(c->usec, agent_db_problem(code), c->base.userdata);
}

void rotation_table_last(AgentDb *db, const char *container, RotationLast done, void *userdata) {
        Call *c = agent_db_call_new(sizeof(Call), last_run, last_done, userdata);

        c->container = g_strdup(container);
        c->last = done;
        c->base.task.read_only = true;
        agent_db_submit(db, &c->base.task);
}

static bool add_intent(RowReader *r, GPtrArray *intents) {
        RotationIntent *i = g_new0(RotationIntent, 1);

        i->id = read_text(r);
        i->container = read_text(r);
        i->keystore = read_text(r);
        i->before = read_text(r);
        i->started_usec = read_number(r);
        i->boot = read_text(r);
        i->started_monotonic_usec = read_number(r);
        g_ptr_array_add(intents, i);
        return true;
}

static int list_run(DbThread *db, DbTask *task) {
        Binder b;

        if (!binder_open(&b, db,
                         "SELECT id, container, keystore, before, started, boot, started_in_boot FROM rotations"
                         "  WHERE state IS NULL ORDER BY seq"))
                return db_error(db);
        return read_rows(&b, add_intent, ((Call *) task)->intents);
}

static void list_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->listed(c->intents, agent_db_problem(code), c->base.userdata);
}

void rotation_table_list(AgentDb *db, RotationsListed done, void *userdata) {
        Call *c = agent_db_call_new(sizeof(Call), list_run, list_done, userdata);

        c->intents = g_ptr_array_new_with_free_func(free_intent);
        c->listed = done;
        c->base.task.read_only = true;
        agent_db_submit(db, &c->base.task);
}

static int keys_run(DbThread *db, DbTask *task) {
        Binder b;

        if (!binder_open(&b, db,
                         "SELECT container, session_key FROM rotations WHERE seq IN"
                         "  (SELECT max(seq) FROM rotations WHERE state = 'rotated' GROUP BY container)"))
                return db_error(db);
        return read_rows(&b, add_texts, ((Call *) task)->pairs);
}

static void keys_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;
        g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);

        for (guint i = 0; i + 1 < c->pairs->len; i += 2)
                g_hash_table_insert(keys, c->pairs->pdata[i], c->pairs->pdata[i + 1]);
        c->keys(keys, agent_db_problem(code), c->base.userdata);
}

void rotation_table_keys(AgentDb *db, RotationKeys done, void *userdata) {
        Call *c = agent_db_call_new(sizeof(Call), keys_run, keys_done, userdata);

        c->pairs = g_ptr_array_new_with_free_func(g_free);
        c->keys = done;
        c->base.task.read_only = true;
        agent_db_submit(db, &c->base.task);
}
