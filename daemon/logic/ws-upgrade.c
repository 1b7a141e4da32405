/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The opening handshake: strict about what a header may look like, since every client we serve sends a plain
 * one, and silent about why a token did not do. */
#include "ws-upgrade.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "limits.h"
#include "names.h"
#include "text.h"

#define KEY_SIZE 24 /* base64 of 16 bytes */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* The headers that matter to us; the rest is skipped. */
typedef struct Headers {
        const char *authorization, *key, *version, *content_length;
        bool upgrade_websocket, connection_upgrade;
} Headers;

size_t ws_upgrade_head_size(const char *data, size_t size) {
        const char *end = memmem(data, size, "\r\n\r\n", 4);

        return end ? (size_t) (end - data) + 4 : 0;
}

/* The next line without its CRLF, NUL-terminated in place; NULL at the end. */
static char *next_line(char **rest) {
        char *line = *rest, *end = strstr(line, "\r\n");

        if (!end)
                return NULL;
        *end = '\0';
        *rest = end + 2;
        return line;
}

/* RFC 9110: visible characters, spaces and tabs, and whatever is not ASCII. */
static bool is_text(const char *s) {
        for (; *s; s++)
                if (((unsigned char) *s < ' ' && *s != '\t') || *s == 0x7f)
                        return false;
        return true;
}

static bool is_header_name(const char *s) {
        if (*s == '\0')
                return false;
        for (; *s; s++)
                if (!g_ascii_isalnum(*s) && !strchr("!#$%&'*+-.^_`|~", *s))
                        return false;
        return true;
}

/* Is word one of the comma-separated list's, case aside? */
static bool list_contains(const char *list, const char *word) {
        g_auto(GStrv) words = g_strsplit(list, ",", 32);

        for (char **w = words; *w; w++)
                if (g_ascii_strcasecmp(g_strstrip(*w), word) == 0)
                        return true;
        return false;
}

/* These may stand only once. */
static bool set_once(const char **field, const char *value) {
        if (*field)
                return false;
        *field = value;
        return true;
}

static bool read_header(Headers *h, char *line) {
        char *value = strchr(line, ':');

        if (!value || !is_text(line))
                return false;
        *value++ = '\0';
        if (!is_header_name(line))
                return false;
        g_strstrip(value);

        if (g_ascii_strcasecmp(line, "Authorization") == 0)
                return set_once(&h->authorization, value);
        if (g_ascii_strcasecmp(line, "Sec-WebSocket-Key") == 0)
                return set_once(&h->key, value);
        if (g_ascii_strcasecmp(line, "Sec-WebSocket-Version") == 0)
                return set_once(&h->version, value);
        if (g_ascii_strcasecmp(line, "Upgrade") == 0)
                h->upgrade_websocket = h->upgrade_websocket || list_contains(value, "websocket");
        else if (g_ascii_strcasecmp(line, "Connection") == 0)
                h->connection_upgrade = h->connection_upgrade || list_contains(value, "upgrade");
        else if (g_ascii_strcasecmp(line, "Transfer-Encoding") == 0)
                return false; /* a body of unknown length would be taken for frames */
        else if (g_ascii_strcasecmp(line, "Content-Length") == 0)
                return set_once(&h->content_length, value);
        return true;
}

static bool path_is_ours(char *path) {
        path[strcspn(path, "?")] = '\0';
        return g_str_equal(path, WS_PATH) || g_str_equal(path, "/") ||
               (strlen(path) == strlen(WS_PATH) - 1 && g_str_has_prefix(WS_PATH, path));
}

/* "GET PATH HTTP/1.1", "POST /enroll HTTP/1.1" */
static unsigned read_request_line(char *line) {
        g_auto(GStrv) words = NULL;

        if (!is_text(line))
                return 400;
        words = g_strsplit(line, " ", 4);
        if (g_strv_length(words) != 3 || !g_str_has_prefix(words[2], "HTTP/"))
                return 400;
        if (!g_str_equal(words[2], "HTTP/1.1"))
                return 505;
        if (g_str_equal(words[0], "POST") && g_str_equal(words[1], ENROLL_PATH))
                return 100;
        if (!g_str_equal(words[0], "GET"))
                return 405;
        return path_is_ours(words[1]) ? 101 : 404;
}

static const char *read_token(const char *authorization) {
        static const char *const schemes[] = { "Token ", "Bearer " };
        const char *token = NULL;

        for (size_t i = 0; authorization && i < G_N_ELEMENTS(schemes); i++)
                if (g_ascii_strncasecmp(authorization, schemes[i], strlen(schemes[i])) == 0)
                        token = authorization + strlen(schemes[i]);
        if (!token)
                return NULL;
        token += strspn(token, " ");
        if (*token == '\0' || strlen(token) > TOKEN_LENGTH_MAX || strpbrk(token, " \t"))
                return NULL;
        return token;
}

/* Sec-WebSocket-Accept: RFC 6455 section 4.2.2, 5.4. */
static void compute_accept(const char *key, char ret[static WS_ACCEPT_SIZE]) {
        g_autoptr(GChecksum) sha1 = g_checksum_new(G_CHECKSUM_SHA1);
        g_autofree char *text = NULL;
        guint8 digest[20];
        gsize size = sizeof(digest);

        g_checksum_update(sha1, (const guchar *) key, (gssize) strlen(key));
        g_checksum_update(sha1, (const guchar *) GUID, (gssize) strlen(GUID));
        g_checksum_get_digest(sha1, digest, &size);
        text = g_base64_encode(digest, size);
        g_strlcpy(ret, text, WS_ACCEPT_SIZE);
}

static bool key_is_valid(const char *key) {
        return strlen(key) == KEY_SIZE && g_str_has_suffix(key, "==") &&
               strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") ==
                               KEY_SIZE - 2;
}

/* What is to follow the head of a POST /enroll. */
static unsigned read_body_size(const char *content_length, size_t *ret) {
        uint64_t size;

        if (!content_length)
                return 411;
        if (!text_to_uint(content_length, 0, UINT64_MAX, &size))
                return 400;
        if (size > ENROLLMENT_BODY_MAX)
                return 413;
        *ret = (size_t) size;
        return 100;
}

unsigned ws_upgrade_parse(char *head, size_t size, WsUpgrade *ret) {
        Headers h = { 0 };
        char *rest = head, *line;
        unsigned status;

        g_assert(size >= 4);
        head[size - 2] = '\0'; /* the empty line: from here on the head is a string */
        if (strlen(head) != size - 2)
                return 400; /* a NUL in its midst */
        line = next_line(&rest);
        if (!line)
                return 400;
        status = read_request_line(line);
        if (status != 101 && status != 100)
                return status;
        while ((line = next_line(&rest)))
                if (!read_header(&h, line))
                        return 400;

        ret->token = read_token(h.authorization);
        if (status == 100)
                return read_body_size(h.content_length, &ret->body_size);
        if (h.content_length && !g_str_equal(h.content_length, "0"))
                return 400; /* a body would be taken for frames */
        if (!h.upgrade_websocket || !h.connection_upgrade || !h.version || !g_str_equal(h.version, "13"))
                return 426;
        if (!h.key || !key_is_valid(h.key))
                return 400;
        compute_accept(h.key, ret->accept);
        return 101;
}

size_t ws_upgrade_response(char buffer[static WS_RESPONSE_MAX], unsigned status, const char *accept) {
        static const struct {
                unsigned status;
                const char *phrase, *headers, *text;
        } refusals[] = {
                { 400, "Bad Request", "", "This is no request that is served here." },
                { 401, "Unauthorized", "WWW-Authenticate: Token realm=\"mserver\"\r\n",
                  "Expected a valid token: Authorization: Token T" },
                { 403, "Forbidden", "",
                  "Expected TLS, and the client's own valid certificate where the server asks for one." },
                { 404, "Not Found", "", "The WebSocket is at " WS_PATH },
                { 405, "Method Not Allowed", "Allow: GET\r\n", "Expected GET." },
                { 411, "Length Required", "", "Expected a Content-Length." },
                { 413, "Content Too Large", "", "The body is too large." },
                { 426, "Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
                  "Expected an upgrade to a WebSocket, version 13." },
                { 429, "Too Many Requests", "Retry-After: 60\r\n",
                  "Too many wrong tokens from this address." },
                { 431, "Request Header Fields Too Large", "", "The request is too large." },
                { 503, "Service Unavailable", "Retry-After: 10\r\n", "Try again later." },
                { 505, "HTTP Version Not Supported", "", "Expected HTTP/1.1." },
        };
        size_t i = 0;
        int n;

        if (status == 101)
                n = snprintf(buffer, WS_RESPONSE_MAX,
                             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                             accept);
        else {
                while (refusals[i].status != status && i + 1 < G_N_ELEMENTS(refusals))
                        i++;
                n = snprintf(buffer, WS_RESPONSE_MAX,
                             "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Type: text/plain\r\n"
                             "Content-Length: %zu\r\n%s\r\n%s\n",
                             refusals[i].status, refusals[i].phrase, strlen(refusals[i].text) + 1,
                             refusals[i].headers, refusals[i].text);
        }
        g_assert(n > 0 && n < WS_RESPONSE_MAX);
        return (size_t) n;
}

char *ws_json_response(const char *json) {
        return g_strdup_printf("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n"
                               "Cache-Control: no-store\r\nContent-Length: %zu\r\n\r\n%s",
                               strlen(json), json);
}
