/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the server listens: the sockets systemd passed, or its own. */
#pragma once

#include "options.h"
#include "server.h"

typedef struct Listener {
        int fd;
        bool tls;
        bool metrics; /* for /metrics, not for agents */
        char *url;    /* "wss://[::]:8443" */
} Listener;

/* sd_listen_fds_with_names(3): sockets named FD_NAME_PLAIN are plain, those named
 * FD_NAME_METRICS for metrics, all others TLS. Without any, those the command line names; TLS
 * on all addresses where it names none. New array. */
GArray *listeners_open(const Options *o, GError **error);

/* Where hosts are told to connect, unless AdvertiseUrl= says otherwise: this host's name and the port of the first TLS
 * listener. NULL where there is none; new string. */
char *listeners_advertise(const GArray *listeners, const char *host_name);
