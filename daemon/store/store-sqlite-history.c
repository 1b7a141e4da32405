/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of commands, newest first, in SQLite: a statement for the filters that are set and no others, so that
 * each finds its index however long the history is. */
#include "command-row.h"
#include "limits.h"
#include "store-sql.h"
#include "store-sqlite.h"

static const ArgsLayout layout_of_filter = {
        .size = sizeof(CommandFilter),
        .n_strings = 3,
        .strings = { offsetof(CommandFilter, client), offsetof(CommandFilter, command),
                     offsetof(CommandFilter, batch) },
};

/* No index has a state in it, as it changes. These two have the few that are looked for. */
static const char *index_of_state(int state) {
        if (state == COMMAND_FILTER_OPEN || (state >= 0 && !command_state_is_final((CommandState) state)))
                return " AND " SQL_IS_OPEN;
        if (state >= 0 && state != COMMAND_SUCCEEDED)
                return " AND " SQL_IS_UNSUCCESSFUL;
        return "";
}

static const char *list_sql(const CommandFilter *f) {
        g_autoptr(GString) sql = g_string_new(SQL_LIST_COMMANDS "requested >= $1 AND requested <= $2");
        unsigned n = 2; /* the latest $n */

        if (f->client)
                g_string_append_printf(sql, " AND client = $%u", ++n);
        if (f->command)
                g_string_append_printf(sql, " AND command = $%u", ++n);
        if (f->batch)
                g_string_append_printf(sql, " AND " SQL_IN_BATCH " AND batch = $%u", ++n);
        g_string_append(sql, index_of_state(f->state));
        if (f->state >= 0)
                g_string_append_printf(sql, " AND state = $%u", ++n);
        g_string_append_printf(sql, " ORDER BY requested DESC, id DESC LIMIT $%u", ++n);
        /* db_statement() knows texts by their address. There are a few dozen. */
        return g_intern_string(sql->str);
}

static void bind_filter(Binder *b, const CommandFilter *f) {
        bind_number(b, MIN(f->since, (uint64_t) INT64_MAX));
        bind_number(b, f->until ? MIN(f->until, (uint64_t) INT64_MAX) : INT64_MAX);
        if (f->client)
                bind_text(b, f->client);
        if (f->command)
                bind_text(b, f->command);
        if (f->batch)
                bind_text(b, f->batch);
        if (f->state >= 0)
                bind_text(b, command_state_to_string((CommandState) f->state));
        bind_number(b, f->limit ? MIN(f->limit, LIST_COMMANDS_MAX) : LIST_COMMANDS_DEFAULT);
}

static int run_list(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        const CommandFilter *f = (void *) t->args;
        Binder b;

        if (!binder_open(&b, db, list_sql(f)))
                return db_error(db);
        bind_filter(&b, f);
        return read_rows(&b, command_row, t->rows);
}

void sqlite_list_commands(void *engine, const CommandFilter *f, StoreRows done, void *userdata) {
        store_read_submit(engine, command_read_new(run_list, &layout_of_filter, f), done, userdata);
}
