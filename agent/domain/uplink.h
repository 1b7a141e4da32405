/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's connection to its server, for ever: connect, register, hand over what comes, keep alive, try
 * again. */
#pragma once

#include <glib.h>
#include <json-c/json.h>

#include "agent-config.h"
#include "agent-db.h"
#include "jobs.h"
#include "loop.h"
#include "node-watch.h"

typedef struct Uplink Uplink;

typedef enum UplinkState {
        UPLINK_CONNECTING,
        UPLINK_ONLINE,  /* registered */
        UPLINK_WAITING, /* for the next try */
        UPLINK_REFUSED, /* likewise, but nothing will change until a person acts: token, certificate, a double */
        UPLINK_STOPPED, /* after uplink_stop() */
} UplinkState;

/* What the text of UPLINK_ONLINE, and so the STATUS= of the service, begins with. */
#define UPLINK_STATUS_ONLINE "Connected to "

typedef struct UplinkEvents {
        /* The state has changed; text says it in a line, for people. */
        void (*changed)(UplinkState state, const char *text, void *userdata);
        /* What people should know besides, in a line; NULL: that is over. */
        void (*alarmed)(const char *problem, void *userdata);
        /* uplink_pending() has changed. */
        void (*pending)(void *userdata);
} UplinkEvents;

/* Starts with the first try. Takes the database over, also on failure; the rest is borrowed (the token is
 * copied). */
Uplink *uplink_new(Loop *l, const AgentConfig *config, const char *token, AgentDb *db, NodeWatch *nodes,
                   const UplinkEvents *events, void *userdata, GError **error);
/* Not from inside one of the loop's callbacks. */
Uplink *uplink_free(Uplink *u);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Uplink, uplink_free)

/* One sample for "stats", to which what waits here is added; kept while the server is away, the newest STATS_BACKLOG_MAX. */
void uplink_sample(Uplink *u, json_object *data);

UplinkState uplink_state(const Uplink *u);
/* How many outcomes of commands, keys and backups the server has not acknowledged, with commands of its that run. */
unsigned uplink_pending(const Uplink *u);
/* When the server was last heard of, in µs since the epoch; 0: not since the start. */
uint64_t uplink_last_contact(const Uplink *u);

/* For whoever else has commands to be run here. */
Jobs *uplink_jobs(Uplink *u);

/* Ends the connection, if there is one, and tries anew at once. */
void uplink_reconnect(Uplink *u);

/* Says goodbye and does not come back; UPLINK_STOPPED follows, within seconds. */
void uplink_stop(Uplink *u);
