/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan of a batch: who comes next, and when. Pure: it is told how far the batch has come and what time it is, and
 * says what to do next.
 *
 * At most max_parallel clients have their turn at a time. With a pause or require_healthy these are waves: a wave ends
 * with the last of its commands, then comes the pause, then its nodes must be healthy, then the next wave starts. Else
 * the next client starts as soon as one has ended, so that a slow one holds up nobody.
 *
 * A client that gets no command now (it is away, or does not offer it) holds no place: another one takes it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BATCH_FAILURES_ANY UINT32_MAX

typedef struct BatchPlan {
        unsigned max_parallel; /* 0: all at once; with a pause or require_healthy one at a time */
        unsigned max_failures; /* once more commands than this have failed, nothing more is started */
        uint64_t pause;        /* µs from the end of a wave to the next, at most BATCH_PAUSE_MAX_USEC */
        bool require_healthy;
} BatchPlan;

typedef struct BatchProgress {
        unsigned waiting; /* clients whose turn has not come */
        unsigned active;  /* commands on their way or running, of those that hold a place */
        unsigned wave;    /* places of the present wave that are taken, also by commands that have ended */
        unsigned failed;  /* commands, of the whole batch */
        uint64_t wave_ended; /* µs, on the clock that now is from: when active became 0 */
        bool healthy;        /* the present wave was found to be */
} BatchProgress;

typedef enum BatchAction {
        BATCH_START,     /* let count more clients have their turn */
        BATCH_NEXT_WAVE, /* the same, as a new wave: wave and healthy start anew */
        BATCH_WAIT,      /* until a command ends */
        BATCH_PAUSE,     /* until the time until */
        BATCH_CHECK,     /* until the wave is healthy */
        BATCH_STOP,      /* too many have failed: start nobody any more */
        BATCH_END,       /* nobody is left */
} BatchAction;

typedef struct BatchStep {
        BatchAction action;
        unsigned count;
        uint64_t until;
} BatchStep;

BatchStep batch_plan_step(const BatchPlan *plan, const BatchProgress *p, uint64_t now);
