/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines over a unix socket. */
#include "notify-stream.h"

#include <string.h>
#include <uv.h>

#include "limits.h"
#include "pipe-stream.h"

struct NotifyStream {
        PipeStream *stream;
        const NotifyStreamHandler *handler; /* NULL: it has ended, or was freed */
        void *userdata;
        GString *in;
};

static void end(NotifyStream *s, const char *problem) {
        const NotifyStreamHandler *handler = s->handler;

        s->handler = NULL;
        if (handler)
                handler->ended(problem, s->userdata);
}

static void received(const void *data, size_t size, void *userdata) {
        NotifyStream *s = userdata;
        char *newline;

        g_string_append_len(s->in, data, (gssize) size);
        while (s->handler && (newline = memchr(s->in->str, '\n', s->in->len))) {
                g_autofree char *line = g_strndup(s->in->str, (gsize) (newline - s->in->str));

                g_string_erase(s->in, 0, newline - s->in->str + 1);
                s->handler->line(line, s->userdata);
        }
        if (s->handler && s->in->len > NOTIFY_LINE_BYTES_MAX) {
                pipe_stream_set_flow(s->stream, false);
                end(s, "a line is too long");
        }
}

static void ended(int error, void *userdata) {
        end(userdata, error == UV_EOF ? "the other end has gone" : uv_strerror(error));
}

static void gone(void *userdata) {
        NotifyStream *s = userdata;

        g_string_free(s->in, true);
        g_free(s);
}

static NotifyStream *stream_new(Loop *l, const NotifyStreamHandler *handler, void *userdata) {
        static const PipeStreamHandler stream_handler = { received, ended, gone };
        NotifyStream *s = g_new0(NotifyStream, 1);

        s->stream = pipe_stream_new(l, &stream_handler, s);
        s->handler = handler;
        s->userdata = userdata;
        s->in = g_string_new(NULL);
        return s;
}

NotifyStream *notify_stream_connect(Loop *l, const char *path, const NotifyStreamHandler *handler,
                                    void *userdata) {
        NotifyStream *s = stream_new(l, handler, userdata);

        pipe_stream_connect(s->stream, path);
        return s;
}

NotifyStream *notify_stream_accept(Loop *l, uv_stream_t *listener, const NotifyStreamHandler *handler,
                                   void *userdata) {
        NotifyStream *s = stream_new(l, handler, userdata);

        return pipe_stream_accept(s->stream, listener) ? s : notify_stream_free(s);
}

NotifyStream *notify_stream_free(NotifyStream *s) {
        if (!s)
                return NULL;
        s->handler = NULL;
        pipe_stream_free(s->stream);
        return NULL;
}

void notify_stream_send(NotifyStream *s, const char *line) {
        pipe_stream_send(s->stream, line, strlen(line));
}
