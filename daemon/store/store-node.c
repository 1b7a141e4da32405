/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of what nodes have reported: by client and container, either of them open. */
#include "store-node.h"

#include "limits.h"

typedef struct NodeQuery {
        const char *client, *container;
        const NodeList *list;
        unsigned limit;
} NodeQuery;

static const ArgsLayout layout_of_query = {
        .size = sizeof(NodeQuery),
        .n_strings = 2,
        .strings = { offsetof(NodeQuery, client), offsetof(NodeQuery, container) },
};

static int run_list(DbThread *db, DbTask *task) {
        StoreTask *t = (StoreTask *) task;
        const NodeQuery *q = (void *) t->args;
        Binder b;

        if (!binder_open(&b, db, q->list->sql))
                return db_error(db);
        bind_text(&b, q->client);
        bind_text(&b, q->container);
        bind_number(&b, q->limit ? MIN(q->limit, LIST_KEYS_MAX) : LIST_KEYS_MAX);
        return read_rows(&b, q->list->handler, t->rows);
}

void store_list_nodes(void *engine, const NodeList *list, const char *client, const char *container,
                      unsigned limit, StoreRows done, void *userdata) {
        const NodeQuery q = { client, container, list, limit };

        store_read_submit(engine, store_read_new(run_list, list->row_free, &layout_of_query, &q), done,
                          userdata);
}

int store_settle(DbThread *db, const char *sql, const char *client, const char *id) {
        Binder b;

        if (!binder_open(&b, db, sql))
                return db_error(db);
        bind_text(&b, client);
        bind_text(&b, id);
        return bound_finish(&b);
}

int store_inserted(DbThread *db, StoreTask *t, int r, const char *sql, const char *client, const char *id) {
        RowReader row;
        bool found;
        Binder b;

        if (r != SQLITE_OK || db_changes(db))
                return r;
        if (!binder_open(&b, db, sql))
                return db_error(db);
        bind_text(&b, client);
        bind_text(&b, id);
        r = read_row(&b, &row, &found);
        if (r == SQLITE_OK)
                t->status = found && read_number(&row) == 0 ? STORE_UNSETTLED : STORE_CONFLICT;
        return r;
}
