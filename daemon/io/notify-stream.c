/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines over a unix socket. */
#include "notify-stream.h"

#include <string.h>
#include <uv.h>

#include "limits.h"

struct NotifyStream {
        Loop *loop;
        const NotifyStreamHandler *handler; /* NULL: it has ended, or was freed */
        void *userdata;
        uv_pipe_t pipe;
        uv_connect_t connect;
        bool connected;
        GString *in, *unsent; /* unsent: until it is connected */
        int failure;
        bool freed; /* until its handle is closed */
        char buffer[16384];
};

typedef struct Write {
        uv_write_t request;
        char *text;
} Write;

static void closed(uv_handle_t *handle) {
        NotifyStream *s = handle->data;

        g_string_free(s->in, true);
        g_string_free(s->unsent, true);
        g_free(s);
}

static void end(NotifyStream *s, const char *problem) {
        const NotifyStreamHandler *handler = s->handler;

        s->handler = NULL;
        if (handler)
                handler->ended(problem, s->userdata);
}

static void written(uv_write_t *request, int status) {
        Write *w = (Write *) request; /* a failure shows in reading, too */

        g_free(w->text);
        g_free(w);
}

static void flush(NotifyStream *s) {
        Write *w;
        uv_buf_t buf;

        if (!s->connected || s->freed || s->unsent->len == 0)
                return;
        w = g_new0(Write, 1);
        buf = uv_buf_init(NULL, (unsigned) s->unsent->len);
        buf.base = w->text = g_string_free(s->unsent, false);
        s->unsent = g_string_new(NULL);
        if (uv_write(&w->request, (uv_stream_t *) &s->pipe, &buf, 1, written) < 0)
                written(&w->request, 0);
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
        NotifyStream *s = handle->data;

        *buf = uv_buf_init(s->buffer, sizeof s->buffer);
}

static void take_lines(NotifyStream *s) {
        char *newline;

        while (s->handler && (newline = memchr(s->in->str, '\n', s->in->len))) {
                g_autofree char *line = g_strndup(s->in->str, (gsize) (newline - s->in->str));

                g_string_erase(s->in, 0, newline - s->in->str + 1);
                s->handler->line(line, s->userdata);
        }
        if (s->handler && s->in->len > NOTIFY_LINE_BYTES_MAX) {
                (void) uv_read_stop((uv_stream_t *) &s->pipe);
                end(s, "a line is too long");
        }
}

static void received(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
        NotifyStream *s = stream->data;

        if (n > 0) {
                g_string_append_len(s->in, buf->base, n);
                take_lines(s);
        } else if (n < 0) {
                (void) uv_read_stop(stream);
                end(s, n == UV_EOF ? "the other end has gone" : uv_strerror((int) n));
        }
}

static void say_failure(void *userdata) {
        NotifyStream *s = userdata;

        end(s, uv_strerror(s->failure));
}

static void fail(NotifyStream *s, int r) {
        s->failure = r;
        loop_defer(s->loop, say_failure, s);
}

static void begin(NotifyStream *s) {
        int r;

        s->connected = true;
        flush(s);
        r = uv_read_start((uv_stream_t *) &s->pipe, allocate, received);
        if (r < 0)
                fail(s, r);
}

static void on_connected(uv_connect_t *request, int status) {
        NotifyStream *s = request->data;

        if (s->freed)
                return;
        if (status < 0)
                fail(s, status);
        else
                begin(s);
}

static NotifyStream *stream_new(Loop *l, const NotifyStreamHandler *handler, void *userdata) {
        NotifyStream *s = g_new0(NotifyStream, 1);

        s->loop = l;
        s->handler = handler;
        s->userdata = userdata;
        s->in = g_string_new(NULL);
        s->unsent = g_string_new(NULL);
        (void) uv_pipe_init(loop_uv(l), &s->pipe, 0);
        s->pipe.data = s;
        return s;
}

NotifyStream *notify_stream_connect(Loop *l, const char *path, const NotifyStreamHandler *handler,
                                    void *userdata) {
        NotifyStream *s = stream_new(l, handler, userdata);

        s->connect.data = s;
        uv_pipe_connect(&s->connect, &s->pipe, path, on_connected);
        return s;
}

NotifyStream *notify_stream_accept(Loop *l, uv_stream_t *listener, const NotifyStreamHandler *handler,
                                   void *userdata) {
        NotifyStream *s = stream_new(l, handler, userdata);

        if (uv_accept(listener, (uv_stream_t *) &s->pipe) < 0)
                return notify_stream_free(s);
        begin(s);
        return s;
}

NotifyStream *notify_stream_free(NotifyStream *s) {
        if (!s)
                return NULL;
        s->handler = NULL;
        s->freed = true;
        loop_undefer(s->loop, say_failure, s);
        uv_close((uv_handle_t *) &s->pipe, closed);
        return NULL;
}

void notify_stream_send(NotifyStream *s, const char *line) {
        g_string_append(s->unsent, line);
        flush(s);
}
