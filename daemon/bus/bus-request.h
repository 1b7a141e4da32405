/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A parked method call: it is answered exactly once, whatever happens to the caller, the work or the bus. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "batch.h"
#include "dispatcher.h"
#include "polkit.h"
#include "store.h"

typedef struct Bus Bus;
typedef struct BusMethod BusMethod;
typedef struct Requests Requests;

/* What polkit's rules, its dialogs and the journal are told a request is about; NULL where it does not apply. */
typedef struct RequestSubject {
        char *client, *command, *container, *selector, *schedule;
        char *command_id, *batch; /* for the journal alone */
} RequestSubject;

/* What the methods' parsers leave for those who do the work. Strings belong to the message. */
typedef struct RequestArgs {
        const char *id;
        const char *container;
        const char *selector;
        const char *kind, *comment; /* of a silence */
        const char *action;         /* CanRun: the one it is about */
        CommandRequest command;     /* params are owned */
        BatchOptions batch;
        bool dry_run;
        CommandFilter filter;
        uint64_t from, to; /* realtime µs */
        uint32_t points;
        uint64_t offset;
        uint32_t max;
        uint64_t expires;
        bool replace;
        const char *calendar; /* of a schedule, whose name is id */
        uint64_t created;     /* of the schedule that polkit was asked about */
        bool persistent, enabled;
        uint64_t randomized_delay; /* µs */
} RequestArgs;

typedef struct Request {
        unsigned n_ref;
        Bus *bus; /* NULL once answered: whoever comes back late has nothing more to do */
        Requests *requests;
        sd_bus_message *message;
        const BusMethod *method;
        RequestArgs args;
        RequestSubject subject;
        uint32_t owner_uid;     /* whose command or batch it is about; UINT32_MAX: nobody's */
        Caller caller;          /* once known */
        bool charged;           /* to the caller's uid */
        const char *actions[4]; /* polkit's, to be asked in this order; NULL: none */
        unsigned asked;         /* how many of them have said yes */
        PolkitCheck *check;     /* the open one; holds a reference of ours */
        char *waits_for;        /* id of the command whose end RunCommand waits for; likewise */
        GList link;             /* among those of the same sender */
} Request;

Requests *requests_new(void);
/* All must have been closed. */
Requests *requests_free(Requests *rs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Requests, requests_free)
/* The caller has left the bus: takes back what it waits for, answers nobody. */
void requests_caller_gone(Requests *rs, const char *sender);
/* Answers all with an error. */
void requests_close_all(Requests *rs);
unsigned requests_parked(const Requests *rs);

/* Parks a call. NULL, and the call has its error, where REQUESTS_PARKED_MAX wait already. The one reference is the
 * caller's; work in flight holds its own. A request that loses its last reference unanswered is answered with an
 * error then. */
Request *request_new(Bus *b, sd_bus_message *m, const BusMethod *method);
Request *request_ref(Request *r);
Request *request_unref(Request *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_unref)

/* Notes who calls. FLEET_ERROR_LIMIT_EXCEEDED where this user has REQUESTS_PARKED_PER_UID_MAX (root: no limit). */
bool request_set_caller(Request *r, const Caller *caller, GError **error);

static inline bool request_is_answered(const Request *r) {
        return !r->bus;
}

/* The answers. After any of them the request is answered, and all they do on an answered one is nothing. */
void request_reply(Request *r, const char *types, ...);
void request_fail(Request *r, const GError *error);
void request_fail_name(Request *r, const char *name, const char *message); /* a D-Bus error of this name */
/* The object that it is a call to could not be found: the standard interfaces say UnknownObject, ours NoSuchCommand. */
void request_fail_lookup(Request *r, const GError *error);
/* Sends a message made with sd_bus_message_new_method_return(); made: the sum of building it, a negative errno
 * where that failed. */
void request_send(Request *r, sd_bus_message *reply, int made);
/* Did the store give what was asked for? Where not, the request has its error. */
bool request_check_store(Request *r, StoreStatus status);
/* Answers with an array of rows (type: one element's) that append() puts there; an error where the store has none to give. */
typedef int (*RequestRow)(sd_bus_message *m, const void *row);
void request_reply_rows(Request *r, StoreStatus status, GPtrArray *rows, const char *type,
                        RequestRow append);
/* Answers with text (s) or the error: the end of many an asynchronous call. request: a Request, of which it takes the reference. */
void request_answer_text(const char *text, const GError *error, void *request);
/* Puts the call back in front of the bus, which dispatches it anew: what it needs is in memory now. */
void request_dispatch_again(Request *r);
