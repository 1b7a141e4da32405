/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream to mclient-script. */
#include "script-link.h"

#include <string.h>
#include <uv.h>

#include "pipe-stream.h"

struct ScriptLink {
        PipeStream *stream;
        const ScriptLinkHandler *handler; /* NULL: it has ended, or was freed */
        void *userdata;
        char *unreachable; /* what is wrong where it never came to be */
        GByteArray *in;
};

/* Once; the link stays until its owner frees it. */
static void end(ScriptLink *k, const char *problem) {
        const ScriptLinkHandler *handler = k->handler;

        k->handler = NULL;
        if (handler)
                handler->ended(pipe_stream_is_connected(k->stream), problem, k->userdata);
}

static void received(const void *data, size_t size, void *userdata) {
        ScriptLink *k = userdata;
        g_autoptr(GError) error = NULL;
        const void *content;
        ScriptFrame type;

        g_byte_array_append(k->in, data, (guint) size);
        while (k->handler && script_frame_next(k->in, &type, &content, &size, &error)) {
                k->handler->frame(type, content, size, k->userdata);
                script_frame_drop(k->in);
        }
        if (!error)
                return;
        pipe_stream_set_flow(k->stream, false);
        end(k, error->message);
}

static void ended(int error, void *userdata) {
        ScriptLink *k = userdata;
        g_autofree char *problem = NULL;

        if (!pipe_stream_is_connected(k->stream))
                problem = g_strdup_printf("%s: %s", k->unreachable, uv_strerror(error));
        end(k, problem ?: (error == UV_EOF ? "mclient-script went away" : uv_strerror(error)));
}

static void gone(void *userdata) {
        ScriptLink *k = userdata;

        g_byte_array_unref(k->in);
        g_free(k->unreachable);
        g_free(k);
}

static void begin(ScriptLink *k, const ScriptPlace *place) {
        int r;

        if (place->socket) {
                k->unreachable = g_strdup("mclient-script.socket does not answer");
                pipe_stream_connect(k->stream, place->socket);
                return;
        }
        k->unreachable = g_strdup(place->helper);
        r = script_helpers_start(place->helpers, place->helper, place->config, place->state,
                                 pipe_stream_handle(k->stream));
        if (r < 0)
                pipe_stream_fail(k->stream, r);
        else
                pipe_stream_begin(k->stream);
}

static void send_frame(ScriptLink *k, ScriptFrame type, const char *text) {
        g_autoptr(GByteArray) frame = g_byte_array_new();

        script_frame_append(frame, type, text, text ? strlen(text) : 0);
        pipe_stream_send(k->stream, frame->data, frame->len);
}

ScriptLink *script_link_new(Loop *l, const ScriptPlace *place, ScriptFrame request, const char *text,
                            const ScriptLinkHandler *handler, void *userdata) {
        static const PipeStreamHandler stream_handler = { received, ended, gone };
        ScriptLink *k = g_new0(ScriptLink, 1);

        k->stream = pipe_stream_new(l, &stream_handler, k);
        k->handler = handler;
        k->userdata = userdata;
        k->in = g_byte_array_new();
        send_frame(k, request, text);
        begin(k, place);
        return k;
}

ScriptLink *script_link_free(ScriptLink *k) {
        if (!k)
                return NULL;
        k->handler = NULL;
        pipe_stream_free(k->stream);
        return NULL;
}

void script_link_cancel(ScriptLink *k) {
        send_frame(k, SCRIPT_CANCEL, NULL);
}

void script_link_set_flow(ScriptLink *k, bool open) {
        if (k->handler) /* else nothing that comes is for anybody */
                pipe_stream_set_flow(k->stream, open);
}
