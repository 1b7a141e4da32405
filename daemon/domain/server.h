/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a running server, made in the order in which they need each other. */
#pragma once

#include "audit.h"
#include "batch.h"
#include "dispatcher.h"
#include "fleet.h"
#include "key-files.h"
#include "keyring.h"
#include "loop.h"
#include "session.h"
#include "store.h"
#include "ws-server.h"

typedef struct Server {
        Loop *loop;
        Store *store;
        Audit *audit;
        Fleet *fleet;
        Dispatcher *dispatcher;
        Batches *batches;
        KeyFiles *key_files;
        Keyring *keyring;
        Sessions *sessions;
        WsServer *ws;
        char *fingerprint;       /* "" on a plain server */
        char **listen_addresses; /* "wss://[::]:8443" */
} Server;
