/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One accepted TCP connection, with or without TLS, on the loop: bytes in, bytes out, and why it ended. */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

typedef struct Stream Stream;

typedef struct StreamHandler {
        /* What came in; the byte beyond size is writable too. Closing from inside is fine. */
        void (*data)(Stream *s, uint8_t *data, size_t size, void *userdata);
        /* The peer is gone or TLS failed; close it now. Never from inside one of the calls below. */
        void (*ended)(Stream *s, const char *reason, void *userdata);
        /* Everything is sent. Never from inside one of the calls below. */
        void (*drained)(Stream *s, void *userdata);
        /* After stream_close(), in a later turn of the loop: nothing refers to userdata any more. */
        void (*freed)(void *userdata);
} StreamHandler;

/* Takes over the connected socket. tls may be NULL. Borrowed: handler. NULL (with the socket closed) when it
 * cannot be watched. */
Stream *stream_new(Loop *l, int fd, SSL_CTX *tls, const StreamHandler *handler, void *userdata);

/* Sends at once what the socket takes and queues the rest; the queue has no bound of its own. What is written
 * to a connection that broke is dropped: ended() follows. */
void stream_write(Stream *s, const void *data, size_t size);

/* Drops what is queued, except the rest of a write that has begun. */
void stream_discard(Stream *s);

/* No more will be sent: tells TLS and TCP so. The peer's data still come in. */
void stream_shutdown(Stream *s);

/* Ends it at once, with what is still queued unsent. No callback but freed() follows. */
void stream_close(Stream *s);

/* Has anything been sent to the peer? While TLS has not answered its hello, nothing has. */
bool stream_answered(const Stream *s);
/* Has the peer sent something that is not read yet? A system call. */
bool stream_has_unread(const Stream *s);

bool stream_is_tls(const Stream *s);
SSL *stream_tls(const Stream *s);        /* NULL without */
size_t stream_queued(const Stream *s);   /* bytes */
unsigned stream_writes(const Stream *s); /* writes in the queue */
