/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What fleet.c and fleet-tokens.c share of the fleet. */
#pragma once

#include "fleet.h"

typedef struct Observer {
        const FleetObserver *calls;
        void *userdata;
} Observer;

struct Fleet {
        Store *store;
        Audit *audit;
        GHashTable *clients; /* id to Client, which it owns */
        GHashTable *tokens;  /* SHA-256 to TokenRecord, which it owns */
        GPtrArray *sorted;   /* clients by id; NULL: to be made again */
        GArray *observers;
        unsigned online, clients_max;
};

GHashTable *fleet_tokens_new(void);
void fleet_drop_tokens(Fleet *f, const char *client);
void fleet_take_token(Fleet *f, TokenRecord *t); /* takes the record over */

/* Adds a client; FLEET_ERROR_LIMIT_EXCEEDED beyond the fleet's size. */
Client *fleet_add(Fleet *f, const char *id, uint64_t now_usec, GError **error);
void fleet_remove(Fleet *f, Client *c);
/* Writes the client's row. */
void fleet_save(Fleet *f, const Client *c, bool forgotten, StoreDone done, void *userdata);

/* Every client-… entry has these. */
AuditEntry *fleet_audit_entry(const char *event, const char *message_id, int priority, const char *client,
                              const char *address, const char *reason);
