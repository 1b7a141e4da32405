/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan of a batch: who comes next, and when. */
#include "batch-plan.h"

#include <glib.h>

static bool has_waves(const BatchPlan *plan) {
        return plan->pause > 0 || plan->require_healthy;
}

static BatchStep start(BatchAction action, const BatchProgress *p, unsigned room) {
        return (BatchStep){ .action = action, .count = MIN(room, p->waiting) };
}

/* Whoever ends makes room. */
static BatchStep step_by_one(const BatchPlan *plan, const BatchProgress *p) {
        if (plan->max_parallel == 0)
                return start(BATCH_START, p, p->waiting);
        if (p->active < plan->max_parallel)
                return start(BATCH_START, p, plan->max_parallel - p->active);
        return (BatchStep){ BATCH_WAIT };
}

static BatchStep step_by_wave(const BatchPlan *plan, const BatchProgress *p, uint64_t now) {
        unsigned size = MAX(plan->max_parallel, 1);

        if (p->wave < size)
                return start(BATCH_START, p, size - p->wave);
        if (p->active > 0)
                return (BatchStep){ BATCH_WAIT };
        if (now - p->wave_ended < plan->pause)
                return (BatchStep){ BATCH_PAUSE, .until = p->wave_ended + plan->pause };
        if (plan->require_healthy && !p->healthy)
                return (BatchStep){ BATCH_CHECK };
        return start(BATCH_NEXT_WAVE, p, size);
}

BatchStep batch_plan_step(const BatchPlan *plan, const BatchProgress *p, uint64_t now) {
        if (p->waiting == 0)
                return (BatchStep){ p->active > 0 ? BATCH_WAIT : BATCH_END };
        if (plan->max_failures != BATCH_FAILURES_ANY && p->failed > plan->max_failures)
                return (BatchStep){ BATCH_STOP };
        return has_waves(plan) ? step_by_wave(plan, p, now) : step_by_one(plan, p);
}
