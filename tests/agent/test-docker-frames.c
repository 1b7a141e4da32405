/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Docker's raw stream: the same frames in every possible split, and headers that are none. */
#include <string.h>

#include "docker-frames.h"
#include "error.h"

static void collect(DockerStreamId stream, const void *data, size_t size, void *userdata) {
        GString **streams = userdata;

        g_assert_cmpuint(size, >, 0);
        g_string_append_len(streams[stream], data, (gssize) size);
}

typedef struct Collected {
        GString *streams[_DOCKER_STREAM_MAX];
} Collected;

static void collected_init(Collected *c) {
        for (unsigned i = 0; i < _DOCKER_STREAM_MAX; i++)
                c->streams[i] = g_string_new(NULL);
}

static void collected_clear(Collected *c) {
        for (unsigned i = 0; i < _DOCKER_STREAM_MAX; i++)
                g_string_free(c->streams[i], true);
}

static const char frames[] = "\1\0\0\0\0\0\0\5hello"
                             "\2\0\0\0\0\0\0\3bad"
                             "\1\0\0\0\0\0\0\0"
                             "\3\0\0\0\0\0\0\1!"
                             "\1\0\0\0\0\0\0\1\n";

/* Pieces of each size, from one byte to all at once. */
static void test_splits(void) {
        for (size_t piece = 1; piece < sizeof(frames); piece++) {
                DockerFrames f = DOCKER_FRAMES_INIT(false);
                GError *error = NULL;
                Collected c;

                collected_init(&c);
                for (size_t i = 0; i < sizeof(frames) - 1; i += piece) {
                        size_t n = MIN(piece, sizeof(frames) - 1 - i);

                        g_assert_true(docker_frames_feed(&f, frames + i, n, collect, c.streams, &error));
                        g_assert_no_error(error);
                }
                g_assert_true(docker_frames_at_boundary(&f));
                g_assert_cmpstr(c.streams[DOCKER_STDOUT]->str, ==, "hello\n");
                g_assert_cmpstr(c.streams[DOCKER_STDERR]->str, ==, "bad");
                g_assert_cmpstr(c.streams[DOCKER_SYSTEM]->str, ==, "!");
                collected_clear(&c);
        }
}

/* Frames may be 4 GiB: their size is no reason to keep anything. */
static void test_large_frame(void) {
        DockerFrames f = DOCKER_FRAMES_INIT(false);
        Collected c;

        collected_init(&c);
        g_assert_true(docker_frames_feed(&f, "\1\0\0\0\xff\xff\xff\xffmuch", 12, collect, c.streams, NULL));
        g_assert_cmpstr(c.streams[DOCKER_STDOUT]->str, ==, "much");
        g_assert_cmpuint(f.left, ==, UINT32_MAX - 4);
        g_assert_false(docker_frames_at_boundary(&f));
        collected_clear(&c);
}

static void test_boundary(void) {
        DockerFrames f = DOCKER_FRAMES_INIT(false);
        Collected c;

        collected_init(&c);
        g_assert_true(docker_frames_at_boundary(&f));
        g_assert_true(docker_frames_feed(&f, "\1", 1, collect, c.streams, NULL));
        g_assert_false(docker_frames_at_boundary(&f));
        g_assert_true(docker_frames_feed(&f, "\0\0\0\0\0\0\2a", 8, collect, c.streams, NULL));
        g_assert_false(docker_frames_at_boundary(&f));
        g_assert_true(docker_frames_feed(&f, "b", 1, collect, c.streams, NULL));
        g_assert_true(docker_frames_at_boundary(&f));
        collected_clear(&c);
}

static void test_no_header(void) {
        static const char *const bad[] = { "\4\0\0\0\0\0\0\1x", "\1\1\0\0\0\0\0\1x", "\1\0\1\0\0\0\0\1x",
                                           "\1\0\0\1\0\0\0\1x", "OCI runtime exec failed" };

        for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
                DockerFrames f = DOCKER_FRAMES_INIT(false);
                g_autoptr(GError) error = NULL;
                Collected c;

                collected_init(&c);
                g_assert_false(docker_frames_feed(&f, bad[i], 9, collect, c.streams, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
                g_assert_nonnull(strstr(error->message, "frame header"));
                collected_clear(&c);
        }
}

static void test_terminal(void) {
        DockerFrames f = DOCKER_FRAMES_INIT(true);
        Collected c;

        collected_init(&c);
        g_assert_true(docker_frames_feed(&f, "", 0, collect, c.streams, NULL));
        g_assert_true(docker_frames_feed(&f, "OCI \1", 5, collect, c.streams, NULL));
        g_assert_true(docker_frames_at_boundary(&f));
        g_assert_cmpstr(c.streams[DOCKER_STDOUT]->str, ==, "OCI \1");
        collected_clear(&c);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/docker-frames/splits", test_splits);
        g_test_add_func("/docker-frames/large-frame", test_large_frame);
        g_test_add_func("/docker-frames/boundary", test_boundary);
        g_test_add_func("/docker-frames/no-header", test_no_header);
        g_test_add_func("/docker-frames/terminal", test_terminal);
        return g_test_run();
}
