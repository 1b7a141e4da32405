/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands that mclient-script runs, in the ledger. */
#include "script-table.h"

#include "db-row.h"

/* Any of the calls. */
typedef struct Call {
        AgentDbCall base;
        char *id;
        GPtrArray *ids;

        ScriptWritten written;
        ScriptsListed listed;
} Call;

static void call_free(Call *c) {
        g_free(c->id);
        if (c->ids)
                g_ptr_array_unref(c->ids);
        g_free(c);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

static void write_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        c->written(agent_db_problem(code), c->base.userdata);
}

static int begin_run(DbThread *db, DbTask *task) {
        Binder b;

        if (!binder_open(&b, db, "UPDATE commands SET script = 1 WHERE id = ?"))
                return db_error(db);
        bind_text(&b, ((Call *) task)->id);
        return bound_finish(&b);
}

void script_table_begin(AgentDb *db, const char *id, ScriptWritten done, void *userdata) {
        Call *c = agent_db_call_new(sizeof(Call), begin_run, write_done, userdata);

        c->id = g_strdup(id);
        c->written = done;
        c->base.task.one_statement = true;
        agent_db_submit(db, &c->base.task);
}

static int list_run(DbThread *db, DbTask *task) {
        Binder b;

        if (!binder_open(&b, db, "SELECT id FROM commands WHERE script = 1 AND state IS NULL ORDER BY seq"))
                return db_error(db);
        return read_rows(&b, add_texts, ((Call *) task)->ids);
}

static void list_done(DbTask *task, int code) {
        g_autoptr(Call) c = (Call *) task;

        g_ptr_array_add(c->ids, NULL);
        c->listed((char **) c->ids->pdata, agent_db_problem(code), c->base.userdata);
}

void script_table_list(AgentDb *db, ScriptsListed done, void *userdata) {
        Call *c = agent_db_call_new(sizeof(Call), list_run, list_done, userdata);

        c->ids = g_ptr_array_new_with_free_func(g_free);
        c->listed = done;
        c->base.task.read_only = true;
        agent_db_submit(db, &c->base.task);
}
