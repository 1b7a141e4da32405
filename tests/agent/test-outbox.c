/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outbox's promise: what was put is there whatever is killed, in order per container, and goes only when the
 * server has acknowledged it. */
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "limits.h"
#include "message.h"
#include "outbox.h"

#define DEADLINE_MSEC 10000

typedef struct Fixture {
        char *dir, *path;
        Loop *loop;
        AgentDb *db;
        Outbox *outbox;

        GString *sent; /* the ids, in order, each with a space behind it */
        bool congested, refusing;
        unsigned puts;
        char *problem; /* of the last put */
} Fixture;

static bool keep_message(const char *text, void *userdata) {
        Fixture *f = userdata;
        g_autoptr(GError) error = NULL;
        g_autoptr(Message) m = message_parse(text, strlen(text), &error);

        g_assert_no_error(error);
        if (f->refusing)
                return false;
        g_assert_true(m->type == MESSAGE_KEY_UPDATE || m->type == MESSAGE_BACKUP_COMPLETE);
        g_string_append_printf(f->sent, "%s ",
                               m->type == MESSAGE_KEY_UPDATE ? m->key_update.id : m->backup.id);
        loop_quit(f->loop, 0);
        return true;
}

static bool is_congested(void *userdata) {
        return ((Fixture *) userdata)->congested;
}

static void open_all(Fixture *f) {
        static const ServerLink link = { .send = keep_message, .is_congested = is_congested };
        g_autoptr(GError) error = NULL;

        f->loop = loop_new(NULL);
        f->db = agent_db_open(f->loop, f->path, &error);
        g_assert_no_error(error);
        f->outbox = outbox_new(f->loop, f->db, &link, f);
}

static void close_all(Fixture *f) {
        f->db = agent_db_close(f->db);
        f->outbox = outbox_free(f->outbox);
        f->loop = loop_free(f->loop);
}

static void reopen(Fixture *f) {
        close_all(f);
        open_all(f);
}

static void setup(Fixture *f, gconstpointer unused) {
        f->dir = g_dir_make_tmp("outbox-XXXXXX", NULL);
        f->path = g_build_filename(f->dir, "agent.db", NULL);
        f->sent = g_string_new(NULL);
        open_all(f);
}

static void teardown(Fixture *f, gconstpointer unused) {
        static const char *const suffixes[] = { "", "-wal", "-shm" };

        close_all(f);
        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *path = g_strconcat(f->path, suffixes[i], NULL);

                (void) g_unlink(path);
        }
        g_assert_cmpint(g_rmdir(f->dir), ==, 0);
        g_free(f->dir);
        g_free(f->path);
        g_free(f->problem);
        g_string_free(f->sent, true);
}

static void put_done(const char *problem, void *userdata) {
        Fixture *f = userdata;

        f->puts++;
        g_free(f->problem);
        f->problem = g_strdup(problem);
        loop_quit(f->loop, 0);
}

/* "3node0:a" is a key of 3node0, "3node0:A" a backup. */
static void start_put(Fixture *f, const char *what, OutboxPutDone done) {
        g_auto(GStrv) parts = g_strsplit(what, ":", 2);
        bool key = g_ascii_islower(parts[1][0]);
        g_autofree char *message = key ? message_key_update(parts[1], parts[0], "0x00", "rotate_keys", 1)
                                       : message_backup_complete(parts[1], parts[0], "/b", NULL, 0, 1);
        OutboxRecord r = { key ? OUTBOX_KEY_UPDATE : OUTBOX_BACKUP_COMPLETE, parts[1], parts[0], message };

        (void) outbox_put(f->outbox, &r, done, f);
}

/* Several, separated by spaces, and waits until they are durable. */
static void put(Fixture *f, const char *list) {
        g_auto(GStrv) words = g_strsplit(list, " ", 0);
        unsigned wanted = f->puts + g_strv_length(words);

        for (char **w = words; *w; w++)
                start_put(f, *w, put_done);
        while (f->puts < wanted)
                (void) loop_run(f->loop);
        g_assert_null(f->problem);
}

static void ack(Fixture *f, const char *id) {
        outbox_acked(f->outbox, g_ascii_islower(*id) ? OUTBOX_KEY_UPDATE : OUTBOX_BACKUP_COMPLETE, id);
}

static void quit(void *userdata) {
        loop_quit(((Fixture *) userdata)->loop, 1);
}

/* Until these have been sent since the last time, in this order. */
static void assert_sent(Fixture *f, const char *ids) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(f->loop, DEADLINE_MSEC, 0, quit, f);

        while (f->sent->len < strlen(ids) && loop_run(f->loop) == 0)
                ;
        g_assert_cmpstr(f->sent->str, ==, ids);
        g_string_truncate(f->sent, 0);
}

/* Long enough for the database to answer, and for a pause between two records to end. */
static void assert_quiet(Fixture *f) {
        g_autoptr(LoopTimer) t = loop_timer_new(f->loop, 5 * OUTBOX_PAUSE_MSEC, 0, quit, f);

        while (loop_run(f->loop) == 0)
                ;
        g_assert_cmpstr(f->sent->str, ==, "");
}

static void assert_pending(Fixture *f, unsigned n) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(f->loop, DEADLINE_MSEC, 0, quit, f);
        g_autoptr(LoopTimer) look = loop_timer_new(f->loop, 1, 1, quit, f);

        for (unsigned i = 0; i < DEADLINE_MSEC && outbox_pending(f->outbox) != n; i++)
                (void) loop_run(f->loop);
        g_assert_cmpuint(outbox_pending(f->outbox), ==, n);
}

static void test_order(Fixture *f, gconstpointer unused) {
        put(f, "3node0:a 3node0:B 3node1:c 3node0:d 3node1:e");
        outbox_online(f->outbox, FEATURES_ALL);
        assert_sent(f, "a c "); /* the oldest of each */
        assert_quiet(f);
        ack(f, "c");
        assert_sent(f, "e ");
        ack(f, "B"); /* not under way: no acknowledgement of anything */
        ack(f, "A");
        assert_quiet(f);
        ack(f, "a");
        assert_sent(f, "B ");
        ack(f, "B");
        assert_sent(f, "d ");
        assert_pending(f, 2);
        ack(f, "d");
        ack(f, "d");
        ack(f, "e");
        assert_pending(f, 0);
        put(f, "3node0:f");
        assert_sent(f, "f ");
        /* The same record again is the same record. */
        put(f, "3node0:f");
        assert_pending(f, 1);
}

static void test_again_until_acknowledged(Fixture *f, gconstpointer unused) {
        outbox_online(f->outbox, FEATURES_ALL);
        put(f, "3node0:a");
        put(f, "3node0:b");
        assert_sent(f, "a ");
        outbox_offline(f->outbox);
        ack(f, "a"); /* too late: it counts in the connection where it was sent */
        outbox_online(f->outbox, FEATURES_ALL);
        assert_sent(f, "a ");
        reopen(f);
        assert_quiet(f);
        outbox_online(f->outbox, FEATURES_ALL);
        assert_sent(f, "a ");
        ack(f, "a");
        assert_sent(f, "b ");
        reopen(f);
        outbox_online(f->outbox, FEATURES_ALL);
        assert_sent(f, "b ");
        ack(f, "b");
        assert_pending(f, 0);
        reopen(f);
        outbox_online(f->outbox, FEATURES_ALL);
        assert_quiet(f);
}

/* One of version 1.1.0 names no record: a second one under way could be taken for the first. */
static void test_old_server(Fixture *f, gconstpointer unused) {
        put(f, "3node0:a 3node1:b 3node1:C 3node2:d");
        outbox_online(f->outbox, 0);
        assert_sent(f, "a ");
        assert_quiet(f);
        outbox_acked(f->outbox, OUTBOX_KEY_UPDATE, NULL);
        assert_sent(f, "b ");
        outbox_acked(f->outbox, OUTBOX_KEY_UPDATE, NULL);
        assert_sent(f, "d "); /* lanes take turns */
        outbox_acked(f->outbox, OUTBOX_KEY_UPDATE, NULL);
        assert_sent(f, "C ");
        assert_pending(f, 0); /* it acknowledges no backups */
        outbox_acked(f->outbox, OUTBOX_KEY_UPDATE, NULL);
        outbox_offline(f->outbox);
        outbox_online(f->outbox, 0);
        assert_quiet(f);
}

/* An acknowledgement without a name from a server that can name them means nothing. */
static void test_nameless(Fixture *f, gconstpointer unused) {
        put(f, "3node0:a");
        outbox_online(f->outbox, FEATURES_ALL);
        assert_sent(f, "a ");
        outbox_acked(f->outbox, OUTBOX_KEY_UPDATE, NULL);
        assert_quiet(f);
        assert_pending(f, 1);
}

static void test_congested(Fixture *f, gconstpointer unused) {
        f->congested = true;
        outbox_online(f->outbox, FEATURES_ALL);
        put(f, "3node0:a");
        assert_quiet(f);
        f->congested = false;
        outbox_drained(f->outbox);
        assert_sent(f, "a ");
        f->refusing = true;
        put(f, "3node1:b");
        assert_quiet(f);
        outbox_offline(f->outbox);
        f->refusing = false;
        outbox_online(f->outbox, FEATURES_ALL);
        assert_sent(f, "a b ");
}

static void must_not_be_called(const char *problem, void *userdata) {
        g_assert_not_reached();
}

static void test_forgotten_put(Fixture *f, gconstpointer unused) {
        OutboxRecord r = { OUTBOX_KEY_UPDATE, "a", "3node0", "{\"type\":\"key_update\"}" };

        (void) outbox_put_free(outbox_put(f->outbox, &r, must_not_be_called, f));
        assert_pending(f, 1);
}

static void ignore_put(const char *problem, void *userdata) {
        g_assert_null(problem);
}

static void test_bound(Fixture *f, gconstpointer unused) {
        g_autoptr(GError) error = NULL;

        for (unsigned i = 0; i < OUTBOX_RECORDS_MAX - 1; i++) {
                g_autofree char *what = g_strdup_printf("3node%u:k%u", i % 100, i);

                start_put(f, what, ignore_put);
        }
        assert_pending(f, OUTBOX_RECORDS_MAX - 1);
        g_assert_true(outbox_has_room(f->outbox, NULL));
        /* Two that had begun while there was room: neither is dropped. */
        put(f, "3node1:a 3node2:b");
        assert_pending(f, OUTBOX_RECORDS_MAX + 1);
        g_assert_false(outbox_has_room(f->outbox, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_LIMIT_EXCEEDED);
        g_assert_cmpstr(error->message, ==,
                        "the outbox is full: 10001 records wait for the server, at most 10000 may");
        reopen(f);
        assert_pending(f, OUTBOX_RECORDS_MAX + 1);
        g_assert_false(outbox_has_room(f->outbox, NULL));

        outbox_online(f->outbox, FEATURES_ALL);
        assert_sent(f, "k0 k1 ");
        ack(f, "k0");
        ack(f, "k1");
        assert_pending(f, OUTBOX_RECORDS_MAX - 1);
        g_assert_true(outbox_has_room(f->outbox, NULL));
}

/* Says that two are durable while the third is on its way, and waits for its end. */
static G_NORETURN void die_in_the_middle(Fixture *f, int ready) {
        open_all(f);
        put(f, "3node0:a 3node0:B");
        if (write(ready, "x", 1) != 1)
                _exit(1);
        for (;;)
                (void) pause();
}

static void test_killed(Fixture *f, gconstpointer unused) {
        int ready[2], status;
        char byte;
        pid_t pid;

        close_all(f); /* one process at a time has the database, and threads do not survive a fork */
        g_assert_cmpint(pipe(ready), ==, 0);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
                die_in_the_middle(f, ready[1]);
        g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
        g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFSIGNALED(status));
        close(ready[0]);
        close(ready[1]);

        open_all(f);
        outbox_online(f->outbox, FEATURES_ALL);
        assert_sent(f, "a ");
        ack(f, "a");
        assert_sent(f, "B ");
        ack(f, "B");
        assert_pending(f, 0);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/outbox/order", Fixture, NULL, setup, test_order, teardown);
        g_test_add("/outbox/again", Fixture, NULL, setup, test_again_until_acknowledged, teardown);
        g_test_add("/outbox/old-server", Fixture, NULL, setup, test_old_server, teardown);
        g_test_add("/outbox/nameless", Fixture, NULL, setup, test_nameless, teardown);
        g_test_add("/outbox/congested", Fixture, NULL, setup, test_congested, teardown);
        g_test_add("/outbox/forgotten-put", Fixture, NULL, setup, test_forgotten_put, teardown);
        g_test_add("/outbox/bound", Fixture, NULL, setup, test_bound, teardown);
        g_test_add("/outbox/killed", Fixture, NULL, setup, test_killed, teardown);
        return g_test_run();
}
