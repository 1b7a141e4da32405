/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands in SQLite: one row each, inserted once and then only moved on. */
#include "command-row.h"
#include "db-row.h"
#include "store-sql.h"
#include "store-sqlite.h"
#include "store-task.h"

static const ArgsLayout layout_of_command = {
        .size = sizeof(CommandRecord),
        .n_strings = 9,
        .strings = { offsetof(CommandRecord, id), offsetof(CommandRecord, client),
                     offsetof(CommandRecord, command), offsetof(CommandRecord, container),
                     offsetof(CommandRecord, batch), offsetof(CommandRecord, params),
                     offsetof(CommandRecord, result), offsetof(CommandRecord, error),
                     offsetof(CommandRecord, schedule) },
};

static int run_submit(DbThread *db, DbTask *task) {
        const CommandRecord *r = (void *) ((StoreTask *) task)->args;
        Binder b;

        if (!binder_open(&b, db, sql_submit_command))
                return db_error(db);
        bind_text(&b, r->id);
        bind_text(&b, r->client);
        bind_text(&b, r->command);
        bind_text(&b, r->container);
        bind_text(&b, r->batch);
        bind_text(&b, command_state_to_string(r->state));
        bind_number(&b, r->requested);
        bind_number(&b, r->sent);
        bind_number(&b, r->started);
        bind_number(&b, r->finished);
        bind_number(&b, r->expires);
        bind_number(&b, r->timeout);
        bind_number(&b, r->caller_uid);
        bind_text(&b, r->error);
        bind_text(&b, r->params);
        bind_text(&b, r->result);
        bind_number(&b, command_phase(r->state));
        bind_text(&b, r->schedule ?: "");
        return bound_finish(&b);
}

void sqlite_submit_command(void *engine, const CommandRecord *r, StoreDone done, void *userdata) {
        store_write_submit(engine, store_write_new(run_submit, &layout_of_command, r), done, userdata);
}

/* What is left of the places stays NULL, which equals nothing. */
static void bind_former_states(Binder *b, CommandState state) {
        int end = b->last + SQL_ADVANCE_FROM_MAX;

        for (CommandState from = 0; from < _COMMAND_STATE_MAX; from++)
                if (command_state_may_follow(from, state)) {
                        g_assert(b->last < end);
                        bind_text(b, command_state_to_string(from));
                }
}

static int run_advance(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        const CommandRecord *record = (void *) t->args;
        Binder b;
        int r;

        if (!binder_open(&b, db, sql_advance_command))
                return db_error(db);
        bind_text(&b, command_state_to_string(record->state));
        bind_number(&b, record->sent);
        bind_number(&b, record->started);
        bind_number(&b, record->finished);
        bind_text(&b, record->error);
        bind_text(&b, record->result);
        bind_text(&b, record->id);
        bind_former_states(&b, record->state);
        r = bound_finish(&b);
        if (r == SQLITE_OK && !db_changes(db))
                t->status = STORE_CONFLICT;
        return r;
}

void sqlite_advance_command(void *engine, const CommandRecord *r, StoreDone done, void *userdata) {
        store_write_submit(engine, store_write_new(run_advance, &layout_of_command, r), done, userdata);
}

static int run_cancel(DbThread *db, DbTask *task) {
        char *const *id = (void *) ((StoreTask *) task)->args;
        Binder b;

        if (!binder_open(&b, db, sql_cancel_command))
                return db_error(db);
        bind_text(&b, *id);
        return bound_finish(&b);
}

void sqlite_cancel_command(void *engine, const char *id, StoreDone done, void *userdata) {
        store_write_submit(engine, store_write_new(run_cancel, &layout_of_string, &id), done, userdata);
}

static int run_settle(DbThread *db, DbTask *task) {
        const CommandRecord *r = (void *) ((StoreTask *) task)->args;
        Binder b;

        if (!binder_open(&b, db, sql_settle_command))
                return db_error(db);
        bind_number(&b, command_phase(r->state));
        bind_text(&b, r->id);
        return bound_finish(&b);
}

void sqlite_settle_command(void *engine, const char *id, CommandState state) {
        const CommandRecord r = { .id = (char *) id, .state = state };

        store_write_lazily(engine, store_write_new(run_settle, &layout_of_command, &r));
}

static int run_get(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        char *const *id = (void *) t->args;
        Binder b;

        if (!binder_open(&b, db, sql_get_command))
                return db_error(db);
        bind_text(&b, *id);
        return read_rows(&b, command_row, t->rows);
}

void sqlite_get_command(void *engine, const char *id, StoreRows done, void *userdata) {
        store_read_submit(engine, command_read_new(run_get, &layout_of_string, &id), done, userdata);
}

static int run_open(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        Binder b;

        if (!binder_open(&b, db, sql_open_commands))
                return db_error(db);
        return read_rows(&b, command_row, t->rows);
}

void sqlite_open_commands(void *engine, StoreRows done, void *userdata) {
        store_read_submit(engine, command_read_new(run_open, NULL, NULL), done, userdata);
}
