/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client's history over a stretch of time, as so many points: which level to read it from, and what its blocks come to.
 * Pure. */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "history-block.h"

/* What to read. Points are step_sec apart, a multiple of the level's own, and begin at whole multiples of it. */
typedef struct HistoryPlan {
        HistoryLevelId level;
        uint64_t from_sec; /* of the first point */
        uint32_t step_sec;
        unsigned points; /* at most as many as were wanted, at least 1 */
} HistoryPlan;

/* from < to, in seconds; wanted: 1 to HISTORY_POINTS_MAX. The coarsest level that is fine
 * enough; a coarser one where it reaches back further and what is asked for is older than what there is (by since: when the
 * oldest block of each level begins). */
HistoryPlan history_plan(uint64_t from, uint64_t to, unsigned wanted,
                         const uint64_t since[static _HISTORY_LEVEL_MAX]);

typedef struct HistoryRange HistoryRange;

HistoryRange *history_range_new(const HistoryPlan *plan);
HistoryRange *history_range_free(HistoryRange *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HistoryRange, history_range_free)

/* A block of the plan's level; in any order. */
void history_range_add(HistoryRange *r, uint64_t start, const HistoryBlock *b);

/* The text that GetStats answers (org.mserver1.Manager.xml); new string. */
char *history_range_to_json(const HistoryRange *r, const char *client);
