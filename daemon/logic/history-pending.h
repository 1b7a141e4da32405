/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The latest samples of one client, until they are written as blocks: bounded in number and size. Pure. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdint.h>

#include "history-block.h"

typedef struct HistoryPending HistoryPending;

HistoryPending *history_pending_new(void);
HistoryPending *history_pending_free(HistoryPending *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HistoryPending, history_pending_free)

/* data: of a "stats" message taken at this second. Samples of the same cell become their mean; what is a counter needs an
 * earlier sample, and only says something where time went on and it did not start anew. Not when it is full. */
void history_pending_add(HistoryPending *p, json_object *data, uint64_t sec);

bool history_pending_is_empty(const HistoryPending *p);
/* There is no place for another cell. */
bool history_pending_is_full(const HistoryPending *p);

/* Hands over what there is as blocks of HISTORY_RAW, one after the other, and is empty but for what counters need. */
typedef void (*HistoryTaken)(uint64_t start, const HistoryBlock *block, void *userdata);
void history_pending_take(HistoryPending *p, HistoryTaken taken, void *userdata);
