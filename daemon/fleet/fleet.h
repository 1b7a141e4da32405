/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All clients, their tokens, and who watches them. Lookup and counts cost the same for one client and for
 * ten thousand. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "alert.h"
#include "audit.h"
#include "client.h"
#include "events.h"
#include "store.h"

typedef struct Fleet Fleet;

/* Called once the stored clients and tokens are there, or with the error that kept them away. */
typedef void (*FleetReady)(const GError *error, void *userdata);
Fleet *fleet_new(Store *store, Audit *audit, unsigned clients_max);
void fleet_set_clients_max(Fleet *f, unsigned clients_max); /* those that are there stay */
void fleet_load(Fleet *f, FleetReady ready, void *userdata);
Fleet *fleet_free(Fleet *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fleet, fleet_free)

void fleet_observe(Fleet *f, const FleetObserver *observer, void *userdata);
void fleet_unobserve(Fleet *f, void *userdata); /* not from inside an observer */

Client *fleet_find(const Fleet *f, const char *id); /* NULL: not known */
/* Ordered by id; a new array of borrowed clients. */
GPtrArray *fleet_list(const Fleet *f);
unsigned fleet_size(const Fleet *f);
unsigned fleet_online(const Fleet *f);

/* Whose token is this (its client id, new string)? NULL: nobody's, or expired. Only SHA-256 values are
 * compared, in constant time. */
char *fleet_authenticate(const Fleet *f, const char *token, uint64_t now_usec);

/* A new token of 256 random bits for a client (known or not), shown once. expires: realtime µs, 0 never.
 * Without replace a client that has one is FLEET_ERROR_ALREADY_EXISTS. */
typedef void (*FleetToken)(const char *token, const GError *error, void *userdata);
void fleet_create_token(Fleet *f, const char *client, uint64_t expires, bool replace, uint32_t caller_uid,
                        FleetToken done, void *userdata);

/* A one-time token with which a host that has none becomes this client (known or not), until expires (realtime µs, 0:
 * in ENROLLMENT_LIFE_DEFAULT_USEC). It takes the place of an earlier one of the client. Without replace a client that
 * has a token is FLEET_ERROR_ALREADY_EXISTS; with it that token works until the new host is there. */
void fleet_create_enrollment(Fleet *f, const char *client, uint64_t expires, bool replace,
                             uint32_t caller_uid, FleetToken done, void *userdata);

/* Trades a one-time token for the one that the host has made for itself and of which it gives the SHA-256; from
 * done on, which runs when that is durable, it is the client's only one. The same again, while the one-time token
 * lives, is answered in the same way: the first answer may have been lost. client is NULL with
 * FLEET_ERROR_ACCESS_DENIED (unknown, expired or used by another) or FLEET_ERROR_UNAVAILABLE. */
typedef void (*FleetEnrolled)(const char *client, const GError *error, void *userdata);
void fleet_enroll(Fleet *f, const char *token, const uint8_t credential[static 32], const char *address,
                  uint64_t now_usec, FleetEnrolled done, void *userdata);

/* The client's tokens stop working once this is durable; its session closes. */
typedef void (*FleetDone)(const GError *error, void *userdata);
void fleet_revoke(Fleet *f, const char *client, uint32_t caller_uid, FleetDone done, void *userdata);
/* As revoke, and the client goes from the list; its history stays. */
void fleet_forget(Fleet *f, const char *client, uint32_t caller_uid, FleetDone done, void *userdata);

/* For sessions: a client registered; makes it known, replaces an older session of the same client (the
 * newest wins), audits and tells. */
typedef struct FleetRegister {
        const char *host, *version, *address;
        GHashTable *labels; /* taken over when not NULL */
        char **commands;    /* likewise */
        unsigned features;
} FleetRegister;
Client *fleet_register(Fleet *f, const char *id, FleetRegister *what, Session *session, uint64_t now_usec,
                       GError **error);
/* For sessions: the connection is gone. Nothing happens where a newer session has taken over. */
void fleet_unregister(Fleet *f, Client *c, Session *session, const char *reason, uint64_t now_usec);

/* For sessions: an agent that names no host in its register does so in its stats. */
void fleet_set_host(Fleet *f, Client *c, const char *host);

/* For sessions, the dispatcher, batches and alerts: pass on to the observers. */
void fleet_tell_command(Fleet *f, const CommandRecord *r);
void fleet_tell_output(Fleet *f, const CommandRecord *r, uint64_t offset, const void *chunk, size_t size);
uint64_t fleet_output_passed(Fleet *f, const CommandRecord *r, uint64_t end);
void fleet_tell_key(Fleet *f, const char *client, const char *container, const char *session_key);
void fleet_tell_backup(Fleet *f, const char *client, const char *container, const char *file);
void fleet_tell_stats(Fleet *f, const Client *c, json_object *data, int64_t timestamp_ms);
void fleet_tell_schedule(Fleet *f, const Schedule *s, ScheduleNews news);
void fleet_tell_batch(Fleet *f, const Batch *b, bool added, bool ended);
void fleet_tell_alert(Fleet *f, const AlertRecord *a, AlertChange change);
