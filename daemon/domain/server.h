/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a running server, made in the order in which they need each other. */
#pragma once

#include "alerts.h"
#include "audit-keeper.h"
#include "audit.h"
#include "batch.h"
#include "dispatcher.h"
#include "fleet.h"
#include "history.h"
#include "key-files.h"
#include "keyring.h"
#include "loop.h"
#include "metrics.h"
#include "notifier.h"
#include "retention.h"
#include "schedules.h"
#include "sessions.h"
#include "store.h"

typedef struct Server {
        Loop *loop; /* borrowed */
        Store *store;
        Audit *audit;
        AuditKeeper *audit_keeper;
        Fleet *fleet;
        Alerts *alerts;
        Dispatcher *dispatcher;
        Batches *batches;
        Forgetting *forgetting;
        ScheduleFiles *schedule_files;
        Schedules *schedules;
        KeyFiles *key_files;
        Keyring *keyring;
        History *history;
        Notifier *notifier;
        Metrics *metrics; /* NULL: nobody can ask for them */
        Sessions *sessions;
        char *fingerprint;            /* "" on a plain server */
        uint64_t certificate_expires; /* realtime µs; 0 on a plain server */
        char **listen_addresses;      /* "wss://[::]:8443" */
        char *advertise_url; /* where hosts find this server: wss://HOST:PORT/ws/monitoring/; NULL on a plain one */
} Server;

/* Makes all parts up to the sessions, in the state directory (0750, made where it is missing). echo is audit_new()'s. On failure free
 * what there is with server_clear(). */
bool server_make(Server *ret, Loop *l, const char *state_directory, unsigned clients_max, bool echo,
                 GError **error);

/* Each sample and command is counted from here on: only where there is somewhere to ask for it. */
void server_make_metrics(Server *s);

/* Reads back what an earlier run has left: where the audit trail ends, the fleet, what was wrong with it, then the open
 * commands and batches. */
void server_load(Server *s, FleetReady ready, void *userdata);

/* Ends the parts in the reverse order: what is queued for the store and the journal gets there first. */
void server_clear(Server *s);
