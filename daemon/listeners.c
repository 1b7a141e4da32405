/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the server listens: the sockets systemd passed, or its own. */
#include "listeners.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "error.h"
#include "names.h"

static void listener_clear(void *p) {
        Listener *l = p;

        if (l->fd >= 0)
                (void) close(l->fd);
        g_free(l->url);
}

static char *url_of(int fd, const char *scheme) {
        struct sockaddr_storage ss = {};
        socklen_t n = sizeof(ss);
        char text[INET6_ADDRSTRLEN] = "?";

        (void) getsockname(fd, (struct sockaddr *) &ss, &n);
        if (ss.ss_family == AF_INET) {
                const struct sockaddr_in *in = (const struct sockaddr_in *) &ss;

                (void) inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
                return g_strdup_printf("%s://%s:%u", scheme, text, ntohs(in->sin_port));
        }
        if (ss.ss_family == AF_INET6) {
                const struct sockaddr_in6 *in = (const struct sockaddr_in6 *) &ss;

                (void) inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
                return g_strdup_printf("%s://[%s]:%u", scheme, text, ntohs(in->sin6_port));
        }
        return g_strdup_printf("%s://%s", scheme, text);
}

static void add(GArray *a, int fd, bool tls) {
        Listener l = { fd, tls, false, url_of(fd, tls ? "wss" : "ws") };

        g_array_append_val(a, l);
}

static void add_metrics(GArray *a, int fd) {
        Listener l = { fd, false, true, url_of(fd, "http") };

        g_array_append_val(a, l);
}

/* Is there one for agents? */
static bool any_for_agents(const GArray *a) {
        for (unsigned i = 0; i < a->len; i++)
                if (!g_array_index(a, Listener, i).metrics)
                        return true;
        return false;
}

static bool open_own(GArray *a, const char *host, int port, bool tls, GError **error) {
        uint16_t got;
        int fd = listen_tcp(host, port, &got, error);

        if (fd < 0)
                return false;
        add(a, fd, tls);
        return true;
}

static bool take_passed(GArray *a, GError **error) {
        char **names = NULL;
        int n = sd_listen_fds_with_names(true, &names);

        if (n < 0)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, n, "systemd's sockets cannot be taken");
        for (int i = 0; i < n; i++)
                if (strcmp(names[i], FD_NAME_METRICS) == 0)
                        add_metrics(a, SD_LISTEN_FDS_START + i);
                else
                        add(a, SD_LISTEN_FDS_START + i, strcmp(names[i], FD_NAME_PLAIN) != 0);
        for (int i = 0; i < n; i++)
                free(names[i]); /* libsystemd's, not GLib's */
        free(names);
        return true;
}

GArray *listeners_open(const Options *o, GError **error) {
        g_autoptr(GArray) a = g_array_new(false, false, sizeof(Listener));

        g_array_set_clear_func(a, listener_clear);
        if (!take_passed(a, error))
                return NULL;
        if (o->port >= 0 && !open_own(a, o->host ?: "127.0.0.1", o->port, false, error))
                return NULL;
        if ((o->ssl || !any_for_agents(a)) && !open_own(a, o->host ?: "*", o->ssl_port, true, error))
                return NULL;
        return g_steal_pointer(&a);
}

char *listeners_advertise(const GArray *listeners, const char *host_name) {
        for (unsigned i = 0; i < listeners->len; i++) {
                const Listener *l = &g_array_index(listeners, Listener, i);

                if (l->tls)
                        return g_strdup_printf("wss://%s%s" WS_PATH, host_name, strrchr(l->url, ':'));
        }
        return NULL;
}
