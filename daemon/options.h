/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the server shall run: mserver.conf(5), and over it the command line. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "alert-condition.h"
#include "retention.h"
#include "sessions.h"
#include "ws-server.h"

typedef struct Options {
        char *config;          /* --config, else MSERVER_CONFIG_FILE */
        char *state_directory; /* --state-directory, $STATE_DIRECTORY, else MSERVER_STATE_DIR */
        char *host;            /* --host: numeric address or "*", NULL: not given */
        int port;              /* --port: plain, -1: not given */
        bool ssl;              /* --ssl */
        int ssl_port;          /* --ssl-port, TLS_PORT */
        char *cert, *key;      /* --cert --key, [TLS] Certificate= PrivateKey=; NULL: self-made */
        char *advertise_url;   /* [Server] AdvertiseUrl=; NULL: by host name and port */
        char *client_ca;       /* [TLS] ClientCA=; NULL: the server's own */
        ClientCertificates client_certificates; /* [TLS] ClientCertificates= */
        bool own_cert;                          /* cert and key are the command line's */
        bool debug;
        unsigned clients_max;
        Retention retention;    /* [Commands] */
        uint64_t history_bytes; /* [History] MaxBytes= */
        AlertRules alerts;
        WsLimits limits;
        GPtrArray *targets; /* of NotifyTarget, [Notify NAME] */
} Options;

/* Reads both. Prints help or version and exits where asked to. Errors are FLEET_ERROR_CONFIG or G_OPTION_ERROR. */
Options *options_read(int argc, char *argv[], GError **error);
/* The configuration read anew, under the same command line; what neither names is as at a start. */
Options *options_reread(const Options *o, GError **error);
Options *options_free(Options *o);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Options, options_free)
