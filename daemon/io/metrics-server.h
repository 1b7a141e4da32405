/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers GET /metrics on a socket of its own (HTTP/1.1, RFC 9112), and nothing else: a few connections at once, one request each,
 * in bounded time. Who may connect is the socket's: it is the loopback's by default. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "loop.h"

typedef struct MetricsServer MetricsServer;

/* The body of an answer: new string. openmetrics: the client asks for it (its Accept: has application/openmetrics-text). */
typedef char *(*MetricsText)(bool openmetrics, size_t *ret_size, void *userdata);

MetricsServer *metrics_server_new(Loop *l, MetricsText text, void *userdata);
MetricsServer *metrics_server_free(MetricsServer *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MetricsServer, metrics_server_free)

/* Takes over a listening stream socket. */
bool metrics_server_listen(MetricsServer *s, int fd, GError **error);
