/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream over a unix socket: what is sent early arrives, an end is said once, and freeing is fine at any time. */
#include <glib/gstdio.h>
#include <string.h>
#include <uv.h>

#include "pipe-stream.h"

typedef struct Fixture {
        char *dir, *path;
        Loop *loop;
        uv_pipe_t listener;
        struct End *accepted;
        unsigned gone;
} Fixture;

typedef struct End {
        Fixture *fixture;
        PipeStream *stream;
        GString *in;
        const char *awaited; /* quits the loop */
        bool free_at_once, echo;
        unsigned ends;
        int error;
} End;

static void too_late(void *userdata) {
        g_error("%s did not happen in time", (const char *) userdata);
}

static void run(Fixture *f, const char *awaited) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(f->loop, 10000, 0, too_late, (void *) awaited);

        (void) loop_run(f->loop);
}

static void received(const void *data, size_t size, void *userdata) {
        End *e = userdata;

        g_string_append_len(e->in, data, (gssize) size);
        if (e->echo)
                pipe_stream_send(e->stream, data, size);
        if (e->free_at_once)
                e->stream = pipe_stream_free(e->stream);
        if (e->awaited && g_str_equal(e->in->str, e->awaited))
                loop_quit(e->fixture->loop, 0);
}

static void ended(int error, void *userdata) {
        End *e = userdata;

        e->ends++;
        e->error = error;
        loop_quit(e->fixture->loop, 0);
}

static void gone(void *userdata) {
        End *e = userdata;

        e->fixture->gone++;
        loop_quit(e->fixture->loop, 0);
}

static const PipeStreamHandler handler = { received, ended, gone };

static End *end_new(Fixture *f) {
        End *e = g_new0(End, 1);

        e->fixture = f;
        e->in = g_string_new(NULL);
        e->stream = pipe_stream_new(f->loop, &handler, e);
        return e;
}

static void end_free(End *e) {
        Fixture *f = e->fixture;
        unsigned before = f->gone;

        if (e->stream) {
                e->stream = pipe_stream_free(e->stream);
                while (f->gone == before)
                        run(f, "the end of a stream");
        }
        g_string_free(e->in, true);
        g_free(e);
}

static void on_connection(uv_stream_t *listener, int status) {
        Fixture *f = listener->data;

        f->accepted = end_new(f);
        f->accepted->echo = true;
        g_assert_true(pipe_stream_accept(f->accepted->stream, listener));
}

static void setup(Fixture *f, gconstpointer unused) {
        f->dir = g_dir_make_tmp("pipe-stream-XXXXXX", NULL);
        f->path = g_build_filename(f->dir, "socket", NULL);
        f->loop = loop_new(NULL);
        (void) uv_pipe_init(loop_uv(f->loop), &f->listener, 0);
        f->listener.data = f;
        g_assert_cmpint(uv_pipe_bind(&f->listener, f->path), ==, 0);
        g_assert_cmpint(uv_listen((uv_stream_t *) &f->listener, 1, on_connection), ==, 0);
}

static void teardown(Fixture *f, gconstpointer unused) {
        if (f->accepted)
                end_free(f->accepted);
        uv_close((uv_handle_t *) &f->listener, NULL); /* removes the socket */
        loop_free(f->loop);
        g_assert_cmpint(g_rmdir(f->dir), ==, 0);
        g_free(f->dir);
        g_free(f->path);
}

static void say(End *e, const char *text, const char *awaited) {
        e->awaited = awaited;
        pipe_stream_send(e->stream, text, strlen(text));
}

static void test_early(Fixture *f, gconstpointer unused) {
        End *e = end_new(f);

        say(e, "ear", NULL);
        pipe_stream_connect(e->stream, f->path);
        say(e, "ly", "early");
        g_assert_false(pipe_stream_is_connected(e->stream));
        run(f, "an echo");
        g_assert_true(pipe_stream_is_connected(e->stream));
        say(e, " late", "early late");
        run(f, "a second echo");

        f->accepted->stream = pipe_stream_free(f->accepted->stream);
        while (e->ends == 0)
                run(f, "the end");
        g_assert_cmpint(e->error, ==, UV_EOF);
        g_assert_cmpuint(e->ends, ==, 1);
        end_free(e);
}

static void test_nobody(Fixture *f, gconstpointer unused) {
        g_autofree char *path = g_strconcat(f->path, "-of-nobody", NULL);
        End *e = end_new(f), *freed = end_new(f);

        pipe_stream_connect(e->stream, path);
        pipe_stream_connect(freed->stream, path);
        g_assert_cmpuint(e->ends, ==, 0); /* not from inside the call */
        end_free(freed);
        while (e->ends == 0)
                run(f, "the failure");
        g_assert_cmpint(e->error, ==, UV_ENOENT);
        g_assert_false(pipe_stream_is_connected(e->stream));
        end_free(e);
}

static void test_fail(Fixture *f, gconstpointer unused) {
        End *e = end_new(f);

        pipe_stream_fail(e->stream, UV_EPERM);
        g_assert_cmpuint(e->ends, ==, 0);
        run(f, "the failure");
        g_assert_cmpint(e->error, ==, UV_EPERM);
        g_assert_cmpuint(e->ends, ==, 1);
        end_free(e);
}

/* From inside its own handler. */
static void test_freed_inside(Fixture *f, gconstpointer unused) {
        End *e = end_new(f);

        e->free_at_once = true;
        say(e, "x", NULL);
        pipe_stream_connect(e->stream, f->path);
        while (f->gone == 0)
                run(f, "the end of the stream");
        g_assert_cmpstr(e->in->str, ==, "x");
        g_assert_cmpuint(e->ends, ==, 0);
        end_free(e);
}

static void test_flow(Fixture *f, gconstpointer unused) {
        End *held = end_new(f), *other = end_new(f);

        pipe_stream_set_flow(held->stream, false);
        pipe_stream_connect(held->stream, f->path);
        say(held, "held", NULL);
        while (!f->accepted || f->accepted->in->len < 4)
                (void) uv_run(loop_uv(f->loop), UV_RUN_ONCE);
        end_free(f->accepted); /* its echo waits in the socket */
        f->accepted = NULL;
        pipe_stream_connect(other->stream, f->path);
        say(other, "other", "other");
        run(f, "an echo of another");
        g_assert_cmpuint(held->in->len, ==, 0);
        g_assert_cmpuint(held->ends, ==, 0);
        pipe_stream_set_flow(held->stream, true);
        while (held->ends == 0)
                run(f, "what was held");
        g_assert_cmpstr(held->in->str, ==, "held");
        end_free(held);
        end_free(other);
}

#define add(name, test) g_test_add("/pipe-stream/" name, Fixture, NULL, setup, test, teardown)

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        add("early", test_early);
        add("nobody", test_nobody);
        add("fail", test_fail);
        add("freed-inside", test_freed_inside);
        add("flow", test_flow);
        return g_test_run();
}
