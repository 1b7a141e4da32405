/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* WebSocket over TLS for many clients: connections in, whole messages out. Knows nothing of what they say.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "peer-address.h"
#include "ws-close.h"

typedef struct WsServer WsServer;
typedef struct WsPeer WsPeer; /* one connection after its upgrade */
typedef struct WsCall WsCall; /* one POST /enroll that waits for its answer */

typedef enum WsVerdict {
        WS_ACCEPT,
        WS_UNAUTHORIZED,      /* 401 before the upgrade */
        WS_FORBIDDEN,         /* 403: the token alone does not do */
        WS_TOO_MANY_REQUESTS, /* 429 */
        WS_UNAVAILABLE,       /* 503 */
} WsVerdict;

/* What a client showed in its TLS handshake, where it was asked to (WsTls.client_ca): whom its certificate names, or what is
 * wrong with it; both NULL: none. */
typedef struct WsCertificate {
        const char *name, *problem;
} WsCertificate;

/* The handler of all connections. Text given to these is borrowed. They may send and close, but not free the
 * server. */
typedef struct WsHandler {
        /* token: of the Authorization header ("Token T" or "Bearer T"), NULL without one. On WS_ACCEPT
         * *ret_identity (new string) names who it is; it comes back in ws_peer_identity(). */
        WsVerdict (*authorize)(const PeerAddress *address, const char *token,
                               const WsCertificate *certificate, char **ret_identity, void *userdata);
        void (*opened)(WsPeer *peer, void *userdata);
        /* One whole text message, valid UTF-8, NUL-terminated beyond size. Closing or sending from inside is
         * fine. */
        void (*message)(WsPeer *peer, const char *text, size_t size, void *userdata);
        /* The last call for a peer, whatever ended it; reason is for people ("closed by the client (1000)",
         * "silent for 50 s", "server is stopping", the reason given to ws_peer_close()). */
        void (*closed)(WsPeer *peer, const char *reason, void *userdata);
        /* Pong or any data arrived; at most once a second per peer. May be NULL. */
        void (*alive)(WsPeer *peer, void *userdata);
        /* Somebody without a token of its own asks for one, over TLS. token as in authorize(); body is size bytes, at most
         * ENROLLMENT_BODY_MAX. To be answered with ws_call_answer(), now or later, also where nobody waits any more.
         * NULL: refused with 404. */
        void (*enroll)(WsCall *call, const PeerAddress *address, const char *token, const char *body,
                       size_t size, void *userdata);
} WsHandler;

typedef struct WsLimits {
        size_t message_bytes;
        unsigned connections, connections_per_address, handshakes;
} WsLimits;

/* PEM file paths. client_ca may be NULL; with it clients are asked for a certificate that it signed. */
typedef struct WsTls {
        const char *cert, *key, *client_ca;
} WsTls;

/* tls: NULL when there is no TLS listener. Borrowed: handler and userdata. */
WsServer *ws_server_new(Loop *l, const WsLimits *limits, const WsTls *tls, const WsHandler *handler,
                        void *userdata, GError **error);
/* Peers still connected are closed at once (their closed() runs). */
WsServer *ws_server_free(WsServer *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WsServer, ws_server_free)

/* Takes over a listening TCP socket (from systemd or listen_tcp()); where it fails the socket stays the caller's.
 * With tls the server must have a certificate. */
bool ws_server_listen(WsServer *s, int fd, bool tls, GError **error);

/* New certificate and key for new connections; sessions go on. The old ones stay when these are unusable. */
bool ws_server_reload_tls(WsServer *s, const WsTls *tls, GError **error);

/* For new connections; those that are open stay, and keep the size of message that they began with. */
void ws_server_set_limits(WsServer *s, const WsLimits *limits);

/* Stops accepting and closes every peer with 1001; done runs once when the last is gone or after timeout_ms,
 * never from inside the call, and not at all when the server is freed before. */
void ws_server_drain(WsServer *s, uint64_t timeout_ms, void (*done)(void *userdata), void *userdata);

unsigned ws_server_connections(const WsServer *s);

/* Answers and frees the call: 200 with this JSON, or another status and json NULL. */
void ws_call_answer(WsCall *call, unsigned status, const char *json);

/* Queues one text message. False when the peer's queue would pass its limits: then the peer is closed with
 * 1013. */
bool ws_peer_send(WsPeer *peer, const char *text, size_t size);
/* Sends what is queued, then a close frame with this code and reason (at most 123 bytes). closed() follows.
 */
void ws_peer_close(WsPeer *peer, uint16_t code, const char *reason);
const char *ws_peer_identity(const WsPeer *peer);
const char *ws_peer_address(const WsPeer *peer); /* numeric, without port */
bool ws_peer_is_tls(const WsPeer *peer);
size_t ws_peer_queued(const WsPeer *peer); /* bytes waiting to be sent */
void ws_peer_set_userdata(WsPeer *peer, void *p);
void *ws_peer_userdata(const WsPeer *peer);

/* A listening socket: numeric host or "*" (dual stack), port 0 picks one. Returns the fd, *ret_port the
 * port. */
int listen_tcp(const char *host, uint16_t port, uint16_t *ret_port, GError **error);
