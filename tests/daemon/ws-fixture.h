/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A WebSocket server and its loop for a test, with plain sockets as its clients, all in one thread. */
#pragma once

#include "self-signed.h"
#include "ws-server-internal.h"

#define WS_REQUEST                                                                                     \
        "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" \
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Token t\r\n\r\n"
/* A mask that changes nothing, and the payload. */
#define WS_MASKED(text) "\x00\x00\x00\x00" text

typedef struct WsFixture {
        Loop *loop;
        WsServer *server;
        uint16_t port, tls_port;
        char *dir;
        TlsFiles tls;

        WsPeer *peer; /* the last one opened */
        unsigned opened, closed, alive, drained;
        GString *messages, *reasons; /* a line each */
        bool close_when_opened, close_others_when_closed;
} WsFixture;

extern const WsHandler ws_fixture_handler; /* echoes; the message "close" closes; every token is let in */

void ws_fixture_set_up(WsFixture *f, gconstpointer limits);
void ws_fixture_stop(WsFixture *f); /* frees the server; each peer must get its closed() */
void ws_fixture_tear_down(WsFixture *f, gconstpointer limits);

/* Turns the loop until condition holds. */
#define pump_until(f, condition)                                                              \
        G_STMT_START {                                                                        \
                uint64_t _deadline = uv_hrtime() + 10 * 1000000000ull;                        \
                LoopTimer *_wake = loop_timer_new((f)->loop, 1, 1, ws_fixture_nothing, NULL); \
                while (!(condition)) {                                                        \
                        g_assert_cmpuint(uv_hrtime(), <, _deadline);                          \
                        uv_run(loop_uv((f)->loop), UV_RUN_ONCE);                              \
                }                                                                             \
                loop_timer_free(_wake);                                                       \
        }                                                                                     \
        G_STMT_END
void ws_fixture_nothing(void *userdata);

/* Turns of the loop in which all that is under way on the loopback device arrives. */
void ws_fixture_settle(WsFixture *f);
void ws_fixture_ticks(WsFixture *f, unsigned n);

/* The client's side. */
int dial(uint16_t port);
int dial_open(WsFixture *f); /* an open WebSocket */
void say_bytes(int fd, const void *data, size_t size);
#define say(fd, text) say_bytes(fd, text, sizeof(text) - 1)
bool hear(int fd, GByteArray *heard); /* reads what there is; true at the end of the connection */
bool heard_bytes(const GByteArray *heard, const void *what, size_t size);
#define heard_text(heard, text) heard_bytes(heard, text, sizeof(text) - 1)
