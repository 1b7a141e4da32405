/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the WebSocket server share: the server, a connection, and the phases of its life. */
#pragma once

#include "peer-address.h"
#include "ping-wheel.h"
#include "stream.h"
#include "ws-frame.h"
#include "ws-server.h"

/* A connection is in one phase, and in that phase's list, oldest first. */
typedef enum WsPhase {
        WS_PHASE_HANDSHAKE, /* TLS, request, refusal; HANDSHAKE_TIMEOUT_SEC for all of it */
        WS_PHASE_OPEN,      /* opened() was called */
        WS_PHASE_CLOSING,   /* we said the last word; CLOSE_TIMEOUT_SEC to send it and to hear the peer's */
        WS_PHASE_GONE,      /* in no list, only waiting for its memory to be freed */
} WsPhase;

typedef struct WsListener WsListener;

/* What comes from one address. */
typedef struct WsSource {
        unsigned connections, handshakes;
} WsSource;

struct WsServer {
        Loop *loop;
        WsLimits limits;
        const WsHandler *handler;
        void *userdata;
        SSL_CTX *tls;
        GPtrArray *listeners; /* WsListener */
        LoopTimer *listen_retry;
        bool listening_paused; /* too many handshakes */

        GQueue phases[WS_PHASE_GONE]; /* WsPeer */
        unsigned connections;
        GHashTable *addresses; /* PeerAddress.key to its WsSource; none without connections */

        LoopTimer *tick;   /* runs while there are connections */
        unsigned long now; /* seconds, by ticks */
        PingWheel *wheel;

        void (*drained)(void *userdata);
        void *drained_userdata;
        LoopTimer *drain_timer;
};

struct WsPeer {
        WsServer *server;
        Stream *stream;
        WsPhase phase;
        GList link;          /* in server->phases */
        unsigned long since; /* the tick in which the phase began */
        PingEntry ping;
        PeerAddress address;
        WsSource *source; /* in server->addresses */

        GByteArray *head; /* the request so far; NULL from the answer on */
        WsCall *call;     /* what a POST /enroll waits for */
        WsParser parser;
        char *identity;
        void *userdata;

        bool owes_closed; /* opened() was called and closed() was not */
        bool deaf;        /* what still comes in has no meaning */
        bool heard_close; /* the peer's close frame is here: nothing to wait for once ours is sent */
        char *reason;     /* why it is closing */
};

/* ws-server-listen.c: connections in. */
WsListener *ws_listener_free(WsListener *l);
void ws_server_listen_again(WsServer *s); /* a handshake ended, or time passed */

/* ws-server-life.c: a connection from its first to its last phase. A second is what the tick says it is. */
void ws_server_tick(WsServer *s);
WsPeer *ws_peer_new(WsServer *s, int fd, bool tls, const PeerAddress *address);
void ws_peer_set_phase(WsPeer *p, WsPhase phase);
/* No more will be sent after what is queued: waits for the peer to end it, for CLOSE_TIMEOUT_SEC. */
void ws_peer_finish(WsPeer *p);
/* Ends it now; closed() runs where it is owed. The reason given first, here or to ws_peer_close(), counts. */
void ws_peer_gone(WsPeer *p, const char *reason);

/* ws-server-handshake.c: from the first byte to the answer. */
void ws_peer_handshake(WsPeer *p, const uint8_t *data, size_t size);
void ws_peer_refuse(WsPeer *p, unsigned status);

/* ws-server-call.c: a POST /enroll from its head to its answer. */
void ws_call_begin(WsPeer *p, const char *token, size_t body_size);
void ws_call_receive(WsPeer *p, const uint8_t *data, size_t size);
void ws_call_forget(WsPeer *p); /* the peer goes */

/* ws-server-peer.c: messages. */
void ws_peer_receive(WsPeer *p, uint8_t *data, size_t size);
void ws_peer_ping(WsPeer *p);

/* ws-server.c */
void ws_server_peer_left(WsServer *s);
