/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One thread beside the loop for work that blocks: it takes what is queued in order, as much at a time as it
 * likes, and gives it back to the loop, in order. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "loop.h"

typedef struct Worker Worker;

/* First member of whatever is queued. */
typedef struct WorkItem WorkItem;
struct WorkItem {
        WorkItem *next;
};

typedef struct WorkerOps {
        /* On the thread: works on first and as many of those after it as suits, and returns the last one it
         * is done with. What is left comes again in the next call, with what has been queued meanwhile. */
        WorkItem *(*work)(WorkItem *first, void *userdata);
        /* On the loop, for each item in order; owns it from then on. It may submit, but not free the worker.
         */
        void (*done)(WorkItem *item, void *userdata);
} WorkerOps;

/* name is the thread's (at most 15 bytes, for ps and top). At most depth_max items are held. */
Worker *worker_new(Loop *l, const char *name, const WorkerOps *ops, void *userdata, unsigned depth_max,
                   GError **error);

/* Works on all that is queued, also what is submitted while that is given back. Every done() has run when this
 * returns. Not from inside one. */
void worker_drain(Worker *w);
/* Likewise, and ends the thread. */
Worker *worker_free(Worker *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Worker, worker_free)

/* On the loop. False, and the item stays the caller's, when depth_max are held. */
bool worker_submit(Worker *w, WorkItem *item);

/* Items submitted and not yet given back. */
unsigned worker_depth(const Worker *w);
