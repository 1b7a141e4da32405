/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values into an SQLite statement and out of its rows. Binding fails only for a position that the statement does
 * not have, or for more bytes than SQLite takes (1 GB): mistakes of ours. */
#include "db-row.h"

bool binder_open(Binder *ret, DbThread *db, const char *sql) {
        sqlite3_stmt *s = db_statement(db, sql);

        if (!s)
                return false;
        *ret = (Binder){ .statement = s };
        return true;
}

void bind_text(Binder *b, const char *text) {
        int r = sqlite3_bind_text(b->statement, ++b->last, text, -1, SQLITE_STATIC);

        g_assert(r == SQLITE_OK);
}

void bind_number(Binder *b, uint64_t n) {
        int r = sqlite3_bind_int64(b->statement, ++b->last, (sqlite3_int64) n);

        g_assert(r == SQLITE_OK);
}

void bind_bytes(Binder *b, const void *data, size_t size) {
        /* A NULL pointer would bind NULL, where no bytes are meant. */
        int r = sqlite3_bind_blob64(b->statement, ++b->last, data ?: "", size, SQLITE_STATIC);

        g_assert(r == SQLITE_OK);
}

int bound_finish(Binder *b) {
        return db_finish(b->statement);
}

const char *peek_text(RowReader *r) {
        return (const char *) sqlite3_column_text(r->statement, r->next++);
}

char *read_text(RowReader *r) {
        return g_strdup(peek_text(r));
}

uint64_t read_number(RowReader *r) {
        return (uint64_t) sqlite3_column_int64(r->statement, r->next++);
}

const void *read_bytes(RowReader *r, size_t *ret_size) {
        int column = r->next++;
        const void *data = sqlite3_column_blob(r->statement, column);

        *ret_size = (size_t) sqlite3_column_bytes(r->statement, column);
        return data;
}

int read_row(Binder *b, RowReader *ret_row, bool *ret_found) {
        int r = sqlite3_step(b->statement);

        if (r != SQLITE_ROW && r != SQLITE_DONE)
                return r;
        *ret_row = (RowReader){ .statement = b->statement };
        *ret_found = r == SQLITE_ROW;
        return SQLITE_OK;
}

int read_single(Binder *b, uint64_t null, uint64_t *ret) {
        RowReader row = {};
        bool found = false;
        int r = read_row(b, &row, &found);

        if (r != SQLITE_OK)
                return r;
        if (!found)
                return SQLITE_ERROR;
        *ret = sqlite3_column_type(b->statement, 0) == SQLITE_NULL ? null : read_number(&row);
        return SQLITE_OK;
}

int read_rows(Binder *b, RowHandler handler, GPtrArray *rows) {
        int r;

        g_ptr_array_set_size(rows, 0); /* it may be the second time */
        while ((r = sqlite3_step(b->statement)) == SQLITE_ROW) {
                RowReader reader = { .statement = b->statement };

                if (!handler(&reader, rows))
                        return SQLITE_CORRUPT;
        }
        return r == SQLITE_DONE ? SQLITE_OK : r;
}

bool add_texts(RowReader *r, GPtrArray *texts) {
        while (r->next < sqlite3_column_count(r->statement))
                g_ptr_array_add(texts, read_text(r));
        return true;
}
