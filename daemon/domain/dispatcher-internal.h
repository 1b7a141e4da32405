/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the dispatcher's files share: the open commands, and the cache of those that have ended. */
#pragma once

#include "dispatcher.h"
#include "outbuf.h"

/* A command that has not ended, or whose end is not durable yet. */
typedef struct Open {
        Dispatcher *dispatcher;
        CommandRecord *record;
        json_object *params;
        OutBuf *output;   /* NULL before the first */
        LoopTimer *timer; /* deadline, or the next try to store the end */
        GArray *waiters;  /* Waiter; NULL: none */
        GList of_client;  /* its link in the client's queue, oldest first */

        /* While it is being submitted: whom to tell. */
        CommandDone submitted;
        void *submitted_userdata;
        Caller caller; /* strings owned; cleared when submitted */
        bool queue, submitting;

        bool restarted; /* of an earlier run of the server: whether its entry was written is not known */
        bool on_wire;   /* may have reached the client */
        bool cancel;    /* asked for while the client was away */
        bool finishing; /* its end is on the way to the store */
        bool answered;  /* the waiters know the end */
        bool owe_ack;   /* the client waits for command_ack */
} Open;

typedef struct Waiter {
        CommandDone done;
        void *userdata;
} Waiter;

struct Dispatcher {
        Loop *loop;
        Store *store;
        Audit *audit;
        Fleet *fleet;
        GHashTable *open;      /* id to Open, which it owns */
        GHashTable *by_client; /* client id to GQueue of Open */
        GHashTable *cached;    /* id to the link in cache of its CommandRecord */
        GQueue cache;          /* CommandRecords, most recently used first */

        unsigned busy; /* commands on their way to the store or the journal */
        bool stopping;
        void (*idle)(void *userdata); /* wanted by dispatcher_stop() */
        void *idle_userdata;
};

/* dispatcher-open.c: the table of open commands */
Open *open_add(Dispatcher *d, CommandRecord *record); /* takes the record */
Open *open_find(Dispatcher *d, const char *id);
void open_remove(Open *o); /* its record goes into the cache */
unsigned open_count_of(Dispatcher *d, const char *client);
GQueue *open_of(Dispatcher *d, const char *client); /* NULL: none */
void open_free(Open *o);

/* dispatcher-cache.c: ended commands in memory */
void cache_put(Dispatcher *d, CommandRecord *record); /* takes the record */
const CommandRecord *cache_get(Dispatcher *d, const char *id);
void cache_clear(Dispatcher *d);

/* dispatcher.c: moving on */
void dispatcher_busy(Dispatcher *d, int change);
void dispatcher_acknowledge(Dispatcher *d, const char *client, const char *id);
void open_send(Open *o);
void open_finish(Open *o, CommandState state, const char *result, const char *error);
void open_audit_end(void *open); /* its end is stored: the rest of it */
void open_arm_deadline(Open *o, uint64_t at_least_usec);

/* dispatcher-audit.c */
/* why: of an entry that is not the first, else NULL. */
void open_audit_requested(Open *o, const char *why, AuditDone done);
void open_audit_finished(Open *o, AuditDone done);
/* The outcome of what was given up as interrupted. */
void dispatcher_audit_settled(Dispatcher *d, const CommandRecord *r, AuditDone done, void *userdata);
