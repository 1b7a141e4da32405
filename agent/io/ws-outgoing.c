/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text messages on their way into a libwebsockets connection. Written at once while it takes them: waiting
 * for "writeable" first costs four epoll_ctl() a message under libuv. */
#include "ws-outgoing.h"

#include <string.h>

#include "limits.h"

typedef struct Frame {
        size_t size;
        unsigned char data[]; /* LWS_PRE bytes of room, which lws_write() demands, then the text */
} Frame;

bool ws_outgoing_push(WsOutgoing *o, const char *text, size_t size) {
        Frame *f;

        if (size > SEND_QUEUE_BYTES_MAX - MIN(o->queued, SEND_QUEUE_BYTES_MAX))
                return false;
        f = g_malloc(sizeof(Frame) + LWS_PRE + size);
        f->size = size;
        memcpy(f->data + LWS_PRE, text, size);
        g_queue_push_tail(&o->frames, f);
        o->queued += size;
        return true;
}

bool ws_outgoing_flush(WsOutgoing *o, struct lws *wsi) {
        bool intact = true;

        if (!lws_partial_buffered(wsi)) {
                o->queued -= o->in_flight;
                o->in_flight = 0;
        }
        while (intact && o->frames.length > 0 && !lws_partial_buffered(wsi)) {
                g_autofree Frame *f = g_queue_pop_head(&o->frames);

                intact = lws_write(wsi, f->data + LWS_PRE, f->size, LWS_WRITE_TEXT) >= 0;
                if (lws_partial_buffered(wsi))
                        o->in_flight = f->size;
                else
                        o->queued -= f->size;
        }
        if (o->queued > AGENT_SEND_HIGH_BYTES)
                o->congested = true;
        if (o->frames.length > 0 || lws_partial_buffered(wsi) || o->congested)
                lws_callback_on_writable(wsi);
        return intact;
}

bool ws_outgoing_relieved(WsOutgoing *o) {
        if (!o->congested || o->queued >= AGENT_SEND_LOW_BYTES)
                return false;
        o->congested = false;
        return true;
}

bool ws_outgoing_is_empty(const WsOutgoing *o) {
        return o->queued == 0;
}

void ws_outgoing_clear(WsOutgoing *o) {
        g_queue_clear_full(&o->frames, g_free);
        *o = (WsOutgoing){};
}
