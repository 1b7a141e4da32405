/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server as a whole: made, given new certificates, drained and freed. What it does with connections is in
 * the ws-server-*.c beside it: listen, life, handshake, peer.
 *
 * It stands on libuv and OpenSSL, and frames are daemon/logic/ws-frame. libwebsockets (the agent's client) is not
 * used on this side: its 4.1.6 takes unmasked frames and no call, callback or extension of it shows the mask bit,
 * it ends several broken frames without a close frame, and its HTTP role has a use after free. */
#include "ws-server.h"

#include "limits.h"
#include "tls-server.h"
#include "ws-server-internal.h"

WsServer *ws_server_new(Loop *l, const WsLimits *limits, const WsTls *tls, const WsHandler *handler,
                        void *userdata, GError **error) {
        g_autoptr(WsServer) s = g_new0(WsServer, 1);

        s->loop = l;
        s->limits = *limits;
        s->handler = handler;
        s->userdata = userdata;
        s->listeners = g_ptr_array_new();
        s->addresses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        s->wheel = ping_wheel_new(PING_INTERVAL_SEC, PEER_SILENT_SEC);
        if (tls && !ws_server_reload_tls(s, tls, error))
                return NULL;
        return g_steal_pointer(&s);
}

static void stop_listening(WsServer *s) {
        for (guint i = 0; i < s->listeners->len; i++)
                (void) ws_listener_free(g_ptr_array_index(s->listeners, i));
        g_ptr_array_set_size(s->listeners, 0);
        g_clear_pointer(&s->listen_retry, loop_timer_free);
}

static void end_all(WsServer *s, WsPhase phase) {
        WsPeer *p;

        while ((p = g_queue_peek_head(&s->phases[phase])))
                ws_peer_gone(p, "server is stopping");
}

static void close_all(WsServer *s) {
        WsPeer *p;

        end_all(s, WS_PHASE_HANDSHAKE);
        while ((p = g_queue_peek_head(&s->phases[WS_PHASE_OPEN])))
                ws_peer_close(p, WS_CLOSE_GOING_AWAY, "server is stopping");
}

WsServer *ws_server_free(WsServer *s) {
        if (!s)
                return NULL;
        s->drained = NULL;
        stop_listening(s);
        close_all(s);
        end_all(s, WS_PHASE_CLOSING);
        g_assert(s->connections == 0 && g_hash_table_size(s->addresses) == 0);
        g_clear_pointer(&s->tick, loop_timer_free);
        g_clear_pointer(&s->drain_timer, loop_timer_free);
        g_ptr_array_unref(s->listeners);
        g_hash_table_unref(s->addresses);
        ping_wheel_free(s->wheel);
        SSL_CTX_free(s->tls);
        g_free(s);
        return NULL;
}

bool ws_server_reload_tls(WsServer *s, const WsTls *tls, GError **error) {
        SSL_CTX *fresh = tls_server_new(tls->cert, tls->key, tls->client_ca, error);

        if (!fresh)
                return false;
        SSL_CTX_free(s->tls); /* connections hold on to theirs */
        s->tls = fresh;
        return true;
}

void ws_server_set_limits(WsServer *s, const WsLimits *limits) {
        s->limits = *limits;
}

static void on_drained(void *userdata) {
        WsServer *s = userdata;
        void (*done)(void *) = s->drained;

        s->drain_timer = loop_timer_free(s->drain_timer);
        end_all(s, WS_PHASE_CLOSING);
        s->drained = NULL;
        if (done)
                done(s->drained_userdata);
}

void ws_server_peer_left(WsServer *s) {
        if (s->connections > 0)
                return;
        g_clear_pointer(&s->tick, loop_timer_free); /* nothing wakes an idle server */
        if (s->drained && s->drain_timer) {
                loop_timer_free(s->drain_timer);
                s->drain_timer = loop_timer_new(s->loop, 0, 0, on_drained, s);
        }
}

void ws_server_drain(WsServer *s, uint64_t timeout_ms, void (*done)(void *userdata), void *userdata) {
        g_return_if_fail(!s->drain_timer);
        stop_listening(s);
        s->drained = done;
        s->drained_userdata = userdata;
        s->drain_timer = loop_timer_new(s->loop, s->connections > 0 ? timeout_ms : 0, 0, on_drained, s);
        close_all(s);
}

unsigned ws_server_connections(const WsServer *s) {
        return s->connections;
}
