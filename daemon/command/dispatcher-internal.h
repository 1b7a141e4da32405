/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the dispatcher's files share: the open commands, and the cache of those that have ended. */
#pragma once

#include "dispatcher.h"
#include "outbuf.h"

typedef struct LateAnswer LateAnswer;

/* A command that has not ended, or whose end is not durable yet. */
typedef struct Open {
        Dispatcher *dispatcher;
        CommandRecord *record;
        json_object *params;
        OutBuf *output;     /* NULL before the first */
        uint64_t passed;    /* of it, as the agent was told on this connection */
        LoopTimer *timer;   /* deadline, or the next try to store what could not be */
        uint64_t run_until; /* monotonic µs: when its time to run is over; 0: it was not sent */
        GArray *waiters;    /* Waiter; NULL: none */
        GList of_client;    /* its link in the client's queue, oldest first */

        /* While it is being submitted: whom to tell. */
        CommandDone submitted;
        void *submitted_userdata;
        Caller caller; /* strings owned; cleared when submitted */
        bool queue;

        bool preparing;      /* on the way to the store or the journal, before it is sent */
        bool end_unsettled;  /* it had ended in an earlier run, which may have written the entry of that */
        bool denial_audited; /* of the agent's own policy */
        bool restarted;   /* of an earlier run of the server: whether its entry was written is not known */
        bool on_wire;     /* may have reached the client */
        bool finishing;   /* its end is on the way to the store */
        bool answered;    /* the waiters know the end */
        bool owe_ack;     /* it ended by the client's answer, which waits for command_ack */
        LateAnswer *late; /* that came while it was finishing otherwise; NULL */
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
        GHashTable *late;      /* id to LateAnswer, which it owns: those that settle something */

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
void open_prepare(Open *o);
void open_prepared(Open *o, const GError *error); /* whoever submitted it is told */
void open_send(Open *o);
void open_finish(Open *o, CommandState state, const char *result, const char *error);
void open_audit_end(void *open); /* its end is stored: the rest of it */

/* dispatcher-deadline.c */
void open_begin_queue(Open *o);
bool open_is_expired(const Open *o);
void open_expire(Open *o);
void open_begin_run(Open *o);
void open_go_on_running(Open *o); /* what an earlier run of the server sent */
uint64_t open_time_to_run(const Open *o);

/* dispatcher-client.c: does what is to be done about it where its client is there. */
void open_take_up(Open *o);
/* Its client is no member of the fleet any more, and one of the same name is another. */
void open_forget(Open *o);
void dispatcher_client_removed(const Client *c, void *dispatcher); /* of FleetObserver */

/* dispatcher-output.c */
void open_put_output(Open *o, uint64_t offset, const void *data, size_t size);
/* Adds the end of it, where that is in the command's result only: the agent was away. */
void open_complete_output(Open *o, json_object *result, uint64_t output_bytes);

/* dispatcher-late.c */
LateAnswer *late_answer_new(Dispatcher *d, const char *id, const char *client, CommandState state,
                            const char *result, const char *error);
void late_answer_judge(LateAnswer *a); /* takes it */
LateAnswer *late_answer_free(LateAnswer *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LateAnswer, late_answer_free)
GHashTable *late_answers_new(void);

/* dispatcher-audit.c */
/* why: of an entry that is not the first, else NULL. */
void open_audit_requested(Open *o, const char *why, AuditDone done);
void open_audit_finished(Open *o, AuditDone done);
/* The outcome of what was given up as interrupted; and before it, where that is a rule's no, what the rule said. Without one
 * done() is not called. */
void dispatcher_audit_late_denial(Dispatcher *d, const CommandRecord *r, AuditDone done, void *userdata);
void dispatcher_audit_settled(Dispatcher *d, const CommandRecord *r, AuditDone done, void *userdata);
