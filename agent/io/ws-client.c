/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One WebSocket connection to one server, by libwebsockets on our libuv loop.  What libwebsockets 4.1 does
 * not do well is done here: it would block in getaddrinfo(), so it only ever sees numeric addresses; its
 * timeouts during the handshake add up, so ours is one timer per address; its keep-alive is switched off in
 * favour of our own pings; and what it must never do with a token in its hands, following redirects and
 * proxies from the environment, is refused. A connection that we give up is forgotten first and killed then,
 * so that nothing it still says can reach the next one. */
#include "ws-client.h"

#include <libwebsockets.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "error.h"
#include "limits.h"
#include "liveness.h"
#include "log.h"
#include "resolve.h"
#include "text.h"
#include "ws-outgoing.h"

#define PROTOCOL "uplink" /* ours alone; it is not sent */
#define FRAME_BYTES (16 * 1024)
#define CLOSE_TIMEOUT_MSEC 2000
#define CLOSE_REASON_MAX 123 /* RFC 6455, 5.5: what a control frame holds, less the code */

typedef enum State {
        STATE_IDLE,
        STATE_RESOLVING,
        STATE_CONNECTING, /* from the SYN to the answer of the upgrade */
        STATE_OPEN,
        STATE_CLOSING, /* a close frame of ours is on its way */
        STATE_ENDING,  /* over; ended() is the next thing to happen */
} State;

struct WsClient {
        Loop *loop;
        const Endpoint *endpoint;
        ServerTrust *trust;
        char *token;
        const WsClientHandler *handler;
        void *userdata;
        struct lws_context *context;

        State state;
        struct lws *wsi; /* of this attempt; callbacks of any other are of the dead */
        Resolve *resolve;
        char **addresses;
        unsigned next; /* address */

        LoopTimer *timeout; /* of connecting to one address, or of closing */
        LoopTimer *pinger;
        LoopTimer *later;         /* leaves libwebsockets' callback before the next step */
        uint64_t heard_usec;      /* monotonic, of anything from the server */
        uint64_t last_heard_usec; /* the same since the epoch, and of earlier connections, too */
        bool ping;                /* due */
        uint16_t our_code;        /* to send in the close frame */
        char *our_reason;

        GString *incoming; /* fragments so far */
        WsOutgoing outgoing;

        WsEnd end; /* the last failure of this attempt, or how the connection ended */
        unsigned end_code;
        char *end_reason;
};

static void note_end(WsClient *c, WsEnd how, unsigned code, const char *format, ...) G_GNUC_PRINTF(4, 5);
static void note_end(WsClient *c, WsEnd how, unsigned code, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        g_free(c->end_reason);
        c->end_reason = g_strdup_vprintf(format, ap);
        va_end(ap);
        c->end = how;
        c->end_code = code;
}

/* Forgets the connection, whatever state it is in; nothing of it is heard of again. */
static void drop_connection(WsClient *c) {
        struct lws *wsi = g_steal_pointer(&c->wsi);

        c->timeout = loop_timer_free(c->timeout);
        c->pinger = loop_timer_free(c->pinger);
        if (wsi)
                lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
        if (c->incoming)
                g_string_free(g_steal_pointer(&c->incoming), true);
        ws_outgoing_clear(&c->outgoing);
        c->ping = false;
}

static void report_end(void *userdata) {
        WsClient *c = userdata;
        g_autofree char *reason = g_steal_pointer(&c->end_reason);

        c->later = loop_timer_free(c->later);
        c->state = STATE_IDLE;
        c->handler->ended(c->end, c->end_code, reason, c->userdata);
}

static void end_attempt(WsClient *c) {
        drop_connection(c);
        c->resolve = resolve_cancel(c->resolve);
        g_clear_pointer(&c->addresses, g_strfreev);
        loop_timer_free(c->later);
        c->state = STATE_ENDING;
        c->later = loop_timer_new(c->loop, 0, 0, report_end, c);
}

static void connect_next(void *userdata);

static void address_failed(WsClient *c) {
        drop_connection(c);
        loop_timer_free(c->later);
        c->later = loop_timer_new(c->loop, 0, 0, connect_next, c);
}

static void connect_timed_out(void *userdata) {
        WsClient *c = userdata;

        note_end(c, WS_END_UNREACHABLE, 0, "%s port %u: no answer within %d s", c->addresses[c->next - 1],
                 c->endpoint->port, CONNECT_TIMEOUT_SEC);
        address_failed(c);
}

static void connect_next(void *userdata) {
        static const lws_retry_bo_t no_keep_alive = {};
        WsClient *c = userdata;
        const Endpoint *e = c->endpoint;
        const char *address = c->addresses[c->next];
        struct lws_client_connect_info info = {
                .context = c->context,
                .address = address,
                .port = e->port,
                .path = e->path,
                .host = e->authority,
                .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
                .alpn = "http/1.1",
                .local_protocol_name = PROTOCOL,
                .ietf_version_or_minus_one = -1,
                .retry_and_idle_policy = &no_keep_alive,
                .pwsi = &c->wsi,
        };

        c->later = loop_timer_free(c->later);
        if (!address) {
                end_attempt(c);
                return;
        }
        c->next++;
        if (e->tls) /* the name is checked in server-trust.c: libwebsockets cuts it at 127 characters */
                info.ssl_connection |= LCCSCF_USE_SSL | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
        log_debug("Connecting to %s port %u", address, e->port);
        c->state = STATE_CONNECTING;
        c->timeout = loop_timer_new(c->loop, CONNECT_TIMEOUT_SEC * 1000, 0, connect_timed_out, c);
        if (!lws_client_connect_via_info(&info)) {
                c->wsi = NULL;
                note_end(c, WS_END_UNREACHABLE, 0, "%s port %u: no connection", address, e->port);
                address_failed(c);
        }
}

static void resolve_done(char **addresses, const GError *error, void *userdata) {
        WsClient *c = userdata;

        c->resolve = NULL;
        if (!addresses) {
                note_end(c, WS_END_UNREACHABLE, 0, "%s", error->message);
                end_attempt(c);
                return;
        }
        c->addresses = addresses;
        c->next = 0;
        note_end(c, WS_END_UNREACHABLE, 0, "%s has no address", c->endpoint->host);
        connect_next(c);
}

void ws_client_connect(WsClient *c) {
        g_assert(c->state == STATE_IDLE);
        c->state = STATE_RESOLVING;
        g_free(server_trust_take_refusal(c->trust));
        c->resolve = resolve_start(c->loop, c->endpoint->host, resolve_done, c);
}

bool ws_client_is_idle(const WsClient *c) {
        return c->state == STATE_IDLE;
}

static void look_alive(void *userdata) {
        WsClient *c = userdata;
        uint64_t now = now_monotonic();

        switch (liveness(c->heard_usec, now)) {
        case LIVENESS_FINE:
                break;
        case LIVENESS_ASK:
                c->ping = true;
                lws_callback_on_writable(c->wsi);
                break;
        case LIVENESS_DEAD:
                note_end(c, WS_END_CLOSED, 0, "the server has been silent for %u s",
                         (unsigned) ((now - c->heard_usec) / USEC_PER_SEC));
                end_attempt(c);
                break;
        }
}

static void heard(WsClient *c) {
        c->heard_usec = now_monotonic();
        c->last_heard_usec = now_realtime();
}

uint64_t ws_client_last_heard(const WsClient *c) {
        return c->last_heard_usec;
}

static void opened(WsClient *c) {
        c->timeout = loop_timer_free(c->timeout);
        g_clear_pointer(&c->addresses, g_strfreev);
        c->state = STATE_OPEN;
        heard(c);
        c->pinger = loop_timer_new(c->loop, LIVENESS_LOOK_MSEC, LIVENESS_LOOK_MSEC, look_alive, c);
        note_end(c, WS_END_CLOSED, 0, "the connection was cut");
        c->handler->opened(c->userdata);
}

/* libwebsockets keeps the errno to itself, but the socket is still there. */
static int socket_error(struct lws *wsi) {
        int fd = lws_get_socket_fd(wsi), error = 0;
        socklen_t size = sizeof(error);

        if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
                return 0;
        return error;
}

static void connection_failed(WsClient *c, struct lws *wsi, const char *text) {
        g_autofree char *refusal = server_trust_take_refusal(c->trust);
        const char *address = c->addresses[c->next - 1];
        unsigned status = lws_http_client_http_response(wsi), port = c->endpoint->port;
        int error = socket_error(wsi);

        c->wsi = NULL; /* on its way out by itself */
        if (refusal)
                note_end(c, WS_END_UNTRUSTED, 0, "%s port %u: %s", address, port, refusal);
        else if (status == 401)
                note_end(c, WS_END_UNAUTHORIZED, status,
                         "%s port %u: the server does not accept the token (HTTP %u)", address, port,
                         status);
        else if (status == 403)
                note_end(c, WS_END_UNAUTHORIZED, status,
                         "%s port %u: the server refuses this host's certificate, or expects one (HTTP %u); "
                         "\"mclient enroll\" gets a new one",
                         address, port, status);
        else if (status > 0)
                note_end(c, WS_END_UNREACHABLE, status,
                         "%s port %u: answered HTTP %u instead of a WebSocket", address, port, status);
        else
                note_end(c, WS_END_UNREACHABLE, 0, "%s port %u: %s", address, port,
                         error > 0 ? g_strerror(error) : text);
        /* Where a server spoke, its other addresses say the same. */
        if (c->end == WS_END_UNREACHABLE && status == 0)
                address_failed(c);
        else
                end_attempt(c);
}

static void connection_gone(WsClient *c, struct lws *wsi) {
        if (c->state == STATE_CONNECTING) {
                connection_failed(c, wsi, "the server hung up");
                return;
        }
        c->wsi = NULL;
        end_attempt(c);
}

/* RFC 7235; lws_add_http_header_by_token() checks the room. */
static int add_token(WsClient *c, struct lws *wsi, unsigned char **p, size_t room) {
        g_autofree char *value = g_strconcat("Token ", c->token, NULL);

        return lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, (unsigned char *) value,
                                            strlen(value), p, *p + room);
}

static void choose_close(WsClient *c, uint16_t code, const char *reason) {
        note_end(c, WS_END_CLOSED, code, "closed by us (%u): %s", code, reason);
        c->our_code = code;
        g_free(c->our_reason);
        c->our_reason = text_cut(reason, CLOSE_REASON_MAX);
}

static void prepare_close(WsClient *c, struct lws *wsi) {
        lws_close_reason(wsi, c->our_code, (unsigned char *) c->our_reason, strlen(c->our_reason));
}

/* Not by returning -1 from "writeable": Debian's libwebsockets is built with _DEBUG, where that cuts the
 * connection before the close frame is out. This is its other way in. */
static void say_close(void *userdata) {
        WsClient *c = userdata;

        c->later = loop_timer_free(c->later);
        prepare_close(c, c->wsi);
        lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

static int writable(WsClient *c, struct lws *wsi) {
        unsigned char none[LWS_PRE];

        if (c->ping && !lws_partial_buffered(wsi)) {
                c->ping = false;
                if (lws_write(wsi, none + LWS_PRE, 0, LWS_WRITE_PING) < 0)
                        return -1;
        }
        if (!ws_outgoing_flush(&c->outgoing, wsi))
                return -1;
        if (c->state == STATE_CLOSING) {
                if (ws_outgoing_is_empty(&c->outgoing) && !c->later)
                        c->later = loop_timer_new(c->loop, 0, 0, say_close, c);
                return 0;
        }
        if (ws_outgoing_relieved(&c->outgoing))
                c->handler->drained(c->userdata);
        return 0;
}

static int refuse(WsClient *c, struct lws *wsi, uint16_t code, const char *reason) {
        choose_close(c, code, reason);
        prepare_close(c, wsi);
        return -1;
}

static int received(WsClient *c, struct lws *wsi, const char *data, size_t size) {
        heard(c);
        if (c->state != STATE_OPEN)
                return 0;
        if (lws_frame_is_binary(wsi))
                return refuse(c, wsi, WS_CLOSE_UNSUPPORTED, "binary message, expected text");
        if (!c->incoming)
                c->incoming = g_string_sized_new(size);
        if (size > MESSAGE_BYTES_MAX - c->incoming->len)
                return refuse(c, wsi, WS_CLOSE_TOO_LARGE, "message larger than 10 MiB");
        g_string_append_len(c->incoming, data, size);
        if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
                GString *message = g_steal_pointer(&c->incoming);

                c->handler->message(message->str, message->len, c->userdata);
                g_string_free(message, true);
        }
        return 0;
}

/* RFC 6455, 5.5.1: two bytes of code, then text. */
static void peer_closes(WsClient *c, const unsigned char *data, size_t size) {
        unsigned code = size >= 2 ? data[0] << 8 | data[1] : 0;
        g_autofree char *text =
                        g_utf8_make_valid(size > 2 ? (const char *) data + 2 : "", size > 2 ? size - 2 : 0);

        note_end(c, WS_END_CLOSED, code, "closed by the server (%u%s%s)", code, *text ? ": " : "", text);
}

static int callback(struct lws *wsi, enum lws_callback_reasons why, void *user, void *in, size_t size) {
        WsClient *c = lws_context_user(lws_get_context(wsi));

        if (!c || !c->wsi || wsi != c->wsi)
                return 0;
        switch (why) {
        case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
                return add_token(c, wsi, in, size);
        case LWS_CALLBACK_CLIENT_ESTABLISHED:
                opened(c);
                return 0;
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
                connection_failed(c, wsi, in ?: "connection failed");
                return 0;
        case LWS_CALLBACK_CLIENT_RECEIVE:
                return received(c, wsi, in, size);
        case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
                heard(c);
                return 0;
        case LWS_CALLBACK_CLIENT_WRITEABLE:
                return writable(c, wsi);
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
                peer_closes(c, in, size);
                return 0;
        case LWS_CALLBACK_CLIENT_CLOSED:
        case LWS_CALLBACK_CLOSED_CLIENT_HTTP: /* instead of an error, where the server hangs up unasked */
        case LWS_CALLBACK_WSI_DESTROY:        /* whatever it was that went unsaid */
                connection_gone(c, wsi);
                return 0;
        default:
                return 0;
        }
}

bool ws_client_send(WsClient *c, const char *text, size_t size) {
        if (c->state != STATE_OPEN || !ws_outgoing_push(&c->outgoing, text, size))
                return false;
        /* A broken connection shows at the next turn, in the callback that ends it. */
        if (!ws_outgoing_flush(&c->outgoing, c->wsi))
                lws_callback_on_writable(c->wsi);
        return true;
}

bool ws_client_is_congested(const WsClient *c) {
        return c->outgoing.congested;
}

static void close_timed_out(void *userdata) {
        end_attempt(userdata);
}

void ws_client_close(WsClient *c, uint16_t code, const char *reason) {
        switch (c->state) {
        case STATE_RESOLVING:
        case STATE_CONNECTING:
                note_end(c, WS_END_UNREACHABLE, 0, "given up: %s", reason);
                end_attempt(c);
                break;
        case STATE_OPEN:
                choose_close(c, code, reason);
                c->state = STATE_CLOSING;
                c->timeout = loop_timer_new(c->loop, CLOSE_TIMEOUT_MSEC, 0, close_timed_out, c);
                lws_callback_on_writable(c->wsi);
                break;
        case STATE_IDLE:
        case STATE_CLOSING:
        case STATE_ENDING:
                break;
        }
}

static void log_lws(int level, const char *line) {
        log_debug("libwebsockets: %s", line);
}

WsClient *ws_client_new(Loop *l, const Endpoint *endpoint, ServerTrust *trust, const char *token,
                        const WsClientHandler *handler, void *userdata, GError **error) {
        static const struct lws_protocols protocols[] = {
                { .name = PROTOCOL,
                  .callback = callback,
                  .rx_buffer_size = FRAME_BYTES,
                  .tx_packet_size = FRAME_BYTES },
                {},
        };
        WsClient *c = g_new0(WsClient, 1);
        void *loops[] = { loop_uv(l) };
        struct lws_context_creation_info info = {
                .port = CONTEXT_PORT_NO_LISTEN,
                .protocols = protocols,
                .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
                .foreign_loops = loops,
                .provided_client_ssl_ctx = server_trust_context(trust),
                .http_proxy_address = "", /* and not $http_proxy */
                .user = c,
        };

        *c = (WsClient){ .loop = l,
                         .endpoint = endpoint,
                         .trust = trust,
                         .token = g_strdup(token),
                         .handler = handler,
                         .userdata = userdata };
        lws_set_log_level(LLL_ERR | LLL_WARN, log_lws);
        c->context = lws_create_context(&info);
        if (!c->context) {
                fleet_fail(error, FLEET_ERROR_FAILED,
                           "libwebsockets does not start: is its libuv plugin (libwebsockets-evlib-uv) installed?");
                return ws_client_free(c);
        }
        return c;
}

/* libwebsockets closes its handles in steps that libuv's loop must make: its connections and its pipe, then
 * its timer and its idle handle. Only then may the context go. */
static void destroy_context(WsClient *c) {
        lws_context_destroy(c->context);
        for (unsigned turn = 0; turn < 3; turn++)
                (void) uv_run(loop_uv(c->loop), UV_RUN_NOWAIT);
        lws_context_destroy(c->context);
}

WsClient *ws_client_free(WsClient *c) {
        if (!c)
                return NULL;
        drop_connection(c);
        resolve_cancel(c->resolve);
        loop_timer_free(c->later);
        if (c->context)
                destroy_context(c);
        g_strfreev(c->addresses);
        g_free(c->end_reason);
        g_free(c->our_reason);
        g_free(c->token);
        g_free(c);
        return NULL;
}
