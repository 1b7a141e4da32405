/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a server: what its threads still pass on to each other then is done, durable and audited. */
#include <glib/gstdio.h>
#include <string.h>

#include "error.h"
#include "fake-agent.h"
#include "message.h"

typedef struct Fixture {
        char *directory;
        Loop *loop;
        Server server;
} Fixture;

static void quit(void *userdata) {
        loop_quit(((Fixture *) userdata)->loop, 0);
}

static void loaded(const GError *error, void *userdata) {
        g_assert_no_error(error);
        quit(userdata);
}

static void start(Fixture *f) {
        g_autoptr(GError) error = NULL;

        server_make(&f->server, f->loop, f->directory, 10, true, &error);
        g_assert_no_error(error);
        server_load(&f->server, loaded, f);
        (void) loop_run(f->loop);
}

static void remove_tree(const char *path) {
        g_autoptr(GDir) d = g_dir_open(path, 0, NULL);

        for (const char *name; d && (name = g_dir_read_name(d));) {
                g_autofree char *child = g_build_filename(path, name, NULL);

                remove_tree(child);
        }
        g_assert_cmpint(g_remove(path), ==, 0);
}

static void setup(Fixture *f, gconstpointer unused) {
        f->loop = loop_new(NULL);
        f->directory = g_dir_make_tmp("test-server-XXXXXX", NULL);
        start(f);
}

static void teardown(Fixture *f, gconstpointer unused) {
        server_clear(&f->server);
        loop_free(f->loop);
        remove_tree(f->directory);
        g_free(f->directory);
}

static void keys_listed(StoreStatus status, GPtrArray *rows, void *userdata) {
        g_assert_cmpint(status, ==, STORE_OK);
        g_assert_cmpuint(rows->len, ==, 1);
        quit(userdata);
}

static void none_open(StoreStatus status, GPtrArray *rows, void *userdata) {
        g_assert_cmpint(status, ==, STORE_OK);
        g_assert_cmpuint(rows->len, ==, 0);
        quit(userdata);
}

static void submitted(const CommandRecord *r, const GError *error, void *userdata) {
        g_assert_no_error(error);
        quit(userdata);
}

/* Stopped in the very moment in which a key and an answer have come in. */
static void test_stop_with_work(Fixture *f, gconstpointer unused) {
        CommandRequest q = { .client = "a", .command = "status" };
        const Store *s;
        FakeAgent *a = fake_agent_new(&f->server, "a");

        dispatcher_submit(f->server.dispatcher, &q, submitted, f);
        (void) loop_run(f->loop);
        fake_agent_says(a, message_key_update("k1", "3node0", "0xabcd", "rotate_keys", 1));
        fake_agent_says(a, message_backup_complete("b1", "3node0", "/x.tar", NULL, 10, 1));
        fake_agent_ends(a, g_ptr_array_index(fake_agent_commands(a), 0), COMMAND_SUCCEEDED, NULL, NULL);
        fake_agent_free(a);
        server_clear(&f->server);

        start(f);
        s = f->server.store;
        s->ops->open_commands(s->engine, none_open, f);
        (void) loop_run(f->loop);
        s->ops->list_keys(s->engine, NULL, NULL, 0, keys_listed, f);
        (void) loop_run(f->loop);
        s->ops->list_backups(s->engine, NULL, NULL, 0, keys_listed, f);
        (void) loop_run(f->loop);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/server/stop-with-work", Fixture, NULL, setup, test_stop_with_work, teardown);
        return g_test_run();
}
