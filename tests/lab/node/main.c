/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A node for tests: what an operator sees of a Substrate validator in a container, without the chain. It answers
 * JSON-RPC over HTTP on its loopback, keeps a keystore, logs a line each second, and ends on SIGTERM.
 *
 *   creditcoin3-node --name 3node0 [--rpc-port N] [--base-path /root/data] [--chain creditcoin3]
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "keystore.h"
#include "rpc.h"

#define REQUEST_MAX (64 * 1024)

static Node node = { .control = "/control" };

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...) {
        char stamp[32];
        time_t now = time(NULL);
        va_list ap;

        strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", gmtime(&now));
        printf("%s ", stamp);
        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        putchar('\n');
        fflush(stdout);
}

static void log_status(void) {
        if (node_syncing(&node))
                say("⚙️  Syncing, target=#%u (%u peers), best: #%u", node_highest(&node),
                    node_peers(&node), node_best(&node));
        else
                say("💤 Idle (%u peers), best: #%u, finalized #%u, ⬇ 1.4kiB/s ⬆ 1.1kiB/s", node_peers(&node),
                    node_best(&node), node_best(&node) - 2);
}

/* Reads an HTTP request until its Content-Length is there. Returns its body within buffer, or NULL. */
static const char *read_request(int fd, char *buffer) {
        size_t have = 0;

        while (have < REQUEST_MAX) {
                ssize_t n = read(fd, buffer + have, REQUEST_MAX - have);
                const char *end, *length;

                if (n <= 0)
                        return NULL;
                have += (size_t) n;
                buffer[have] = '\0';

                end = strstr(buffer, "\r\n\r\n");
                if (!end)
                        continue;
                length = strcasestr(buffer, "\r\nContent-Length:");
                if (!length || length > end)
                        return NULL;
                if (have - (size_t) (end + 4 - buffer) >=
                    strtoul(length + strlen("\r\nContent-Length:"), NULL, 10))
                        return end + 4;
        }
        return NULL;
}

static void *serve(void *arg) {
        int fd = (int) (intptr_t) arg;
        char *buffer = malloc(REQUEST_MAX + 1);
        const char *body = buffer ? read_request(fd, buffer) : NULL;
        json_object *answer;

        if (!body || strncmp(buffer, "POST ", 5) != 0)
                dprintf(fd,
                        "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        else if ((answer = node_call(&node, body))) {
                const char *text = json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN);

                dprintf(fd,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %zu\r\n"
                        "Connection: close\r\n\r\n%s",
                        strlen(text), text);
                json_object_put(answer);
        }
        free(buffer);
        close(fd);
        return NULL;
}

static int listen_loopback(uint16_t port) {
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
            bind(fd, (struct sockaddr *) &address, sizeof address) < 0 || listen(fd, SOMAXCONN) < 0)
                err(EXIT_FAILURE, "cannot listen on 127.0.0.1:%u", port);
        return fd;
}

/* The rule by which operators number their nodes. */
static uint16_t port_from_name(const char *name) {
        unsigned n;

        if (sscanf(name, "3node%u", &n) == 1)
                return (uint16_t) (33980 + n);
        if (sscanf(name, "node%u", &n) == 1)
                return (uint16_t) (33880 + n);
        return 9944;
}

static void run(int listen_fd, int signal_fd) {
        struct pollfd fds[] = { { .fd = listen_fd, .events = POLLIN },
                                { .fd = signal_fd, .events = POLLIN } };

        for (;;) {
                int n = poll(fds, 2, 1000);

                if (n == 0)
                        log_status();
                if (n > 0 && fds[1].revents)
                        return;
                if (n > 0 && fds[0].revents) {
                        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
                        pthread_t thread;

                        if (fd >= 0 && pthread_create(&thread, NULL, serve, (void *) (intptr_t) fd) == 0)
                                pthread_detach(thread);
                        else if (fd >= 0)
                                close(fd);
                }
        }
}

int main(int argc, char *argv[]) {
        static const struct option options[] = {
                { "name", required_argument, NULL, 'n' },  { "rpc-port", required_argument, NULL, 'p' },
                { "chain", required_argument, NULL, 'c' }, { "base-path", required_argument, NULL, 'b' },
                { "validator", no_argument, NULL, 'v' },   {},
        };
        const char *name = "node", *base = "/root/data", *chain = "creditcoin3";
        char keystore[256];
        uint16_t port = 0;
        sigset_t signals;
        int c, listen_fd, r;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case 'n':
                        name = optarg;
                        break;
                case 'p':
                        port = (uint16_t) atoi(optarg);
                        break;
                case 'c':
                        chain = optarg;
                        break;
                case 'b':
                        base = optarg;
                        break;
                case 'v':
                        break;
                default:
                        return EXIT_FAILURE;
                }
        if (port == 0)
                port = port_from_name(name);

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        signal(SIGPIPE, SIG_IGN);

        snprintf(keystore, sizeof keystore, "%s/chains/%s/keystore", base, chain);
        node.keystore = keystore;
        r = keystore_open(keystore);
        if (r < 0)
                errx(EXIT_FAILURE, "cannot make keystore %s: %s", keystore, strerror(-r));
        mkdir(node.control, 0755);

        listen_fd = listen_loopback(port);
        node_event(&node, "start", NULL);
        say("Creditcoin Node 3.39.0-lab");
        say("🏷  Node name: %s", name);
        say("Running JSON-RPC server: addr=127.0.0.1:%u", port);
        log_status();

        run(listen_fd, signalfd(-1, &signals, SFD_CLOEXEC));

        usleep((useconds_t) node_control_number(&node, "stop-delay", 0) * 1000);
        say("Stopped");
        node_event(&node, "stop", NULL);
        return EXIT_SUCCESS;
}
