/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the server is, as Server= says it. The parts are checked here once, because they end up in an HTTP
 * request and in a certificate check. */
#include "endpoint.h"

#include <string.h>

#include "error.h"
#include "limits.h"
#include "names.h"
#include "text.h"

#define EXPECTED "expected wss://HOST:PORT" WS_PATH

/* RFC 1123 names, and IPv4 addresses among them. */
static bool host_is_valid(const char *host) {
        size_t n = strlen(host);

        if (n == 0 || n > HOST_NAME_MAX_BYTES)
                return false;
        for (const char *p = host; *p; p++)
                if (!g_ascii_isalnum(*p) && !strchr("-._", *p))
                        return false;
        return true;
}

static bool ipv6_is_valid(const char *host) {
        if (!strchr(host, ':'))
                return false;
        for (const char *p = host; *p; p++)
                if (!g_ascii_isxdigit(*p) && !strchr(":.", *p))
                        return false;
        return true;
}

/* Visible ASCII: nothing that could end the request line. */
static bool path_is_valid(const char *path) {
        for (const char *p = path; *p; p++)
                if (!g_ascii_isgraph(*p) || *p == '#')
                        return false;
        return true;
}

/* Splits "HOST:PORT", "HOST", "[ADDRESS]:PORT" and "[ADDRESS]"; *ret_port is NULL where there is none. */
static bool split_authority(const char *text, char **ret_host, const char **ret_port) {
        const char *end;

        if (*text == '[') {
                g_autofree char *host = NULL;

                end = strchr(text, ']');
                if (!end || (end[1] != '\0' && end[1] != ':'))
                        return false;
                host = g_strndup(text + 1, end - text - 1);
                if (!ipv6_is_valid(host))
                        return false;
                *ret_host = g_steal_pointer(&host);
                *ret_port = end[1] == ':' ? end + 2 : NULL;
                return true;
        }
        end = strchrnul(text, ':');
        *ret_host = g_strndup(text, end - text);
        *ret_port = *end == ':' ? end + 1 : NULL;
        return host_is_valid(*ret_host);
}

Endpoint *endpoint_parse(const char *url, GError **error) {
        g_autoptr(Endpoint) e = g_new0(Endpoint, 1);
        g_autofree char *authority = NULL;
        const char *rest, *path, *port;
        uint64_t number;

        if (g_str_has_prefix(url, "wss://"))
                e->tls = true;
        else if (!g_str_has_prefix(url, "ws://")) {
                fleet_fail(error, FLEET_ERROR_CONFIG, "\"%s\" is not the server's address: " EXPECTED, url);
                return NULL;
        }
        rest = strstr(url, "://") + 3;
        path = strchrnul(rest, '/');
        authority = g_strndup(rest, path - rest);
        if (!split_authority(authority, &e->host, &port)) {
                fleet_fail(error, FLEET_ERROR_CONFIG, "\"%s\" in \"%s\" is no host: " EXPECTED, authority,
                           url);
                return NULL;
        }
        number = e->tls ? TLS_PORT : PLAIN_PORT;
        if (port && !text_to_uint(port, 1, UINT16_MAX, &number)) {
                fleet_fail(error, FLEET_ERROR_CONFIG, "\"%s\" in \"%s\" is no port: expected 1 to 65535",
                           port, url);
                return NULL;
        }
        if (!path_is_valid(path)) {
                fleet_fail(error, FLEET_ERROR_CONFIG,
                           "\"%s\" is no path: expected visible ASCII without \"#\"", path);
                return NULL;
        }
        e->port = number;
        e->path = g_strdup(*path ? path : WS_PATH);
        e->authority = g_strdup_printf(strchr(e->host, ':') ? "[%s]:%u" : "%s:%u", e->host, e->port);
        return g_steal_pointer(&e);
}

Endpoint *endpoint_free(Endpoint *e) {
        if (!e)
                return NULL;
        g_free(e->host);
        g_free(e->path);
        g_free(e->authority);
        g_free(e);
        return NULL;
}
