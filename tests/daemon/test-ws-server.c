/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server from inside: messages and closes, and that it is freed clean while its connections are in every
 * phase. What the outside sees is test_ws_server.py. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ws-fixture.h"

static const WsLimits roomy = { 1000, 100, 100, 100 };

static void test_echo_and_close(WsFixture *f, gconstpointer data) {
        g_autoptr(GByteArray) heard = g_byte_array_new();
        int fd = dial_open(f);

        say(fd, "\x81\x82" WS_MASKED("hi"));
        pump_until(f, (hear(fd, heard), heard_text(heard, "\x81\x02hi")));
        g_assert_cmpstr(f->messages->str, ==, "hi\n");
        say(fd, "\x81\x85" WS_MASKED("close") "\x81\x82" WS_MASKED("no"));
        pump_until(f, (hear(fd, heard), heard_text(heard, "\x88\x0b\x03\xf0"
                                                          "asked for")));
        g_assert_cmpstr(f->messages->str, ==, "hi\nclose\n"); /* and nothing after it */
        g_assert_cmpuint(f->closed, ==, 0);
        say(fd, "\x88\x82" WS_MASKED("\x03\xf0"));
        pump_until(f, hear(fd, heard));
        g_assert_cmpstr(f->reasons->str, ==, "asked for\n");
        g_assert_cmpuint(ws_server_connections(f->server), ==, 0);
        close(fd);
}

/* A request and frames in one segment, with what ends the connection at their end. */
static void test_coalesced(WsFixture *f, gconstpointer data) {
        g_autoptr(GByteArray) heard = g_byte_array_new();
        int fd = dial(f->port);

        say(fd, WS_REQUEST "\x81\x81" WS_MASKED("a") "\x81\x80" WS_MASKED("") "\x88\x80" WS_MASKED(""));
        pump_until(f, hear(fd, heard));
        g_assert_cmpstr(f->messages->str, ==, "a\n\n");
        g_assert_true(heard_text(heard, "\x81\x01"
                                        "a"
                                        "\x81\x00"
                                        "\x88\x02\x03\xe8"));
        g_assert_cmpstr(f->reasons->str, ==, "closed by the client\n");
        close(fd);
}

static void test_close_when_opened(WsFixture *f, gconstpointer data) {
        g_autoptr(GByteArray) heard = g_byte_array_new();
        int fd = dial(f->port);

        f->close_when_opened = true;
        say(fd, WS_REQUEST "\x81\x81" WS_MASKED("a"));
        pump_until(f, (hear(fd, heard), heard_text(heard, "not today")));
        g_assert_cmpstr(f->messages->str, ==, "");
        close(fd);
        pump_until(f, f->closed == 1);
        g_assert_cmpstr(f->reasons->str, ==, "not today\n");
}

static void test_close_others(WsFixture *f, gconstpointer data) {
        g_autoptr(GByteArray) heard = g_byte_array_new();
        int a = dial_open(f), b = dial_open(f);

        f->close_others_when_closed = true;
        close(a);
        pump_until(f, (hear(b, heard), heard_text(heard, "with the other")));
        close(b);
        pump_until(f, f->closed == 2);
}

static void test_free_in_all_phases(WsFixture *f, gconstpointer data) {
        int fds[6];
        g_autoptr(GByteArray) heard = g_byte_array_new();
        g_autofree char *big = g_strnfill(3 * 1024 * 1024, 'x');

        fds[0] = dial(f->tls_port);
        fds[1] = dial(f->tls_port);
        say(fds[1], "\x16\x03\x01\x02"); /* the beginning of a ClientHello */
        fds[2] = dial(f->port);
        say(fds[2], "GET");
        fds[3] = dial_open(f);
        ws_peer_close(f->peer, WS_CLOSE_NORMAL, "enough");
        fds[4] = dial_open(f);
        g_assert_true(ws_peer_send(f->peer, big, strlen(big)));
        g_assert_cmpuint(ws_peer_queued(f->peer), >, 0);
        fds[5] = dial_open(f);
        say(fds[5], "\x01\x82" WS_MASKED("un")); /* an unfinished message */
        ws_fixture_settle(f);
        pump_until(f, ws_server_connections(f->server) == 6);

        ws_fixture_stop(f);
        g_assert_cmpstr(f->reasons->str, ==, "enough\nserver is stopping\nserver is stopping\n");
        for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
                while (!hear(fds[i], heard))
                        ;
                if (i == 5)
                        g_assert_true(heard_text(heard, "\x03\xe9server is stopping"));
                close(fds[i]);
        }
}

static void on_drained(void *userdata) {
        ((WsFixture *) userdata)->drained++;
}

static void test_drain(WsFixture *f, gconstpointer data) {
        g_autoptr(GByteArray) heard = g_byte_array_new();
        int fd = dial_open(f), request = dial(f->port);

        pump_until(f, ws_server_connections(f->server) == 2);
        ws_server_drain(f->server, 60000, on_drained, f);
        pump_until(f, (hear(fd, heard), heard_text(heard, "\x03\xe9server is stopping")));
        g_assert_cmpuint(f->drained, ==, 0);
        g_assert_cmpuint(ws_server_connections(f->server), ==, 1);
        say(fd, "\x88\x82" WS_MASKED("\x03\xe9"));
        pump_until(f, f->drained == 1);
        g_assert_cmpuint(f->closed, ==, 1);
        close(fd);
        close(request);
        g_assert_cmpint(dial(f->port), ==, -ECONNREFUSED);
}

static void test_drain_empty(WsFixture *f, gconstpointer data) {
        ws_server_drain(f->server, 60000, on_drained, f);
        g_assert_cmpuint(f->drained, ==, 0);
        pump_until(f, f->drained == 1);
}

/* A peer that does not answer holds nobody up. */
static void test_drain_timeout(WsFixture *f, gconstpointer data) {
        int fd = dial_open(f);

        ws_server_drain(f->server, 10, on_drained, f);
        pump_until(f, f->drained == 1);
        g_assert_cmpuint(f->closed, ==, 1);
        g_assert_cmpuint(ws_server_connections(f->server), ==, 0);
        close(fd);
}

static void test_free_while_draining(WsFixture *f, gconstpointer data) {
        int fd = dial_open(f);

        ws_server_drain(f->server, 10000, on_drained, f);
        ws_fixture_stop(f);
        ws_fixture_settle(f);
        g_assert_cmpuint(f->drained, ==, 0);
        close(fd);
}

static void test_listen_errors(WsFixture *f, gconstpointer data) {
        g_autoptr(GError) error = NULL;
        g_autoptr(WsServer) plain = ws_server_new(f->loop, &roomy, NULL, &ws_fixture_handler, f, &error);
        const WsTls wrong = { "/nonexistent/cert.pem", f->tls.key, NULL };
        int fds[2];
        uint16_t port;

        g_assert_no_error(error);
        /* A TLS socket never becomes a plain one for want of a certificate. */
        g_assert_false(ws_server_listen(plain, 0, true, &error));
        g_assert_nonnull(strstr(error->message, "certificate"));
        g_clear_error(&error);
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
        g_assert_false(ws_server_listen(plain, fds[0], false, &error));
        g_clear_error(&error);
        close(fds[0]);
        close(fds[1]);
        g_assert_cmpint(listen_tcp("no.such.host", 0, &port, &error), ==, -1);
        g_assert_nonnull(strstr(error->message, "no.such.host"));
        g_clear_error(&error);
        g_assert_cmpint(listen_tcp("127.0.0.1", f->port, &port, &error), ==, -1);
        g_assert_nonnull(strstr(error->message, "in use"));
        g_clear_error(&error);

        g_assert_false(ws_server_reload_tls(f->server, &wrong, &error));
        g_assert_nonnull(strstr(error->message, wrong.cert));
        g_assert_nonnull(f->server->tls); /* the old one stays */
}

int main(int argc, char *argv[]) {
        static const struct {
                const char *name;
                const WsLimits *limits;
                void (*test)(WsFixture *f, gconstpointer data);
        } tests[] = {
                { "echo-and-close", &roomy, test_echo_and_close },
                { "coalesced", &roomy, test_coalesced },
                { "close-when-opened", &roomy, test_close_when_opened },
                { "close-others", &roomy, test_close_others },
                { "free-in-all-phases", &roomy, test_free_in_all_phases },
                { "drain", &roomy, test_drain },
                { "drain-empty", &roomy, test_drain_empty },
                { "drain-timeout", &roomy, test_drain_timeout },
                { "free-while-draining", &roomy, test_free_while_draining },
                { "listen-errors", &roomy, test_listen_errors },
        };

        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
                g_autofree char *path = g_strconcat("/ws-server/", tests[i].name, NULL);

                g_test_add(path, WsFixture, tests[i].limits, ws_fixture_set_up, tests[i].test,
                           ws_fixture_tear_down);
        }
        return g_test_run();
}
