/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One call of the store on its way to the database thread and back, with a copy of its arguments. */
#pragma once

#include <stddef.h>

#include "dbthread.h"
#include "store.h"

typedef struct SqliteStore {
        Loop *loop;
        DbThread *db;
} SqliteStore;

typedef struct StoreTask {
        DbTask db;
        StoreStatus status; /* run() sets STORE_CONFLICT where SQLite itself has no objection */
        GPtrArray *rows;    /* what run() has read */
        GBytes *bytes;      /* one more argument, or NULL */
        StoreDone done;
        StoreRows rows_done;
        void *userdata;
        max_align_t args[]; /* copy of the struct that was given, and behind it of its strings */
} StoreTask;

/* A struct of arguments, and where in it the strings (char*, may be NULL) are. */
typedef struct ArgsLayout {
        size_t size;
        unsigned n_strings;
        size_t strings[9];
} ArgsLayout;

extern const ArgsLayout layout_of_string; /* of a single char* */

typedef int (*StoreRun)(DbThread *db, DbTask *task);

/* A call that writes with one statement (see dbthread.h; set task->db.one_statement to false where it takes
 * more). The arguments are copied. */
StoreTask *store_write_new(StoreRun run, const ArgsLayout *layout, const void *args);
void store_write_submit(SqliteStore *s, StoreTask *t, StoreDone done, void *userdata);

/* A write that a power cut may undo, and the end of the process not: it costs no fsync of its own. */
void store_write_lazily(SqliteStore *s, StoreTask *t);

/* A call that reads; row_free is for what run() puts into rows. layout and args may be NULL. */
StoreTask *store_read_new(StoreRun run, GDestroyNotify row_free, const ArgsLayout *layout, const void *args);
void store_read_submit(SqliteStore *s, StoreTask *t, StoreRows done, void *userdata);
