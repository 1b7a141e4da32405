/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a client's "stats" message is kept as history. Pure. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

typedef struct HistoryMetric {
        const char *name; /* in GetStats, org.mserver1.Manager.xml */
        bool is_counter;  /* it only grows: what is kept is how much a second */
} HistoryMetric;

/* Called for each value that is there: of a container by its name, or of the host (NULL). At most HISTORY_CONTAINERS_MAX
 * containers come, those that are first. The strings are borrowed from data, metrics are always the same. */
typedef void (*HistoryMeasured)(const char *container, const HistoryMetric *metric, double value,
                                void *userdata);
void history_measure(json_object *data, HistoryMeasured measured, void *userdata);

/* The name of a series: "cpu_percent", "3node0/peers"; new string. No container has a slash in its name. */
char *history_series_name(const char *container, const HistoryMetric *metric);
