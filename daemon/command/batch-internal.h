/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of batches share: those that run, and those that were looked at after their end. */
#pragma once

#include "batch-health.h"
#include "batch.h"

typedef struct BatchRun {
        Batch batch; /* first: a Batch pointer handed out is a BatchRun while it runs */
        Batches *owner;
        GPtrArray *clients; /* ids, in order; the last progress.waiting of them have not had their turn */
        BatchOptions options;
        BatchProgress progress;
        unsigned submitting;
        bool fanning_out; /* a turn of the loop is on order */
        bool answered;    /* done() was called */
        bool cancelled;
        GHashTable *open; /* ids (borrowed) of its commands that have not ended, to whether they hold a place */
        GPtrArray *wave; /* ids (borrowed) of clients that the present wave's commands went to */
        LoopTimer *pause;
        HealthWatch *health;
        CommandRequest request;
        BatchDone done;
        void *userdata;
} BatchRun;

struct Batches {
        Loop *loop;
        Store *store;
        Fleet *fleet;
        Dispatcher *dispatcher;
        GHashTable *runs; /* id to BatchRun, which it owns */
        GQueue past;      /* Batch, the one looked at last first */
};

/* batch-run.c: carrying out the plan */
BatchRun *batch_run_new(Batches *b, const char *selector, const CommandRequest *request,
                        const BatchOptions *options, GPtrArray *clients); /* takes the clients */
void batch_run_free(BatchRun *r);
void batch_run_go_on(BatchRun *r); /* it may be gone then */
void batch_run_cancel(BatchRun *r);
bool batch_run_waits_for_absent(const BatchRun *r);
void batch_run_command_ended(BatchRun *r, const CommandRecord *record);
void batch_run_save(const BatchRun *r);

/* batch-past.c: those that have ended */
const Batch *past_find(Batches *b, const char *id); /* in memory */
void past_forget(Batches *b, const char *id);
void past_clear(Batches *b);
void batch_clear(Batch *b); /* what it points to */
