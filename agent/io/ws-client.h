/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One WebSocket connection to one server: attempts, whole messages, and how it ended. Knows nothing of what
 * they say and does not try again by itself. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint.h"
#include "loop.h"
#include "server-trust.h"
#include "ws-close.h"

typedef struct WsClient WsClient;

typedef enum WsEnd {
        WS_END_UNREACHABLE,  /* no address, no connection, no upgrade; code: the HTTP status, or 0 */
        WS_END_UNTRUSTED,    /* the server's certificate was refused; code 0 */
        WS_END_UNAUTHORIZED, /* the server refused the token; code: 401 or 403 */
        WS_END_CLOSED,       /* a connection that was open; code: of the first close frame, 0 without one */
} WsEnd;

typedef struct WsClientHandler {
        void (*opened)(void *userdata);
        /* One whole text message, NUL-terminated beyond size, borrowed. Sending and closing from inside is
         * fine. */
        void (*message)(const char *text, size_t size, void *userdata);
        /* The queue that was above AGENT_SEND_HIGH_BYTES is below AGENT_SEND_LOW_BYTES again. */
        void (*drained)(void *userdata);
        /* Exactly once per ws_client_connect(), from the loop and not from inside a call; reason is for
         * people. */
        void (*ended)(WsEnd how, unsigned code, const char *reason, void *userdata);
} WsClientHandler;

/* endpoint, trust and handler are borrowed and must live as long; the token is copied. */
WsClient *ws_client_new(Loop *l, const Endpoint *endpoint, ServerTrust *trust, const char *token,
                        const WsClientHandler *handler, void *userdata, GError **error);
/* Cuts what is open, without a call to the handler. Turns the loop a few times: not from inside one of its
 * callbacks. */
WsClient *ws_client_free(WsClient *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WsClient, ws_client_free)

/* Starts an attempt: every address of the host in turn, CONNECT_TIMEOUT_SEC for each. Only after the last
 * has ended. */
void ws_client_connect(WsClient *c);

/* Whether ws_client_connect() may be called. */
bool ws_client_is_idle(const WsClient *c);

/* When anything was last heard on an open connection, in µs since the epoch; 0: never. */
uint64_t ws_client_last_heard(const WsClient *c);

/* Queues one text message. False when there is no open connection, or SEND_QUEUE_BYTES_MAX wait already. */
bool ws_client_send(WsClient *c, const char *text, size_t size);

/* More than AGENT_SEND_HIGH_BYTES wait: hold back what can wait until drained(). */
bool ws_client_is_congested(const WsClient *c);

/* Sends what is queued and a close frame with this code and reason (at most 123 bytes), waits a moment for
 * the answer; an attempt is given up. ended() follows. Nothing happens when there is neither. */
void ws_client_close(WsClient *c, uint16_t code, const char *reason);
