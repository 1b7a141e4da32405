/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the subscribers share. */
#pragma once

#include "bus-internal.h"
#include "reader-credit.h"
#include "uid-count.h"

struct Subscribers {
        Loop *loop;
        sd_bus *bus;
        Polkit *polkit;
        Dispatcher *dispatcher;
        GHashTable *by_sender; /* unique name to Subscriber, which it owns */
        unsigned pings;        /* without an answer */
        UidCount *pings_of_uid;
};

typedef struct Subscriber {
        Subscribers *all;
        char *sender;
        uint32_t uid;
        GHashTable *grants; /* client, command and container to Grant */

        GHashTable *streams; /* command id to Stream, which it owns: what is behind, or followed */
        GQueue behind;       /* Streams with more to send */
        ReaderCredit credit;

        sd_bus_slot *ping;
        LoopTimer *patience; /* while it is to answer */
        bool silent;         /* it did not: nobody waits for it */
        bool left;           /* unsubscribed, but its ping counts until it is answered */
} Subscriber;

/* subscribers.c: whether it may have this command's output. Where polkit is to say, first no. */
bool subscriber_may_read(Subscriber *s, const CommandRecord *r);

/* subscriber-stream.c */
GHashTable *subscriber_streams_new(void);
void subscriber_drop_streams(Subscriber *s); /* the agents go on without it */
void subscriber_follow(Subscriber *s, const CommandRecord *r, uint64_t offset);
void subscriber_output(Subscriber *s, const CommandRecord *r, uint64_t offset);
void subscriber_ended(Subscriber *s, const CommandRecord *r);
uint64_t subscriber_output_passed(Subscriber *s, const CommandRecord *r, uint64_t end);
void subscriber_send(Subscriber *s); /* as much as there is room for */
bool subscriber_tell_followed(
                Subscriber *s); /* whether it is waited for has changed; false: it follows nothing */

/* subscriber-ping.c */
void subscriber_ask(Subscriber *s); /* where it is time for that */
void subscriber_is_alive(Subscriber *s);
void subscriber_stop_asking(Subscriber *s);
