/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libcurl's transfers on the daemon's loop. */
#include "curl-loop.h"

#include "error.h"

struct CurlLoop {
        Loop *loop;
        CURLM *multi;
        LoopTimer *timer;
        CurlLoopDone done;
        void *userdata;
};

/* One socket of libcurl's that we watch for it. */
typedef struct Watch {
        uv_poll_t uv;
        CurlLoop *owner;
        curl_socket_t socket;
} Watch;

static void report_ended(CurlLoop *c) {
        CURLMsg *m;
        int left;

        while ((m = curl_multi_info_read(c->multi, &left)))
                if (m->msg == CURLMSG_DONE)
                        c->done(m->easy_handle, m->data.result, c->userdata);
}

static void act(CurlLoop *c, curl_socket_t s, int events) {
        int running;
        CURLMcode r = curl_multi_socket_action(c->multi, s, events, &running);

        if (r != CURLM_OK)
                g_error("curl_multi_socket_action: %s", curl_multi_strerror(r));
        report_ended(c);
}

static void poll_handler(uv_poll_t *h, int status, int events) {
        Watch *w = h->data;
        int flags = 0;

        if (status < 0)
                flags = CURL_CSELECT_ERR;
        if (events & UV_READABLE)
                flags |= CURL_CSELECT_IN;
        if (events & UV_WRITABLE)
                flags |= CURL_CSELECT_OUT;
        act(w->owner, w->socket, flags);
}

static void watch_closed(uv_handle_t *h) {
        g_free(h->data);
}

static Watch *watch_new(CurlLoop *c, curl_socket_t s) {
        Watch *w = g_new0(Watch, 1);
        int r;

        w->owner = c;
        w->socket = s;
        w->uv.data = w;
        r = uv_poll_init_socket(loop_uv(c->loop), &w->uv, s);
        if (r < 0)
                g_error("Cannot watch a socket: %s", uv_strerror(r));
        return w;
}

static int socket_callback(CURL *easy, curl_socket_t s, int what, void *userdata, void *watch) {
        CurlLoop *c = userdata;
        Watch *w = watch;
        int events = 0;

        if (what == CURL_POLL_REMOVE) {
                if (w) {
                        (void) curl_multi_assign(c->multi, s, NULL);
                        uv_close((uv_handle_t *) &w->uv, watch_closed);
                }
                return 0;
        }
        if (!w) {
                w = watch_new(c, s);
                (void) curl_multi_assign(c->multi, s, w);
        }
        if (what != CURL_POLL_OUT)
                events |= UV_READABLE;
        if (what != CURL_POLL_IN)
                events |= UV_WRITABLE;
        (void) uv_poll_start(&w->uv, events, poll_handler);
        return 0;
}

static void timer_handler(void *userdata) {
        CurlLoop *c = userdata;

        c->timer = loop_timer_free(c->timer);
        act(c, CURL_SOCKET_TIMEOUT, 0);
}

static int timer_callback(CURLM *multi, long timeout_ms, void *userdata) {
        CurlLoop *c = userdata;

        c->timer = loop_timer_free(c->timer);
        if (timeout_ms >= 0)
                c->timer = loop_timer_new(c->loop, (uint64_t) timeout_ms, 0, timer_handler, c);
        return 0;
}

CurlLoop *curl_loop_new(Loop *l, CurlLoopDone done, void *userdata, GError **error) {
        CurlLoop *c;

        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
                (void) fleet_fail(error, FLEET_ERROR_FAILED, "Cannot initialise libcurl");
                return NULL;
        }
        c = g_new0(CurlLoop, 1);
        c->loop = l;
        c->done = done;
        c->userdata = userdata;
        c->multi = curl_multi_init();
        g_assert(c->multi);
        (void) curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, socket_callback);
        (void) curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
        (void) curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, timer_callback);
        (void) curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
        return c;
}

CurlLoop *curl_loop_free(CurlLoop *c) {
        if (!c)
                return NULL;
        (void) curl_multi_cleanup(c->multi);
        (void) loop_timer_free(c->timer);
        curl_global_cleanup();
        g_free(c);
        return NULL;
}

void curl_loop_add(CurlLoop *c, CURL *easy) {
        CURLMcode r = curl_multi_add_handle(c->multi, easy);

        if (r != CURLM_OK)
                g_error("curl_multi_add_handle: %s", curl_multi_strerror(r));
}

void curl_loop_remove(CurlLoop *c, CURL *easy) {
        CURLMcode r = curl_multi_remove_handle(c->multi, easy);

        if (r != CURLM_OK)
                g_error("curl_multi_remove_handle: %s", curl_multi_strerror(r));
}
