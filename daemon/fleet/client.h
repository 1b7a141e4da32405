/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One agent on one host: what it said of itself, whether it is connected, and since when. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "ratelimit.h"
#include "store.h"

typedef struct Session Session;

typedef struct Client {
        char *id, *host, *version, *address; /* "" where not known yet */
        GHashTable *labels;                  /* char* to char* */
        char **commands;   /* what this agent offers; built-in names where it did not say */
        unsigned features; /* of message.h, of the present or last connection */
        bool online, revoked;
        uint64_t since, last_seen; /* realtime µs; since: of the present state */
        Session *session;          /* NULL while offline */
        RateLimit reports;         /* of keys and backups */
        char *stats, *summary;     /* the latest, JSON text; NULL: none since the server started */
} Client;

Client *client_new(const char *id);
Client *client_from_record(const ClientRecord *r);
/* Strings are borrowed from the client; labels and commands are new and freed by
 * client_record_clear_texts(). */
void client_to_record(const Client *c, ClientRecord *ret);
void client_record_clear_texts(ClientRecord *r);
Client *client_free(Client *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

/* The commands this agent offers: what it said, else all that are built in. A new strv. */
char **client_commands(const Client *c);

/* Does this agent offer the command? */
bool client_offers(const Client *c, const char *command);
