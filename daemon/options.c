/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the server shall run: mserver.conf(5), and over it the command line. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>

#include "alert-options.h"
#include "config.h"
#include "endpoint.h"
#include "error.h"
#include "limits.h"
#include "log.h"
#include "names.h"
#include "notify-target.h"

Options *options_free(Options *o) {
        if (!o)
                return NULL;
        g_free(o->config);
        g_free(o->state_directory);
        g_free(o->host);
        g_free(o->cert);
        g_free(o->key);
        g_free(o->advertise_url);
        g_free(o->client_ca);
        g_clear_pointer(&o->targets, g_ptr_array_unref);
        g_free(o);
        return NULL;
}

static void warn(const char *message, void *userdata) {
        log_warning("%s", message);
}

static bool read_advertise_url(Options *o, const Config *c, GError **error) {
        const char *url = config_get(c, "Server", "AdvertiseUrl");
        g_autoptr(Endpoint) e = url ? endpoint_parse(url, error) : NULL;

        if (url &&
            (!e || (!e->tls && !fleet_fail(error, FLEET_ERROR_CONFIG, "\"%s\" is not wss://", url)))) {
                g_prefix_error(error, "[Server] AdvertiseUrl=: ");
                return false;
        }
        if (e)
                o->advertise_url = g_strdup_printf("wss://%s%s", e->authority, e->path);
        return true;
}

static bool read_client_certificates(Options *o, const Config *c, GError **error) {
        static const char *const modes[] = { "off", "optional", "required", NULL };
        const char *mode = config_get(c, "TLS", "ClientCertificates"),
                   *ca = config_get(c, "TLS", "ClientCA");

        o->client_ca = g_strdup(ca);
        o->client_certificates = ca ? CLIENT_CERTIFICATES_OPTIONAL : CLIENT_CERTIFICATES_OFF;
        if (!mode)
                return true;
        for (unsigned i = 0; modes[i]; i++)
                if (g_str_equal(mode, modes[i])) {
                        o->client_certificates = i;
                        return true;
                }
        return fleet_fail(error, FLEET_ERROR_CONFIG,
                          "[TLS] ClientCertificates= is \"%s\": expected off, optional or required", mode);
}

static bool read_span(const Config *c, const char *key, uint64_t otherwise, uint64_t *ret, GError **error) {
        *ret = otherwise;
        if (!config_get_usec(c, "Commands", key, RETENTION_MAX_USEC, ret, error))
                return false;
        return *ret >= RETENTION_MIN_USEC ||
               fleet_fail(error, FLEET_ERROR_CONFIG, "[Commands] %s= is \"%s\": expected at least 1d", key,
                          config_get(c, "Commands", key));
}

static bool read_retention(Options *o, const Config *c, GError **error) {
        return read_span(c, "Keep", COMMANDS_KEEP_DEFAULT_USEC, &o->retention.commands, error) &&
               read_span(c, "KeepOutput", OUTPUTS_KEEP_DEFAULT_USEC, &o->retention.outputs, error);
}

static bool read_config(Options *o, GError **error) {
        static const ConfigKey known[] = {
                { "TLS", "Certificate" },
                { "TLS", "PrivateKey" },
                { "TLS", "ClientCA" },
                { "TLS", "ClientCertificates" },
                { "Server", "AdvertiseUrl" },
                { "Commands", "Keep" },
                { "Commands", "KeepOutput" },
                { "History", "MaxBytes" },
                ALERT_CONFIG_KEYS,
                { "Limits", "MaxClients" },
                { "Limits", "MaxMessageBytes" },
                { "Limits", "MaxConnectionsPerAddress" },
                NOTIFY_CONFIG_KEYS,
                {},
        };
        g_autoptr(Config) c = config_read(o->config, known, warn, NULL, error);
        uint64_t clients = CLIENTS_MAX_DEFAULT, bytes = MESSAGE_BYTES_MAX;
        uint64_t per_address = CONNECTIONS_PER_ADDRESS_DEFAULT, history = HISTORY_BYTES_DEFAULT;

        if (!c || !config_get_uint(c, "Limits", "MaxClients", 1, 1000000, &clients, error) ||
            !config_get_uint(c, "Limits", "MaxMessageBytes", 4096, MESSAGE_BYTES_MAX, &bytes, error) ||
            !config_get_uint(c, "Limits", "MaxConnectionsPerAddress", 1, 1000000, &per_address, error) ||
            !config_get_uint(c, "History", "MaxBytes", HISTORY_BYTES_MIN, INT64_MAX, &history, error) ||
            !read_retention(o, c, error) || !alert_options_read(c, &o->alerts, error) ||
            !read_advertise_url(o, c, error) || !read_client_certificates(o, c, error))
                return false;
        o->targets = notify_targets_read(c, error);
        if (!o->targets)
                return false;
        if (!o->cert)
                o->cert = g_strdup(config_get(c, "TLS", "Certificate"));
        if (!o->key)
                o->key = g_strdup(config_get(c, "TLS", "PrivateKey"));
        o->clients_max = clients;
        o->history_bytes = history;
        o->limits = (WsLimits){
                .message_bytes = bytes,
                /* Room for clients that reconnect before their old connection is known to be dead. */
                .connections = clients + clients / 20 + HANDSHAKES_MAX,
                .connections_per_address = per_address,
                .handshakes = HANDSHAKES_MAX,
        };
        if (!o->cert != !o->key)
                return fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "a certificate and its private key go together: %s is missing",
                                  o->cert ? "the key (--key, PrivateKey=)"
                                          : "the certificate (--cert, Certificate=)");
        return true;
}

Options *options_reread(const Options *o, GError **error) {
        g_autoptr(Options) n = g_memdup2(o, sizeof(*o));

        n->config = g_strdup(o->config);
        n->state_directory = g_strdup(o->state_directory);
        n->host = g_strdup(o->host);
        n->cert = o->own_cert ? g_strdup(o->cert) : NULL;
        n->key = o->own_cert ? g_strdup(o->key) : NULL;
        n->advertise_url = n->client_ca = NULL;
        n->targets = NULL;
        return read_config(n, error) ? g_steal_pointer(&n) : NULL;
}

static bool port_is_valid(int port, const char *option, GError **error) {
        if (port >= 0 && port <= UINT16_MAX)
                return true;
        return fleet_fail(error, FLEET_ERROR_CONFIG, "%s is %d, expected a port from 0 (any) to 65535",
                          option, port);
}

Options *options_read(int argc, char *argv[], GError **error) {
        g_autoptr(Options) o = g_new0(Options, 1);
        gboolean ssl = false, debug = false, version = false;
        const GOptionEntry entries[] = {
                { "port", 0, 0, G_OPTION_ARG_INT, &o->port, "Listen for plain ws on this port", "N" },
                { "ssl", 0, 0, G_OPTION_ARG_NONE, &ssl, "Listen for wss (the default without --port)",
                  NULL },
                { "ssl-port", 0, 0, G_OPTION_ARG_INT, &o->ssl_port, "Port for wss (8443)", "N" },
                { "cert", 0, 0, G_OPTION_ARG_FILENAME, &o->cert, "Certificate chain, PEM (else self-made)",
                  "FILE" },
                { "key", 0, 0, G_OPTION_ARG_FILENAME, &o->key, "Its private key, PEM", "FILE" },
                { "host", 0, 0, G_OPTION_ARG_STRING, &o->host,
                  "Numeric address to listen on (wss: all, plain ws: 127.0.0.1)", "ADDRESS" },
                { "config", 0, 0, G_OPTION_ARG_FILENAME, &o->config, "Instead of " MSERVER_CONFIG_FILE,
                  "FILE" },
                { "state-directory", 0, 0, G_OPTION_ARG_FILENAME, &o->state_directory,
                  "Instead of " MSERVER_STATE_DIR, "DIR" },
                { "debug", 0, 0, G_OPTION_ARG_NONE, &debug, "Say more on standard error", NULL },
                { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL },
                {},
        };
        g_autoptr(GOptionContext) context = g_option_context_new("- fleet control for validator nodes");

        o->port = -1;
        o->ssl_port = TLS_PORT;
        g_option_context_add_main_entries(context, entries, NULL);
        g_option_context_set_description(context, "Under systemd the sockets come from mserver.socket.");
        if (!g_option_context_parse(context, &argc, &argv, error))
                return NULL;
        if (version) {
                printf("mserver %s\n", PROJECT_VERSION);
                exit(EXIT_SUCCESS);
        }
        if (argc > 1) {
                fleet_fail(error, FLEET_ERROR_CONFIG, "\"%s\" is not an option; --help names them", argv[1]);
                return NULL;
        }
        if (!o->config)
                o->config = g_strdup(MSERVER_CONFIG_FILE);
        o->own_cert = o->cert || o->key;
        o->ssl = ssl;
        o->debug = debug;
        if ((o->port != -1 && !port_is_valid(o->port, "--port", error)) ||
            !port_is_valid(o->ssl_port, "--ssl-port", error) || !read_config(o, error))
                return NULL;
        if (!o->state_directory)
                o->state_directory = g_strdup(g_getenv("STATE_DIRECTORY") ?: MSERVER_STATE_DIR);
        return g_steal_pointer(&o);
}
