/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An engine for tests. */
#include "fake-docker.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct FakeDocker {
        uv_pipe_t listener;
        Loop *loop;
        char *dir, *path;
        FakeHandler handler;
        void *userdata;
        GList *connections;
        bool stopped;
};

typedef struct Connection {
        FakeRequest request;
        FakeDocker *owner;
        uv_pipe_t pipe;
        uv_shutdown_t shutdown;
        GString *in;
        char *endless;
        bool handled;
} Connection;

typedef struct Write {
        uv_write_t uv;
        char *data;
        size_t size;
} Write;

static void connection_closed(uv_handle_t *h) {
        Connection *c = h->data;

        g_free(c->request.line);
        g_free(c->request.body);
        g_free(c->endless);
        g_string_free(c->in, true);
        g_free(c);
}

static void connection_close(Connection *c) {
        c->owner->connections = g_list_remove(c->owner->connections, c);
        uv_close((uv_handle_t *) &c->pipe, connection_closed);
}

static void alloc(uv_handle_t *h, size_t size, uv_buf_t *ret) {
        *ret = uv_buf_init(g_malloc(size), (unsigned) size);
}

/* Calls the handler once head and body are there. */
static void handle(Connection *c) {
        const char *body = strstr(c->in->str, "\r\n\r\n"), *length = strstr(c->in->str, "Content-Length: ");
        size_t size = length ? strtoul(length + strlen("Content-Length: "), NULL, 10) : 0;
        g_auto(GStrv) words = NULL;

        if (!body || c->in->len - (size_t) (body + 4 - c->in->str) < size)
                return;
        words = g_strsplit(c->in->str, " ", 3);
        c->request.line = g_strconcat(words[0], " ", words[1], NULL);
        c->request.body = g_memdup2(body + 4, size + 1);
        c->request.body_size = size;
        c->handled = true;
        c->owner->handler(&c->request, c->owner->userdata);
}

static void read_handler(uv_stream_t *s, ssize_t n, const uv_buf_t *buffer) {
        Connection *c = s->data;

        if (n > 0)
                g_string_append_len(c->in, buffer->base, n);
        g_free(buffer->base);
        if (n < 0) {
                c->request.gone = true;
                if (c->handled)
                        uv_read_stop(s); /* the test may still look at it */
                else
                        connection_close(c);
        } else if (!c->handled)
                handle(c);
}

static void connection_handler(uv_stream_t *listener, int status) {
        FakeDocker *f = listener->data;
        Connection *c = g_new0(Connection, 1);

        c->owner = f;
        c->in = g_string_new(NULL);
        c->pipe.data = c;
        uv_pipe_init(loop_uv(f->loop), &c->pipe, false);
        g_assert_cmpint(uv_accept(listener, (uv_stream_t *) &c->pipe), ==, 0);
        f->connections = g_list_prepend(f->connections, c);
        uv_read_start((uv_stream_t *) &c->pipe, alloc, read_handler);
}

FakeDocker *fake_docker_new(Loop *l, FakeHandler handler, void *userdata) {
        FakeDocker *f = g_new0(FakeDocker, 1);

        signal(SIGPIPE, SIG_IGN); /* libuv writes to whoever has hung up */
        f->loop = l;
        f->handler = handler;
        f->userdata = userdata;
        f->dir = g_dir_make_tmp("fake-docker-XXXXXX", NULL);
        f->path = g_build_filename(f->dir, "docker.sock", NULL);
        f->listener.data = f;
        uv_pipe_init(loop_uv(l), &f->listener, false);
        g_assert_cmpint(uv_pipe_bind(&f->listener, f->path), ==, 0);
        g_assert_cmpint(uv_listen((uv_stream_t *) &f->listener, 64, connection_handler), ==, 0);
        return f;
}

void fake_docker_stop(FakeDocker *f) {
        if (f->stopped)
                return;
        f->stopped = true;
        while (f->connections)
                connection_close(f->connections->data);
        uv_close((uv_handle_t *) &f->listener, NULL);
}

FakeDocker *fake_docker_free(FakeDocker *f) {
        fake_docker_stop(f);
        uv_run(loop_uv(f->loop), UV_RUN_NOWAIT); /* the listener is in here until it is closed */
        g_unlink(f->path);
        g_rmdir(f->dir);
        g_free(f->path);
        g_free(f->dir);
        g_free(f);
        return NULL;
}

const char *fake_docker_path(const FakeDocker *f) {
        return f->path;
}

static void write_handler(uv_write_t *uv, int status) {
        Write *w = uv->data;
        Connection *c = uv->handle->data;

        if (status == 0) {
                c->request.sent += w->size;
                if (c->endless)
                        fake_send(&c->request, c->endless, strlen(c->endless));
        }
        g_free(w->data);
        g_free(w);
}

void fake_send(FakeRequest *r, const void *data, size_t size) {
        Connection *c = (Connection *) r;
        Write *w = g_new0(Write, 1);
        uv_buf_t buffer;

        w->data = g_memdup2(data, size);
        w->size = size;
        w->uv.data = w;
        buffer = uv_buf_init(w->data, (unsigned) size);
        g_assert_cmpint(uv_write(&w->uv, (uv_stream_t *) &c->pipe, &buffer, 1, write_handler), ==, 0);
}

static void send_text(FakeRequest *r, const char *text) {
        fake_send(r, text, strlen(text));
}

void fake_answer(FakeRequest *r, unsigned status, const char *json) {
        g_autofree char *text = g_strdup_printf("HTTP/1.1 %u Whatever\r\nContent-Type: application/json\r\n"
                                                "Content-Length: %zu\r\n\r\n%s",
                                                status, json ? strlen(json) : 0, json ?: "");

        send_text(r, text);
        fake_hang_up(r);
}

void fake_answer_stream(FakeRequest *r) {
        send_text(r, "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n");
}

void fake_send_frame(FakeRequest *r, unsigned stream, const char *text) {
        size_t size = strlen(text);
        char header[8] = { (char) stream,      0,          0, 0, (char) (size >> 24), (char) (size >> 16),
                           (char) (size >> 8), (char) size };

        fake_send(r, header, sizeof(header));
        send_text(r, text);
}

void fake_send_endlessly(FakeRequest *r, const char *text) {
        ((Connection *) r)->endless = g_strdup(text);
        send_text(r, text);
}

void fake_hang_up(FakeRequest *r) {
        Connection *c = (Connection *) r;

        g_assert_cmpint(uv_shutdown(&c->shutdown, (uv_stream_t *) &c->pipe, NULL), ==, 0);
}
