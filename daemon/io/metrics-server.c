/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers GET /metrics on a socket of its own. */
#include "metrics-server.h"

#include <string.h>
#include <unistd.h>

#include "error.h"
#include "limits.h"
#include "names.h"
#include "openmetrics.h"

typedef struct Scrape {
        MetricsServer *owner; /* NULL: nobody waits for its end */
        uv_tcp_t tcp;
        LoopTimer *deadline;
        char head[METRICS_REQUEST_BYTES_MAX];
        size_t size;
        uv_write_t write;
        char *answer;
        bool closing;
} Scrape;

typedef struct Listening {
        uv_tcp_t tcp;
        MetricsServer *owner;
} Listening;

struct MetricsServer {
        Loop *loop;
        MetricsText text;
        void *userdata;
        GPtrArray *listening; /* of Listening */
        GPtrArray *scrapes;   /* of Scrape */
};

static void scrape_closed(uv_handle_t *h) {
        Scrape *c = h->data;

        g_free(c->answer);
        g_free(c);
}

static void scrape_end(Scrape *c) {
        if (c->closing)
                return;
        c->closing = true;
        c->deadline = loop_timer_free(c->deadline);
        (void) g_ptr_array_remove_fast(c->owner->scrapes, c);
        uv_close((uv_handle_t *) &c->tcp, scrape_closed);
}

static void too_late(void *userdata) {
        scrape_end(userdata);
}

static void written(uv_write_t *w, int status) {
        scrape_end(w->data);
}

static void answer(Scrape *c, const char *status, const char *type, const char *body, size_t size) {
        g_autofree char *head = g_strdup_printf("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                                                "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                                                status, type, size);
        size_t head_size = strlen(head);
        uv_buf_t buf;

        c->answer = g_malloc(head_size + size);
        memcpy(c->answer, head, head_size);
        memcpy(c->answer + head_size, body, size);
        buf = uv_buf_init(c->answer, (unsigned) (head_size + size));
        c->write.data = c;
        (void) uv_read_stop((uv_stream_t *) &c->tcp);
        if (uv_write(&c->write, (uv_stream_t *) &c->tcp, &buf, 1, written) < 0)
                scrape_end(c);
}

static void answer_error(Scrape *c, const char *status) {
        g_autofree char *body = g_strconcat(status, "\n", NULL);

        answer(c, status, "text/plain; charset=utf-8", body, strlen(body));
}

static bool wants_openmetrics(const char *head) {
        g_autofree char *lower = g_ascii_strdown(head, -1);
        const char *accept = strstr(lower, "\r\naccept:"), *end = accept ? strstr(accept + 2, "\r\n") : NULL,
                   *at = accept ? strstr(accept, "application/openmetrics-text") : NULL;

        return at && end && at < end;
}

static void serve(Scrape *c) {
        MetricsServer *s = c->owner;
        bool openmetrics = wants_openmetrics(c->head);
        g_autofree char *body = NULL;
        size_t size;

        if (!g_str_has_prefix(c->head, "GET ")) {
                answer_error(c, "405 Method Not Allowed");
                return;
        }
        if (!g_str_has_prefix(c->head, "GET " METRICS_PATH " ") &&
            !g_str_has_prefix(c->head, "GET " METRICS_PATH "?")) {
                answer_error(c, "404 Not Found");
                return;
        }
        body = s->text(openmetrics, &size, s->userdata);
        answer(c, "200 OK", openmetrics ? OPENMETRICS_TYPE : OPENMETRICS_PLAIN_TYPE, body, size);
}

static void alloc(uv_handle_t *h, size_t suggested, uv_buf_t *ret) {
        Scrape *c = h->data;

        *ret = uv_buf_init(c->head + c->size, (unsigned) (sizeof(c->head) - 1 - c->size));
}

static void got(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
        Scrape *c = stream->data;

        if (n == 0)
                return;
        if (n < 0 && n != UV_ENOBUFS) {
                scrape_end(c);
                return;
        }
        c->size += n > 0 ? (size_t) n : 0;
        c->head[c->size] = '\0';
        if (strstr(c->head, "\r\n\r\n"))
                serve(c);
        else if (c->size == sizeof(c->head) - 1)
                answer_error(c, "431 Request Header Fields Too Large");
        else if (memchr(c->head, '\0', c->size))
                answer_error(c, "400 Bad Request");
}

static void connected(uv_stream_t *listening, int status) {
        MetricsServer *s = ((Listening *) listening->data)->owner;
        Scrape *c;

        if (status < 0)
                return;
        c = g_new0(Scrape, 1);
        c->owner = s;
        c->tcp.data = c;
        (void) uv_tcp_init(loop_uv(s->loop), &c->tcp);
        g_ptr_array_add(s->scrapes, c);
        c->deadline = loop_timer_new(s->loop, METRICS_TIMEOUT_SEC * 1000, 0, too_late, c);
        if (uv_accept(listening, (uv_stream_t *) &c->tcp) < 0 || s->scrapes->len > METRICS_CONNECTIONS_MAX ||
            uv_read_start((uv_stream_t *) &c->tcp, alloc, got) < 0)
                scrape_end(c);
}

static void listening_closed(uv_handle_t *h) {
        g_free(h->data);
}

bool metrics_server_listen(MetricsServer *s, int fd, GError **error) {
        Listening *l = g_new0(Listening, 1);
        int r;

        l->owner = s;
        l->tcp.data = l;
        (void) uv_tcp_init(loop_uv(s->loop), &l->tcp);
        r = uv_tcp_open(&l->tcp, fd);
        if (r < 0)
                (void) close(fd);
        else
                r = uv_listen((uv_stream_t *) &l->tcp, METRICS_CONNECTIONS_MAX, connected);
        if (r < 0) {
                uv_close((uv_handle_t *) &l->tcp, listening_closed);
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, -r, "cannot listen for /metrics");
        }
        g_ptr_array_add(s->listening, l);
        return true;
}

MetricsServer *metrics_server_new(Loop *l, MetricsText text, void *userdata) {
        MetricsServer *s = g_new(MetricsServer, 1);

        *s = (MetricsServer){ l, text, userdata, g_ptr_array_new(), g_ptr_array_new() };
        return s;
}

MetricsServer *metrics_server_free(MetricsServer *s) {
        if (!s)
                return NULL;
        for (unsigned i = 0; i < s->listening->len; i++)
                uv_close((uv_handle_t *) &((Listening *) s->listening->pdata[i])->tcp, listening_closed);
        while (s->scrapes->len > 0)
                scrape_end(s->scrapes->pdata[0]);
        g_ptr_array_unref(s->listening);
        g_ptr_array_unref(s->scrapes);
        g_free(s);
        return NULL;
}
