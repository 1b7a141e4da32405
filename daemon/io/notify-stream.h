/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines between the server and mserver-notify, over a unix socket: one end connects, the other accepts. */
#pragma once

#include <glib.h>

#include "loop.h"

typedef struct NotifyStream NotifyStream;

typedef struct NotifyStreamHandler {
        void (*line)(const char *line, void *userdata); /* without its newline; may free the stream */
        /* It has ended, or never came to be; the stream is to be freed, from in here or later. */
        void (*ended)(const char *problem, void *userdata);
} NotifyStreamHandler;

/* The handler is never called from inside this. */
NotifyStream *notify_stream_connect(Loop *l, const char *path, const NotifyStreamHandler *handler,
                                    void *userdata);
/* What waits at a listening pipe; NULL: nothing does. */
NotifyStream *notify_stream_accept(Loop *l, uv_stream_t *listener, const NotifyStreamHandler *handler,
                                   void *userdata);
/* What has not gone out by now does not go out any more. */
NotifyStream *notify_stream_free(NotifyStream *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NotifyStream, notify_stream_free)

/* line: with its newline; copied. Also before it is connected. */
void notify_stream_send(NotifyStream *s, const char *line);
