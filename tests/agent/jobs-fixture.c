/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of jobs.h share: see jobs-fixture.h. */
#include "jobs-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

static bool keep_message(const char *text, void *userdata) {
        Fixture *f = userdata;
        g_autoptr(GError) error = NULL;
        Message *m = message_parse(text, strlen(text), &error);

        g_assert_no_error(error);
        g_ptr_array_add(f->sent, m);
        loop_quit(f->loop, 0);
        return true;
}

static bool is_congested(void *userdata) {
        return ((Fixture *) userdata)->congested;
}

static void start(Fixture *f) {
        static const ServerLink link = { .send = keep_message, .is_congested = is_congested };
        g_autoptr(GError) error = NULL;
        AgentDb *db = agent_db_open(f->loop, f->path, &error);

        g_assert_no_error(error);
        f->jobs = jobs_new(f->loop, NULL, db, NULL, NULL, NULL, NULL, &link, f, &error);
        g_assert_no_error(error);
}

static void free_message(void *m) {
        message_free(m);
}

void fixture_setup(Fixture *f, gconstpointer unused) {
        f->dir = g_dir_make_tmp("jobs-XXXXXX", NULL);
        f->path = g_build_filename(f->dir, "agent.db", NULL);
        f->loop = loop_new(NULL);
        f->sent = g_ptr_array_new_with_free_func(free_message);
        start(f);
}

void fixture_teardown(Fixture *f, gconstpointer unused) {
        static const char *const suffixes[] = { "", "-wal", "-shm" };

        jobs_free(f->jobs);
        loop_free(f->loop);
        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *path = g_strconcat(f->path, suffixes[i], NULL);

                (void) g_unlink(path);
        }
        g_assert_cmpint(g_rmdir(f->dir), ==, 0);
        g_ptr_array_unref(f->sent);
        g_free(f->dir);
        g_free(f->path);
}

void fixture_too_late(void *userdata) {
        g_error("Waited in vain");
}

void fixture_wait(Fixture *f, guint sent, guint started) {
        g_autoptr(LoopTimer) t = loop_timer_new(f->loop, DEADLINE_MSEC, 0, fixture_too_late, NULL);

        while (f->sent->len < sent || fake_runner->started->len < started)
                (void) loop_run(f->loop);
        g_assert_cmpuint(f->sent->len, ==, sent);
        g_assert_cmpuint(fake_runner->started->len, ==, started);
}

void fixture_take_with_times(Fixture *f, const char *id, int64_t timestamp_ms, int64_t deadline_ms) {
        g_autofree char *text =
                        message_command(id, "restart", "3node0", NULL, deadline_ms, NULL, timestamp_ms);
        g_autoptr(Message) m = message_parse(text, strlen(text), NULL);

        jobs_take(f->jobs, m);
}

void fixture_take(Fixture *f, const char *id) {
        fixture_take_with_times(f, id, 0, 0);
}

const Message *fixture_last(Fixture *f) {
        return g_ptr_array_index(f->sent, f->sent->len - 1);
}

void assert_response(const Message *m, const char *id, CommandState state) {
        g_assert_cmpint(m->type, ==, MESSAGE_COMMAND_RESPONSE);
        g_assert_cmpstr(m->response.id, ==, id);
        g_assert_cmpint(m->response.status, ==, state);
}

void fixture_restart(Fixture *f) {
        jobs_free(f->jobs);
        g_ptr_array_set_size(f->sent, 0);
        start(f);
}
