/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The history of all clients on disk: an SQLite file of its own, with a thread of its own. Nothing here waits for an fsync, and
 * nobody who waits for one waits for this: what a power cut takes is some minutes of curves. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "history-block.h"
#include "history-range.h"
#include "loop.h"

typedef struct HistoryDb HistoryDb;

/* Opens or makes the file at path. One that is damaged, or not ours, is set aside as path.unusable, with a warning, and begun
 * anew. */
HistoryDb *history_db_open(Loop *l, const char *path, GError **error);
/* Finishes what is queued; completions run, from here. */
HistoryDb *history_db_close(HistoryDb *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HistoryDb, history_db_close)

/* Adds a block of HISTORY_RAW to what there is of it, and takes it into the coarser levels. The block is copied. problem: NULL,
 * or why it is lost; done may be NULL. Completions run on the loop, never from inside these. */
typedef void (*HistoryDbDone)(const char *problem, void *userdata);
void history_db_put(HistoryDb *d, const char *client, uint64_t start, const HistoryBlock *block,
                    HistoryDbDone done, void *userdata);

/* As history_range_to_json(); NULL where it cannot be read. */
typedef void (*HistoryDbText)(const char *json, void *userdata);
void history_db_read(HistoryDb *d, const char *client, const HistoryPlan *plan, HistoryDbText done,
                     void *userdata);

/* Removes what is older than its level is kept and, while what is left takes more than bytes_max, the oldest of the level that
 * reaches furthest back for its kind; HISTORY_TRIM_ROWS blocks at most. since: the oldest block of each level that is left,
 * UINT64_MAX where there is none; NULL where it failed. */
typedef void (*HistoryDbTrimmed)(const uint64_t *since, uint64_t bytes, void *userdata);
void history_db_trim(HistoryDb *d, uint64_t now_sec, uint64_t bytes_max, HistoryDbTrimmed done,
                     void *userdata);
