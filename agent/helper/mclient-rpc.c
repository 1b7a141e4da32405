/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTTP POSTs to a port of the loopback, for images that have no curl.
 *
 *   mclient-rpc PORT SECONDS REQUEST...
 *
 * The agent runs it in a container of the node's own image that shares the node's network (agent/io/docker-guest.h),
 * so it needs nothing of that image: it is linked statically, and uses neither files nor names. Prints each answer whole
 * on standard output, or on standard error why there is none, and ends there; that line begins with "not sent: " where the node has
 * certainly not seen the request. SECONDS is for all of them. Exit status 0, 2 (not sent), 3 (no answer). */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX (64 * 1024)
#define HEAD_MAX (16 * 1024)
#define ANSWER_MAX (256 * 1024) /* RPC_ANSWER_BYTES_MAX, and a byte more shows that it is exceeded */
#define SECONDS_MAX 3600

enum { EXIT_NOT_SENT = 2, EXIT_NO_ANSWER = 3 };

static char buffer[HEAD_MAX + ANSWER_MAX + 2];
static size_t have;

static void __attribute__((noreturn, format(printf, 2, 3))) fail(int status, const char *format, ...) {
        va_list ap;

        if (status == EXIT_NOT_SENT)
                fputs("not sent: ", stderr);
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fputc('\n', stderr);
        exit(status);
}

static void timed_out(int signum) {
        static const char text[] = "the node did not answer in time\n";

        (void) !write(STDERR_FILENO, text, sizeof text - 1);
        _exit(EXIT_NO_ANSWER);
}

static unsigned long number(const char *text, unsigned long max, const char *what) {
        char *end;
        unsigned long n = strtoul(text, &end, 10);

        if (*text < '0' || *text > '9' || *end || n == 0 || n > max)
                fail(EXIT_NOT_SENT, "\"%s\" is no %s: expected 1 to %lu", text, what, max);
        return n;
}

static int connect_loopback(uint16_t port) {
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof address) < 0)
                fail(EXIT_NOT_SENT, "cannot connect to 127.0.0.1:%u: %s", port, strerror(errno));
        return fd;
}

static void send_all(int fd, const char *data, size_t size) {
        while (size > 0) {
                ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

                if (n < 0)
                        fail(EXIT_NO_ANSWER, "cannot send all of the request: %s", strerror(errno));
                data += n;
                size -= (size_t) n;
        }
}

static void send_request(int fd, uint16_t port, const char *body) {
        char head[256];
        /* Version 1.0, so that the answer comes in one piece. Nodes answer only to hosts that they know. */
        int n = snprintf(head, sizeof head,
                         "POST / HTTP/1.0\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/json\r\n"
                         "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                         port, strlen(body));

        send_all(fd, head, (size_t) n);
        send_all(fd, body, strlen(body));
}

/* The value of a header, which must come before end; NULL where there is none. */
static const char *header(const char *name, const char *end) {
        const char *found = strcasestr(buffer, name);

        return found && found < end ? found + strlen(name) : NULL;
}

/* True when the answer is whole: *ret_body. closed: nothing more comes. */
static bool is_whole(bool closed, const char **ret_body, size_t *ret_size) {
        const char *end = strstr(buffer, "\r\n\r\n"), *length;
        size_t size;

        if (!end) {
                if (have > HEAD_MAX)
                        fail(EXIT_NO_ANSWER, "the answer is no HTTP");
                return false;
        }
        *ret_body = end + 4;
        size = have - (size_t) (*ret_body - buffer);
        if (size > ANSWER_MAX)
                fail(EXIT_NO_ANSWER, "the answer is larger than %d KiB", ANSWER_MAX / 1024);
        if (header("\r\nTransfer-Encoding:", end))
                fail(EXIT_NO_ANSWER, "the answer comes in chunks, which HTTP/1.0 does not know");
        length = header("\r\nContent-Length:", end);
        *ret_size = length ? strtoul(length, NULL, 10) : size;
        return length ? size >= *ret_size : closed;
}

static const char *read_answer(int fd, size_t *ret_size) {
        const char *body;

        for (;;) {
                ssize_t n = read(fd, buffer + have, sizeof buffer - 1 - have);

                if (n < 0)
                        fail(EXIT_NO_ANSWER, "cannot read the answer: %s", strerror(errno));
                have += (size_t) n;
                buffer[have] = '\0';
                if (is_whole(n == 0, &body, ret_size))
                        return body;
                if (n == 0)
                        fail(EXIT_NO_ANSWER, "the node closed the connection without an answer");
        }
}

/* An error of JSON-RPC comes with status 200; what another status says is for people. */
static void check_status(const char *body, size_t size) {
        unsigned status;

        if (sscanf(buffer, "HTTP/%*u.%*u %u", &status) != 1)
                fail(EXIT_NO_ANSWER, "the answer is no HTTP");
        if (status != 200)
                fail(EXIT_NO_ANSWER, "the node answered with HTTP status %u: %.*s", status,
                     (int) (size < 200 ? size : 200), body);
}

static void ask(uint16_t port, const char *request) {
        int fd = connect_loopback(port);
        const char *body;
        size_t size;

        have = 0;
        send_request(fd, port, request);
        body = read_answer(fd, &size);
        check_status(body, size);
        if (fwrite(body, 1, size, stdout) != size || fflush(stdout) != 0)
                fail(EXIT_NO_ANSWER, "cannot print the answer: %s", strerror(errno));
        close(fd);
}

int main(int argc, char *argv[]) {
        uint16_t port;

        if (argc < 4)
                fail(EXIT_NOT_SENT, "usage: mclient-rpc PORT SECONDS REQUEST...");
        for (int i = 3; i < argc; i++)
                if (strlen(argv[i]) > REQUEST_MAX)
                        fail(EXIT_NOT_SENT, "a request of more than %d KiB", REQUEST_MAX / 1024);
        port = (uint16_t) number(argv[1], UINT16_MAX, "port");
        (void) signal(SIGALRM, timed_out);
        (void) alarm((unsigned) number(argv[2], SECONDS_MAX, "time in seconds"));
        for (int i = 3; i < argc; i++)
                ask(port, argv[i]);
        return EXIT_SUCCESS;
}
