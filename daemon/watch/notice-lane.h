/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one target is to be told, in order: its part of the queue, one request at a time, retries. Targets wait for nobody but
 * themselves. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "backoff.h"
#include "loop.h"
#include "notice-db.h"
#include "notice-outcome.h"
#include "notify-target.h"

/* What all lanes share; outlives them. */
typedef struct LaneShared {
        Loop *loop;
        NoticeDb *db;
        GHashTable *open; /* id → AlertRecord: those that last; nobody is told of one that is silenced */
        /* Asks mserver-notify for it. Returns the request's number; 0: not now, lane_try() is called when it can. */
        uint64_t (*send)(const char *target, const Notice *const *notices, unsigned n, void *userdata);
        void *userdata;
} LaneShared;

typedef struct NoticeLane {
        const LaneShared *shared;
        const NotifyTarget *target; /* borrowed; changed by a reload */
        char *name;
        GQueue waiting; /* of notices, each in the database */
        GHashTable *told; /* id → AlertRecord: those of which it was told, or will be, that they were raised */
        uint64_t flight;     /* the request that is under way; 0: none */
        bool refreshing;     /* it only says again what lasts */
        bool refresh_due;    /* Alertmanager's */
        char *refresh_after; /* ids up to this one have been said again; NULL: none yet */
        LoopTimer *timer;    /* until the next try, or for an answer */
        LoopTimer *refresh;
        Backoff backoff; /* ms */
        bool failing;    /* the last attempt failed; it was said */
        bool dropping;   /* the bound was reached; it was said */
        struct {
                uint64_t sent, failed, refused, dropped; /* notices, but failed: attempts */
        } count;
} NoticeLane;

NoticeLane *lane_new(const LaneShared *shared, const NotifyTarget *target);
NoticeLane *lane_free(NoticeLane *k);

/* A row of the database, from an earlier run. notice is taken over. */
void lane_load(NoticeLane *k, int64_t seq, bool sent, Notice *notice);

/* To be kept: whether this target is to be told of a, which was raised (cleared, if it was told that it was raised). */
bool lane_wants(NoticeLane *k, const AlertRecord *a, bool cleared, GHashTable *labels);
/* It is durable (seq 0: it could not be made so), and sent from now on. notice is taken over. */
void lane_put(NoticeLane *k, int64_t seq, Notice *notice);
/* It is silenced now (LaneShared.open): that it was raised is not told, unless that is under way. */
void lane_silence(NoticeLane *k, const char *alert);

/* Sends what there is, unless something is under way. */
void lane_try(NoticeLane *k);
void lane_answered(NoticeLane *k, const NoticeReport *r);
