/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A POST /enroll from its head to its answer. The answer may take the store a while; the connection stays among the
 * handshakes for that long, within their time and number. */
#include <openssl/crypto.h>
#include <string.h>

#include "ws-server-internal.h"
#include "ws-upgrade.h"

struct WsCall {
        WsPeer *peer; /* NULL: gone, nobody waits */
        char *token;
        GByteArray *body;
        size_t body_size; /* that it will have */
        bool passed_on;   /* the handler has it, and frees it by answering */
};

static void call_free(WsCall *c) {
        if (c->token)
                OPENSSL_cleanse(c->token, strlen(c->token));
        g_free(c->token);
        g_byte_array_unref(c->body);
        g_free(c);
}

void ws_call_begin(WsPeer *p, const char *token, size_t body_size) {
        WsCall *c = g_new0(WsCall, 1);

        *c = (WsCall){ p, g_strdup(token), g_byte_array_sized_new((guint) body_size), body_size, false };
        p->call = c;
}

void ws_call_receive(WsPeer *p, const uint8_t *data, size_t size) {
        WsCall *c = p->call;
        WsServer *s = p->server;

        /* What comes beyond the body has no meaning: one request, one answer. */
        g_byte_array_append(c->body, data, (guint) MIN(size, c->body_size - c->body->len));
        if (c->body->len < c->body_size)
                return;
        p->deaf = true;
        c->passed_on = true;
        s->handler->enroll(c, &p->address, c->token, (const char *) c->body->data, c->body->len,
                           s->userdata);
}

void ws_call_forget(WsPeer *p) {
        WsCall *c = g_steal_pointer(&p->call);

        if (!c)
                return;
        c->peer = NULL;
        if (!c->passed_on)
                call_free(c);
}

static void answer(WsPeer *p, unsigned status, const char *json) {
        g_autofree char *response = NULL;

        if (status != 200) {
                ws_peer_refuse(p, status);
                return;
        }
        response = ws_json_response(json);
        p->reason = g_strdup("enrolled");
        stream_write(p->stream, response, strlen(response));
        if (stream_queued(p->stream) == 0)
                ws_peer_finish(p);
}

void ws_call_answer(WsCall *call, unsigned status, const char *json) {
        WsPeer *p = call->peer;

        if (p) {
                p->call = NULL;
                answer(p, status, json);
        }
        call_free(call);
}
