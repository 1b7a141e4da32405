/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A WebSocket server that says back what it hears, for test_ws_server.py. Prints "plain PORT", "tls PORT" when it
 * listens, and each open, close and sign of life. The token "good" is let in, "busy" gets 503, "often" 429.
 * Messages that begin with "/" are orders: see on_message(). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "ws-server.h"

typedef struct Echo {
        Loop *loop;
        WsServer *server;
        WsTls tls;
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

static WsVerdict on_authorize(const char *address, const char *token, char **ret_identity, void *userdata) {
        say("authorize %s %s", address, token ?: "-");
        if (g_strcmp0(token, "busy") == 0)
                return WS_UNAVAILABLE;
        if (g_strcmp0(token, "often") == 0)
                return WS_TOO_MANY_REQUESTS;
        if (g_strcmp0(token, "good") != 0)
                return WS_UNAUTHORIZED;
        *ret_identity = g_strdup("tester");
        return WS_ACCEPT;
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
                g_autoptr(GError) error = NULL;

                if (!ws_server_reload_tls(e->server, &e->tls, &error))
                        say("reload: %s", error->message);
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

static void on_alive(WsPeer *peer, void *userdata) {
        say("alive %s", ws_peer_identity(peer));
}

static const WsHandler handler = { on_authorize, on_opened, on_message, on_closed, on_alive };

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
        WsLimits limits = {
                .message_bytes = limit("MESSAGE_BYTES", MESSAGE_BYTES_MAX),
                .connections = limit("CONNECTIONS", CONNECTIONS_MAX_DEFAULT),
                .connections_per_address = limit("PER_ADDRESS", CONNECTIONS_PER_ADDRESS_DEFAULT),
                .handshakes = limit("HANDSHAKES", HANDSHAKES_MAX),
        };
        Echo e = { 0 };
        g_autoptr(GError) error = NULL;

        e.loop = loop_new(&error);
        if (argc == 3)
                e.tls = (WsTls){ .cert = argv[1], .key = argv[2] };
        e.server = ws_server_new(e.loop, &limits, argc == 3 ? &e.tls : NULL, &handler, &e, &error);
        if (!e.server)
                g_error("%s", error->message);
        listen_or_die(e.server, false);
        if (argc == 3)
                listen_or_die(e.server, true);
        loop_on_signal(e.loop, on_signal, &e);
        loop_run(e.loop);
        ws_server_free(e.server);
        loop_free(e.loop);
        return 0;
}
