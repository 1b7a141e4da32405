/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The opening handshake: which requests are upgraded, what is answered to the others, whose token is read. */
#include <glib.h>
#include <string.h>

#include "limits.h"
#include "ws-upgrade.h"

#define WS "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define HOST "Host: localhost\r\n"

typedef struct Case {
        const char *request;
        unsigned status;
        const char *token;
} Case;

static const Case cases[] = {
        { "GET /ws/monitoring/ HTTP/1.1\r\n" HOST WS KEY "Authorization: Token abc\r\n\r\n", 101, "abc" },
        { "GET /ws/monitoring HTTP/1.1\r\n" HOST WS KEY "Authorization: Bearer abc\r\n\r\n", 101, "abc" },
        { "GET / HTTP/1.1\r\n" HOST WS KEY "authorization:bEaReR   abc  \r\n\r\n", 101, "abc" },
        { "GET /?x=/y HTTP/1.1\r\n" WS KEY "\r\n", 101, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY "Authorization: Basic abc\r\n\r\n", 101, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY "Authorization: Token \r\n\r\n", 101, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY "Authorization: Token a b\r\n\r\n", 101, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY "Authorization: Tokenabc\r\n\r\n", 101, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY "Authorization: Token a\r\nAuthorization: Token b\r\n\r\n", 400,
          NULL },
        /* As other clients and proxies write it. */
        { "GET / HTTP/1.1\r\nuPGRADE: h2c, WebSocket\r\nconnection: keep-alive, upgrade\r\n"
          "sec-websocket-version: 13\r\nSEC-WEBSOCKET-KEY:dGhlIHNhbXBsZSBub25jZQ==\r\n"
          "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
          "Sec-WebSocket-Protocol: a, b\r\nUser-Agent: \xea\xb0\x80\r\nEmpty:\r\n\r\n",
          101, NULL },
        /* No WebSocket is asked for. */
        { "GET / HTTP/1.1\r\n" HOST "\r\n", 426, NULL },
        { "GET / HTTP/1.1\r\n" HOST "Connection: keep-alive\r\n\r\n", 426, NULL },
        { "GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" KEY
          "\r\n",
          426, NULL },
        { "GET / HTTP/1.1\r\nUpgrade: websockets\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" KEY
          "\r\n",
          426, NULL },
        { "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\n" KEY
          "\r\n",
          426, NULL },
        { "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n" KEY
          "\r\n",
          426, NULL },
        { "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" KEY "\r\n", 426, NULL },
        { "GET / HTTP/1.1\r\n" WS "\r\n", 400, NULL },
        { "GET / HTTP/1.1\r\n" WS "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n\r\n", 400, NULL },
        { "GET / HTTP/1.1\r\n" WS "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q==\r\n\r\n", 400, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY KEY "\r\n", 400, NULL },
        /* Elsewhere, otherwise, or not HTTP. */
        { "GET /admin HTTP/1.1\r\n" WS KEY "\r\n", 404, NULL },
        { "GET /ws HTTP/1.1\r\n" WS KEY "\r\n", 404, NULL },
        { "GET /ws/monitoring/x HTTP/1.1\r\n" WS KEY "\r\n", 404, NULL },
        { "GET http://localhost/ HTTP/1.1\r\n" WS KEY "\r\n", 404, NULL },
        { "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n", 405, NULL },
        { "GET /enroll HTTP/1.1\r\n" WS KEY "\r\n", 404, NULL },
        { "POST /enroll HTTP/1.1\r\n" HOST "Authorization: Token abc\r\nContent-Length: 3\r\n\r\n", 100,
          "abc" },
        { "POST /enroll HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 100, NULL },
        { "POST /enroll HTTP/1.1\r\nContent-Length: 4096\r\n\r\n", 100, NULL },
        { "POST /enroll HTTP/1.1\r\nContent-Length: 4097\r\n\r\n", 413, NULL },
        { "POST /enroll HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400, NULL },
        { "POST /enroll HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, NULL },
        { "POST /enroll HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\n", 400, NULL },
        { "POST /enroll HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", 400, NULL },
        { "POST /enroll HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, NULL },
        { "POST /enroll HTTP/1.1\r\n" HOST "\r\n", 411, NULL },
        { "POST /enroll HTTP/1.0\r\nContent-Length: 3\r\n\r\n", 505, NULL },
        { "POST /enroll?x HTTP/1.1\r\nContent-Length: 3\r\n\r\n", 405, NULL },
        { "get / HTTP/1.1\r\n\r\n", 405, NULL },
        { "GET / HTTP/1.0\r\n\r\n", 505, NULL },
        { "PRI * HTTP/2.0\r\n\r\n", 505, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY "Content-Length: 5\r\n\r\n", 400, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY "Content-Length: 0\r\n\r\n", 101, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY "Transfer-Encoding: chunked\r\n\r\n", 400, NULL },
        { "\r\n\r\n", 400, NULL },
        { "GET\r\n\r\n", 400, NULL },
        { "GET  / HTTP/1.1\r\n\r\n", 400, NULL },
        { "GET / HTTP/1.1 \r\n\r\n", 400, NULL },
        { "GET / SIP/2.0\r\n\r\n", 400, NULL },
        { "GET / HTTP/1.1\nHost: x\r\n\r\n", 400, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY "No colon\r\n\r\n", 400, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY ": no name\r\n\r\n", 400, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY "Space : x\r\n\r\n", 400, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY "Folded: x\r\n y\r\n\r\n", 400, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY "Control: \x01\r\n\r\n", 400, NULL },
        { "GET / HTTP/1.1\r\n" WS KEY "Return: a\rb\r\n\r\n", 400, NULL },
};

static unsigned parse(const char *request, size_t size, char **ret_token, char ret_accept[WS_ACCEPT_SIZE]) {
        g_autofree char *head = g_memdup2(request, size); /* no NUL beyond it */
        WsUpgrade u = { 0 };
        unsigned status;

        g_assert_cmpuint(ws_upgrade_head_size(head, size), ==, size);
        g_assert_cmpuint(ws_upgrade_head_size(head, size - 1), ==, 0);
        status = ws_upgrade_parse(head, size, &u);
        *ret_token = g_strdup(u.token);
        memcpy(ret_accept, u.accept, WS_ACCEPT_SIZE);
        return status;
}

static void test_requests(void) {
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *token = NULL;
                char accept[WS_ACCEPT_SIZE];

                g_test_message("case %zu", i);
                g_assert_cmpuint(parse(cases[i].request, strlen(cases[i].request), &token, accept), ==,
                                 cases[i].status);
                g_assert_cmpstr(token, ==, cases[i].token);
                if (cases[i].status == 101)
                        g_assert_cmpstr(accept, ==,
                                        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); /* RFC 6455 section 1.3 */
        }
}

static void test_nul(void) {
        static const char request[] = "GET / HTTP/1.1\r\nX: a\0b\r\n" WS KEY "\r\n";
        g_autofree char *token = NULL;
        char accept[WS_ACCEPT_SIZE];

        g_assert_cmpuint(parse(request, sizeof(request) - 1, &token, accept), ==, 400);
}

static void test_long_token(void) {
        for (unsigned size = TOKEN_LENGTH_MAX; size <= TOKEN_LENGTH_MAX + 1; size++) {
                g_autofree char *t = g_strnfill(size, 't'), *token = NULL;
                g_autofree char *request = g_strconcat("GET / HTTP/1.1\r\n" WS KEY "Authorization: Token ",
                                                       t, "\r\n\r\n", NULL);
                char accept[WS_ACCEPT_SIZE];

                g_assert_cmpuint(parse(request, strlen(request), &token, accept), ==, 101);
                g_assert_cmpstr(token, ==, size == TOKEN_LENGTH_MAX ? t : NULL);
        }
}

/* What follows the head is not part of it. */
static void test_head_size(void) {
        static const char request[] = "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n";

        g_assert_cmpuint(ws_upgrade_head_size(request, strlen(request)), ==, strlen(request) / 2);
        g_assert_cmpuint(ws_upgrade_head_size("", 0), ==, 0);
}

static void test_noise(void) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(3);

        for (unsigned round = 0; round < 20000; round++) {
                const Case *c = &cases[g_rand_int_range(rand, 0, G_N_ELEMENTS(cases))];
                size_t size = strlen(c->request);
                g_autofree char *head = g_memdup2(c->request, size);
                WsUpgrade u = { 0 };

                for (unsigned i = 0; i < 3; i++)
                        head[g_rand_int_range(rand, 0, (gint32) size)] =
                                        (char) g_rand_int_range(rand, 0, 256);
                size = ws_upgrade_head_size(head, size);
                if (size > 0)
                        g_assert_cmpuint(ws_upgrade_parse(head, size, &u), >=, 100);
        }
}

static void test_responses(void) {
        static const unsigned statuses[] = { 400, 401, 403, 404, 405, 411, 413, 426, 429, 431, 503, 505 };
        char buffer[WS_RESPONSE_MAX];
        size_t size = ws_upgrade_response(buffer, 101, "ACCEPT");

        g_assert_cmpmem(buffer, size,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: ACCEPT\r\n\r\n",
                        size);
        for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++) {
                g_autofree char *start = g_strdup_printf("HTTP/1.1 %u ", statuses[i]), *length = NULL;
                const char *body;

                size = ws_upgrade_response(buffer, statuses[i], NULL);
                g_assert_cmpuint(size, ==, strlen(buffer));
                g_assert_true(g_str_has_prefix(buffer, start));
                g_assert_nonnull(strstr(buffer, "\r\nConnection: close\r\n"));
                body = strstr(buffer, "\r\n\r\n") + 4;
                length = g_strdup_printf("\r\nContent-Length: %zu\r\n", strlen(body));
                g_assert_nonnull(strstr(buffer, length));
        }
}

static void test_json_response(void) {
        g_autofree char *response = ws_json_response("{\"a\":1}");

        g_assert_true(g_str_has_prefix(response, "HTTP/1.1 200 OK\r\nConnection: close\r\n"));
        g_assert_nonnull(strstr(response, "\r\nContent-Length: 7\r\n"));
        g_assert_true(g_str_has_suffix(response, "\r\n\r\n{\"a\":1}"));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ws-upgrade/requests", test_requests);
        g_test_add_func("/ws-upgrade/nul", test_nul);
        g_test_add_func("/ws-upgrade/long-token", test_long_token);
        g_test_add_func("/ws-upgrade/head-size", test_head_size);
        g_test_add_func("/ws-upgrade/noise", test_noise);
        g_test_add_func("/ws-upgrade/responses", test_responses);
        g_test_add_func("/ws-upgrade/json-response", test_json_response);
        return g_test_run();
}
