/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A socket under uv_poll with OpenSSL on it where wanted. Writes go straight to the socket while it takes them;
 * only then is anything copied, and only then is writability watched (each change of what is watched is a
 * system call). */
#include "stream.h"

#include <errno.h>
#include <glib.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "limits.h"
#include "openssl-error.h"

typedef struct Chunk {
        GList link;
        size_t size, sent;
        uint8_t data[];
} Chunk;

struct Stream {
        uv_poll_t poll;
        int fd;
        SSL *ssl;
        int events; /* what is watched */
        bool handshaking, wants_write, sent, broken, shut, closed;
        GQueue queue; /* Chunk */
        size_t queued;
        const StreamHandler *handler;
        void *userdata;
};

/* One for all: a loop runs one callback at a time. */
static uint8_t input[STREAM_READ_BYTES + 1];

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(Stream *s) {
        int events = UV_READABLE;

        if (s->wants_write || (s->queue.length > 0 && !s->handshaking))
                events |= UV_WRITABLE;
        if (s->closed || events == s->events)
                return;
        s->events = events;
        (void) uv_poll_start(&s->poll, events, on_poll);
}

/* A write found the connection broken: let the next turn find out as well, as an end of input. */
static void set_broken(Stream *s) {
        if (s->broken)
                return;
        s->broken = true;
        stream_discard(s);
        (void) shutdown(s->fd, SHUT_RDWR);
}

/* What OpenSSL wants after a call that did not succeed. Returns false when the connection is over. */
static bool tls_wants(Stream *s, int r) {
        switch (SSL_get_error(s->ssl, r)) {
        case SSL_ERROR_WANT_READ:
                s->wants_write = false;
                return true;
        case SSL_ERROR_WANT_WRITE:
                s->wants_write = true;
                return true;
        default:
                return false;
        }
}

/* Returns the bytes taken, 0 when the socket is full, -1 when it is broken. */
static ssize_t write_some(Stream *s, const uint8_t *data, size_t size) {
        ssize_t n;

        if (s->ssl) {
                ERR_clear_error();
                n = SSL_write(s->ssl, data, (int) MIN(size, INT_MAX));
                if (n <= 0)
                        return tls_wants(s, (int) n) ? 0 : -1;
                s->wants_write = false;
                return n;
        }
        do
                n = send(s->fd, data, size, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        s->sent |= n > 0;
        return n < 0 && errno == EAGAIN ? 0 : n;
}

static size_t write_until_full(Stream *s, const uint8_t *data, size_t size) {
        size_t sent = 0;

        while (sent < size) {
                ssize_t n = write_some(s, data + sent, size - sent);

                if (n < 0)
                        set_broken(s);
                if (n <= 0)
                        break;
                sent += (size_t) n;
        }
        return sent;
}

static void enqueue(Stream *s, const uint8_t *data, size_t size, size_t sent) {
        Chunk *c = g_malloc(sizeof(Chunk) + size - sent);

        *c = (Chunk){ .link.data = c, .size = size - sent };
        memcpy(c->data, data + sent, c->size);
        g_queue_push_tail_link(&s->queue, &c->link);
        s->queued += c->size;
}

void stream_write(Stream *s, const void *data, size_t size) {
        size_t sent = 0;

        if (s->closed || s->broken || s->shut || size == 0)
                return;
        if (s->queue.length == 0 && !s->handshaking)
                sent = write_until_full(s, data, size);
        if (sent < size && !s->broken)
                enqueue(s, data, size, sent);
        watch(s);
}

static void drop_chunk(Stream *s, Chunk *c) {
        g_queue_unlink(&s->queue, &c->link);
        s->queued -= c->size - c->sent;
        g_free(c);
}

void stream_discard(Stream *s) {
        Chunk *c;

        /* The first one may have begun; the peer, and OpenSSL, expect its rest. */
        while ((c = g_queue_peek_tail(&s->queue)) && (s->broken || s->closed || s->queue.length > 1))
                drop_chunk(s, c);
}

static void send_queue(Stream *s) {
        Chunk *c;

        while ((c = g_queue_peek_head(&s->queue))) {
                size_t n = write_until_full(s, c->data + c->sent, c->size - c->sent);

                if (s->broken)
                        return; /* the queue is gone */
                c->sent += n;
                s->queued -= n;
                if (c->sent < c->size)
                        return;
                drop_chunk(s, c);
        }
        s->handler->drained(s, s->userdata);
}

static void end(Stream *s, const char *reason) {
        s->handler->ended(s, reason, s->userdata);
}

/* Returns the bytes read, 0 when there are none for now, -1 when ended() was called. */
static ssize_t read_some(Stream *s) {
        ssize_t n;

        errno = 0;
        if (s->ssl) {
                ERR_clear_error();
                n = SSL_read(s->ssl, input, STREAM_READ_BYTES);
                if (n > 0 || tls_wants(s, (int) n))
                        return MAX(n, 0);
                switch (SSL_get_error(s->ssl, (int) n)) {
                case SSL_ERROR_ZERO_RETURN:
                        end(s, "closed by the peer");
                        break;
                case SSL_ERROR_SYSCALL:
                        end(s, errno != 0 ? g_strerror(errno) : "closed by the peer");
                        break;
                default:
                        end(s, openssl_reason());
                }
                return -1;
        }
        do
                n = recv(s->fd, input, STREAM_READ_BYTES, 0);
        while (n < 0 && errno == EINTR);
        if (n < 0 && errno == EAGAIN)
                return 0;
        if (n <= 0) {
                end(s, n == 0 ? "closed by the peer" : g_strerror(errno));
                return -1;
        }
        return n;
}

/* Reads until there is no more, or this connection has had its share of the turn. What OpenSSL has taken off the socket
 * must be read now: no descriptor shows it. So at the end of the share it takes no more than its last record needs. */
static void receive(Stream *s) {
        size_t total = 0;

        for (;;) {
                ssize_t n;

                if (s->ssl)
                        SSL_set_read_ahead(s->ssl, total < STREAM_TURN_BYTES);
                n = read_some(s);
                if (n <= 0)
                        return;
                s->handler->data(s, input, (size_t) n, s->userdata);
                if (s->closed)
                        return;
                total += (size_t) n;
                if (s->ssl && SSL_has_pending(s->ssl))
                        continue;
                if ((size_t) n < STREAM_READ_BYTES || total >= STREAM_TURN_BYTES)
                        return;
        }
}

/* Returns false while it goes on, and when it failed. */
static bool handshake(Stream *s) {
        int r;

        ERR_clear_error();
        r = SSL_accept(s->ssl);
        if (r == 1) {
                s->handshaking = s->wants_write = false;
                return true;
        }
        if (!tls_wants(s, r))
                end(s, SSL_get_error(s->ssl, r) == SSL_ERROR_SSL ? openssl_reason() : "closed by the peer");
        return false;
}

static void on_poll(uv_poll_t *poll, int status, int events) {
        Stream *s = poll->data;

        if (status < 0) {
                int code = 0;
                socklen_t size = sizeof(code);

                (void) getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &code, &size);
                end(s, code != 0 ? g_strerror(code) : "the connection broke");
                return;
        }
        if (s->handshaking) {
                if (!handshake(s)) {
                        watch(s);
                        return;
                }
                events |= UV_READABLE; /* what came behind it may have been taken off the socket with it */
        }
        if (s->queue.length > 0 && (events & UV_WRITABLE))
                send_queue(s);
        if (!s->closed && ((events & UV_READABLE) || s->wants_write))
                receive(s);
        watch(s);
}

Stream *stream_new(Loop *l, int fd, SSL_CTX *tls, const StreamHandler *handler, void *userdata) {
        Stream *s = g_new0(Stream, 1);

        s->fd = fd;
        s->handler = handler;
        s->userdata = userdata;
        s->poll.data = s;
        if (tls) {
                s->ssl = SSL_new(tls);
                if (!s->ssl || SSL_set_fd(s->ssl, fd) != 1) {
                        SSL_free(s->ssl);
                        (void) close(fd);
                        g_free(s);
                        return NULL;
                }
                SSL_set_accept_state(s->ssl);
                s->handshaking = true;
        }
        if (uv_poll_init_socket(loop_uv(l), &s->poll, fd) < 0) {
                SSL_free(s->ssl);
                (void) close(fd);
                g_free(s);
                return NULL;
        }
        watch(s);
        return s;
}

void stream_shutdown(Stream *s) {
        if (s->closed || s->shut || s->broken)
                return;
        s->shut = true;
        if (s->ssl && !s->handshaking) {
                ERR_clear_error();
                (void) SSL_shutdown(s->ssl);
        }
        (void) shutdown(s->fd, SHUT_WR);
}

static void on_closed(uv_handle_t *h) {
        Stream *s = h->data;

        s->handler->freed(s->userdata);
        g_free(s);
}

void stream_close(Stream *s) {
        if (s->closed)
                return;
        stream_shutdown(s);
        s->closed = true;
        stream_discard(s);
        uv_close((uv_handle_t *) &s->poll, on_closed);
        SSL_free(s->ssl);
        s->ssl = NULL;
        (void) close(s->fd); /* uv_poll(3): may go as soon as uv_close() was called */
}

bool stream_answered(const Stream *s) {
        return s->ssl ? BIO_number_written(SSL_get_wbio(s->ssl)) > 0 : s->sent;
}

bool stream_has_unread(const Stream *s) {
        uint8_t byte;

        return recv(s->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool stream_is_tls(const Stream *s) {
        return s->ssl != NULL;
}

SSL *stream_tls(const Stream *s) {
        return s->ssl;
}

size_t stream_queued(const Stream *s) {
        return s->queued;
}

unsigned stream_writes(const Stream *s) {
        return s->queue.length;
}
