/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a command: checked, made durable, audited, sent, answered - each once and in this order. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "audit.h"
#include "caller.h"
#include "command-record.h"
#include "fleet.h"
#include "loop.h"
#include "message.h"
#include "store.h"

typedef struct Dispatcher Dispatcher;

typedef struct CommandRequest {
        const char *client, *command;
        json_object *params;  /* as command_params_check() returned it */
        const char *batch;    /* NULL outside a batch */
        const char *schedule; /* that asked for the batch; NULL: a caller did */
        bool queue;           /* wait for an absent client */
        uint64_t expires;     /* realtime µs, 0: for ever; only with queue */
        uint64_t timeout;     /* µs of the run, 0: the default */
        Caller caller;        /* strings borrowed */
} CommandRequest;

/* The record is borrowed. Exactly one of record and error is set. */
typedef void (*CommandDone)(const CommandRecord *r, const GError *error, void *userdata);

Dispatcher *dispatcher_new(Loop *l, Store *store, Audit *audit, Fleet *fleet);
/* Takes over the commands that an earlier run left open. */
void dispatcher_load(Dispatcher *d, FleetReady ready, void *userdata);
/* Refuses new commands from now on, and calls done (once, in the loop) when none is on its way to the store or the
 * journal: what is still open then is durable as sent, running or queued. */
void dispatcher_stop(Dispatcher *d, void (*done)(void *userdata), void *userdata);
bool dispatcher_is_stopping(const Dispatcher *d);
Dispatcher *dispatcher_free(Dispatcher *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dispatcher, dispatcher_free)

/* done once the command is durable, audited and sent (or queued), or with what was wrong with it:
 * NO_SUCH_CLIENT, NOT_CONNECTED, UNKNOWN_COMMAND, LIMIT_EXCEEDED, UNAVAILABLE. Never from inside the call.
 */
void dispatcher_submit(Dispatcher *d, const CommandRequest *request, CommandDone done, void *userdata);

/* Would it be taken now? The same errors, as far as they are known at once. */
bool dispatcher_check(Dispatcher *d, const CommandRequest *request, GError **error);

/* done once the command has ended. dispatcher_unwait() with the same userdata takes that back: true when done will
 * not run; false when the end is known already, and done on its way. */
void dispatcher_wait(Dispatcher *d, const char *id, CommandDone done, void *userdata);
bool dispatcher_unwait(Dispatcher *d, const char *id, void *userdata);

/* Asks for the end of a command: at once where it was not sent, else through the agent. done (may be NULL) once that it
 * was asked for is durable: from then on it is not begun any more, whatever is killed or cut. Ending one that has ended
 * is fine. NO_SUCH_COMMAND, NOT_SUPPORTED (by an agent that has it), UNAVAILABLE. */
void dispatcher_cancel(Dispatcher *d, const char *id, CommandDone done, void *userdata);

/* From memory or the store. */
void dispatcher_get(Dispatcher *d, const char *id, CommandDone done, void *userdata);
/* From memory alone: open commands and the latest finished or asked for. NULL: ask dispatcher_get(). */
const CommandRecord *dispatcher_peek(Dispatcher *d, const char *id);

/* Output from offset on, at most max bytes, less where it is gone: it begins at next_offset - size. more: there is or
 * may come more. */
typedef void (*OutputDone)(const void *data, size_t size, uint64_t next_offset, bool more,
                           const GError *error, void *userdata);
void dispatcher_output(Dispatcher *d, const char *id, uint64_t offset, size_t max, OutputDone done,
                       void *userdata);

/* The same at once, of an open command: from *ret_offset on. NULL: there is none beyond offset yet. */
GBytes *dispatcher_peek_output(Dispatcher *d, const char *id, uint64_t offset, size_t max,
                               uint64_t *ret_offset);
/* What FleetObserver.output_passed() says of this command may have changed. */
void dispatcher_output_passed(Dispatcher *d, const char *id);

unsigned dispatcher_open_count(const Dispatcher *d);

/* For sessions. */
void dispatcher_client_ready(Dispatcher *d, Client *c); /* registered: send what waits */
void dispatcher_progress(Dispatcher *d, Client *c, const Message *m);
void dispatcher_response(Dispatcher *d, Client *c, const Message *m);

/* The fields every command-… audit entry shares; for who denies one before it is a command. */
AuditEntry *dispatcher_audit_entry(const char *event, const char *message_id, int priority,
                                   const char *client, const char *command, const char *container,
                                   json_object *params, const Caller *caller);
