/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text messages on their way into a libwebsockets connection: what waits, how much, and when it is too
 * much. */
#pragma once

#include <glib.h>
#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct WsOutgoing {
        GQueue frames;
        size_t queued;    /* bytes, also of what libwebsockets still holds */
        size_t in_flight; /* of these, held by libwebsockets */
        bool congested;   /* above AGENT_SEND_HIGH_BYTES, and not below AGENT_SEND_LOW_BYTES since */
} WsOutgoing;             /* zeros: nothing waits */

/* False, and nothing happens, when SEND_QUEUE_BYTES_MAX would wait. */
bool ws_outgoing_push(WsOutgoing *o, const char *text, size_t size);

/* Writes as much as goes out at once, and asks for LWS_CALLBACK_CLIENT_WRITEABLE where that is not all.
 * False: the connection is broken, and libwebsockets will say so. */
bool ws_outgoing_flush(WsOutgoing *o, struct lws *wsi);

/* True once after a congestion, in LWS_CALLBACK_CLIENT_WRITEABLE. */
bool ws_outgoing_relieved(WsOutgoing *o);

bool ws_outgoing_is_empty(const WsOutgoing *o);
void ws_outgoing_clear(WsOutgoing *o);
