/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values into an SQLite statement and out of its rows, one after the other. */
#pragma once

#include "dbthread.h"

typedef struct Binder {
        sqlite3_stmt *statement;
        int last;
} Binder;

/* False: run() is to return db_error(db). */
bool binder_open(Binder *ret, DbThread *db, const char *sql);

/* Text and bytes are borrowed until run() returns. A NULL text is NULL. */
void bind_text(Binder *b, const char *text);
void bind_number(Binder *b, uint64_t n);
void bind_bytes(Binder *b, const void *data, size_t size);

/* Steps to the end: SQLITE_OK, or the extended code of the failure. */
int bound_finish(Binder *b);

typedef struct RowReader {
        sqlite3_stmt *statement;
        int next;
} RowReader;

char *read_text(RowReader *r);       /* new string; NULL for NULL */
const char *peek_text(RowReader *r); /* borrowed until the next row; NULL for NULL */
uint64_t read_number(RowReader *r);
const void *read_bytes(RowReader *r, size_t *ret_size); /* borrowed until the next row */

/* Of a statement that gives one row at most. *ret_found: it gave it, and ret_row reads it. Returns an SQLite code. */
int read_row(Binder *b, RowReader *ret_row, bool *ret_found);

/* Of a statement that gives exactly one row of one number, where null stands for NULL. Returns an SQLite code. */
int read_single(Binder *b, uint64_t null, uint64_t *ret);

/* Steps to the end and calls for each row, which adds what it makes of it to rows. A row that the handler finds
 * unreadable is SQLITE_CORRUPT. */
typedef bool (*RowHandler)(RowReader *r, GPtrArray *rows);
int read_rows(Binder *b, RowHandler handler, GPtrArray *rows);

/* A handler: adds the text of each column. */
bool add_texts(RowReader *r, GPtrArray *texts);
