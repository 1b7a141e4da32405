/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The latest samples of one client. Samples of a client name the same things in the same order, so each value is mostly found
 * where the last one's successor is. */
#include "history-pending.h"

#include <string.h>

#include "history-metric.h"
#include "limits.h"

typedef struct Series {
        char *container; /* NULL: the host's */
        const HistoryMetric *metric;
        double counter; /* the last value, and when; 0: none yet */
        uint64_t counter_sec;
        double sum; /* in the newest cell */
        unsigned n;
        uint16_t values[HISTORY_PENDING_MAX];
} Series;

struct HistoryPending {
        GPtrArray *series; /* of Series */
        unsigned cells;
        uint64_t begins[HISTORY_PENDING_MAX]; /* of each cell, seconds */

        /* While a sample is added. */
        uint64_t sec;
        unsigned next;
};

static void series_free(void *p) {
        Series *s = p;

        g_free(s->container);
        g_free(s);
}

HistoryPending *history_pending_new(void) {
        HistoryPending *p = g_new0(HistoryPending, 1);

        p->series = g_ptr_array_new_with_free_func(series_free);
        return p;
}

HistoryPending *history_pending_free(HistoryPending *p) {
        if (!p)
                return NULL;
        g_ptr_array_unref(p->series);
        g_free(p);
        return NULL;
}

bool history_pending_is_empty(const HistoryPending *p) {
        return p->cells == 0;
}

bool history_pending_is_full(const HistoryPending *p) {
        return p->cells == HISTORY_PENDING_MAX;
}

static Series *series_for(HistoryPending *p, const char *container, const HistoryMetric *metric) {
        Series *s;

        for (unsigned i = 0; i < p->series->len; i++) {
                s = g_ptr_array_index(p->series, (p->next + i) % p->series->len);
                if (s->metric == metric && g_strcmp0(s->container, container) == 0) {
                        p->next += i + 1;
                        return s;
                }
        }
        if (p->series->len == HISTORY_SERIES_MAX)
                return NULL;
        s = g_new0(Series, 1);
        s->container = g_strdup(container);
        s->metric = metric;
        memset(s->values, 0xff, sizeof(s->values));
        g_ptr_array_add(p->series, s);
        p->next = p->series->len;
        return s;
}

/* How much a second since the last sample. False: there is no telling. */
static bool rate(Series *s, uint64_t sec, double *value) {
        double before = s->counter;
        uint64_t then = s->counter_sec;

        if (then > 0 && sec <= then)
                return false;
        s->counter = *value;
        s->counter_sec = sec;
        if (then == 0 || *value < before)
                return false;
        *value = (*value - before) / (double) (sec - then);
        return true;
}

static void measured(const char *container, const HistoryMetric *metric, double value, void *userdata) {
        HistoryPending *p = userdata;
        Series *s = series_for(p, container, metric);

        if (!s || (metric->is_counter && !rate(s, p->sec, &value)))
                return;
        s->sum += value;
        s->n++;
        s->values[p->cells - 1] = history_value_encode(s->sum / s->n);
}

static void begin_cell(HistoryPending *p, uint64_t begin) {
        g_assert(!history_pending_is_full(p));
        p->begins[p->cells++] = begin;
        for (unsigned i = 0; i < p->series->len; i++) {
                Series *s = g_ptr_array_index(p->series, i);

                s->sum = 0;
                s->n = 0;
                s->values[p->cells - 1] = HISTORY_NONE;
        }
}

void history_pending_add(HistoryPending *p, json_object *data, uint64_t sec) {
        uint64_t begin = sec - sec % history_levels[HISTORY_RAW].step_sec;

        if (p->cells == 0 || p->begins[p->cells - 1] != begin)
                begin_cell(p, begin);
        p->sec = sec;
        p->next = 0;
        history_measure(data, measured, p);
}

/* Those of its cells that are in the block which starts there. */
static void put_series(const HistoryPending *p, const Series *s, uint64_t start, HistoryBlock *b) {
        uint16_t *row = NULL;

        for (unsigned i = 0; i < p->cells; i++) {
                if (s->values[i] == HISTORY_NONE || history_block_start(HISTORY_RAW, p->begins[i]) != start)
                        continue;
                if (!row) {
                        g_autofree char *name = history_series_name(s->container, s->metric);

                        row = history_block_row(b, name);
                        if (!row)
                                return;
                }
                row[history_block_cell(HISTORY_RAW, p->begins[i])] = s->values[i];
        }
}

/* Series of which nothing came in all this time are of containers that are gone. */
static void forget_silent(HistoryPending *p) {
        for (unsigned i = p->series->len; i-- > 0;) {
                const Series *s = g_ptr_array_index(p->series, i);
                bool silent = true;

                for (unsigned c = 0; c < p->cells; c++)
                        silent &= s->values[c] == HISTORY_NONE;
                if (silent && !(s->metric->is_counter && s->counter_sec >= p->begins[0]))
                        g_ptr_array_remove_index(p->series, i);
        }
}

void history_pending_take(HistoryPending *p, HistoryTaken taken, void *userdata) {
        uint64_t done[HISTORY_PENDING_MAX];
        unsigned n_done = 0;

        for (unsigned i = 0; i < p->cells; i++) {
                g_autoptr(HistoryBlock) b = NULL;
                uint64_t start = history_block_start(HISTORY_RAW, p->begins[i]);
                bool before = false;

                for (unsigned d = 0; d < n_done; d++)
                        before |= done[d] == start;
                if (before)
                        continue;
                done[n_done++] = start;
                b = history_block_new(history_levels[HISTORY_RAW].cells);
                for (unsigned n = 0; n < p->series->len; n++)
                        put_series(p, g_ptr_array_index(p->series, n), start, b);
                taken(start, b, userdata);
        }
        if (p->cells > 0)
                forget_silent(p);
        p->cells = 0;
}
