/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream to mclient-script. */
#include "script-link.h"

#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "limits.h"

struct ScriptLink {
        Loop *loop;
        const ScriptLinkHandler *handler;
        void *userdata;
        uv_pipe_t pipe;
        uv_process_t process;
        uv_connect_t connect;
        unsigned open; /* handles that are not closed yet */
        bool freed;    /* by its owner: nothing is said any more */
        bool connected, flow;
        char *problem; /* about to be said */
        GByteArray *in;
        GByteArray *unsent; /* until it is connected */
        char buffer[OUTPUT_CHUNK_BYTES];
};

typedef struct Write {
        uv_write_t request;
        GByteArray *bytes;
} Write;

static void gone(uv_handle_t *handle) {
        ScriptLink *k = handle->data;

        if (--k->open > 0)
                return;
        g_byte_array_unref(k->in);
        g_byte_array_unref(k->unsent);
        g_free(k->problem);
        g_free(k);
}

/* Once; the link stays until its owner frees it. */
static void end(ScriptLink *k, const char *problem) {
        const ScriptLinkHandler *handler = k->handler;

        k->handler = NULL;
        if (handler && !k->freed)
                handler->ended(k->connected, problem, k->userdata);
}

static void written(uv_write_t *request, int status) {
        Write *w = (Write *) request; /* a failure shows in reading, too */

        g_byte_array_unref(w->bytes);
        g_free(w);
}

static void send_unsent(ScriptLink *k) {
        Write *w;
        uv_buf_t buf;

        if (!k->connected || k->unsent->len == 0)
                return;
        w = g_new0(Write, 1);
        w->bytes = g_steal_pointer(&k->unsent);
        k->unsent = g_byte_array_new();
        buf = uv_buf_init((char *) w->bytes->data, w->bytes->len);
        if (uv_write(&w->request, (uv_stream_t *) &k->pipe, &buf, 1, written) < 0)
                written(&w->request, 0);
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
        ScriptLink *k = handle->data;

        *buf = uv_buf_init(k->buffer, sizeof k->buffer);
}

static void take_frames(ScriptLink *k) {
        g_autoptr(GError) error = NULL;
        ScriptFrame type;
        const void *data;
        size_t size;

        while (!k->freed && k->handler && script_frame_next(k->in, &type, &data, &size, &error)) {
                k->handler->frame(type, data, size, k->userdata);
                script_frame_drop(k->in);
        }
        if (error)
                end(k, error->message);
}

static void received(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
        ScriptLink *k = stream->data;

        if (n > 0) {
                g_byte_array_append(k->in, (const guint8 *) buf->base, (guint) n);
                take_frames(k);
        } else if (n < 0) {
                (void) uv_read_stop(stream);
                end(k, n == UV_EOF ? "mclient-script went away" : uv_strerror((int) n));
        }
}

static void read_on(ScriptLink *k) {
        if (k->connected && k->flow && k->handler)
                (void) uv_read_start((uv_stream_t *) &k->pipe, allocate, received);
}

static void say_problem(void *userdata) {
        ScriptLink *k = userdata;

        end(k, k->problem);
}

static void fail(ScriptLink *k, const char *what, int r) {
        k->problem = g_strdup_printf("%s: %s", what, uv_strerror(r));
        loop_defer(k->loop, say_problem, k);
}

static void connected(uv_connect_t *request, int status) {
        ScriptLink *k = request->data;

        if (k->freed)
                return;
        if (status < 0) {
                fail(k, "mclient-script.socket does not answer", status);
                return;
        }
        k->connected = true;
        send_unsent(k);
        read_on(k);
}

static void exited(uv_process_t *process, int64_t status, int signum) {
        /* What it said, and the end of that, comes on the pipe. */
}

/* In a session of its own: neither a terminal's Ctrl-C nor our end is its own. */
static int spawn(ScriptLink *k, const ScriptPlace *place) {
        g_autofree char *config = g_strconcat("--config=", place->config, NULL),
                        *state = g_strconcat("--state=", place->state, NULL);
        char *argv[] = { (char *) place->helper, config, state, (char *) "--own-user", NULL };
        uv_stdio_container_t stdio[] = {
                { .flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE,
                  .data.stream = (uv_stream_t *) &k->pipe },
                { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
                { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
        };
        const uv_process_options_t options = {
                .exit_cb = exited,
                .file = place->helper,
                .args = argv,
                .flags = UV_PROCESS_DETACHED,
                .stdio_count = G_N_ELEMENTS(stdio),
                .stdio = stdio,
        };

        k->process.data = k;
        k->open++;
        return uv_spawn(loop_uv(k->loop), &k->process, &options);
}

static void append_frame(ScriptLink *k, ScriptFrame type, const char *text) {
        script_frame_append(k->unsent, type, text, text ? strlen(text) : 0);
        send_unsent(k);
}

ScriptLink *script_link_new(Loop *l, const ScriptPlace *place, ScriptFrame request, const char *text,
                            const ScriptLinkHandler *handler, void *userdata) {
        ScriptLink *k = g_new0(ScriptLink, 1);
        int r;

        k->loop = l;
        k->handler = handler;
        k->userdata = userdata;
        k->flow = true;
        k->in = g_byte_array_new();
        k->unsent = g_byte_array_new();
        (void) uv_pipe_init(loop_uv(l), &k->pipe, 0);
        k->pipe.data = k;
        k->open = 1;
        append_frame(k, request, text);
        if (place->socket) {
                k->connect.data = k;
                uv_pipe_connect(&k->connect, &k->pipe, place->socket, connected);
                return k;
        }
        r = spawn(k, place);
        if (r < 0) {
                fail(k, place->helper, r);
                return k;
        }
        k->connected = true;
        send_unsent(k);
        read_on(k);
        return k;
}

ScriptLink *script_link_free(ScriptLink *k) {
        if (!k)
                return NULL;
        k->freed = true;
        loop_undefer(k->loop, say_problem, k);
        if (k->process.data)
                uv_close((uv_handle_t *) &k->process, gone);
        uv_close((uv_handle_t *) &k->pipe, gone);
        return NULL;
}

void script_link_cancel(ScriptLink *k) {
        append_frame(k, SCRIPT_CANCEL, NULL);
}

void script_link_set_flow(ScriptLink *k, bool open) {
        if (k->flow == open)
                return;
        k->flow = open;
        if (open)
                read_on(k);
        else if (k->connected)
                (void) uv_read_stop((uv_stream_t *) &k->pipe);
}
