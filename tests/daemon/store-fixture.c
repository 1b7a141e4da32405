/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store in a directory of its own, and calls that wait for their answers. */
#include "store-fixture.h"

#include <glib/gstdio.h>

#define DEADLINE_MS 60000

static void too_late(void *userdata) {
        g_error("not finished in time");
}

static void open_store(Fixture *f) {
        g_autoptr(GError) error = NULL;

        f->store = store_open_sqlite(f->loop, f->path, &error);
        g_assert_no_error(error);
        g_assert_nonnull(f->store);
}

void fixture_setup(Fixture *f, gconstpointer data) {
        f->loop = loop_new(NULL);
        f->deadline = loop_timer_new(f->loop, DEADLINE_MS, 0, too_late, NULL);
        f->dir = g_dir_make_tmp("test-store-XXXXXX", NULL);
        f->path = g_build_filename(f->dir, "mserver.db", NULL);
        open_store(f);
}

void fixture_teardown(Fixture *f, gconstpointer data) {
        store_close(f->store);
        g_clear_pointer(&f->rows, g_ptr_array_unref);
        loop_timer_free(f->deadline);
        loop_free(f->loop);
        g_assert_cmpint(g_remove(f->path), ==, 0);
        g_assert_cmpint(g_rmdir(f->dir), ==, 0);
        g_free(f->path);
        g_free(f->dir);
}

void fixture_reopen(Fixture *f) {
        store_close(f->store);
        open_store(f);
}

void fixture_on_done(StoreStatus status, void *userdata) {
        Fixture *f = userdata;

        g_assert_false(f->answered);
        f->answered = true;
        f->status = status;
        loop_quit(f->loop, 0);
}

void fixture_on_rows(StoreStatus status, GPtrArray *rows, void *userdata) {
        Fixture *f = userdata;

        while (rows->len > 0)
                g_ptr_array_add(f->rows, g_ptr_array_steal_index(rows, 0));
        fixture_on_done(status, f);
}

void fixture_begin(Fixture *f, GDestroyNotify row_free) {
        f->answered = false;
        g_clear_pointer(&f->rows, g_ptr_array_unref);
        f->rows = g_ptr_array_new_with_free_func(row_free);
}

StoreStatus fixture_answer(Fixture *f) {
        g_assert_false(f->answered); /* never from inside the call */
        loop_run(f->loop);
        g_assert_true(f->answered);
        return f->status;
}

unsigned fixture_rows(Fixture *f) {
        g_assert_cmpint(fixture_answer(f), ==, STORE_OK);
        return f->rows->len;
}

unsigned open_commands(Fixture *f) {
        fixture_begin(f, (GDestroyNotify) command_record_free);
        f->store->ops->open_commands(f->store->engine, fixture_on_rows, f);
        return fixture_rows(f);
}

unsigned list_commands(Fixture *f, const CommandFilter *filter) {
        fixture_begin(f, (GDestroyNotify) command_record_free);
        f->store->ops->list_commands(f->store->engine, filter, fixture_on_rows, f);
        return fixture_rows(f);
}

CommandRecord *new_command(const char *id, const char *client, const char *command, CommandState state,
                           uint64_t requested) {
        CommandRecord *r = command_record_new(id, client, command);

        r->state = state;
        r->requested = requested;
        return r;
}
