/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One command to many clients: chosen by a selector, sent as a plan says, in chunks that leave the loop free, counted as
 * they end. */
#pragma once

#include <glib.h>

#include "batch-plan.h"
#include "dispatcher.h"
#include "fleet.h"

typedef struct Batches Batches;

struct Batch {
        char *id, *selector, *command;
        char *schedule; /* that started it; NULL: a caller did, or it has ended */
        const char *state; /* "running", "cancelled", "failed" (its plan stopped it), "finished", "interrupted" */
        char *status; /* what it waits for besides its commands, or why it was stopped, for people; "" */
        uint64_t requested, finished; /* realtime µs, 0: it runs */
        unsigned total, sent, succeeded, failed, skipped;
        GHashTable *commands; /* client id to command id */
        uint32_t caller_uid;
};

typedef struct BatchOptions {
        BatchPlan plan;
        uint64_t health_timeout; /* µs that a wave may take to be healthy; 0: the default */
} BatchOptions;

Batches *batches_new(Loop *l, Store *store, Fleet *fleet, Dispatcher *dispatcher);
/* Ends the batches that an earlier run left open, as interrupted: their commands live on, and nothing more is sent. */
void batches_load(Batches *b, FleetReady ready, void *userdata);
Batches *batches_free(Batches *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Batches, batches_free)

/* done once all that can be sent at once has been: everything, or the first clients of the plan. Clients that are absent
 * or do not offer the command are skipped; absent ones are queued for where the request says so, and a queued command
 * takes no part in the plan. request->client is not used. No client matches: FLEET_ERROR_NO_SUCH_CLIENT naming the
 * selector; then, and for LIMIT_EXCEEDED, done runs from inside the call, which returns NULL. Else it returns the batch,
 * of which nothing has been sent or audited yet. */
typedef void (*BatchDone)(const Batch *b, const GError *error, void *userdata);
const Batch *batches_start(Batches *b, const char *selector, const CommandRequest *request,
                           const BatchOptions *options, BatchDone done, void *userdata);

/* Whom it would be sent to now: client ids (char*) in order; nothing is sent or kept. Errors as above. */
GPtrArray *batches_preview(Batches *b, const char *selector, const CommandRequest *request, GError **error);

/* Starts nobody any more, and cancels what has not ended. FLEET_ERROR_NO_SUCH_COMMAND where no such batch is running. */
bool batches_cancel(Batches *b, const char *id, GError **error);

/* Is it running, and all that is left of it are commands that are queued for clients that are away? */
bool batches_waits_for_absent(Batches *b, const char *id);

/* Running, or among the latest that batches_get() has brought back. NULL: ask that. */
const Batch *batches_find(Batches *b, const char *id);
/* From memory or the store; never from inside the call. FLEET_ERROR_NO_SUCH_COMMAND. */
void batches_get(Batches *b, const char *id, BatchDone done, void *userdata);
GPtrArray *batches_list(Batches *b); /* running ones, borrowed; new array */

/* A command of a batch changed: called by whoever wires the observers. */
void batches_command_changed(Batches *b, const CommandRecord *r);
