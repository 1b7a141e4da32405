/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream over a unix socket, on the loop. */
#include "pipe-stream.h"

#include <uv.h>

struct PipeStream {
        Loop *loop;
        const PipeStreamHandler *handler;
        void *userdata;
        uv_pipe_t pipe;
        uv_connect_t connect;
        bool connected, paused, ended;
        bool freed; /* until its handle is closed */
        int failure;
        GByteArray *unsent; /* until it is connected */
        char buffer[32 * 1024];
};

typedef struct Write {
        uv_write_t request;
        GByteArray *bytes;
} Write;

static void end(PipeStream *s, int error) {
        if (s->ended || s->freed)
                return;
        s->ended = true;
        s->handler->ended(error, s->userdata);
}

static void say_failure(void *userdata) {
        PipeStream *s = userdata;

        end(s, s->failure);
}

void pipe_stream_fail(PipeStream *s, int error) {
        s->failure = error;
        loop_defer(s->loop, say_failure, s);
}

/* Sending */

static void written(uv_write_t *request, int status) {
        Write *w = (Write *) request; /* a failure shows in reading, too */

        g_byte_array_unref(w->bytes);
        g_free(w);
}

static void flush(PipeStream *s) {
        Write *w;
        uv_buf_t buf;

        if (!s->connected || s->freed || s->unsent->len == 0)
                return;
        w = g_new0(Write, 1);
        w->bytes = g_steal_pointer(&s->unsent);
        s->unsent = g_byte_array_new();
        buf = uv_buf_init((char *) w->bytes->data, w->bytes->len);
        if (uv_write(&w->request, (uv_stream_t *) &s->pipe, &buf, 1, written) < 0)
                written(&w->request, 0);
}

void pipe_stream_send(PipeStream *s, const void *data, size_t size) {
        g_byte_array_append(s->unsent, data, (guint) size);
        flush(s);
}

/* Receiving */

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
        PipeStream *s = handle->data;

        *buf = uv_buf_init(s->buffer, sizeof(s->buffer));
}

static void received(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
        PipeStream *s = stream->data;

        if (n > 0)
                s->handler->received(buf->base, (size_t) n, s->userdata);
        else if (n < 0) {
                (void) uv_read_stop(stream);
                end(s, (int) n);
        }
}

static void read_on(PipeStream *s) {
        int r;

        if (!s->connected || s->paused || s->ended)
                return;
        r = uv_read_start((uv_stream_t *) &s->pipe, allocate, received);
        if (r < 0)
                pipe_stream_fail(s, r);
}

void pipe_stream_set_flow(PipeStream *s, bool open) {
        if (s->paused == !open)
                return;
        s->paused = !open;
        if (open)
                read_on(s);
        else if (s->connected)
                (void) uv_read_stop((uv_stream_t *) &s->pipe);
}

/* Beginning, and the end */

void pipe_stream_begin(PipeStream *s) {
        s->connected = true;
        flush(s);
        read_on(s);
}

static void on_connected(uv_connect_t *request, int status) {
        PipeStream *s = request->data;

        if (s->freed)
                return;
        if (status < 0)
                pipe_stream_fail(s, status);
        else
                pipe_stream_begin(s);
}

void pipe_stream_connect(PipeStream *s, const char *path) {
        s->connect.data = s;
        uv_pipe_connect(&s->connect, &s->pipe, path, on_connected);
}

bool pipe_stream_accept(PipeStream *s, uv_stream_t *listener) {
        if (uv_accept(listener, (uv_stream_t *) &s->pipe) < 0)
                return false;
        pipe_stream_begin(s);
        return true;
}

uv_stream_t *pipe_stream_handle(PipeStream *s) {
        return (uv_stream_t *) &s->pipe;
}

bool pipe_stream_is_connected(const PipeStream *s) {
        return s->connected;
}

PipeStream *pipe_stream_new(Loop *l, const PipeStreamHandler *handler, void *userdata) {
        PipeStream *s = g_new0(PipeStream, 1);

        s->loop = l;
        s->handler = handler;
        s->userdata = userdata;
        s->unsent = g_byte_array_new();
        (void) uv_pipe_init(loop_uv(l), &s->pipe, 0);
        s->pipe.data = s;
        return s;
}

static void closed(uv_handle_t *handle) {
        PipeStream *s = handle->data;

        s->handler->gone(s->userdata);
        g_byte_array_unref(s->unsent);
        g_free(s);
}

PipeStream *pipe_stream_free(PipeStream *s) {
        if (!s)
                return NULL;
        s->freed = true;
        loop_undefer(s->loop, say_failure, s);
        uv_close((uv_handle_t *) &s->pipe, closed);
        return NULL;
}
