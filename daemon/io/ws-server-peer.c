/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of one connection: in, out, and the close handshake of RFC 6455. */
#include <string.h>

#include "limits.h"
#include "ws-server-internal.h"

#define FRAME_HEADER_MAX 10

/* A frame up to this size goes out as one write, and so as one TLS record. */
static uint8_t output[STREAM_READ_BYTES];

static void send_frame(WsPeer *p, WsOpcode opcode, const char *data, size_t size) {
        uint8_t *start = ws_frame_header(output + FRAME_HEADER_MAX, opcode, size);

        if (size <= sizeof(output) - FRAME_HEADER_MAX) {
                memcpy(output + FRAME_HEADER_MAX, data, size);
                stream_write(p->stream, start, (size_t) (output + FRAME_HEADER_MAX - start) + size);
        } else {
                stream_write(p->stream, start, (size_t) (output + FRAME_HEADER_MAX - start));
                stream_write(p->stream, data, size);
        }
}

/* Our close frame, after which nothing is sent. */
static void say_close(WsPeer *p, uint16_t code, const char *reason) {
        uint8_t frame[WS_CONTROL_MAX + 2];
        size_t size = ws_frame_close(frame, code, reason);

        if (!p->reason)
                p->reason = g_strdup(reason);
        ws_peer_set_phase(p, WS_PHASE_CLOSING);
        stream_write(p->stream, frame, size);
}

/* Called from the stream only, so that it may end at once. */
static void finish_when_sent(WsPeer *p) {
        if (stream_queued(p->stream) == 0)
                ws_peer_finish(p);
}

static bool queue_has_room(const WsPeer *p, size_t size) {
        size_t queued = stream_queued(p->stream);

        /* One message of any size is let through: what bounds it is the limit of messages. */
        return queued == 0 ||
               (queued + size <= SEND_QUEUE_BYTES_MAX && stream_writes(p->stream) < SEND_QUEUE_MESSAGES_MAX);
}

static bool send_or_close(WsPeer *p, WsOpcode opcode, const char *data, size_t size) {
        if (p->phase != WS_PHASE_OPEN)
                return false;
        if (!queue_has_room(p, size)) {
                stream_discard(p->stream);
                say_close(p, WS_CLOSE_TRY_AGAIN, "reads too slowly");
                return false;
        }
        send_frame(p, opcode, data, size);
        return true;
}

bool ws_peer_send(WsPeer *peer, const char *text, size_t size) {
        return send_or_close(peer, WS_OPCODE_TEXT, text, size);
}

void ws_peer_ping(WsPeer *p) {
        /* Not empty: some clients match the answer by its content. */
        (void) send_or_close(p, WS_OPCODE_PING, "mserver", strlen("mserver"));
}

void ws_peer_close(WsPeer *peer, uint16_t code, const char *reason) {
        if (peer->phase == WS_PHASE_OPEN)
                say_close(peer, code, reason);
}

/* The peer closes: answer with its own code, unless we had closed already. */
static void on_close_frame(WsPeer *p, uint16_t code) {
        p->heard_close = p->deaf = true;
        if (p->phase == WS_PHASE_OPEN) {
                if (code == WS_CLOSE_NO_CODE)
                        p->reason = g_strdup("closed by the client");
                else
                        p->reason = g_strdup_printf("closed by the client (%u)", code);
                stream_discard(p->stream); /* it will not read that any more */
                say_close(p, code == WS_CLOSE_NO_CODE ? WS_CLOSE_NORMAL : code, "");
        }
        finish_when_sent(p);
}

static void on_error(WsPeer *p, uint16_t code, const char *what) {
        p->deaf = true;
        if (p->phase == WS_PHASE_OPEN)
                say_close(p, code, what);
        finish_when_sent(p);
}

void ws_peer_receive(WsPeer *p, uint8_t *data, size_t size) {
        WsServer *s = p->server;
        WsEvent e;

        while (!p->deaf && p->phase != WS_PHASE_GONE) {
                switch (ws_parser_feed(&p->parser, &data, &size, &e)) {
                case WS_EVENT_MORE:
                        return;
                case WS_EVENT_TEXT:
                        if (p->phase == WS_PHASE_OPEN)
                                s->handler->message(p, e.data, e.size, s->userdata);
                        break;
                case WS_EVENT_PING:
                        (void) send_or_close(p, WS_OPCODE_PONG, e.data, e.size);
                        break;
                case WS_EVENT_PONG:
                        break; /* any data is a sign of life */
                case WS_EVENT_CLOSE:
                        on_close_frame(p, e.code);
                        break;
                case WS_EVENT_ERROR:
                        on_error(p, e.code, e.data);
                        break;
                }
        }
}

const char *ws_peer_identity(const WsPeer *peer) {
        return peer->identity;
}

const char *ws_peer_address(const WsPeer *peer) {
        return peer->address.text;
}

bool ws_peer_is_tls(const WsPeer *peer) {
        return stream_is_tls(peer->stream);
}

size_t ws_peer_queued(const WsPeer *peer) {
        return stream_queued(peer->stream);
}

void ws_peer_set_userdata(WsPeer *peer, void *p) {
        peer->userdata = p;
}

void *ws_peer_userdata(const WsPeer *peer) {
        return peer->userdata;
}
