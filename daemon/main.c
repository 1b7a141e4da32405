/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server process: its parts in the order in which they need each other, its start, reload and stop. */
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "bus.h"
#include "clock.h"
#include "error.h"
#include "limits.h"
#include "listeners.h"
#include "log.h"
#include "metrics-server.h"
#include "names.h"
#include "no-core.h"
#include "options.h"
#include "self-signed.h"
#include "server.h"
#include "text.h"
#include "ws-server.h"

typedef struct Process {
        Options *options;
        Loop *loop;
        Server server;
        WsServer *ws;
        MetricsServer *metrics; /* NULL: without a socket for it */
        Bus *bus;
        TlsFiles tls;
        ClientCa *client_ca; /* once it was needed */
        GArray *listeners;
        LoopTimer *stop_timer, *certificate_timer;
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

/* Reload: what can change without ending a session does. */

static bool find_certificate(const Options *o, TlsFiles *ret, GError **error) {
        g_autofree char *dir = g_build_filename(o->state_directory, "tls", NULL);

        if (o->cert)
                return tls_configured(o->cert, o->key, ret, error);
        return tls_self_made(dir, g_get_host_name(), now_realtime(), ret, error);
}

/* Whose certificates of clients count, as a file for TLS; *ret NULL: nobody's, none are asked for. */
static bool find_client_ca(Process *p, const Options *o, const char **ret, GError **error) {
        g_autofree char *dir = g_build_filename(o->state_directory, "tls", NULL);

        *ret = o->client_ca;
        if (o->client_certificates == CLIENT_CERTIFICATES_OFF) {
                *ret = NULL;
                return true;
        }
        if (o->client_ca)
                return true;
        if (!p->client_ca)
                p->client_ca = client_ca_open(dir, g_get_host_name(), now_realtime(), error);
        if (p->client_ca)
                *ret = client_ca_path(p->client_ca);
        return p->client_ca != NULL;
}

/* For new connections. With a CA of the operator's own, who has its key signs. */
static void take_client_certificates(Process *p, const Options *o) {
        bool signs = o->client_certificates != CLIENT_CERTIFICATES_OFF && !o->client_ca;

        sessions_set_certificates(p->server.sessions, o->client_certificates, signs ? p->client_ca : NULL);
}

/* Somebody has to do something about it in good time: ours are renewed long before. */
static void warn_of_expiry(const TlsFiles *tls) {
        uint64_t now = now_realtime();
        g_autofree char *left = text_duration(tls->expires > now ? tls->expires - now : now - tls->expires);

        if (tls->expires <= now)
                log_warning("the TLS certificate %s has expired %s ago: no client that checks it can connect",
                            tls->cert, left);
        else if (tls->expires - now < CERTIFICATE_WARN_USEC)
                log_warning("the TLS certificate %s expires in %s: renew it, and reload the server",
                            tls->cert, left);
}

static void take_certificate(Process *p, TlsFiles *tls) {
        Server *s = &p->server;

        tls_files_clear(&p->tls);
        p->tls = *tls;
        *tls = (TlsFiles){};
        g_free(s->fingerprint);
        s->fingerprint = g_strdup(p->tls.fingerprint ?: "");
        s->certificate_expires = p->tls.expires;
        alerts_set_certificate(s->alerts, p->tls.expires);
        if (p->tls.cert)
                warn_of_expiry(&p->tls);
}

static void advertise(Process *p) {
        Server *s = &p->server;

        g_free(s->advertise_url);
        s->advertise_url = NULL;
        if (p->tls.cert)
                s->advertise_url = g_strdup(p->options->advertise_url)
                                                   ?: listeners_advertise(p->listeners, g_get_host_name());
}

/* The certificate that these options name, for new connections; a plain server has none. */
static bool reload_certificate(Process *p, const Options *o, GError **error) {
        TlsFiles tls = {};
        const char *client_ca;

        if (!p->tls.cert)
                return true;
        if (!find_client_ca(p, o, &client_ca, error) || !find_certificate(o, &tls, error) ||
            !ws_server_reload_tls(p->ws, &(WsTls){ tls.cert, tls.key, client_ca }, error)) {
                tls_files_clear(&tls);
                return false;
        }
        take_certificate(p, &tls);
        return true;
}

static bool reload_all(Process *p, GError **error) {
        g_autoptr(Options) fresh = options_reread(p->options, error);

        if (!fresh || !reload_certificate(p, fresh, error))
                return false;
        options_free(p->options);
        p->options = g_steal_pointer(&fresh);
        take_client_certificates(p, p->options);
        ws_server_set_limits(p->ws, &p->options->limits);
        fleet_set_clients_max(p->server.fleet, p->options->clients_max);
        forgetting_set(p->server.forgetting, &p->options->retention);
        history_set_bytes_max(p->server.history, p->options->history_bytes);
        notifier_set_targets(p->server.notifier, p->options->targets);
        alerts_set_rules(p->server.alerts, &p->options->alerts);
        advertise(p);
        return true;
}

static void reload(Process *p) {
        g_autoptr(GError) error = NULL;
        struct timespec now;

        /* CLOCK_MONOTONIC, as sd_notify(3) wants it. */
        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        (void) sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                          (uint64_t) (now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000));
        if (reload_all(p, &error)) {
                log_info("reloaded%s%s", p->tls.cert ? ", the TLS fingerprint is " : "",
                         p->tls.cert ? p->tls.fingerprint : "");
                (void) sd_notify(false, "READY=1\nSTATUS=Running");
        } else {
                log_error("not reloaded, all stays as it was: %s", error->message);
                (void) sd_notifyf(false, "READY=1\nSTATUS=Running as before a reload that failed: %s",
                                  error->message);
        }
}

/* A certificate of ours that is due is renewed, one that was put in place without a reload is found. */
static void look_at_certificate(void *userdata) {
        Process *p = userdata;
        g_autoptr(GError) error = NULL;
        g_autofree char *before = g_strdup(p->tls.leaf);

        (void) reload_certificate(p, p->options, &error);
        if (error)
                log_warning("the TLS certificate cannot be read anew, the one before stays: %s",
                            error->message);
        else if (g_strcmp0(before, p->tls.leaf) != 0)
                log_info("there is a new TLS certificate, the fingerprint is %s", p->tls.fingerprint);
}

static void on_signal(int signum, void *userdata) {
        Process *p = userdata;

        if (signum == SIGHUP)
                reload(p);
        else
                stop(p);
}

/* Start. */

static char *write_metrics(bool openmetrics, size_t *ret_size, void *userdata) {
        return metrics_text(((Process *) userdata)->server.metrics, openmetrics, ret_size);
}

static bool listen_on_all(Process *p, GError **error) {
        g_autoptr(GStrvBuilder) urls = g_strv_builder_new();

        for (unsigned i = 0; i < p->listeners->len; i++) {
                Listener *l = &g_array_index(p->listeners, Listener, i);

                if (l->metrics ? !metrics_server_listen(p->metrics, l->fd, error)
                               : !ws_server_listen(p->ws, l->fd, l->tls, error))
                        return false;
                l->fd = -1; /* the server's now */
                if (l->metrics) {
                        log_info("listening on %s" METRICS_PATH, l->url);
                        continue;
                }
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

static bool any_for_metrics(const GArray *listeners) {
        for (unsigned i = 0; i < listeners->len; i++)
                if (g_array_index(listeners, Listener, i).metrics)
                        return true;
        return false;
}

static bool any_tls(const GArray *listeners) {
        for (unsigned i = 0; i < listeners->len; i++)
                if (g_array_index(listeners, Listener, i).tls)
                        return true;
        return false;
}

static bool make_parts(Process *p, GError **error) {
        Server *s = &p->server;
        g_auto(TlsFiles) found = {};
        const char *client_ca = NULL;
        WsTls tls;

        p->listeners = listeners_open(p->options, error);
        if (!p->listeners || (any_tls(p->listeners) && !find_certificate(p->options, &found, error)))
                return false;
        p->loop = loop_new(error);
        if (!p->loop)
                return false;
        loop_on_signal(p->loop, on_signal, p);
        /* A person who runs it by hand reads the trail on the terminal; systemd's stderr is the journal already. */
        if (!server_make(s, p->loop, p->options->state_directory, p->options->clients_max,
                         !g_getenv("JOURNAL_STREAM"), error))
                return false;
        forgetting_set(s->forgetting, &p->options->retention);
        history_set_bytes_max(s->history, p->options->history_bytes);
        notifier_set_targets(s->notifier, p->options->targets);
        alerts_set_rules(s->alerts, &p->options->alerts);
        take_certificate(p, &found);
        advertise(p);
        if (p->tls.cert)
                p->certificate_timer = loop_timer_new(p->loop, CERTIFICATE_LOOK_MSEC, CERTIFICATE_LOOK_MSEC,
                                                      look_at_certificate, p);
        if (p->tls.cert && !find_client_ca(p, p->options, &client_ca, error))
                return false;
        take_client_certificates(p, p->options);
        tls = (WsTls){ p->tls.cert, p->tls.key, client_ca };
        p->ws = ws_server_new(p->loop, &p->options->limits, tls.cert ? &tls : NULL, &sessions_handler,
                              s->sessions, error);
        if (any_for_metrics(p->listeners)) {
                server_make_metrics(s);
                p->metrics = metrics_server_new(p->loop, write_metrics, p);
        }
        return p->ws != NULL;
}

static void free_parts(Process *p) {
        loop_timer_free(p->stop_timer);
        loop_timer_free(p->certificate_timer);
        bus_free(p->bus);
        ws_server_free(p->ws);
        metrics_server_free(p->metrics);
        server_clear(&p->server);
        loop_free(p->loop);
        g_clear_pointer(&p->listeners, g_array_unref);
        tls_files_clear(&p->tls);
        client_ca_free(p->client_ca);
        options_free(p->options);
}

int main(int argc, char *argv[]) {
        g_autoptr(GError) error = NULL;
        Process p = {};
        int code = EXIT_FAILURE;

        process_no_core();
        (void) setlocale(LC_ALL, "");
        umask(0027);
        p.options = options_read(argc, argv, &error);
        log_init(p.options && p.options->debug);
        if (p.options && make_parts(&p, &error)) {
                server_load(&p.server, loaded, &p);
                code = loop_run(p.loop);
        } else
                report(error);
        free_parts(&p);
        return code;
}
