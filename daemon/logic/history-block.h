/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is kept of one client for a stretch of time: series by name, each a row of cells. Time is cut into blocks and these into
 * cells without regard to when a client came, so where a value belongs follows from its time alone. Pure. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "history-value.h"

/* How time is cut, finest first. What one level has in a block is a whole number of cells of the next. */
typedef enum HistoryLevelId {
        HISTORY_RAW,
        HISTORY_MINUTE,
        HISTORY_QUARTER,
        _HISTORY_LEVEL_MAX,
} HistoryLevelId;

typedef struct HistoryLevel {
        uint32_t step_sec; /* of a cell */
        uint32_t cells;    /* in a block */
        uint32_t keep_sec;
} HistoryLevel;

extern const HistoryLevel history_levels[_HISTORY_LEVEL_MAX];

/* Of the block that has this second (since the epoch) in it, and of the cell in it. */
uint64_t history_block_start(HistoryLevelId level, uint64_t sec);
unsigned history_block_cell(HistoryLevelId level, uint64_t sec);

/* The level of which the oldest goes where there is too much: the one that reaches back furthest for what it is to keep. since:
 * seconds, UINT64_MAX where a level has nothing. */
HistoryLevelId history_level_to_trim(const uint64_t since[static _HISTORY_LEVEL_MAX], uint64_t now_sec);

typedef struct HistoryBlock HistoryBlock;

HistoryBlock *history_block_new(unsigned cells);
HistoryBlock *history_block_free(HistoryBlock *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HistoryBlock, history_block_free)

/* A series' row of cells, borrowed; a new one is full of HISTORY_NONE. NULL: the block has HISTORY_SERIES_MAX others. */
uint16_t *history_block_row(HistoryBlock *b, const char *name);

unsigned history_block_size(const HistoryBlock *b);                /* series */
const char *history_block_name(const HistoryBlock *b, unsigned i); /* in order of their coming */
const uint16_t *history_block_cells(const HistoryBlock *b, unsigned i);

/* What from has replaces what into has. Both have as many cells. */
void history_block_merge(HistoryBlock *into, const HistoryBlock *from);

/* Each per cells of from become one of into, from the cell at on: their mean; where none has a value into is left alone. */
void history_block_shrink(HistoryBlock *into, unsigned at, const HistoryBlock *from, unsigned per);

/* As bytes, and back. NULL: these are no bytes of a block with so many cells. */
GBytes *history_block_to_bytes(const HistoryBlock *b);
HistoryBlock *history_block_from_bytes(const void *data, size_t size, unsigned cells);
