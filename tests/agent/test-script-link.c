/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A link to mclient-script whose other end is the test: frames in pieces, ends of every kind, and what is not a frame. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "script-link.h"

#define PIECE 65536
#define PIECES 128 /* far more than the buffers of a socket hold */

typedef struct Fixture {
        char *dir, *path;
        int listener, peer;
        Loop *loop;
        ScriptLink *link;

        GString *frames; /* "S O:text " */
        unsigned ends;
        bool reached;
        char *problem;
} Fixture;

static void on_frame(ScriptFrame type, const void *data, size_t size, void *userdata) {
        Fixture *f = userdata;

        g_string_append_printf(f->frames, "%c:%.*s ", type, (int) size, (const char *) data);
        loop_quit(f->loop, 0);
}

static void on_ended(bool reached, const char *problem, void *userdata) {
        Fixture *f = userdata;

        f->ends++;
        f->reached = reached;
        g_free(f->problem);
        f->problem = g_strdup(problem);
        loop_quit(f->loop, 0);
}

static const ScriptLinkHandler handler = { on_frame, on_ended };

static void setup(Fixture *f, gconstpointer unused) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        f->dir = g_dir_make_tmp("link-XXXXXX", NULL);
        f->path = g_build_filename(f->dir, "socket", NULL);
        g_strlcpy(address.sun_path, f->path, sizeof(address.sun_path));
        f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        g_assert_cmpint(bind(f->listener, (struct sockaddr *) &address, sizeof(address)), ==, 0);
        g_assert_cmpint(listen(f->listener, 1), ==, 0);
        f->peer = -1;
        f->frames = g_string_new(NULL);
        f->loop = loop_new(NULL);
}

static void teardown(Fixture *f, gconstpointer unused) {
        (void) script_link_free(f->link);
        loop_free(f->loop);
        if (f->peer >= 0)
                close(f->peer);
        close(f->listener);
        (void) g_unlink(f->path);
        (void) g_rmdir(f->dir);
        g_string_free(f->frames, true);
        g_free(f->problem);
        g_free(f->path);
        g_free(f->dir);
}

static void begin(Fixture *f) {
        const ScriptPlace place = { .socket = f->path };

        f->link = script_link_new(f->loop, &place, SCRIPT_QUERY, "{}", &handler, f);
        f->peer = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        g_assert_cmpint(f->peer, >=, 0);
}

static void say(Fixture *f, const void *data, size_t size) {
        g_assert_cmpint(write(f->peer, data, size), ==, (ssize_t) size);
        loop_run(f->loop);
}

static void test_frames(Fixture *f, gconstpointer unused) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        char request[64];

        begin(f);
        script_frame_append(out, SCRIPT_STARTED, NULL, 0);
        script_frame_append(out, SCRIPT_OUTPUT, "one", 3);
        g_assert_cmpint(write(f->peer, out->data, out->len - 1), ==, out->len - 1);
        loop_run(f->loop);
        g_assert_cmpstr(f->frames->str, ==, "S: ");
        say(f, "e", 1);
        g_assert_cmpstr(f->frames->str, ==, "S: O:one ");
        g_assert_cmpint(read(f->peer, request, sizeof(request)), ==, SCRIPT_FRAME_HEAD + 2);
        g_assert_cmpmem(request, SCRIPT_FRAME_HEAD + 2, "Q\0\0\0\2{}", SCRIPT_FRAME_HEAD + 2);
        close(f->peer);
        f->peer = -1;
        loop_run(f->loop);
        g_assert_cmpuint(f->ends, ==, 1);
        g_assert_true(f->reached);
        g_assert_cmpstr(f->problem, ==, "mclient-script went away");
}

static void test_nobody(Fixture *f, gconstpointer unused) {
        g_autofree char *nowhere = g_build_filename(f->dir, "nowhere", NULL);
        const ScriptPlace place = { .socket = nowhere };

        f->link = script_link_new(f->loop, &place, SCRIPT_QUERY, "{}", &handler, f);
        g_assert_cmpuint(f->ends, ==, 0); /* never from inside */
        loop_run(f->loop);
        g_assert_cmpuint(f->ends, ==, 1);
        g_assert_false(f->reached);
        g_assert_nonnull(strstr(f->problem, "mclient-script.socket does not answer"));
}

/* The owner has been told the end, and opens the flow later: what still comes is not gathered. */
static void test_broken(Fixture *f, gconstpointer unused) {
        g_autofree char *piece = g_malloc0(PIECE);
        size_t taken = 0;

        begin(f);
        say(f, "?????", 5);
        g_assert_cmpuint(f->ends, ==, 1);
        script_link_set_flow(f->link, true);
        for (unsigned i = 0; i < PIECES; i++) {
                ssize_t n = write(f->peer, piece, PIECE);

                taken += n > 0 ? (size_t) n : 0;
                uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
        }
        g_assert_cmpuint(taken, <, PIECES / 2 * PIECE);
        g_assert_cmpuint(f->ends, ==, 1);
        g_assert_cmpstr(f->frames->str, ==, "");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add("/script-link/" path, Fixture, NULL, setup, function, teardown)
        ADD("frames", test_frames);
        ADD("nobody", test_nobody);
        ADD("broken", test_broken);
        return g_test_run();
}
