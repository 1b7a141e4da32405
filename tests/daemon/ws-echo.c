/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A WebSocket server that says back what it hears, for test_ws_server.py: ws-echo DIRECTORY, where its own
 * certificates go. Prints "plain PORT" and "tls PORT" when it listens, and each open and close. The token "good"
 * is let in, "busy" gets 503, "often" 429. Messages that begin with "/" are orders: see on_message(). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "limits.h"
#include "self-signed.h"
#include "ws-server.h"

typedef struct Echo {
        Loop *loop;
        WsServer *server;
        const char *directory;
} Echo;

static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void say(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        putchar('\n');
        fflush(stdout);
}

static const WsHandler handler;

static WsVerdict on_authorize(const PeerAddress *address, const char *token,
                              const WsCertificate *certificate, char **ret_identity, void *userdata) {
        say("authorize %s %s", address->text, token ?: "-");
        if (g_strcmp0(token, "busy") == 0)
                return WS_UNAVAILABLE;
        if (g_strcmp0(token, "often") == 0)
                return WS_TOO_MANY_REQUESTS;
        if (g_strcmp0(token, "good") != 0)
                return WS_UNAUTHORIZED;
        *ret_identity = g_strdup("tester");
        return WS_ACCEPT;
}

/* As a server does that finds other certificates after SIGHUP. */
static void set_certificates(Echo *e, const WsLimits *limits) {
        g_autoptr(GError) error = NULL;
        TlsFiles files = { 0 };
        WsTls tls;

        if (!tls_self_made(e->directory, "localhost", now_realtime(), &files, &error))
                g_error("%s", error->message);
        tls = (WsTls){ .cert = files.cert, .key = files.key };
        if (!e->server)
                e->server = ws_server_new(e->loop, limits, &tls, &handler, e, &error);
        else
                (void) ws_server_reload_tls(e->server, &tls, &error);
        if (error)
                g_error("%s", error->message);
        tls_files_clear(&files);
}

static void on_opened(WsPeer *peer, void *userdata) {
        say("opened %s %s", ws_peer_identity(peer), ws_peer_is_tls(peer) ? "tls" : "plain");
        ws_peer_set_userdata(peer, userdata);
}

/* "/flood N SIZE" */
static void flood(WsPeer *peer, const char *text) {
        unsigned n = 0, size = 0;
        g_autofree char *message = NULL;

        if (sscanf(text, "/flood %u %u", &n, &size) != 2)
                return;
        message = g_strnfill(size, 'x');
        for (unsigned i = 0; i < n; i++)
                if (!ws_peer_send(peer, message, size)) {
                        say("refused after %u", i);
                        return;
                }
}

static void on_message(WsPeer *peer, const char *text, size_t size, void *userdata) {
        Echo *e = ws_peer_userdata(peer);

        g_assert(text[size] == '\0');
        if (g_str_equal(text, "/close"))
                ws_peer_close(peer, WS_CLOSE_POLICY, "as you wish");
        else if (g_str_equal(text, "/reload")) {
                set_certificates(e, NULL);
                (void) ws_peer_send(peer, "done", 4);
        } else if (g_str_equal(text, "/count")) {
                g_autofree char *n = g_strdup_printf("%u", ws_server_connections(e->server));

                (void) ws_peer_send(peer, n, strlen(n));
        } else if (g_str_has_prefix(text, "/flood "))
                flood(peer, text);
        else
                (void) ws_peer_send(peer, text, size);
}

static void on_closed(WsPeer *peer, const char *reason, void *userdata) {
        say("closed %s: %s", ws_peer_identity(peer), reason);
}

/* POST /enroll: says the body back, "late" somewhat later. */
typedef struct Late {
        WsCall *call;
        LoopTimer *timer;
        char *body;
} Late;

static void answer_late(void *userdata) {
        Late *l = userdata;

        ws_call_answer(l->call, 200, l->body);
        say("answered");
        loop_timer_free(l->timer);
        g_free(l->body);
        g_free(l);
}

static void on_enroll(WsCall *call, const PeerAddress *address, const char *token, const char *body,
                      size_t size, void *userdata) {
        Echo *e = userdata;
        g_autofree char *text = g_strndup(body, size);
        Late *l;

        say("enroll %s %zu", token ?: "-", size);
        if (g_strcmp0(token, "late") == 0) {
                l = g_new0(Late, 1);
                l->call = call;
                l->body = g_steal_pointer(&text);
                l->timer = loop_timer_new(e->loop, 500, 0, answer_late, l);
        } else if (g_strcmp0(token, "good") == 0)
                ws_call_answer(call, 200, text);
        else
                ws_call_answer(call, 401, NULL);
}

static const WsHandler handler = { on_authorize, on_opened, on_message, on_closed, NULL, on_enroll };

static void on_drained(void *userdata) {
        Echo *e = userdata;

        say("drained");
        loop_quit(e->loop, 0);
}

/* SIGTERM drains, SIGINT stops at once. */
static void on_signal(int signum, void *userdata) {
        Echo *e = userdata;

        if (signum == SIGTERM)
                ws_server_drain(e->server, 2000, on_drained, e);
        else
                loop_quit(e->loop, 0);
}

static void listen_or_die(WsServer *s, bool tls) {
        g_autoptr(GError) error = NULL;
        uint16_t port;
        int fd = listen_tcp("*", 0, &port, &error);

        if (fd < 0 || !ws_server_listen(s, fd, tls, &error))
                g_error("%s", error->message);
        say("%s %u", tls ? "tls" : "plain", port);
}

static unsigned limit(const char *name, unsigned otherwise) {
        const char *value = g_getenv(name);

        return value ? (unsigned) strtoul(value, NULL, 10) : otherwise;
}

int main(int argc, char *argv[]) {
        const WsLimits limits = {
                .message_bytes = limit("MESSAGE_BYTES", MESSAGE_BYTES_MAX),
                .connections = limit("CONNECTIONS", CONNECTIONS_MAX_DEFAULT),
                .connections_per_address = limit("PER_ADDRESS", CONNECTIONS_PER_ADDRESS_DEFAULT),
                .handshakes = limit("HANDSHAKES", HANDSHAKES_MAX),
        };
        Echo e = { .loop = loop_new(NULL), .directory = argv[1] };

        g_assert(argc == 2);
        set_certificates(&e, &limits);
        listen_or_die(e.server, false);
        listen_or_die(e.server, true);
        loop_on_signal(e.loop, on_signal, &e);
        loop_run(e.loop);
        ws_server_free(e.server);
        loop_free(e.loop);
        return 0;
}
