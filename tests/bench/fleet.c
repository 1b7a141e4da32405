/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A simulated fleet: thousands of TLS clients in one process, each registered and idle, answering every command at once. It speaks WebSocket on
 * epoll and OpenSSL by itself, so that its own cost is small and flat beside the server's.
 *
 * bench-fleet PORT COUNT [RATE [FIRST]] < TOKENS
 *
 * Client i is "sim-<FIRST + i>" and has line i of TOKENS. Prints "ready" when all are registered, and ends when standard input
 * is closed after that. With RATE they send that many stats a second in all, in turn. When a connection ends before, or nobody
 * reads what it prints, it says so on standard error and fails. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message.h"

#define IN_FLIGHT 64     /* handshakes at a time */
#define BUFFER_MAX 65536 /* one frame from the server */

typedef enum Phase { PHASE_HANDSHAKE, PHASE_UPGRADE, PHASE_REGISTER, PHASE_READY } Phase;

typedef struct Peer {
        unsigned number;
        char *token;
        int fd;
        SSL *ssl;
        Phase phase;
        GByteArray *in;
} Peer;

static SSL_CTX *tls;
static int epoll_fd;
static unsigned count, started, ready, rate, first;
static uint16_t port;
static Peer *peers;

static G_NORETURN G_GNUC_PRINTF(1, 2) void die(const char *format, ...) {
        va_list ap;

        fputs("bench-fleet: ", stderr);
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fputc('\n', stderr);
        exit(EXIT_FAILURE);
}

/* After an SSL_… call for what, which has returned r. */
static G_NORETURN void die_of_tls(const Peer *p, const char *what, int r) {
        int saved = errno;
        const char *why;

        switch (SSL_get_error(p->ssl, r)) {
        case SSL_ERROR_ZERO_RETURN:
                why = "the server has closed the connection";
                break;
        case SSL_ERROR_WANT_WRITE:
                why = "the server does not read what it is sent";
                break;
        case SSL_ERROR_SYSCALL:
                why = saved ? strerror(saved) : "the connection has ended";
                break;
        default:
                why = ERR_reason_error_string(ERR_peek_error()) ?: "no reason given";
        }
        die("client %u: %s: %s", p->number, what, why);
}

static void start_next(void);

static void write_all(Peer *p, const void *data, size_t size) {
        int n = SSL_write(p->ssl, data, (int) size);

        /* Small frames on an empty socket: they fit, or the server has stopped reading. */
        if (n != (int) size)
                die_of_tls(p, "write", n);
}

static void send_frame(Peer *p, uint8_t opcode, const char *data, size_t size) {
        g_autoptr(GByteArray) frame = g_byte_array_new();
        uint8_t head[8] = { 0x80 | opcode, 0x80 | (size < 126 ? size : 126), size >> 8, size & 0xff };
        const uint8_t mask[4] = {}; /* a mask of zeros leaves the payload as it is */

        g_assert(size < 65536);
        g_byte_array_append(frame, head, size < 126 ? 2 : 4);
        g_byte_array_append(frame, mask, sizeof(mask));
        g_byte_array_append(frame, (const uint8_t *) data, size);
        write_all(p, frame->data, frame->len);
}

static void send_text(Peer *p, char *text) {
        send_frame(p, 1, text, strlen(text));
        g_free(text);
}

static void send_upgrade(Peer *p) {
        g_autofree char *request = g_strdup_printf("GET /ws/monitoring/ HTTP/1.1\r\n"
                                                   "Host: localhost:%u\r\n"
                                                   "Upgrade: websocket\r\n"
                                                   "Connection: Upgrade\r\n"
                                                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                                   "Sec-WebSocket-Version: 13\r\n"
                                                   "Authorization: Token %s\r\n\r\n",
                                                   port, p->token);

        write_all(p, request, strlen(request));
        p->phase = PHASE_UPGRADE;
}

static void send_register(Peer *p) {
        g_autofree char *id = g_strdup_printf("sim-%u", p->number);

        send_text(p, message_register(id, "bench", id, NULL, NULL, FEATURES_ALL, g_get_real_time() / 1000));
        p->phase = PHASE_REGISTER;
}

static void on_text(Peer *p, const char *text, size_t size) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Message) m = message_parse(text, size, &error);

        if (!m)
                die("client %u: %s", p->number, error->message);
        if (m->type == MESSAGE_REGISTER_ACK) {
                p->phase = PHASE_READY;
                if (++ready == count && (puts("ready") == EOF || fflush(stdout) == EOF))
                        die("standard output: %s", strerror(errno));
                start_next();
        } else if (m->type == MESSAGE_COMMAND) {
                json_object *result = json_object_new_object();

                json_object_object_add(result, "state", json_object_new_string("running"));
                send_text(p, message_command_response(m->command.id, COMMAND_SUCCEEDED, result, 0, NULL,
                                                      g_get_real_time() / 1000));
                json_object_put(result);
        }
}

/* A host with four nodes: 1.5 KB. */
static json_object *new_stats(void) {
        json_object *data = json_tokener_parse(
                                    "{\"system\":{\"host_name\":\"se1.example.kr\",\"uptime_sec\":8640000,\"load\":[1.5,1.25,1.0],"
                                    "\"cpus\":16,\"cpu_percent\":23.5,\"memory_total\":67349811200,\"memory_used\":27950171648,"
                                    "\"memory_used_percent\":41.5,\"disks\":[{\"mount\":\"/\",\"total\":1967317549056,"
                                    "\"used\":1203498582016,\"used_percent\":61.2}],\"network\":[{\"interface\":\"eth0\","
                                    "\"rx_bytes\":918273645546,\"tx_bytes\":817263544536}]},\"containers\":[]}"),
                    *containers = json_object_object_get(data, "containers");

        for (unsigned i = 0; i < 4; i++) {
                g_autofree char *text = g_strdup_printf(
                                "{\"name\":\"3node%u\",\"image\":\"parity/polkadot:v1.7.0\",\"state\":\"running\","
                                "\"health\":\"healthy\",\"restarts\":0,\"started\":1795400000000,\"cpu_percent\":12.5,"
                                "\"memory_used\":4294967296,\"memory_limit\":67349811200,\"rx_bytes\":123456789012,"
                                "\"tx_bytes\":98765432109,\"read_bytes\":45678901234,\"write_bytes\":56789012345}",
                                i);

                json_object_array_add(containers, json_tokener_parse(text));
        }
        return data;
}

/* As many as are due since the fleet was ready. */
static void send_stats(void) {
        static json_object *data;
        static int64_t begin;
        static uint64_t sent;
        int64_t now = g_get_monotonic_time();

        if (!data) {
                data = new_stats();
                begin = now;
        }
        for (uint64_t due = (uint64_t) (now - begin) * rate / G_USEC_PER_SEC; sent < due; sent++) {
                Peer *p = &peers[sent % count];
                g_autofree char *id = g_strdup_printf("sim-%u", p->number);

                send_text(p,
                          message_stats(id, (int64_t) (sent / count), 10, data, g_get_real_time() / 1000));
        }
}

/* Takes one whole frame off the buffer. */
static bool take_frame(Peer *p) {
        const uint8_t *b = p->in->data;
        size_t head = 2, size;

        if (p->in->len < 2)
                return false;
        size = b[1] & 0x7f;
        if (size == 126) {
                if (p->in->len < 4)
                        return false;
                size = (size_t) b[2] << 8 | b[3];
                head = 4;
        }
        if (size == 127 || p->in->len < head + size)
                return false;
        if ((b[0] & 0xf) == 1)
                on_text(p, (const char *) b + head, size);
        else if ((b[0] & 0xf) == 9)
                send_frame(p, 10, (const char *) b + head, size);
        else if ((b[0] & 0xf) == 8)
                die("client %u: closed by the server", p->number);
        g_byte_array_remove_range(p->in, 0, head + size);
        return true;
}

static void on_data(Peer *p) {
        const char *end;

        if (p->in->len == 0) /* TLS alone had something to say */
                return;
        if (p->phase == PHASE_UPGRADE) {
                end = memmem(p->in->data, p->in->len, "\r\n\r\n", 4);
                if (!end)
                        return;
                if (memcmp(p->in->data, "HTTP/1.1 101", 12) != 0)
                        die("client %u: the upgrade was refused", p->number);
                g_byte_array_remove_range(p->in, 0, end + 4 - (const char *) p->in->data);
                send_register(p);
        }
        while (take_frame(p))
                ;
}

static void on_readable(Peer *p) {
        char buffer[16384];
        int n;

        if (p->phase == PHASE_HANDSHAKE) {
                n = SSL_connect(p->ssl);
                if (n == 1)
                        send_upgrade(p);
                else if (SSL_get_error(p->ssl, n) != SSL_ERROR_WANT_READ)
                        die_of_tls(p, "TLS handshake", n);
                return;
        }
        while ((n = SSL_read(p->ssl, buffer, sizeof(buffer))) > 0)
                g_byte_array_append(p->in, (uint8_t *) buffer, n);
        if (SSL_get_error(p->ssl, n) != SSL_ERROR_WANT_READ)
                die_of_tls(p, "read", n);
        if (p->in->len > BUFFER_MAX)
                die("client %u: a frame of more than %d bytes", p->number, BUFFER_MAX);
        on_data(p);
}

static void start_next(void) {
        struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
        struct epoll_event e = { .events = EPOLLIN };
        Peer *p;

        if (started == count)
                return;
        p = &peers[started++];
        sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (p->fd < 0 || connect(p->fd, (struct sockaddr *) &sa, sizeof(sa)) < 0 ||
            fcntl(p->fd, F_SETFL, O_NONBLOCK) < 0)
                die("client %u: connect: %s", p->number, strerror(errno));
        (void) setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
        p->ssl = SSL_new(tls);
        p->in = g_byte_array_new();
        SSL_set_fd(p->ssl, p->fd);
        SSL_set_mode(p->ssl, SSL_MODE_RELEASE_BUFFERS);
        e.data.ptr = p;
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, p->fd, &e) < 0)
                die("client %u: epoll: %s", p->number, strerror(errno));
        on_readable(p); /* sends the hello */
}

static void read_tokens(void) {
        char line[512];

        for (unsigned i = 0; i < count; i++) {
                if (!fgets(line, sizeof(line), stdin))
                        die("client %u: no token on standard input", first + i);
                peers[i].number = first + i;
                peers[i].token = g_strdup(g_strchomp(line));
        }
}

int main(int argc, char *argv[]) {
        struct epoll_event events[256], input = { .events = EPOLLIN, .data.ptr = NULL };

        if (argc < 3 || argc > 5) {
                fprintf(stderr, "Usage: bench-fleet PORT COUNT [RATE [FIRST]] < TOKENS\n");
                return EXIT_FAILURE;
        }
        port = (uint16_t) atoi(argv[1]);
        count = (unsigned) atoi(argv[2]);
        rate = argc > 3 ? (unsigned) atoi(argv[3]) : 0;
        first = argc > 4 ? (unsigned) atoi(argv[4]) : 0;
        (void) signal(SIGPIPE, SIG_IGN); /* who is gone is an error of the call that has met it */
        peers = g_new0(Peer, count);
        read_tokens();
        tls = SSL_CTX_new(TLS_client_method());
        epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        /* What is left of standard input is its end. */
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &input) < 0)
                die("standard input must be a pipe: %s", strerror(errno));
        for (unsigned i = 0; i < IN_FLIGHT; i++)
                start_next();
        for (;;) {
                int n = epoll_wait(epoll_fd, events, G_N_ELEMENTS(events), rate > 0 ? 5 : -1);

                for (int i = 0; i < n; i++) {
                        if (!events[i].data.ptr)
                                return EXIT_SUCCESS;
                        on_readable(events[i].data.ptr);
                }
                if (rate > 0 && ready == count)
                        send_stats();
        }
}
