/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All connections from upgrade to close: the token's identity, register in time, then every message to whom it
 * concerns. */
#pragma once

#include "client-certificates.h"
#include "dispatcher.h"
#include "fleet.h"
#include "keyring.h"
#include "ws-server.h"

typedef struct Sessions Sessions;

Sessions *sessions_new(Loop *l, Fleet *fleet, Dispatcher *dispatcher, Keyring *keyring, Audit *audit);
Sessions *sessions_free(Sessions *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sessions, sessions_free)

/* For new connections. ca (borrowed; NULL: nobody's) signs the certificates of hosts that are enrolled, and renews them. */
void sessions_set_certificates(Sessions *s, ClientCertificates mode, const ClientCa *ca);

/* What a WsServer is to call, with the Sessions as userdata. */
extern const WsHandler sessions_handler;
