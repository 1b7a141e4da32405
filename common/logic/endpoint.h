/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the server is, as Server= says it: wss://HOST:PORT/PATH. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Endpoint {
        bool tls;        /* wss, not ws */
        char *host;      /* a name or a numeric address, without the brackets of IPv6 */
        uint16_t port;   /* 8443 and 8080 where none is given */
        char *path;      /* from "/"; /ws/monitoring/ where none is given */
        char *authority; /* host and port as the Host header spells them (RFC 9110, 7.2) */
} Endpoint;

/* FLEET_ERROR_CONFIG names the text and what was expected. Returns a new object. */
Endpoint *endpoint_parse(const char *url, GError **error);
Endpoint *endpoint_free(Endpoint *e);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Endpoint, endpoint_free)
