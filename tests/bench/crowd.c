/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A crowd at the server's door: connections from many addresses that say nothing, a byte a second, garbage, or a
 * whole hello and then nothing, and come back as often as they are put out.
 *
 *   crowd PORT COUNT     prints "ready" when all of them have been connected; at the end of its standard input, how often
 *                        they were let in, and how often put out
 *
 * Those put out return at RETURNS_PER_SECOND in all, so that the crowd stays one and the test does not measure connect(). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TICK_MSEC 50
#define RETURNS_PER_SECOND 500
#define TICKS_PER_SECOND (1000 / TICK_MSEC)

typedef enum Kind { SILENT, SLOW, GARBAGE, HELLO, _KINDS } Kind;

typedef struct Stranger {
        int fd; /* -1 while it is away */
        Kind kind;
        unsigned said; /* bytes of the slow one */
} Stranger;

/* A whole ClientHello. The slow one never comes to its end. */
static uint8_t hello[4096];
static size_t hello_size;

static Stranger *strangers;
static unsigned count, present, next_back, next_slow;
static uint64_t let_in, put_out;
static uint16_t port;
static int epoll_fd;

static void die(const char *what) {
        fprintf(stderr, "bench-crowd: %s: %s\n", what, strerror(errno));
        exit(EXIT_FAILURE);
}

static void make_hello(void) {
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());
        SSL *ssl = SSL_new(context);
        BIO *out = BIO_new(BIO_s_mem());

        SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
        (void) SSL_connect(ssl);
        hello_size = (size_t) BIO_read(out, hello, sizeof(hello));
        SSL_free(ssl);
        SSL_CTX_free(context);
}

static void leave(Stranger *s) {
        (void) close(s->fd); /* epoll forgets it */
        s->fd = -1;
        present--;
        put_out++;
}

static void speak(Stranger *s) {
        uint8_t noise[300];

        if (s->kind == SLOW) {
                if (s->said < hello_size - 1)
                        (void) send(s->fd, &hello[s->said++], 1, MSG_NOSIGNAL);
        } else if (s->kind == HELLO) {
                if (s->said == 0 && send(s->fd, hello, hello_size, MSG_NOSIGNAL) > 0)
                        s->said = 1;
        } else if (s->kind == GARBAGE) {
                for (size_t i = 0; i < sizeof(noise); i++)
                        noise[i] = (uint8_t) rand();
                (void) send(s->fd, noise, sizeof(noise), MSG_NOSIGNAL);
        }
}

/* 127.1.x.y, some twenty strangers each: as many addresses as a botnet would have. */
static bool come(Stranger *s, unsigned number) {
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) },
                           from = { .sin_family = AF_INET };
        struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = s };

        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        from.sin_addr.s_addr = htonl(0x7f010001 + number % 250);
        s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (s->fd < 0)
                die("socket");
        (void) setsockopt(s->fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &(int){ 1 }, sizeof(int));
        if (bind(s->fd, (struct sockaddr *) &from, sizeof(from)) < 0 ||
            (connect(s->fd, (struct sockaddr *) &to, sizeof(to)) < 0 && errno != EINPROGRESS)) {
                (void) close(s->fd);
                s->fd = -1;
                return false;
        }
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, s->fd, &e) < 0)
                die("epoll_ctl");
        s->said = 0;
        present++;
        let_in++;
        if (s->kind == GARBAGE || s->kind == HELLO)
                speak(s); /* goes with the handshake of TCP, or is refused */
        return true;
}

static void tick(void) {
        static bool said_ready;

        for (unsigned i = 0, left = RETURNS_PER_SECOND / TICKS_PER_SECOND; i < count && left > 0; i++) {
                Stranger *s = &strangers[next_back++ % count];

                if (s->fd < 0) {
                        (void) come(s, (unsigned) (s - strangers));
                        left--;
                }
        }
        for (unsigned i = 0; i < count / TICKS_PER_SECOND; i++) {
                Stranger *s = &strangers[next_slow++ % count];

                if (s->fd >= 0 && s->kind != SILENT)
                        speak(s);
        }
        if (!said_ready && let_in >= count) {
                said_ready = true;
                puts("ready");
                fflush(stdout);
        }
}

static void hear(Stranger *s) {
        uint8_t buffer[4096];
        ssize_t n;

        do
                n = recv(s->fd, buffer, sizeof(buffer), 0);
        while (n > 0);
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
                leave(s);
}

static int add(int fd, void *data) {
        struct epoll_event e = { .events = EPOLLIN, .data.ptr = data };

        return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e);
}

int main(int argc, char *argv[]) {
        const struct itimerspec every = { { 0, TICK_MSEC * 1000000L }, { 0, TICK_MSEC * 1000000L } };
        struct epoll_event events[256];
        struct rlimit limit;
        int timer;

        if (argc != 3) {
                fprintf(stderr, "Usage: bench-crowd PORT COUNT\n");
                return EXIT_FAILURE;
        }
        port = (uint16_t) atoi(argv[1]);
        count = (unsigned) atoi(argv[2]);
        if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
                limit.rlim_cur = limit.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &limit);
        }
        strangers = calloc(count, sizeof(Stranger));
        for (unsigned i = 0; strangers && i < count; i++)
                strangers[i] = (Stranger){ .fd = -1, .kind = i % _KINDS };
        make_hello();
        epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (!strangers || timerfd_settime(timer, 0, &every, NULL) < 0 || add(timer, &timer) < 0 ||
            add(STDIN_FILENO, NULL) < 0)
                die("standard input must be a pipe");
        for (;;) {
                int n = epoll_wait(epoll_fd, events, 256, -1);

                for (int i = 0; i < n; i++) {
                        uint64_t ticks;

                        if (!events[i].data.ptr) {
                                printf("%u connected, let in %lu times, put out %lu times\n", present,
                                       (unsigned long) let_in, (unsigned long) put_out);
                                return EXIT_SUCCESS;
                        }
                        if (events[i].data.ptr != &timer)
                                hear(events[i].data.ptr);
                        else if (read(timer, &ticks, sizeof(ticks)) == sizeof(ticks))
                                tick();
                }
        }
}
