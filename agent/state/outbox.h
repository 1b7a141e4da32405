/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the server must learn, kept until it says that it has: new session keys and finished backups. Survives kill -9,
 * power loss and days without a server; in order per container; a record goes only when it is acknowledged. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "agent-db.h"
#include "backlog.h"
#include "loop.h"
#include "outbox-table.h"
#include "server-link.h"

typedef struct Outbox Outbox;

/* db: stays until it is closed. */
Outbox *outbox_new(Loop *l, AgentDb *db, const ServerLink *link, void *userdata);
/* After the database was closed, as its last callbacks come from there. */
Outbox *outbox_free(Outbox *o);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Outbox, outbox_free)

/* To be asked before anything is done that ends in a record: FLEET_ERROR_LIMIT_EXCEEDED where OUTBOX_RECORDS_MAX wait
 * already. What has been done is taken in any case, so the bound may be passed by as many as run side by side. */
bool outbox_has_room(const Outbox *o, GError **error);

/* Keeps a record. done() is called from the loop when it is durable, or with a problem for people when it could not be
 * written: then it is not kept. The put is gone by then. */
typedef struct OutboxPut OutboxPut;
typedef void (*OutboxPutDone)(const char *problem, void *userdata);
OutboxPut *outbox_put(Outbox *o, const OutboxRecord *r, OutboxPutDone done, void *userdata);
/* Nobody waits for done() any more; the record is kept all the same. */
OutboxPut *outbox_put_free(OutboxPut *p);

/* A record came into the table (outbox_table_insert()) together with something else, and is durable. */
void outbox_put_elsewhere(Outbox *o, const char *container);

/* The server was told who we are; features are its own. */
void outbox_online(Outbox *o, unsigned features);
void outbox_offline(Outbox *o);
void outbox_drained(Outbox *o);
/* id: NULL from a server of version 1.1.0 */
void outbox_acked(Outbox *o, OutboxKind kind, const char *id);

/* How many records wait. */
unsigned outbox_pending(const Outbox *o);
const Backlog *outbox_backlog(const Outbox *o);
