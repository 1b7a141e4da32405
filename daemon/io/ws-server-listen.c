/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections in: accepted in batches, counted by address, and refused before they cost anything. A listener
 * is never given up: when descriptors or memory run out it rests for a while. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "door.h"
#include "error.h"
#include "limits.h"
#include "log.h"
#include "ws-server-internal.h"

struct WsListener {
        uv_poll_t poll;
        WsServer *server;
        int fd;
        bool tls;
};

static void on_connection(uv_poll_t *poll, int status, int events);

static void set_listening(WsServer *s, bool on) {
        for (guint i = 0; i < s->listeners->len; i++) {
                WsListener *l = g_ptr_array_index(s->listeners, i);

                if (on)
                        (void) uv_poll_start(&l->poll, UV_READABLE, on_connection);
                else
                        (void) uv_poll_stop(&l->poll);
        }
}

static void on_retry(void *userdata) {
        WsServer *s = userdata;

        s->listen_retry = loop_timer_free(s->listen_retry);
        set_listening(s, true);
}

static void rest(WsServer *s, int error) {
        log_debug("Cannot accept connections, trying again soon: %s", g_strerror(error));
        set_listening(s, false);
        if (!s->listen_retry)
                s->listen_retry = loop_timer_new(s->loop, LISTEN_RETRY_MSEC, 0, on_retry, s);
}

static bool too_many_handshakes(const WsServer *s) {
        return s->phases[WS_PHASE_HANDSHAKE].length >= s->limits.handshakes;
}

static DoorGuest guest(const WsPeer *p) {
        return (DoorGuest){
                .stage = !stream_answered(p->stream) ? DOOR_SILENT
                         : p->deaf && !p->call       ? DOOR_REFUSED
                                                     : DOOR_TALKING,
                .age = p->server->now - p->since,
                .from = p->source->handshakes,
        };
}

/* Who makes room for one more handshake; NULL: nobody yet. Not one that we owe a look: it is not silent, we are slow. */
static WsPeer *who_makes_room(const WsServer *s) {
        WsPeer *chosen = NULL;
        DoorGuest first;

        for (const GList *l = s->phases[WS_PHASE_HANDSHAKE].head; l; l = l->next) {
                WsPeer *p = l->data;
                DoorGuest g = guest(p);

                if (!door_may_put_out(&g) || (chosen && !door_rather(&g, &first)) ||
                    stream_has_unread(p->stream))
                        continue;
                chosen = p;
                first = g;
        }
        return chosen;
}

void ws_server_listen_again(WsServer *s) {
        if (!s->listening_paused || (too_many_handshakes(s) && !who_makes_room(s)))
                return;
        s->listening_paused = false;
        if (!s->listen_retry)
                set_listening(s, true);
}

/* With a reset: a FIN would leave the connection in TIME_WAIT on our side. */
static void refuse(int fd, const PeerAddress *address, const char *reason) {
        struct linger now = { .l_onoff = 1, .l_linger = 0 };

        log_debug("Connection from %s refused: %s", address->text, reason);
        (void) setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        (void) close(fd);
}

static void admit(WsListener *l, int fd, const struct sockaddr_storage *sa, WsPeer *makes_room) {
        WsServer *s = l->server;
        const WsSource *source;
        PeerAddress address;

        peer_address_from(sa, &address);
        source = g_hash_table_lookup(s->addresses, address.key);
        if (s->connections >= s->limits.connections)
                refuse(fd, &address, "too many connections");
        else if (source && source->connections >= s->limits.connections_per_address)
                refuse(fd, &address, "too many connections from this address");
        else {
                if (makes_room)
                        ws_peer_gone(makes_room, "others wait");
                if (!ws_peer_new(s, fd, l->tls, &address))
                        rest(s, ENOMEM);
        }
}

static void on_connection(uv_poll_t *poll, int status, int events) {
        WsListener *l = poll->data;
        WsServer *s = l->server;

        for (unsigned i = 0; i < ACCEPT_BATCH; i++) {
                struct sockaddr_storage sa = { 0 };
                socklen_t size = sizeof(sa);
                WsPeer *makes_room = NULL;
                int fd;

                if (too_many_handshakes(s) && !(makes_room = who_makes_room(s))) {
                        s->listening_paused = true;
                        set_listening(s, false);
                        return;
                }
                fd = accept4(l->fd, (struct sockaddr *) &sa, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (fd >= 0) {
                        admit(l, fd, &sa, makes_room);
                        if (makes_room)
                                return; /* one in a turn: the turns belong to those who are in */
                } else if (errno == EAGAIN)
                        return;
                else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM ||
                         errno == EBADF || errno == EINVAL) {
                        rest(s, errno);
                        return;
                }
                /* Anything else is the error of the connection that was to be accepted: accept(2). */
        }
}

static void on_listener_closed(uv_handle_t *h) {
        g_free(h->data);
}

WsListener *ws_listener_free(WsListener *l) {
        if (!l)
                return NULL;
        uv_close((uv_handle_t *) &l->poll, on_listener_closed);
        (void) close(l->fd);
        return NULL;
}

/* Accepted sockets inherit these (tcp(7)): set once instead of for each of them. A small send buffer bounds
 * what a peer that does not read makes the kernel hold; unacknowledged data end a connection as silence does. */
static void set_options(int fd) {
        int on = 1, send_buffer = SEND_BUFFER_BYTES, timeout = PEER_SILENT_SEC * 1000;

        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        (void) setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
        (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
}

bool ws_server_listen(WsServer *s, int fd, bool tls, GError **error) {
        g_autofree WsListener *l = NULL;
        socklen_t size = sizeof(int);
        int accepting = 0, r;

        if (tls && !s->tls)
                return fleet_fail(error, FLEET_ERROR_CONFIG, "A TLS socket without a certificate");
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &size) < 0)
                return fleet_fail_errno(error, FLEET_ERROR_CONFIG, errno, "Descriptor %d", fd);
        if (!accepting)
                return fleet_fail(error, FLEET_ERROR_CONFIG, "Descriptor %d is not a listening socket", fd);
        set_options(fd);

        l = g_new0(WsListener, 1);
        l->server = s;
        l->fd = fd;
        l->tls = tls;
        l->poll.data = l;
        r = uv_poll_init_socket(loop_uv(s->loop), &l->poll, fd); /* makes it non-blocking */
        if (r < 0)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, r, "Cannot watch descriptor %d", fd);
        (void) uv_poll_start(&l->poll, UV_READABLE, on_connection);
        g_ptr_array_add(s->listeners, g_steal_pointer(&l));
        return true;
}

static int listen_on(const struct addrinfo *ai) {
        int on = 1, off = 0, fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return -errno;
        (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (ai->ai_family == AF_INET6)
                (void) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
        if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0) {
                int r = -errno;

                (void) close(fd);
                return r;
        }
        return fd;
}

static uint16_t bound_port(int fd) {
        struct sockaddr_in6 sa = {};
        socklen_t size = sizeof(sa);

        G_STATIC_ASSERT(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port));
        (void) getsockname(fd, (struct sockaddr *) &sa, &size);
        return ntohs(sa.sin6_port);
}

int listen_tcp(const char *host, uint16_t port, uint16_t *ret_port, GError **error) {
        const struct addrinfo hints = {
                .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                .ai_socktype = SOCK_STREAM,
        };
        /* "*": IPv6 takes IPv4 too; where there is no IPv6, IPv4 alone. */
        const char *hosts[] = { g_str_equal(host, "*") ? "::" : host,
                                g_str_equal(host, "*") ? "0.0.0.0" : NULL };
        g_autofree char *service = g_strdup_printf("%u", port);
        int fd = -1;

        for (size_t i = 0; fd < 0 && i < G_N_ELEMENTS(hosts) && hosts[i]; i++) {
                struct addrinfo *ai;
                int r = getaddrinfo(hosts[i], service, &hints, &ai);

                if (r != 0) {
                        (void) fleet_fail(
                                        error, FLEET_ERROR_CONFIG,
                                        "Cannot listen on \"%s\": expected a numeric address or \"*\" (%s)",
                                        host, gai_strerror(r));
                        return -1;
                }
                fd = listen_on(ai);
                freeaddrinfo(ai);
        }
        if (fd < 0) {
                (void) fleet_fail_errno(error, FLEET_ERROR_CONFIG, fd, "Cannot listen on %s port %u", host,
                                        port);
                return -1;
        }
        *ret_port = bound_port(fd);
        return fd;
}
