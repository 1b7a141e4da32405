/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The floor under a broadcast: what the machine itself takes for the system calls that it cannot do without, with no work of
 * ours between them. For each client over loopback: a command written, an answer read, an acknowledgement written; the two
 * entries of the journal; the two signals on the bus. Nothing is encrypted, parsed or stored.
 *
 *   bench-floor COUNT    prints the µs of CPU per client of one round */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Bytes on the wire, as strace(1) shows them for "status" and a short answer. */
#define COMMAND 260
#define ANSWER 290
#define ACKNOWLEDGEMENT 160
#define SIGNAL 280
#define ENTRY 620
#define EVENTS 64

static char bytes[65536];

_Noreturn static void die(const char *what) {
        fprintf(stderr, "bench-floor: %s: %s\n", what, strerror(errno));
        exit(EXIT_FAILURE);
}

static void must(bool yes, const char *what) {
        if (!yes)
                die(what);
}

/* A process of its own that reads all there is: the bus, or journald. Returns our end. */
static int reader(int type) {
        int pair[2];

        must(socketpair(AF_UNIX, type, 0, pair) == 0, "socketpair");
        if (fork() == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void) close(pair[0]);
                while (read(pair[1], bytes, sizeof(bytes)) > 0)
                        ;
                _exit(EXIT_SUCCESS);
        }
        (void) close(pair[1]);
        return pair[0];
}

static void watch(int epoll, int fd) {
        struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

        must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0, "epoll_ctl");
}

static int listener(struct sockaddr_in *ret) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        socklen_t size = sizeof(*ret);

        *ret = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        must(fd >= 0 && bind(fd, (struct sockaddr *) ret, sizeof(*ret)) == 0 && listen(fd, SOMAXCONN) == 0 &&
                             getsockname(fd, (struct sockaddr *) ret, &size) == 0,
             "listen");
        return fd;
}

static void no_delay(int fd) {
        const int yes = 1;

        must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0, "TCP_NODELAY");
}

/* The clients: what comes first is a command, what comes then its acknowledgement. */
static void be_fleet(const struct sockaddr_in *server, unsigned count) {
        int epoll = epoll_create1(0);

        for (unsigned i = 0; i < count; i++) {
                int fd = socket(AF_INET, SOCK_STREAM, 0);

                must(fd >= 0 && connect(fd, (const struct sockaddr *) server, sizeof(*server)) == 0,
                     "connect");
                no_delay(fd);
                watch(epoll, fd);
        }
        for (;;) {
                struct epoll_event events[EVENTS];
                int n = epoll_wait(epoll, events, EVENTS, -1);

                for (int i = 0; i < n; i++) {
                        ssize_t size = read(events[i].data.fd, bytes, sizeof(bytes));

                        if (size <= 0)
                                _exit(EXIT_SUCCESS);
                        if (size == COMMAND)
                                must(write(events[i].data.fd, bytes, ANSWER) == ANSWER, "answer");
                }
        }
}

static void message(int fd, size_t size) {
        struct iovec part = { bytes, size };
        struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };

        must(sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t) size, "sendmsg");
}

static void answered(int fd, int journal, int bus) {
        must(read(fd, bytes, sizeof(bytes)) == ANSWER, "read");
        message(journal, ENTRY);
        must(write(fd, bytes, ACKNOWLEDGEMENT) == ACKNOWLEDGEMENT, "acknowledge");
        message(bus, SIGNAL);
}

static void broadcast(int epoll, const int *clients, unsigned count, int journal, int bus) {
        for (unsigned i = 0; i < count; i++) {
                message(journal, ENTRY);
                must(write(clients[i], bytes, COMMAND) == COMMAND, "command");
                message(bus, SIGNAL);
        }
        for (unsigned left = count; left > 0;) {
                struct epoll_event events[EVENTS];
                int n = epoll_wait(epoll, events, EVENTS, -1);

                for (int i = 0; i < n; i++, left--)
                        answered(events[i].data.fd, journal, bus);
        }
}

static double cpu_usec(void) {
        struct rusage u;

        (void) getrusage(RUSAGE_SELF, &u);
        return (double) (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
               (double) (u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

int main(int argc, char **argv) {
        unsigned count = argc == 2 ? (unsigned) strtoul(argv[1], NULL, 10) : 0;
        struct sockaddr_in address;
        int listening, epoll, journal, bus, *clients;
        double begin;

        if (count == 0) {
                fprintf(stderr, "usage: bench-floor COUNT\n");
                return 2;
        }
        listening = listener(&address);
        journal = reader(SOCK_DGRAM);
        bus = reader(SOCK_STREAM);
        if (fork() == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                be_fleet(&address, count);
        }
        epoll = epoll_create1(EPOLL_CLOEXEC);
        clients = calloc(count, sizeof(*clients));
        must(clients && epoll >= 0, "begin");
        for (unsigned i = 0; i < count; i++) {
                clients[i] = accept(listening, NULL, NULL);
                must(clients[i] >= 0, "accept");
                no_delay(clients[i]);
                watch(epoll, clients[i]);
        }
        begin = cpu_usec();
        broadcast(epoll, clients, count, journal, bus);
        printf("%.1f\n", (cpu_usec() - begin) / count);
        free(clients);
        return EXIT_SUCCESS;
}
