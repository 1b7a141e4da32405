/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server process: its parts in the order in which they need each other, its start, reload and stop. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "bus.h"
#include "error.h"
#include "limits.h"
#include "listeners.h"
#include "log.h"
#include "names.h"
#include "options.h"
#include "self-signed.h"
#include "server.h"
#include "ws-server.h"

typedef struct Process {
        Options *options;
        Loop *loop;
        Server server;
        WsServer *ws;
        Bus *bus;
        TlsFiles tls;
        GArray *listeners;
        LoopTimer *stop_timer;
        bool stopping;
} Process;

static void report(const GError *error) {
        log_error("%s", error->message);
        (void) sd_notifyf(false, "STATUS=%s", error->message);
}

/* Stop: no new commands, what is on its way gets durable, clients are told (1001), then the loop ends. */

static void drained(void *userdata) {
        loop_quit(((Process *) userdata)->server.loop, EXIT_SUCCESS);
}

static void commands_settled(void *userdata) {
        Process *p = userdata;
        unsigned open = dispatcher_open_count(p->server.dispatcher);

        if (!p->stop_timer)
                return; /* came after its time had run out */
        p->stop_timer = loop_timer_free(p->stop_timer);
        if (open > 0)
                log_info("%u commands are in flight; they go on and are taken up again at the next start",
                         open);
        p->bus = bus_free(p->bus);
        ws_server_drain(p->ws, DRAIN_TIMEOUT_MSEC, drained, p);
}

static void stop(Process *p) {
        if (p->stopping)
                return;
        p->stopping = true;
        (void) sd_notify(false, "STOPPING=1\nSTATUS=Stopping");
        p->stop_timer = loop_timer_new(p->loop, DRAIN_TIMEOUT_MSEC, 0, commands_settled, p);
        dispatcher_stop(p->server.dispatcher, commands_settled, p);
}

static bool find_certificate(Process *p, TlsFiles *ret, GError **error) {
        g_autofree char *dir = g_build_filename(p->options->state_directory, "tls", NULL);

        if (p->options->cert)
                return tls_configured(p->options->cert, p->options->key, ret, error);
        return tls_self_made(dir, g_get_host_name(), (uint64_t) g_get_real_time(), ret, error);
}

static void reload(Process *p) {
        g_autoptr(GError) error = NULL;
        TlsFiles tls = {};

        (void) sd_notify(false, "RELOADING=1");
        if (!find_certificate(p, &tls, &error) ||
            (p->tls.cert &&
             !ws_server_reload_tls(p->ws, &(WsTls){ .cert = tls.cert, .key = tls.key }, &error))) {
                log_error("the certificate was not reloaded, the one before stays: %s", error->message);
                tls_files_clear(&tls);
        } else if (p->tls.cert) {
                tls_files_clear(&p->tls);
                p->tls = tls;
                g_free(p->server.fingerprint);
                p->server.fingerprint = g_strdup(tls.fingerprint);
                log_info("reloaded, the TLS fingerprint is %s", tls.fingerprint);
        } else
                tls_files_clear(&tls);
        (void) sd_notify(false, "READY=1");
}

static void on_signal(int signum, void *userdata) {
        Process *p = userdata;

        if (signum == SIGHUP)
                reload(p);
        else
                stop(p);
}

/* Start. */

static bool listen_on_all(Process *p, GError **error) {
        g_autoptr(GStrvBuilder) urls = g_strv_builder_new();

        for (unsigned i = 0; i < p->listeners->len; i++) {
                Listener *l = &g_array_index(p->listeners, Listener, i);

                if (!ws_server_listen(p->ws, l->fd, l->tls, error))
                        return false;
                l->fd = -1; /* the server's now */
                g_strv_builder_add(urls, l->url);
                log_info("listening on %s" WS_PATH, l->url);
        }
        p->server.listen_addresses = g_strv_builder_end(urls);
        return true;
}

static void loaded(const GError *loading, void *userdata) {
        Process *p = userdata;
        g_autoptr(GError) error = loading ? g_error_copy(loading) : NULL;

        if (!error && listen_on_all(p, &error))
                p->bus = bus_new(&p->server, &error);
        if (g_error_matches(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE) && !loading &&
            !g_getenv("NOTIFY_SOCKET")) {
                log_warning("%s: run by hand, the server goes on, but nobody can steer it", error->message);
                g_clear_error(&error);
        }
        if (!error && !loop_watchdog(p->loop, &error))
                p->bus = bus_free(p->bus);
        if (error) {
                report(error);
                loop_quit(p->loop, EXIT_FAILURE);
                return;
        }
        if (p->tls.fingerprint)
                log_info("the TLS fingerprint is %s", p->tls.fingerprint);
        (void) sd_notify(false, "READY=1\nSTATUS=Running");
}

static bool any_tls(const GArray *listeners) {
        for (unsigned i = 0; i < listeners->len; i++)
                if (g_array_index(listeners, Listener, i).tls)
                        return true;
        return false;
}

static bool make_parts(Process *p, GError **error) {
        Server *s = &p->server;
        WsTls tls;

        p->listeners = listeners_open(p->options, error);
        if (!p->listeners || (any_tls(p->listeners) && !find_certificate(p, &p->tls, error)))
                return false;
        p->loop = loop_new(error);
        if (!p->loop)
                return false;
        loop_on_signal(p->loop, on_signal, p);
        /* A person who runs it by hand reads the trail on the terminal; systemd's stderr is the journal already. */
        if (!server_make(s, p->loop, p->options->state_directory, p->options->clients_max,
                         !g_getenv("JOURNAL_STREAM"), error))
                return false;
        s->fingerprint = g_strdup(p->tls.fingerprint ?: "");
        if (p->tls.cert)
                s->advertise_url = g_strdup(p->options->advertise_url)
                                                   ?: listeners_advertise(p->listeners, g_get_host_name());
        tls = (WsTls){ .cert = p->tls.cert, .key = p->tls.key };
        p->ws = ws_server_new(p->loop, &p->options->limits, tls.cert ? &tls : NULL, &sessions_handler,
                              s->sessions, error);
        return p->ws != NULL;
}

static void free_parts(Process *p) {
        loop_timer_free(p->stop_timer);
        bus_free(p->bus);
        ws_server_free(p->ws);
        server_clear(&p->server);
        loop_free(p->loop);
        g_clear_pointer(&p->listeners, g_array_unref);
        tls_files_clear(&p->tls);
}

int main(int argc, char *argv[]) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Options) options = NULL;
        Process p = {};
        int code = EXIT_FAILURE;

        (void) setlocale(LC_ALL, "");
        umask(0027);
        options = options_read(argc, argv, &error);
        log_init(options && options->debug);
        p.options = options;
        if (options && make_parts(&p, &error)) {
                server_load(&p.server, loaded, &p);
                code = loop_run(p.loop);
        } else
                report(error);
        free_parts(&p);
        return code;
}
