/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the server and its fleet are like now, for Prometheus. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "alert-book.h"
#include "audit.h"
#include "dispatcher.h"
#include "fleet.h"
#include "history.h"
#include "notifier.h"
#include "store.h"

typedef struct Metrics Metrics;

/* Follows the fleet; all are borrowed. Not freed after the fleet. */
Metrics *metrics_new(Fleet *fleet, Dispatcher *dispatcher, Store *store, const Audit *audit,
                     const History *history, const AlertBook *alerts, const Notifier *notifier);
Metrics *metrics_free(Metrics *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Metrics, metrics_free)

/* All of it, as openmetrics.h writes it, METRICS_SERIES_MAX series at most; new string. */
char *metrics_text(const Metrics *m, bool openmetrics, size_t *ret_size);
