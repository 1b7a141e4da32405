/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What fleet.c, fleet-tokens.c and fleet-enroll.c share of the fleet. */
#pragma once

#include "fleet.h"

typedef struct Observer {
        const FleetObserver *calls;
        void *userdata;
} Observer;

struct Fleet {
        Store *store;
        Audit *audit;
        GHashTable *clients;     /* id to Client, which it owns */
        GHashTable *tokens;      /* SHA-256 to TokenRecord, which it owns */
        GHashTable *enrollments; /* SHA-256 to EnrollmentRecord, which it owns */
        GPtrArray *grants;       /* of Grant */
        GPtrArray *sorted;       /* clients by id; NULL: to be made again */
        GArray *observers;
        unsigned online, clients_max;
};

/* From SHA-256 values to records, which begin with theirs; compared in constant time. */
GHashTable *fleet_hashes_new(GDestroyNotify record_free);
bool fleet_hash_token(const char *token, uint8_t ret[static 32]);
void fleet_drop_tokens(Fleet *f, const char *client);
void fleet_take_token(Fleet *f, TokenRecord *t); /* takes the record over */

/* May this client have a token, known or not, one that ends then (0: never)? */
bool fleet_may_let_in(const Fleet *f, const char *client, uint64_t expires, GError **error);
/* The client has this token from now on, and no other: it is durable. reason: why a session of an older one ends,
 * NULL: there is none. Takes the record over. */
void fleet_let_in(Fleet *f, Client *c, TokenRecord *t, const char *reason);
void fleet_audit_token(Fleet *f, const char *event, const char *message_id, const char *client,
                       const char *address, uint32_t caller_uid, const char *what);

/* A token or an enrolment on its way into the store, which may be revoked before it is there. */
typedef struct Grant {
        Fleet *fleet;
        const char *client; /* borrowed */
        bool revoked;
} Grant;

void fleet_begin_grant(Fleet *f, Grant *g, const char *client);
/* It is there: false where it may not count, with the error (FLEET_ERROR_UNAVAILABLE). */
bool fleet_end_grant(Grant *g, GError **error);

/* fleet-enroll.c */
void fleet_drop_enrollments(Fleet *f, const char *client);
void fleet_take_enrollment(Fleet *f, EnrollmentRecord *e); /* takes the record over */

/* Adds a client; FLEET_ERROR_LIMIT_EXCEEDED beyond the fleet's size. */
Client *fleet_add(Fleet *f, const char *id, uint64_t now_usec, GError **error);
void fleet_remove(Fleet *f, Client *c);
/* Writes the client's row. */
void fleet_save(Fleet *f, const Client *c, bool forgotten, StoreDone done, void *userdata);

/* See events.h. */
void fleet_tell_access_ended(Fleet *f, const char *client, const char *reason);

/* Every client-… entry has these. */
AuditEntry *fleet_audit_entry(const char *event, const char *message_id, int priority, const char *client,
                              const char *address, const char *reason);
