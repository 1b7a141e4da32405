/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One call of the store on its way to the database thread and back. */
#include "store-task.h"

#include "limits.h"

#include <string.h>

const ArgsLayout layout_of_string = { .size = sizeof(char *), .n_strings = 1, .strings = { 0 } };

static char **string_at(const ArgsLayout *layout, const void *args, unsigned i) {
        return (char **) ((char *) args + layout->strings[i]);
}

static size_t strings_size(const ArgsLayout *layout, const void *args) {
        size_t size = 0;

        for (unsigned i = 0; i < layout->n_strings; i++) {
                const char *s = *string_at(layout, args, i);

                size += s ? strlen(s) + 1 : 0;
        }
        return size;
}

/* Text is up to 1 MiB and calls come by the ten thousand: one allocation, one copy. */
static void copy_args(StoreTask *t, const ArgsLayout *layout, const void *args) {
        char *next = (char *) t->args + layout->size;

        memcpy(t->args, args, layout->size);
        for (unsigned i = 0; i < layout->n_strings; i++) {
                char **s = string_at(layout, t->args, i);

                if (*s) {
                        char *end = stpcpy(next, *s);

                        *s = next;
                        next = end + 1;
                }
        }
}

static StoreTask *task_new(StoreRun run, const ArgsLayout *layout, const void *args) {
        size_t size = layout ? layout->size + strings_size(layout, args) : 0;
        StoreTask *t = g_malloc(sizeof(*t) + size);

        *t = (StoreTask){ .db.run = run };
        if (layout)
                copy_args(t, layout, args);
        return t;
}

static void task_free(StoreTask *t) {
        g_clear_pointer(&t->rows, g_ptr_array_unref);
        g_clear_pointer(&t->bytes, g_bytes_unref);
        g_free(t);
}

static StoreStatus status_of(const StoreTask *t, int code) {
        switch (code & 0xff) {
        case SQLITE_OK:
                return t->status;
        case SQLITE_CONSTRAINT: /* the only ones that can be broken are the keys */
                return STORE_CONFLICT;
        case SQLITE_IOERR: /* a COMMIT whose fsync failed may still be found after a crash */
                return STORE_UNKNOWN;
        default:
                return STORE_UNAVAILABLE;
        }
}

static void finish(StoreTask *t, StoreStatus status) {
        if (status != STORE_OK && t->rows)
                g_ptr_array_set_size(t->rows, 0);
        if (t->done)
                t->done(status, t->userdata);
        if (t->rows_done)
                t->rows_done(status, t->rows, t->userdata);
        task_free(t);
}

static void done(DbTask *task, int code) {
        StoreTask *t = (StoreTask *) task;

        finish(t, status_of(t, code));
}

static void refuse(void *userdata) {
        finish(userdata, STORE_UNAVAILABLE);
}

static void submit(SqliteStore *s, StoreTask *t, void *userdata) {
        t->userdata = userdata;
        t->db.done = done;
        if (!db_submit(s->db, &t->db))
                loop_defer(s->loop, refuse, t);
}

StoreTask *store_write_new(StoreRun run, const ArgsLayout *layout, const void *args) {
        StoreTask *t = task_new(run, layout, args);

        t->db.one_statement = true;
        return t;
}

void store_write_submit(SqliteStore *s, StoreTask *t, StoreDone on_done, void *userdata) {
        t->done = on_done;
        submit(s, t, userdata);
}

void store_write_lazily(SqliteStore *s, StoreTask *t) {
        t->db.lazy = true;
        submit(s, t, NULL);
}

StoreTask *store_read_new(StoreRun run, GDestroyNotify row_free, const ArgsLayout *layout,
                          const void *args) {
        StoreTask *t = task_new(run, layout, args);

        t->db.read_only = true;
        t->rows = g_ptr_array_new_with_free_func(row_free);
        return t;
}

void store_read_submit(SqliteStore *s, StoreTask *t, StoreRows on_done, void *userdata) {
        t->rows_done = on_done;
        submit(s, t, userdata);
}
