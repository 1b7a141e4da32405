/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of attempts to connect: servers that are not there, refuse, redirect or talk nonsense, and
 * that trying for ever costs no memory. Conversations with a real WebSocket server are in
 * test_mclient.py. */
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "limits.h"
#include "ws-client.h"

#define DEADLINE_MSEC 10000
#define TLS_HANDSHAKE 0x16 /* RFC 8446, 5.1: the first byte of a client that wants TLS */

#ifdef __SANITIZE_ADDRESS__
#define RUNNING_ON_SANITIZER true
#else
#define RUNNING_ON_SANITIZER false
#endif

typedef struct Fixture {
        Loop *loop;
        Endpoint *endpoint;
        ServerTrust *trust;
        WsClient *client;

        /* A server that sends this to whoever says something, and hangs up. NULL: hangs up at once. */
        uv_tcp_t listener;
        const char *answer;
        GString *request; /* the last one */

        /* How the last attempt ended. */
        WsEnd end;
        unsigned code, ends;
        char *reason;
} Fixture;

static void peer_closed(uv_handle_t *h) {
        g_free(h);
}

static void written(uv_write_t *w, int status) {
        uv_close((uv_handle_t *) w->handle, peer_closed);
        g_free(w);
}

static void allocate(uv_handle_t *h, size_t suggested, uv_buf_t *ret) {
        *ret = uv_buf_init(g_malloc(suggested), suggested);
}

static void peer_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
        Fixture *f = s->data;

        if (n > 0)
                g_string_append_len(f->request, buf->base, n);
        g_free(buf->base);
        if (n < 0)
                uv_close((uv_handle_t *) s, peer_closed);
        else if (strstr(f->request->str, "\r\n\r\n") || f->request->str[0] == TLS_HANDSHAKE) {
                uv_buf_t answer = uv_buf_init((char *) f->answer, strlen(f->answer));

                uv_read_stop(s);
                uv_write(g_new(uv_write_t, 1), s, &answer, 1, written);
        }
}

static void peer_comes(uv_stream_t *listener, int status) {
        Fixture *f = listener->data;
        uv_tcp_t *peer = g_new(uv_tcp_t, 1);

        g_assert_cmpint(status, ==, 0);
        uv_tcp_init(loop_uv(f->loop), peer);
        peer->data = f;
        g_assert_cmpint(uv_accept(listener, (uv_stream_t *) peer), ==, 0);
        g_string_truncate(f->request, 0);
        if (f->answer)
                uv_read_start((uv_stream_t *) peer, allocate, peer_read);
        else
                uv_close((uv_handle_t *) peer, peer_closed);
}

static uint16_t listen_somewhere(Fixture *f) {
        struct sockaddr_in a;
        int size = sizeof(a);

        uv_ip4_addr("127.0.0.1", 0, &a);
        uv_tcp_init(loop_uv(f->loop), &f->listener);
        f->listener.data = f;
        g_assert_cmpint(uv_tcp_bind(&f->listener, (struct sockaddr *) &a, 0), ==, 0);
        g_assert_cmpint(uv_listen((uv_stream_t *) &f->listener, 128, peer_comes), ==, 0);
        g_assert_cmpint(uv_tcp_getsockname(&f->listener, (struct sockaddr *) &a, &size), ==, 0);
        return g_ntohs(a.sin_port);
}

static void opened(void *userdata) {
        g_assert_not_reached();
}

static void message(const char *text, size_t size, void *userdata) {
        g_assert_not_reached();
}

static void drained(void *userdata) {
        g_assert_not_reached();
}

static void ended(WsEnd how, unsigned code, const char *reason, void *userdata) {
        Fixture *f = userdata;

        f->end = how;
        f->code = code;
        f->ends++;
        g_free(f->reason);
        f->reason = g_strdup(reason);
        loop_quit(f->loop, 0);
}

/* tls, and to which host, is the argument: "wss://HOST" or "ws://HOST"; the port is added. */
static void setup(Fixture *f, gconstpointer url) {
        static const WsClientHandler handler = { opened, message, drained, ended };
        g_autofree char *whole = NULL;
        g_autoptr(GError) error = NULL;

        f->loop = loop_new(NULL);
        f->request = g_string_new(NULL);
        whole = g_strdup_printf("%s:%u/path", (const char *) url, listen_somewhere(f));
        f->endpoint = endpoint_parse(whole, &error);
        g_assert_no_error(error);
        f->trust = server_trust_new(f->endpoint->host, NULL, NULL, NULL);
        f->client = ws_client_new(f->loop, f->endpoint, f->trust, "secret-token", &handler, f, &error);
        g_assert_no_error(error);
}

static void stop_listening(Fixture *f) {
        if (!uv_is_closing((uv_handle_t *) &f->listener))
                uv_close((uv_handle_t *) &f->listener, NULL);
}

static void teardown(Fixture *f, gconstpointer url) {
        stop_listening(f);
        ws_client_free(f->client);
        server_trust_free(f->trust);
        endpoint_free(f->endpoint);
        loop_free(f->loop);
        g_string_free(f->request, true);
        g_free(f->reason);
}

static void too_late(void *userdata) {
        g_error("Waited in vain");
}

static void attempt(Fixture *f) {
        g_autoptr(LoopTimer) t = loop_timer_new(f->loop, DEADLINE_MSEC, 0, too_late, NULL);
        unsigned before = f->ends;

        ws_client_connect(f->client);
        (void) loop_run(f->loop);
        g_assert_cmpuint(f->ends, ==, before + 1);
        g_assert_true(ws_client_is_idle(f->client));
}

static void test_answers(Fixture *f, gconstpointer unused) {
        static const struct {
                const char *answer;
                WsEnd end;
                unsigned code;
        } cases[] = {
                { "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", WS_END_UNAUTHORIZED, 401 },
                { "HTTP/1.1 403 Forbidden\r\n\r\n", WS_END_UNAUTHORIZED, 403 },
                { "HTTP/1.1 503 Busy\r\nRetry-After: 5\r\n\r\n", WS_END_UNREACHABLE, 503 },
                { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", WS_END_UNREACHABLE, 200 },
                { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Accept: bm90IHRoZSBhbnN3ZXI=\r\n\r\n",
                  WS_END_UNREACHABLE, 101 },
                { "SSH-2.0-OpenSSH_9.2\r\n\r\n", WS_END_UNREACHABLE, 0 },
                { NULL, WS_END_UNREACHABLE, 0 },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                f->answer = cases[i].answer;
                attempt(f);
                g_test_message("%s", f->reason);
                g_assert_cmpint(f->end, ==, cases[i].end);
                g_assert_cmpuint(f->code, ==, cases[i].code);
        }
}

static void test_request(Fixture *f, gconstpointer unused) {
        g_autofree char *host = g_strdup_printf("\r\nHost: %s\r\n", f->endpoint->authority), *lower = NULL;

        f->answer = "HTTP/1.1 401 Unauthorized\r\n\r\n";
        attempt(f);
        g_assert_true(g_str_has_prefix(f->request->str, "GET /path HTTP/1.1\r\n"));
        g_assert_nonnull(strstr(f->request->str, host));
        lower = g_ascii_strdown(f->request->str, -1);
        g_assert_nonnull(strstr(lower, "\r\nauthorization: token secret-token\r\n"));
}

/* Whoever is pointed to is not who the token is for. */
static void test_redirect(Fixture *f, gconstpointer unused) {
        f->answer = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:1/\r\nContent-Length: 0\r\n\r\n";
        attempt(f);
        g_assert_cmpint(f->end, ==, WS_END_UNREACHABLE);
        g_assert_cmpuint(f->code, ==, 302);
}

static void test_not_there(Fixture *f, gconstpointer unused) {
        stop_listening(f);
        attempt(f);
        g_assert_cmpint(f->end, ==, WS_END_UNREACHABLE);
        g_assert_nonnull(strstr(f->reason, "Connection refused"));
}

static void test_no_name(Fixture *f, gconstpointer unused) {
        attempt(f);
        g_assert_cmpint(f->end, ==, WS_END_UNREACHABLE);
        g_assert_nonnull(strstr(f->reason, "cannot be resolved"));
}

/* The token is not even shown to a server without TLS. */
static void test_no_tls(Fixture *f, gconstpointer unused) {
        f->answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
        attempt(f);
        g_assert_cmpint(f->end, ==, WS_END_UNREACHABLE);
        g_assert_null(strstr(f->request->str, "secret-token"));
}

static void test_given_up(Fixture *f, gconstpointer unused) {
        g_autoptr(LoopTimer) t = loop_timer_new(f->loop, DEADLINE_MSEC, 0, too_late, NULL);

        g_assert_false(ws_client_send(f->client, "x", 1));
        ws_client_close(f->client, WS_CLOSE_NORMAL, "there is nothing to close");
        ws_client_connect(f->client);
        g_assert_false(ws_client_is_idle(f->client));
        ws_client_close(f->client, WS_CLOSE_NORMAL, "changed my mind");
        g_assert_cmpuint(f->ends, ==, 0); /* never from inside */
        (void) loop_run(f->loop);
        g_assert_nonnull(strstr(f->reason, "changed my mind"));
}

static unsigned long resident_kib(void) {
        g_autofree char *statm = NULL;
        unsigned long size, resident;

        g_assert_true(g_file_get_contents("/proc/self/statm", &statm, NULL, NULL));
        g_assert_cmpint(sscanf(statm, "%lu %lu", &size, &resident), ==, 2);
        return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* A day of a server that is away is 1,440 tries at the slowest. */
static void test_flat_memory(Fixture *f, gconstpointer unused) {
        unsigned long before;

        if (RUNNING_ON_SANITIZER) {
                g_test_skip("a sanitizer keeps freed memory");
                return;
        }
        for (unsigned i = 0; i < 200; i++)
                attempt(f);
        before = resident_kib();
        for (unsigned i = 0; i < 1500; i++)
                attempt(f);
        g_assert_cmpuint(resident_kib(), <, before + 512);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/ws-client/answers", Fixture, "ws://127.0.0.1", setup, test_answers, teardown);
        g_test_add("/ws-client/request", Fixture, "ws://localhost", setup, test_request, teardown);
        g_test_add("/ws-client/redirect", Fixture, "ws://127.0.0.1", setup, test_redirect, teardown);
        g_test_add("/ws-client/not-there", Fixture, "ws://127.0.0.1", setup, test_not_there, teardown);
        g_test_add("/ws-client/no-name", Fixture,
                   "ws://a-label-of-more-than-sixty-three-characters-is-nothing-that-could-be-asked-for",
                   setup, test_no_name, teardown);
        g_test_add("/ws-client/no-tls", Fixture, "wss://127.0.0.1", setup, test_no_tls, teardown);
        g_test_add("/ws-client/given-up", Fixture, "ws://127.0.0.1", setup, test_given_up, teardown);
        g_test_add("/ws-client/flat-memory", Fixture, "ws://127.0.0.1", setup, test_flat_memory, teardown);
        return g_test_run();
}
