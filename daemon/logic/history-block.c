/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is kept of one client for a stretch of time. As bytes: a byte that is 1, the format; then each series, as the length of
 * its name (a byte), the name, and its cells in little endian. */
#include "history-block.h"

#include <string.h>

#include "limits.h"

#define FORMAT 1

const HistoryLevel history_levels[_HISTORY_LEVEL_MAX] = {
        [HISTORY_RAW] = { 10, 90, HISTORY_RAW_KEEP_SEC },          /* a quarter of an hour */
        [HISTORY_MINUTE] = { 60, 60, HISTORY_MINUTE_KEEP_SEC },    /* an hour */
        [HISTORY_QUARTER] = { 900, 96, HISTORY_QUARTER_KEEP_SEC }, /* a day */
};

uint64_t history_block_start(HistoryLevelId level, uint64_t sec) {
        const HistoryLevel *l = &history_levels[level];

        return sec - sec % ((uint64_t) l->step_sec * l->cells);
}

unsigned history_block_cell(HistoryLevelId level, uint64_t sec) {
        return (unsigned) ((sec - history_block_start(level, sec)) / history_levels[level].step_sec);
}

HistoryLevelId history_level_to_trim(const uint64_t since[static _HISTORY_LEVEL_MAX], uint64_t now_sec) {
        HistoryLevelId found = 0;
        double furthest = -1;

        for (HistoryLevelId l = 0; l < _HISTORY_LEVEL_MAX; l++) {
                double reach = since[l] < now_sec
                                               ? (double) (now_sec - since[l]) / history_levels[l].keep_sec
                               : since[l] == UINT64_MAX ? -1
                                                        : 0;

                if (reach > furthest) {
                        furthest = reach;
                        found = l;
                }
        }
        return found;
}

typedef struct Series {
        char *name;
        uint16_t cells[];
} Series;

struct HistoryBlock {
        unsigned cells;
        GPtrArray *series; /* of Series */
};

static void series_free(void *p) {
        Series *s = p;

        g_free(s->name);
        g_free(s);
}

HistoryBlock *history_block_new(unsigned cells) {
        HistoryBlock *b = g_new(HistoryBlock, 1);

        *b = (HistoryBlock){ cells, g_ptr_array_new_with_free_func(series_free) };
        return b;
}

HistoryBlock *history_block_free(HistoryBlock *b) {
        if (!b)
                return NULL;
        g_ptr_array_unref(b->series);
        g_free(b);
        return NULL;
}

static Series *add(HistoryBlock *b, const char *name, size_t length) {
        Series *s;

        if (b->series->len == HISTORY_SERIES_MAX || length > HISTORY_NAME_MAX)
                return NULL;
        s = g_malloc(sizeof(*s) + b->cells * sizeof(s->cells[0]));
        s->name = g_strndup(name, length);
        memset(s->cells, 0xff, b->cells * sizeof(s->cells[0]));
        g_ptr_array_add(b->series, s);
        return s;
}

/* The order is mostly that of the other block, so the place of the last one found is a good guess for the next. */
static Series *find(const HistoryBlock *b, const char *name, unsigned guess) {
        for (unsigned n = 0, i = guess; n < b->series->len; n++, i++) {
                Series *s = g_ptr_array_index(b->series, i % b->series->len);

                if (g_str_equal(s->name, name))
                        return s;
        }
        return NULL;
}

static uint16_t *row(HistoryBlock *b, const char *name, unsigned guess) {
        Series *s = find(b, name, guess) ?: add(b, name, strlen(name));

        return s ? s->cells : NULL;
}

uint16_t *history_block_row(HistoryBlock *b, const char *name) {
        return row(b, name, 0);
}

unsigned history_block_size(const HistoryBlock *b) {
        return b->series->len;
}

const char *history_block_name(const HistoryBlock *b, unsigned i) {
        return ((Series *) g_ptr_array_index(b->series, i))->name;
}

const uint16_t *history_block_cells(const HistoryBlock *b, unsigned i) {
        return ((Series *) g_ptr_array_index(b->series, i))->cells;
}

void history_block_merge(HistoryBlock *into, const HistoryBlock *from) {
        g_assert(into->cells == from->cells);
        for (unsigned i = 0; i < from->series->len; i++) {
                const uint16_t *cells = history_block_cells(from, i);
                uint16_t *to = row(into, history_block_name(from, i), i);

                for (unsigned c = 0; to && c < from->cells; c++)
                        if (cells[c] != HISTORY_NONE)
                                to[c] = cells[c];
        }
}

static uint16_t mean(const uint16_t *cells, unsigned n) {
        double sum = 0;
        unsigned found = 0;

        for (unsigned i = 0; i < n; i++)
                if (cells[i] != HISTORY_NONE) {
                        sum += history_value_decode(cells[i]);
                        found++;
                }
        return found > 0 ? history_value_encode(sum / found) : HISTORY_NONE;
}

void history_block_shrink(HistoryBlock *into, unsigned at, const HistoryBlock *from, unsigned per) {
        unsigned n = from->cells / per;

        g_assert(from->cells % per == 0 && at + n <= into->cells);
        for (unsigned i = 0; i < from->series->len; i++) {
                const uint16_t *cells = history_block_cells(from, i);
                uint16_t *to = row(into, history_block_name(from, i), i);

                for (unsigned c = 0; to && c < n; c++) {
                        uint16_t code = mean(cells + c * per, per);

                        if (code != HISTORY_NONE)
                                to[at + c] = code;
                }
        }
}

GBytes *history_block_to_bytes(const HistoryBlock *b) {
        GByteArray *out = g_byte_array_new();
        uint8_t byte = FORMAT;

        g_byte_array_append(out, &byte, 1);
        for (unsigned i = 0; i < b->series->len; i++) {
                const Series *s = g_ptr_array_index(b->series, i);

                byte = (uint8_t) strlen(s->name);
                g_byte_array_append(out, &byte, 1);
                g_byte_array_append(out, (const uint8_t *) s->name, byte);
                for (unsigned c = 0; c < b->cells; c++) {
                        uint16_t code = GUINT16_TO_LE(s->cells[c]);

                        g_byte_array_append(out, (const uint8_t *) &code, sizeof(code));
                }
        }
        return g_byte_array_free_to_bytes(out);
}

HistoryBlock *history_block_from_bytes(const void *data, size_t size, unsigned cells) {
        g_autoptr(HistoryBlock) b = history_block_new(cells);
        const uint8_t *p = data, *end = p + size;
        size_t row_size = cells * sizeof(uint16_t);

        if (size == 0 || *p++ != FORMAT)
                return NULL;
        while (p < end) {
                size_t length = *p++;
                Series *s;

                if ((size_t) (end - p) < length + row_size || memchr(p, '\0', length))
                        return NULL;
                s = add(b, (const char *) p, length);
                if (!s)
                        return NULL;
                memcpy(s->cells, p + length, row_size);
                for (unsigned c = 0; c < cells; c++)
                        s->cells[c] = GUINT16_FROM_LE(s->cells[c]);
                p += length + row_size;
        }
        return g_steal_pointer(&b);
}
