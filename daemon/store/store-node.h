/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of what nodes have reported: by client and container, either of them open. */
#pragma once

#include "db-row.h"
#include "store-task.h"

/* Runs sql (two names that may be NULL, a limit) and gives each row to handler. */
typedef struct NodeList {
        const char *sql;
        RowHandler handler;
        GDestroyNotify row_free;
} NodeList;

void store_list_nodes(void *engine, const NodeList *list, const char *client, const char *container,
                      unsigned limit, StoreRows done, void *userdata);

/* UPDATE … WHERE client = $1 AND id = $2 */
int store_settle(DbThread *db, const char *sql, const char *client, const char *id);

/* For an INSERT that has run with code r: where it did not insert, STORE_CONFLICT, or STORE_UNSETTLED by what
 * SELECT settled … WHERE client = $1 AND id = $2 says. */
int store_inserted(DbThread *db, StoreTask *t, int r, const char *sql, const char *client, const char *id);
