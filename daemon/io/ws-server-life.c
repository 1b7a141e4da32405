/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a connection: handshake, open, closing, gone. Every way out ends in ws_peer_gone(), which calls
 * closed() at once; the memory goes in a later turn of the loop, so that a callback may end its own connection. */
#include "limits.h"
#include "log.h"
#include "ws-server-internal.h"

static void on_data(Stream *stream, uint8_t *data, size_t size, void *userdata) {
        WsPeer *p = userdata;
        WsServer *s = p->server;

        if (p->deaf)
                return;
        if (p->phase == WS_PHASE_HANDSHAKE) {
                ws_peer_handshake(p, data, size);
                return;
        }
        if (p->phase == WS_PHASE_OPEN && ping_wheel_heard(s->wheel, &p->ping) && s->handler->alive)
                s->handler->alive(p, s->userdata);
        ws_peer_receive(p, data, size);
}

static void on_ended(Stream *stream, const char *reason, void *userdata) {
        ws_peer_gone(userdata, reason);
}

static void on_drained(Stream *stream, void *userdata) {
        WsPeer *p = userdata;

        if (p->deaf || p->phase == WS_PHASE_CLOSING)
                ws_peer_finish(p);
}

static void on_freed(void *userdata) {
        WsPeer *p = userdata;

        ws_parser_clear(&p->parser);
        g_clear_pointer(&p->head, g_byte_array_unref);
        g_free(p->identity);
        g_free(p->reason);
        g_free(p);
}

static const StreamHandler stream_handler = {
        .data = on_data,
        .ended = on_ended,
        .drained = on_drained,
        .freed = on_freed,
};

/* Counts one more connection of this address. */
static WsSource *source_join(WsServer *s, const char *key) {
        WsSource *source = g_hash_table_lookup(s->addresses, key);

        if (!source) {
                source = g_new0(WsSource, 1);
                (void) g_hash_table_insert(s->addresses, g_strdup(key), source);
        }
        source->connections++;
        return source;
}

static void source_leave(WsPeer *p) {
        if (--p->source->connections == 0)
                (void) g_hash_table_remove(p->server->addresses, p->address.key);
        p->source = NULL;
}

static void on_due(PingEntry *e, bool silent, void *userdata) {
        WsPeer *p = (WsPeer *) ((char *) e - offsetof(WsPeer, ping));

        if (silent)
                ws_peer_gone(p, "silent for " G_STRINGIFY(PEER_SILENT_SEC) " s");
        else
                ws_peer_ping(p);
}

static void expire(WsServer *s, WsPhase phase, unsigned long seconds, const char *reason) {
        WsPeer *p;

        while ((p = g_queue_peek_head(&s->phases[phase])) && s->now - p->since > seconds)
                ws_peer_gone(p, reason);
}

void ws_server_tick(WsServer *s) {
        s->now++;
        ping_wheel_tick(s->wheel, on_due, s);
        expire(s, WS_PHASE_HANDSHAKE, HANDSHAKE_TIMEOUT_SEC,
               "no upgrade within " G_STRINGIFY(HANDSHAKE_TIMEOUT_SEC) " s");
        expire(s, WS_PHASE_CLOSING, CLOSE_TIMEOUT_SEC, "the close was not answered");
        ws_server_listen_again(s);
}

static void on_tick(void *userdata) {
        ws_server_tick(userdata);
}

WsPeer *ws_peer_new(WsServer *s, int fd, bool tls, const PeerAddress *address) {
        WsPeer *p = g_new0(WsPeer, 1);

        p->server = s;
        p->address = *address;
        p->link.data = p;
        p->stream = stream_new(s->loop, fd, tls ? s->tls : NULL, &stream_handler, p);
        if (!p->stream) {
                g_free(p);
                return NULL;
        }
        p->phase = WS_PHASE_HANDSHAKE;
        p->since = s->now;
        g_queue_push_tail_link(&s->phases[p->phase], &p->link);
        p->source = source_join(s, p->address.key);
        p->source->handshakes++;
        s->connections++;
        if (!s->tick)
                s->tick = loop_timer_new(s->loop, 1000, 1000, on_tick, s);
        return p;
}

void ws_peer_set_phase(WsPeer *p, WsPhase phase) {
        WsServer *s = p->server;
        WsPhase before = p->phase;

        g_assert(before < phase);
        g_queue_unlink(&s->phases[before], &p->link);
        p->phase = phase;
        p->since = s->now;
        if (phase != WS_PHASE_GONE)
                g_queue_push_tail_link(&s->phases[phase], &p->link);
        if (phase == WS_PHASE_OPEN)
                ping_wheel_add(s->wheel, &p->ping);
        else
                ping_wheel_remove(s->wheel, &p->ping);
        if (before == WS_PHASE_HANDSHAKE) {
                p->source->handshakes--;
                ws_server_listen_again(s);
        }
}

void ws_peer_finish(WsPeer *p) {
        if (p->heard_close)
                ws_peer_gone(p, NULL);
        else if (p->deaf)
                stream_shutdown(p->stream);
        /* else the peer's close frame is to come */
}

void ws_peer_gone(WsPeer *p, const char *reason) {
        WsServer *s = p->server;

        if (p->phase == WS_PHASE_GONE)
                return;
        if (!p->reason)
                p->reason = g_strdup(reason);
        ws_call_forget(p);
        ws_peer_set_phase(p, WS_PHASE_GONE);
        source_leave(p);
        s->connections--;
        stream_close(p->stream);
        log_debug("%s (%s): %s", p->address.text, p->identity ?: "no client", p->reason);
        if (p->owes_closed) {
                p->owes_closed = false;
                s->handler->closed(p, p->reason, s->userdata);
        }
        ws_server_peer_left(s);
}
