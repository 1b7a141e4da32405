/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the first byte to the answer: one request, whose token is asked about before anything is upgraded. */
#include <openssl/crypto.h>

#include "clock.h"
#include "limits.h"
#include "tls-server.h"
#include "ws-server-internal.h"
#include "ws-upgrade.h"

/* The answer is the last word: the connection ends with it. Until the peer lets go it counts among the handshakes,
 * and within their time: strangers get no more than that. */
void ws_peer_refuse(WsPeer *p, unsigned status) {
        char response[WS_RESPONSE_MAX];
        size_t size = ws_upgrade_response(response, status, NULL);

        p->deaf = true;
        p->reason = g_strdup_printf("refused with HTTP %u", status);
        stream_write(p->stream, response, size);
        if (stream_queued(p->stream) == 0)
                ws_peer_finish(p);
}

static void accept_upgrade(WsPeer *p, const WsUpgrade *u) {
        char response[WS_RESPONSE_MAX];
        size_t size = ws_upgrade_response(response, 101, u->accept);

        stream_write(p->stream, response, size);
        ws_parser_init(&p->parser, p->server->limits.message_bytes);
        ws_peer_set_phase(p, WS_PHASE_OPEN);
        p->owes_closed = true;
        p->server->handler->opened(p, p->server->userdata);
}

static unsigned authorize(WsPeer *p, const WsUpgrade *u) {
        WsServer *s = p->server;
        SSL *tls = stream_tls(p->stream);
        g_autofree char *problem = NULL, *name = tls ? tls_client_name(tls, now_realtime(), &problem) : NULL;
        const WsCertificate certificate = { name, problem };

        switch (s->handler->authorize(&p->address, u->token, &certificate, &p->identity, s->userdata)) {
        case WS_ACCEPT:
                return 101;
        case WS_UNAUTHORIZED:
                return 401;
        case WS_FORBIDDEN:
                return 403;
        case WS_TOO_MANY_REQUESTS:
                return 429;
        case WS_UNAVAILABLE:
                break;
        }
        return 503;
}

/* A POST /enroll: over TLS, as its body and its answer let somebody in. */
static unsigned begin_call(WsPeer *p, const WsUpgrade *u) {
        if (!p->server->handler->enroll)
                return 404;
        if (!stream_is_tls(p->stream))
                return 403;
        ws_call_begin(p, u->token, u->body_size);
        return 100;
}

/* Returns the status to answer with. */
static unsigned decide(WsPeer *p, char *head, size_t size, WsUpgrade *ret) {
        unsigned status = ws_upgrade_parse(head, size, ret);

        if (status == 101)
                status = authorize(p, ret);
        else if (status == 100)
                status = begin_call(p, ret);
        OPENSSL_cleanse(head, size); /* the token was in it */
        ret->token = NULL;
        return status;
}

void ws_peer_handshake(WsPeer *p, const uint8_t *data, size_t size) {
        g_autoptr(GByteArray) head = NULL;
        WsUpgrade u = { 0 };
        size_t head_size, rest;
        unsigned status;

        if (p->call) {
                ws_call_receive(p, data, size);
                return;
        }
        if (!p->head)
                p->head = g_byte_array_new();
        g_byte_array_append(p->head, data, (guint) size);
        head_size = ws_upgrade_head_size((const char *) p->head->data, p->head->len);
        if (head_size > HANDSHAKE_BYTES_MAX || (head_size == 0 && p->head->len > HANDSHAKE_BYTES_MAX)) {
                ws_peer_refuse(p, 431);
                return;
        }
        if (head_size == 0)
                return;

        head = g_steal_pointer(&p->head);
        status = decide(p, (char *) head->data, head_size, &u);
        if (status == 100) {
                ws_call_receive(p, head->data + head_size, head->len - head_size);
                return;
        }
        if (status != 101) {
                ws_peer_refuse(p, status);
                return;
        }
        accept_upgrade(p, &u);
        rest = head->len - head_size;
        if (rest > 0 && p->phase != WS_PHASE_GONE) {
                /* The client did not wait for the answer. */
                g_byte_array_set_size(head, head->len + 1);
                ws_peer_receive(p, head->data + head_size, rest);
        }
}
