/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A node for tests. */
#include "fake-node.h"

#include <json-c/json.h>
#include <string.h>

struct FakeNode {
        Loop *loop;
        uv_tcp_t *listener;
        uint16_t port;
        GHashTable *results; /* method → JSON */
        GHashTable *calls;   /* method → number */
        GPtrArray *connections, *waiting;
        bool silent;
};

typedef struct Connection {
        uv_tcp_t tcp;
        FakeNode *owner;
        GString *in;
        char *method; /* that waits */
        uint64_t id;
} Connection;

typedef struct Write {
        uv_write_t uv;
        char *text;
} Write;

static void closed(uv_handle_t *h) {
        Connection *c = h->data;

        g_string_free(c->in, true);
        g_free(c->method);
        g_free(c);
}

static void hang_up(Connection *c) {
        g_ptr_array_remove(c->owner->connections, c);
        g_ptr_array_remove(c->owner->waiting, c);
        uv_close((uv_handle_t *) &c->tcp, closed);
}

static void written(uv_write_t *uv, int status) {
        Write *w = uv->data;

        g_free(w->text);
        g_free(w);
}

static void answer(Connection *c) {
        const char *result = g_hash_table_lookup(c->owner->results, c->method);
        g_autofree char *body = g_strdup_printf(
                        "{\"jsonrpc\":\"2.0\",\"id\":%" G_GUINT64_FORMAT ",%s%s}", c->id,
                        result ? "\"result\":"
                               : "\"error\":{\"code\":-32601,\"message\":\"Method not found\"}",
                        result ?: "");
        Write *w = g_new0(Write, 1);
        uv_buf_t buffer;

        g_clear_pointer(&c->method, g_free);
        w->uv.data = w;
        w->text = g_strdup_printf("HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
        buffer = uv_buf_init(w->text, (unsigned) strlen(w->text));
        g_assert_cmpint(uv_write(&w->uv, (uv_stream_t *) &c->tcp, &buffer, 1, written), ==, 0);
}

static void take(Connection *c, const char *body) {
        json_object *o = json_tokener_parse(body);
        FakeNode *n = c->owner;
        unsigned calls;

        c->method = g_strdup(json_object_get_string(json_object_object_get(o, "method")));
        c->id = json_object_get_uint64(json_object_object_get(o, "id"));
        json_object_put(o);
        calls = GPOINTER_TO_UINT(g_hash_table_lookup(n->calls, c->method));
        g_hash_table_replace(n->calls, g_strdup(c->method), GUINT_TO_POINTER(calls + 1));
        if (n->silent)
                g_ptr_array_add(n->waiting, c);
        else
                answer(c);
}

static void alloc(uv_handle_t *h, size_t size, uv_buf_t *ret) {
        *ret = uv_buf_init(g_malloc(size), (unsigned) size);
}

static void has_read(uv_stream_t *s, ssize_t size, const uv_buf_t *buffer) {
        Connection *c = s->data;
        const char *body, *length;

        if (size > 0)
                g_string_append_len(c->in, buffer->base, size);
        g_free(buffer->base);
        if (size < 0) {
                hang_up(c);
                return;
        }
        body = strstr(c->in->str, "\r\n\r\n");
        length = strstr(c->in->str, "Content-Length: ");
        if (!body || !length || strlen(body + 4) < strtoul(length + 16, NULL, 10))
                return;
        take(c, body + 4);
        g_string_truncate(c->in, 0);
}

static void on_connection(uv_stream_t *s, int status) {
        FakeNode *n = s->data;
        Connection *c = g_new0(Connection, 1);

        c->owner = n;
        c->in = g_string_new(NULL);
        c->tcp.data = c;
        uv_tcp_init(loop_uv(n->loop), &c->tcp);
        g_assert_cmpint(uv_accept(s, (uv_stream_t *) &c->tcp), ==, 0);
        g_ptr_array_add(n->connections, c);
        uv_read_start((uv_stream_t *) &c->tcp, alloc, has_read);
}

FakeNode *fake_node_new(Loop *l) {
        FakeNode *n = g_new0(FakeNode, 1);
        struct sockaddr_in a;
        int size = sizeof(a);

        n->loop = l;
        n->results = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        n->calls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        n->connections = g_ptr_array_new();
        n->waiting = g_ptr_array_new();
        n->listener = g_new0(uv_tcp_t, 1);
        n->listener->data = n;
        uv_tcp_init(loop_uv(l), n->listener);
        uv_ip4_addr("127.0.0.1", 0, &a);
        g_assert_cmpint(uv_tcp_bind(n->listener, (struct sockaddr *) &a, 0), ==, 0);
        g_assert_cmpint(uv_listen((uv_stream_t *) n->listener, 64, on_connection), ==, 0);
        uv_tcp_getsockname(n->listener, (struct sockaddr *) &a, &size);
        n->port = ntohs(a.sin_port);
        return n;
}

static void free_handle(uv_handle_t *h) {
        g_free(h);
}

FakeNode *fake_node_free(FakeNode *n) {
        while (n->connections->len > 0)
                hang_up(n->connections->pdata[0]);
        uv_close((uv_handle_t *) n->listener, free_handle);
        g_ptr_array_unref(n->connections);
        g_ptr_array_unref(n->waiting);
        g_hash_table_unref(n->results);
        g_hash_table_unref(n->calls);
        g_free(n);
        return NULL;
}

uint16_t fake_node_port(const FakeNode *n) {
        return n->port;
}

void fake_node_set(FakeNode *n, const char *method, const char *result) {
        g_hash_table_replace(n->results, g_strdup(method), g_strdup(result));
}

void fake_node_set_silent(FakeNode *n, bool silent) {
        n->silent = silent;
}

void fake_node_release(FakeNode *n) {
        while (n->waiting->len > 0) {
                Connection *c = g_ptr_array_steal_index(n->waiting, 0);

                answer(c);
        }
}

unsigned fake_node_calls(const FakeNode *n, const char *method) {
        return GPOINTER_TO_UINT(g_hash_table_lookup(n->calls, method));
}

unsigned fake_node_waiting(const FakeNode *n) {
        return n->waiting->len;
}
