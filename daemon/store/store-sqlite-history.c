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

typedef struct ListSql {
        GString *text;
        unsigned last; /* $last is the latest parameter */
        bool indexed;  /* a condition has an index already */
} ListSql;

/* Conditions come in the order of how much they leave out, and only the first may use its index: the planner,
 * which has no statistics, would as soon take any other. An expression in place of a column keeps it from that. */
static void add_condition(ListSql *sql, const char *column, const char *expression) {
        g_string_append_printf(sql->text, " AND %s = $%u", sql->indexed ? expression : column, ++sql->last);
        sql->indexed = true;
}

static bool has_phase(const CommandFilter *f) {
        return f->state == COMMAND_FILTER_OPEN || f->state >= 0;
}

static unsigned phase_of(const CommandFilter *f) {
        return f->state == COMMAND_FILTER_OPEN ? SQL_PHASE_OPEN : command_phase((CommandState) f->state);
}

static const char *list_sql(const CommandFilter *f) {
        g_autoptr(GString) text = g_string_new(SQL_LIST_COMMANDS "requested >= $1 AND requested <= $2");
        ListSql sql = { .text = text, .last = 2 };

        if (f->batch) {
                g_string_append(text, " AND batch <> ''"); /* as the index says it */
                add_condition(&sql, "batch", "batch || ''");
        }
        if (f->client)
                add_condition(&sql, "client", "client || ''");
        if (has_phase(f) && phase_of(f) != SQL_PHASE_SUCCEEDED) {
                g_string_append_printf(text, sql.indexed ? " AND phase + 0 = %u" : " AND phase = %u",
                                       phase_of(f));
                sql.indexed = true;
        }
        if (f->state == COMMAND_FILTER_OPEN)
                g_string_append(text, " AND finished = 0");
        if (f->command)
                add_condition(&sql, "command", "command || ''");
        if (f->state >= 0)
                add_condition(&sql, "state", "state");
        g_string_append_printf(text, " ORDER BY requested DESC, id DESC LIMIT $%u", sql.last + 1);
        /* db_statement() knows texts by their address. There are a few dozen. */
        return g_intern_string(text->str);
}

static void bind_filter(Binder *b, const CommandFilter *f) {
        bind_number(b, MIN(f->since, (uint64_t) INT64_MAX));
        bind_number(b, f->until ? MIN(f->until, (uint64_t) INT64_MAX) : INT64_MAX);
        if (f->batch)
                bind_text(b, f->batch);
        if (f->client)
                bind_text(b, f->client);
        if (f->command)
                bind_text(b, f->command);
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
