/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Prometheus reads: OpenMetrics 1.0 or, for those who do not ask for that, the text format 0.0.4, which says the same with
 * other words at the edges. With a bound on how many series there are. Pure. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum OmType {
        OM_GAUGE,
        OM_COUNTER, /* samples are called NAME_total */
        OM_HISTOGRAM,
} OmType;

typedef struct OpenMetrics OpenMetrics;

/* max: of series; the rest is left out, and counted. */
OpenMetrics *openmetrics_new(bool openmetrics, unsigned max);
OpenMetrics *openmetrics_free(OpenMetrics *o);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OpenMetrics, openmetrics_free)

/* Begins a family: its samples follow, without others between. */
void openmetrics_family(OpenMetrics *o, const char *name, OmType type, const char *help);

/* A sample of it. labels: name, value, …, NULL; values are escaped. */
void openmetrics_sample(OpenMetrics *o, double value, ...) G_GNUC_NULL_TERMINATED;

/* Samples of a histogram: counts[i] of values up to bounds[i], not added up; counts[n] of those above all; their sum. */
void openmetrics_histogram(OpenMetrics *o, const double *bounds, const uint64_t *counts, unsigned n,
                           double sum, const char *label, const char *value);

void openmetrics_set_max(OpenMetrics *o, unsigned max);
unsigned openmetrics_left_out(const OpenMetrics *o);

/* The text; new string. Nothing may be added after it. */
char *openmetrics_end(OpenMetrics *o, size_t *ret_size);

#define OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define OPENMETRICS_PLAIN_TYPE "text/plain; version=0.0.4; charset=utf-8"
