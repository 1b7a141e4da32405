/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream over a unix socket, on the loop. What is sent before it is connected goes out then. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "loop.h"

typedef struct PipeStream PipeStream;

typedef struct PipeStreamHandler {
        void (*received)(const void *data, size_t size, void *userdata); /* may free the stream */
        /* It has ended (error: UV_EOF, or why), or never came to be. Once, and nothing is received after it; the stream is
         * to be freed, from in here or later. */
        void (*ended)(int error, void *userdata);
        /* After it was freed: the last call, for what userdata has. */
        void (*gone)(void *userdata);
} PipeStreamHandler;

/* The handler is never called from inside these. */
PipeStream *pipe_stream_new(Loop *l, const PipeStreamHandler *handler, void *userdata);
/* What has not gone out by now does not go out any more. */
PipeStream *pipe_stream_free(PipeStream *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PipeStream, pipe_stream_free)

/* How it comes to be connected, once: to a listening socket; by what waits at one (false: nothing does); or otherwise
 * (uv_spawn()), with the handle, before pipe_stream_begin() or pipe_stream_fail(). */
void pipe_stream_connect(PipeStream *s, const char *path);
bool pipe_stream_accept(PipeStream *s, uv_stream_t *listener);
uv_stream_t *pipe_stream_handle(PipeStream *s);
void pipe_stream_begin(PipeStream *s);
void pipe_stream_fail(PipeStream *s, int error); /* of libuv */

bool pipe_stream_is_connected(const PipeStream *s); /* or was */

void pipe_stream_send(PipeStream *s, const void *data, size_t size); /* copied */
/* Back-pressure: false stops reading until true. */
void pipe_stream_set_flow(PipeStream *s, bool open);
