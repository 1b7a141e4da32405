/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes Docker's raw stream and the text made of it: the same bytes give the same output, however they are cut. The
 * first byte of the input says how. */
#include <string.h>

#include "docker-frames.h"
#include "fuzz.h"
#include "utf8-stream.h"

typedef struct Output {
        Utf8Stream utf8;
        GString *text;
} Output;

static void take(DockerStreamId stream, const void *data, size_t size, void *userdata) {
        Output *o = userdata;

        g_assert_cmpuint(stream, <, _DOCKER_STREAM_MAX);
        utf8_stream_feed(&o->utf8, data, size, o->text);
}

/* The output of the whole stream; false at its end where it was no stream. */
static bool decode(const uint8_t *data, size_t size, size_t piece, bool tty, GString *ret) {
        DockerFrames f = DOCKER_FRAMES_INIT(tty);
        Output o = { .text = ret };
        bool good = true;

        for (size_t at = 0; at < size && good; at += piece)
                good = docker_frames_feed(&f, data + at, MIN(piece, size - at), take, &o, NULL);
        utf8_stream_end(&o.utf8, ret);
        g_assert_true(g_utf8_validate(ret->str, (gssize) ret->len, NULL));
        return good && docker_frames_at_boundary(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autoptr(GString) whole = g_string_new(NULL), pieces = g_string_new(NULL), raw = g_string_new(NULL);

        if (size < 1)
                return 0;
        g_assert_true(decode(data + 1, size - 1, size, false, whole) ==
                      decode(data + 1, size - 1, 1 + data[0] % 16, false, pieces));
        g_assert_cmpstr(whole->str, ==, pieces->str);
        g_assert_true(decode(data + 1, size - 1, 1 + data[0] % 16, true, raw));
        return 0;
}
