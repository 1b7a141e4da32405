/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A WebSocket server and its loop for a test. */
#include "ws-fixture.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static WsVerdict on_authorize(const PeerAddress *address, const char *token,
                              const WsCertificate *certificate, char **ret_identity, void *userdata) {
        g_assert_cmpstr(address->text, ==, "127.0.0.1");
        *ret_identity = g_strdup(token);
        return WS_ACCEPT;
}

static void on_opened(WsPeer *peer, void *userdata) {
        WsFixture *f = userdata;

        f->opened++;
        f->peer = peer;
        if (f->close_when_opened)
                ws_peer_close(peer, WS_CLOSE_POLICY, "not today");
}

static void on_message(WsPeer *peer, const char *text, size_t size, void *userdata) {
        WsFixture *f = userdata;

        g_assert_cmpstr(ws_peer_identity(peer), ==, "t");
        g_string_append_printf(f->messages, "%s\n", text);
        if (g_str_equal(text, "close")) {
                ws_peer_close(peer, WS_CLOSE_POLICY, "asked for");
                ws_peer_close(peer, WS_CLOSE_NORMAL, "twice");
                g_assert_false(ws_peer_send(peer, "late", 4));
        } else
                g_assert_true(ws_peer_send(peer, text, size));
}

static void on_closed(WsPeer *peer, const char *reason, void *userdata) {
        WsFixture *f = userdata;

        f->closed++;
        g_string_append_printf(f->reasons, "%s\n", reason);
        g_assert_false(ws_peer_send(peer, "late", 4));
        ws_peer_close(peer, WS_CLOSE_NORMAL, "late");
        if (f->close_others_when_closed && f->peer && f->peer != peer)
                ws_peer_close(f->peer, WS_CLOSE_NORMAL, "with the other");
        if (f->peer == peer)
                f->peer = NULL;
}

static void on_alive(WsPeer *peer, void *userdata) {
        ((WsFixture *) userdata)->alive++;
}

const WsHandler ws_fixture_handler = { on_authorize, on_opened, on_message, on_closed, on_alive };

static void add_listener(WsFixture *f, bool tls, uint16_t *ret_port) {
        GError *error = NULL;
        int fd = listen_tcp("127.0.0.1", 0, ret_port, &error);

        g_assert_no_error(error);
        g_assert_true(ws_server_listen(f->server, fd, tls, &error));
        g_assert_no_error(error);
}

void ws_fixture_set_up(WsFixture *f, gconstpointer limits) {
        GError *error = NULL;
        WsTls tls;

        f->messages = g_string_new(NULL);
        f->reasons = g_string_new(NULL);
        f->loop = loop_new(&error);
        g_assert_no_error(error);
        f->dir = g_dir_make_tmp("ws-server-XXXXXX", NULL);
        g_assert_true(tls_self_made(f->dir, "localhost", 1700000000ull * 1000000, &f->tls, &error));
        tls = (WsTls){ .cert = f->tls.cert, .key = f->tls.key };
        f->server = ws_server_new(f->loop, limits, &tls, &ws_fixture_handler, f, &error);
        g_assert_no_error(error);
        add_listener(f, false, &f->port);
        add_listener(f, true, &f->tls_port);
}

void ws_fixture_stop(WsFixture *f) {
        f->server = ws_server_free(f->server);
        g_assert_cmpuint(f->opened, ==, f->closed);
}

void ws_fixture_tear_down(WsFixture *f, gconstpointer limits) {
        static const char *const names[] = { "ca.pem", "ca-key.pem", "cert.pem", "key.pem" };

        ws_fixture_stop(f);
        f->loop = loop_free(f->loop); /* asserts that no handle is left */
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = g_build_filename(f->dir, names[i], NULL);
                (void) unlink(path);
        }
        (void) rmdir(f->dir);
        g_free(f->dir);
        tls_files_clear(&f->tls);
        g_string_free(f->messages, true);
        g_string_free(f->reasons, true);
}

void ws_fixture_nothing(void *userdata) {
}

void ws_fixture_settle(WsFixture *f) {
        for (unsigned i = 0; i < 5; i++)
                uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
}

void ws_fixture_ticks(WsFixture *f, unsigned n) {
        for (unsigned i = 0; i < n; i++)
                ws_server_tick(f->server);
}

int dial(uint16_t port) {
        struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(fd, (struct sockaddr *) &sa, sizeof(sa)) < 0) {
                int r = -errno;

                (void) close(fd);
                return r;
        }
        return fd;
}

int dial_open(WsFixture *f) {
        g_autoptr(GByteArray) heard = g_byte_array_new();
        unsigned before = f->opened;
        int fd = dial(f->port);

        say(fd, WS_REQUEST);
        pump_until(f, f->opened > before);
        pump_until(f, (hear(fd, heard), heard_text(heard, "\r\n\r\n")));
        return fd;
}

void say_bytes(int fd, const void *data, size_t size) {
        g_assert_cmpint(send(fd, data, size, MSG_NOSIGNAL), ==, (gssize) size);
}

bool hear(int fd, GByteArray *heard) {
        uint8_t buffer[65536];
        ssize_t n;

        while ((n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0)
                g_byte_array_append(heard, buffer, (guint) n);
        return n == 0 || errno == ECONNRESET;
}

bool heard_bytes(const GByteArray *heard, const void *what, size_t size) {
        return heard->len > 0 && memmem(heard->data, heard->len, what, size) != NULL;
}
