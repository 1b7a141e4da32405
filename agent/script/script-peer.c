/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent at the other end of the stream. */
#include "script-peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "limits.h"
#include "log.h"

ScriptPeer *script_peer_new(int fd) {
        ScriptPeer *p = g_new(ScriptPeer, 1);

        *p = (ScriptPeer){ fd, g_byte_array_new(), g_byte_array_new() };
        return p;
}

static void leave(ScriptPeer *p) {
        if (p->fd >= 0)
                (void) close(p->fd);
        p->fd = -1;
        g_byte_array_set_size(p->out, 0);
}

ScriptPeer *script_peer_free(ScriptPeer *p) {
        if (!p)
                return NULL;
        leave(p);
        g_byte_array_unref(p->in);
        g_byte_array_unref(p->out);
        g_free(p);
        return NULL;
}

void script_peer_prepare(const ScriptPeer *p, struct pollfd *ret) {
        *ret = (struct pollfd){ .fd = p->fd, .events = POLLIN };
        if (p->out->len > 0)
                ret->events |= POLLOUT;
}

static bool is_lasting(int error) {
        return error != EAGAIN && error != EINTR;
}

static void receive(ScriptPeer *p) {
        char buffer[16384];
        ssize_t n = recv(p->fd, buffer, sizeof buffer, MSG_DONTWAIT);

        if (n > 0)
                g_byte_array_append(p->in, (const guint8 *) buffer, (guint) n);
        else if (n == 0 || is_lasting(errno))
                leave(p);
}

static void flush(ScriptPeer *p) {
        ssize_t n;

        if (p->fd < 0 || p->out->len == 0)
                return;
        n = send(p->fd, p->out->data, p->out->len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
                g_byte_array_remove_range(p->out, 0, (guint) n);
        else if (n < 0 && is_lasting(errno))
                leave(p);
}

void script_peer_dispatch(ScriptPeer *p, const struct pollfd *polled) {
        if (p->fd < 0)
                return;
        if (polled->revents & POLLOUT)
                flush(p);
        if (p->fd >= 0 && polled->revents & (POLLIN | POLLHUP | POLLERR))
                receive(p);
}

bool script_peer_next(ScriptPeer *p, ScriptFrame *ret_type, const void **ret_data, size_t *ret_size) {
        g_autoptr(GError) error = NULL;

        if (script_frame_next(p->in, ret_type, ret_data, ret_size, &error))
                return true;
        if (error) {
                log_warning("What the agent says cannot be read: %s", error->message);
                g_byte_array_set_size(p->in, 0);
                leave(p);
        }
        return false;
}

bool script_peer_cancels(ScriptPeer *p) {
        bool cancels = false;
        ScriptFrame type;
        const void *data;
        size_t size;

        while (script_peer_next(p, &type, &data, &size)) {
                cancels = cancels || type == SCRIPT_CANCEL;
                script_frame_drop(p->in);
        }
        return cancels;
}

void script_peer_send(ScriptPeer *p, ScriptFrame type, const void *data, size_t size) {
        if (p->fd < 0)
                return;
        do {
                size_t n = MIN(size, OUTPUT_CHUNK_BYTES);

                script_frame_append(p->out, type, data, n);
                data = (const char *) data + n;
                size -= n;
        } while (size > 0);
        flush(p);
}

size_t script_peer_unsent(const ScriptPeer *p) {
        return p->out->len;
}

void script_peer_end(ScriptPeer *p, const ScriptEnd *end) {
        g_autofree char *text = script_end_format(end);

        script_peer_send(p, SCRIPT_END, text, strlen(text));
        while (p->fd >= 0 && p->out->len > 0) {
                struct pollfd polled;

                script_peer_prepare(p, &polled);
                if (poll(&polled, 1, -1) > 0)
                        script_peer_dispatch(p, &polled);
        }
}
