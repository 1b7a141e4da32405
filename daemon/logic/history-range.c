/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client's history over a stretch of time, as so many points. */
#include "history-range.h"

#include <inttypes.h>
#include <string.h>

#include "json-text.h"
#include "limits.h"

#define USEC 1000000

static uint64_t round_up(uint64_t n, uint64_t unit) {
        return (n + unit - 1) / unit * unit;
}

/* The coarsest level of which a point has a cell of its own. */
static HistoryLevelId level_for_step(uint64_t step) {
        HistoryLevelId level = _HISTORY_LEVEL_MAX - 1;

        while (level > 0 && history_levels[level].step_sec > step)
                level--;
        return level;
}

/* A coarser one where this one does not reach back far enough, and that one further: by more than that its blocks begin
 * earlier. */
static HistoryLevelId level_for_time(HistoryLevelId level, uint64_t from,
                                     const uint64_t since[static _HISTORY_LEVEL_MAX]) {
        for (HistoryLevelId l = level + 1; l < _HISTORY_LEVEL_MAX; l++)
                if (since[level] > from && since[l] < since[level] &&
                    since[level] - since[l] >=
                                    (uint64_t) history_levels[l].step_sec * history_levels[l].cells)
                        level = l;
        return level;
}

HistoryPlan history_plan(uint64_t from, uint64_t to, unsigned wanted,
                         const uint64_t since[static _HISTORY_LEVEL_MAX]) {
        HistoryPlan p = {};
        uint64_t unit, step, last;

        g_assert(from < to && wanted > 0);
        p.level = level_for_time(level_for_step((to - from) / wanted), from, since);
        unit = history_levels[p.level].step_sec;
        step = round_up((to - from + wanted - 1) / wanted, unit);
        /* Beginning at multiples of the step may take one more. */
        for (;; step += unit) {
                p.from_sec = from - from % step;
                last = (to - 1) - (to - 1) % step;
                if ((last - p.from_sec) / step < wanted)
                        break;
        }
        p.step_sec = (uint32_t) step;
        p.points = (unsigned) ((last - p.from_sec) / step) + 1;
        return p;
}

typedef struct Points {
        char *name;
        double *sums;
        unsigned *counts;
} Points;

struct HistoryRange {
        HistoryPlan plan;
        GPtrArray *series; /* of Points */
};

static void points_free(void *data) {
        Points *p = data;

        g_free(p->name);
        g_free(p->sums);
        g_free(p->counts);
        g_free(p);
}

HistoryRange *history_range_new(const HistoryPlan *plan) {
        HistoryRange *r = g_new(HistoryRange, 1);

        *r = (HistoryRange){ *plan, g_ptr_array_new_with_free_func(points_free) };
        return r;
}

HistoryRange *history_range_free(HistoryRange *r) {
        if (!r)
                return NULL;
        g_ptr_array_unref(r->series);
        g_free(r);
        return NULL;
}

/* Blocks have their series mostly in the same order. */
static Points *points_for(HistoryRange *r, const char *name, unsigned guess) {
        Points *p;

        for (unsigned i = 0; i < r->series->len; i++) {
                p = g_ptr_array_index(r->series, (guess + i) % r->series->len);
                if (g_str_equal(p->name, name))
                        return p;
        }
        if (r->series->len == HISTORY_SERIES_MAX)
                return NULL;
        p = g_new(Points, 1);
        *p = (Points){ g_strdup(name), g_new0(double, r->plan.points), g_new0(unsigned, r->plan.points) };
        g_ptr_array_add(r->series, p);
        return p;
}

static void add_cells(HistoryRange *r, uint64_t start, const char *name, const uint16_t *cells,
                      unsigned guess) {
        const HistoryLevel *level = &history_levels[r->plan.level];
        uint64_t begin = r->plan.from_sec, end = begin + (uint64_t) r->plan.step_sec * r->plan.points;
        Points *p = NULL;

        for (unsigned c = 0; c < level->cells; c++) {
                uint64_t at = start + (uint64_t) c * level->step_sec;
                unsigned i;

                if (cells[c] == HISTORY_NONE || at < begin || at >= end)
                        continue;
                p = p ?: points_for(r, name, guess);
                if (!p)
                        return;
                i = (unsigned) ((at - begin) / r->plan.step_sec);
                p->sums[i] += history_value_decode(cells[c]);
                p->counts[i]++;
        }
}

void history_range_add(HistoryRange *r, uint64_t start, const HistoryBlock *b) {
        for (unsigned i = 0; i < history_block_size(b); i++)
                add_cells(r, start, history_block_name(b, i), history_block_cells(b, i), i);
}

/* What is known, and no more: 11 bits. */
static void append_number(GString *out, double value) {
        char text[G_ASCII_DTOSTR_BUF_SIZE];

        if (value >= 1000)
                g_string_append_printf(out, "%.0f", value);
        else
                g_string_append(out,
                                g_ascii_formatd(text, sizeof(text), value >= 100 ? "%.4g" : "%.3g", value));
}

static void append_points(GString *out, const HistoryRange *r, const Points *p, const char *name) {
        json_append_string(out, name, strlen(name));
        g_string_append(out, ":[");
        for (unsigned i = 0; i < r->plan.points; i++) {
                if (i > 0)
                        g_string_append_c(out, ',');
                if (p->counts[i] > 0)
                        append_number(out, p->sums[i] / p->counts[i]);
                else
                        g_string_append(out, "null");
        }
        g_string_append_c(out, ']');
}

static int by_name(const void *a, const void *b) {
        return strverscmp((*(Points *const *) a)->name, (*(Points *const *) b)->name);
}

/* container/metric, sorted, as one object for each container. */
static void append_containers(GString *out, const HistoryRange *r, GPtrArray *sorted) {
        const char *open = NULL;
        size_t open_length = 0;

        for (unsigned i = 0; i < sorted->len; i++) {
                const Points *p = g_ptr_array_index(sorted, i);
                const char *slash = strchr(p->name, '/');
                size_t length;

                if (!slash)
                        continue;
                length = (size_t) (slash - p->name);
                if (open && length == open_length && strncmp(open, p->name, length) == 0)
                        g_string_append_c(out, ',');
                else {
                        g_string_append(out, open ? "}," : "");
                        json_append_string(out, p->name, length);
                        g_string_append(out, ":{");
                        open = p->name;
                        open_length = length;
                }
                append_points(out, r, p, slash + 1);
        }
        g_string_append(out, open ? "}" : "");
}

static void append_host(GString *out, const HistoryRange *r, GPtrArray *sorted) {
        bool first = true;

        for (unsigned i = 0; i < sorted->len; i++) {
                const Points *p = g_ptr_array_index(sorted, i);

                if (strchr(p->name, '/'))
                        continue;
                if (!first)
                        g_string_append_c(out, ',');
                first = false;
                append_points(out, r, p, p->name);
        }
}

char *history_range_to_json(const HistoryRange *r, const char *client) {
        g_autoptr(GPtrArray) sorted = g_ptr_array_copy(r->series, NULL, NULL);
        GString *out = g_string_new("{\"client\":");
        uint64_t to = r->plan.from_sec + (uint64_t) r->plan.step_sec * r->plan.points;

        g_ptr_array_set_free_func(sorted, NULL);
        g_ptr_array_sort(sorted, by_name);
        json_append_string(out, client, strlen(client));
        g_string_append_printf(out,
                               ",\"from\":%" PRIu64 ",\"to\":%" PRIu64 ",\"step\":%" PRIu64 ",\"points\":%u",
                               r->plan.from_sec * USEC, to * USEC, (uint64_t) r->plan.step_sec * USEC,
                               r->plan.points);
        g_string_append(out, ",\"series\":{");
        append_host(out, r, sorted);
        g_string_append(out, "},\"containers\":{");
        append_containers(out, r, sorted);
        g_string_append(out, "}}");
        return g_string_free(out, false);
}
