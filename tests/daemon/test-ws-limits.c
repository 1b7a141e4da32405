/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one peer, or many, can make the server hold: time (ticked by hand), places, descriptors, memory. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "limits.h"
#include "ws-fixture.h"

static const WsLimits roomy = { 1000, 100, 100, 100 };
static const WsLimits tight = { 1000, 8, 4, 3 };
static const WsLimits narrow_door = { 1000, 8, 8, 3 };

/* What keeps a connection alive, when it is asked, and when it is over. */
static void test_silent(WsFixture *f, gconstpointer data) {
        g_autoptr(GByteArray) heard = g_byte_array_new();
        int fd = dial_open(f);

        ws_fixture_ticks(f, PING_INTERVAL_SEC);
        pump_until(f, (hear(fd, heard), heard_text(heard, "\x89\x07mserver")));
        say(fd, "\x8a\x87" WS_MASKED("mserver"));
        pump_until(f, f->alive == 1);
        say(fd, "\x8a\x80" WS_MASKED("")); /* an empty pong, and only one sign a second */
        ws_fixture_settle(f);
        g_assert_cmpuint(f->alive, ==, 1);

        ws_fixture_ticks(f, PEER_SILENT_SEC - 1);
        g_assert_cmpuint(f->closed, ==, 0);
        ws_fixture_ticks(f, 1);
        g_assert_cmpuint(f->closed, ==, 1);
        g_assert_cmpstr(f->reasons->str, ==, "silent for 50 s\n");
        pump_until(f, hear(fd, heard));
        close(fd);
}

/* Silent during TLS, during the request, after a refusal, and after our close. */
static void test_deadlines(WsFixture *f, gconstpointer data) {
        g_autoptr(GByteArray) heard = g_byte_array_new();
        int tls = dial(f->tls_port), request = dial(f->port), refused = dial(f->port), closing;

        say(request, "GET / HTTP/1.1\r\n");
        say(refused, "GET / HTTP/1.1\r\n\r\n");
        closing = dial_open(f);
        pump_until(f, (hear(refused, heard), heard_text(heard, "426")));
        ws_peer_close(f->peer, WS_CLOSE_NORMAL, "enough");
        pump_until(f, ws_server_connections(f->server) == 4);

        ws_fixture_ticks(f, CLOSE_TIMEOUT_SEC);
        g_assert_cmpuint(ws_server_connections(f->server), ==, 4);
        ws_fixture_ticks(f, 1);
        g_assert_cmpuint(ws_server_connections(f->server), ==, 3);
        g_assert_cmpstr(f->reasons->str, ==, "enough\n");
        ws_fixture_ticks(f, HANDSHAKE_TIMEOUT_SEC - CLOSE_TIMEOUT_SEC);
        g_assert_cmpuint(ws_server_connections(f->server), ==, 0);
        close(tls);
        close(request);
        close(refused);
        close(closing);
}

/* One byte a second is no way to stay. */
static void test_slow_request(WsFixture *f, gconstpointer data) {
        g_autoptr(GByteArray) heard = g_byte_array_new();
        int fd = dial(f->port);

        pump_until(f, ws_server_connections(f->server) == 1);
        for (unsigned i = 0; i <= HANDSHAKE_TIMEOUT_SEC; i++) {
                say_bytes(fd, WS_REQUEST + i, 1);
                ws_fixture_settle(f);
                ws_fixture_ticks(f, 1);
        }
        pump_until(f, hear(fd, heard));
        g_assert_cmpuint(f->opened, ==, 0);
        close(fd);
}

static unsigned count_open(WsFixture *f, int *fds, size_t n) {
        g_autoptr(GByteArray) heard = g_byte_array_new();
        unsigned open = 0;

        for (size_t i = 0; i < n; i++)
                open += !hear(fds[i], heard);
        return open;
}

static void test_per_address(WsFixture *f, gconstpointer data) {
        int fds[6], again;

        for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
                fds[i] = dial(f->port);
                say(fds[i], WS_REQUEST);
                ws_fixture_settle(f);
        }
        pump_until(f, f->opened == 4 && count_open(f, fds, G_N_ELEMENTS(fds)) == 4);
        g_assert_cmpuint(g_hash_table_size(f->server->addresses), ==, 1);

        close(fds[0]);
        pump_until(f, f->closed == 1);
        again = dial_open(f); /* the place is free again */
        g_assert_cmpuint(ws_server_connections(f->server), ==, 4);
        for (size_t i = 1; i < G_N_ELEMENTS(fds); i++)
                close(fds[i]);
        close(again);
        pump_until(f, f->closed == 5);
        g_assert_cmpuint(g_hash_table_size(f->server->addresses), ==, 0);
}

static unsigned shaking(const WsFixture *f) {
        return f->server->phases[WS_PHASE_HANDSHAKE].length;
}

/* A whole ClientHello, sent. What comes back is left unread. */
static void say_hello(int fd) {
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());
        SSL *ssl = SSL_new(context);
        char *hello;
        long size;

        SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        g_assert_cmpint(SSL_connect(ssl), ==, -1);
        size = BIO_get_mem_data(SSL_get_wbio(ssl), &hello);
        g_assert_cmpint(size, >, 100);
        say_bytes(fd, hello, (size_t) size);
        SSL_free(ssl);
        SSL_CTX_free(context);
}

/* More strangers than may shake hands. Whoever has not said hello makes room for the next at once, however many come; who
 * was refused, and who is at it, gets his time, and the others wait. */
static void test_handshakes(WsFixture *f, gconstpointer data) {
        int silent[20], refused[2], talking, honest, next;
        size_t n = 0;

        for (; n < 12; n++) {
                silent[n] = dial(f->port);
                ws_fixture_settle(f);
        }
        g_assert_cmpuint(shaking(f), ==, 3);
        honest = dial_open(f); /* in its turn, although nobody's time is up */
        close(honest);
        pump_until(f, f->closed == 1);

        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
                refused[i] = dial(f->port);
                say(refused[i], "GET /nothing HTTP/1.1\r\n\r\n");
                ws_fixture_settle(f);
        }
        talking = dial(f->tls_port);
        say_hello(talking);
        ws_fixture_settle(f);
        g_assert_cmpuint(shaking(f), ==, 3); /* nobody of these is silent */
        honest = dial(f->port);
        say(honest, WS_REQUEST);
        ws_fixture_settle(f);
        g_assert_cmpuint(f->opened, ==, 1);
        ws_fixture_ticks(f, DOOR_REFUSED_SEC);
        pump_until(f, f->opened == 2);
        g_assert_cmpuint(shaking(f), ==, 2);

        /* The one that talks and another are left; the refused goes, and then only time helps. */
        next = dial(f->tls_port);
        say_hello(next);
        ws_fixture_settle(f);
        silent[n++] = dial(f->tls_port);
        say_hello(silent[n - 1]);
        ws_fixture_settle(f);
        g_assert_cmpuint(shaking(f), ==, 3);
        close(honest);
        pump_until(f, f->closed == 2);
        honest = dial(f->port);
        say(honest, WS_REQUEST);
        ws_fixture_ticks(f, DOOR_TALKING_SEC - DOOR_REFUSED_SEC - 1);
        ws_fixture_settle(f);
        g_assert_cmpuint(f->opened, ==, 2);
        ws_fixture_ticks(f, 1);
        pump_until(f, f->opened == 3);

        /* Those that leave by themselves make room too. */
        for (size_t i = 0; i < n; i++)
                close(silent[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
                close(refused[i]);
        close(talking);
        close(next);
        pump_until(f, ws_server_connections(f->server) == 1);
        close(honest);
        pump_until(f, f->closed == 3);
        g_assert_cmpuint(g_hash_table_size(f->server->addresses), ==, 0);
}

/* Without descriptors the listener rests and comes back; it neither spins nor dies. */
static void test_no_descriptors(WsFixture *f, gconstpointer data) {
        struct rlimit before, none;
        int fd = dial(f->port), one_more;

        say(fd, WS_REQUEST);
        g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
        none = before;
        none.rlim_cur = (rlim_t) fd; /* the next would be higher */
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
        one_more = dup(0);
        g_assert_cmpint(one_more, ==, -1);
        g_assert_cmpint(errno, ==, EMFILE);
        pump_until(f, f->server->listen_retry);
        ws_fixture_settle(f);
        g_assert_cmpuint(f->opened, ==, 0);
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
        pump_until(f, f->opened == 1);
        close(fd);
}

/* Nobody is connected: nothing ticks. */
static void test_idle(WsFixture *f, gconstpointer data) {
        int fd;

        g_assert_null(f->server->tick);
        fd = dial_open(f);
        g_assert_nonnull(f->server->tick);
        close(fd);
        pump_until(f, f->closed == 1);
        g_assert_null(f->server->tick);
}

/* Who does not read is told to try again later, once it reads on, and costs no more than its queue until then. */
static void test_slow_reader(WsFixture *f, gconstpointer data) {
        g_autoptr(GByteArray) heard = g_byte_array_new();
        g_autofree char *text = g_strnfill(64 * 1024, 'x');
        int fd = dial_open(f);
        WsPeer *p = f->peer;

        while (ws_peer_send(p, text, strlen(text)))
                g_assert_cmpuint(ws_peer_queued(p), <=, SEND_QUEUE_BYTES_MAX);
        g_assert_cmpuint(ws_peer_queued(p), <, 2 * strlen(text)); /* the rest was dropped */
        g_assert_cmpuint(f->closed, ==, 0);
        pump_until(f, (hear(fd, heard), heard_text(heard, "\x03\xf5reads too slowly")));
        close(fd);
        pump_until(f, f->closed == 1);
        g_assert_cmpstr(f->reasons->str, ==, "reads too slowly\n");
}

static void test_many_small(WsFixture *f, gconstpointer data) {
        g_autofree char *big = g_strnfill(3 * 1024 * 1024, 'x');
        int fd = dial_open(f);
        unsigned n = 0;

        g_assert_true(ws_peer_send(f->peer, big, strlen(big))); /* now the socket is full */
        while (ws_peer_send(f->peer, "x", 1))
                n++;
        g_assert_cmpuint(n, <=, SEND_QUEUE_MESSAGES_MAX);
        close(fd);
        pump_until(f, f->closed == 1);
}

int main(int argc, char *argv[]) {
        static const struct {
                const char *name;
                const WsLimits *limits;
                void (*test)(WsFixture *f, gconstpointer data);
        } tests[] = {
                { "silent", &roomy, test_silent },
                { "deadlines", &roomy, test_deadlines },
                { "slow-request", &roomy, test_slow_request },
                { "per-address", &tight, test_per_address },
                { "handshakes", &narrow_door, test_handshakes },
                { "no-descriptors", &roomy, test_no_descriptors },
                { "idle", &roomy, test_idle },
                { "slow-reader", &roomy, test_slow_reader },
                { "many-small", &roomy, test_many_small },
        };

        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
                g_autofree char *path = g_strconcat("/ws-limits/", tests[i].name, NULL);

                g_test_add(path, WsFixture, tests[i].limits, ws_fixture_set_up, tests[i].test,
                           ws_fixture_tear_down);
        }
        return g_test_run();
}
