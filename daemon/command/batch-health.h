/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits until the nodes of some clients are healthy, by asking these for their status again and again. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "dispatcher.h"
#include "loop.h"

#define HEALTH_COMMAND "status"

typedef struct HealthWatch HealthWatch;

typedef struct HealthReport {
        /* What it waits for now, for people: "seoul-1 waiting for 3node5: syncing, 2 peers". Told when it changes. */
        void (*waiting)(const char *what, void *userdata);
        /* Once, and never from inside health_watch_new(): all are healthy, or not within the time. It may free the watch. */
        void (*done)(bool healthy, void *userdata);
} HealthReport;

/* clients: ids (char*), copied. The status commands are part of the batch of request, for its caller, and about its
 * container where it names one, else about all. request, report and userdata must outlive the watch; timeout: µs. */
HealthWatch *health_watch_new(Loop *l, Dispatcher *d, const CommandRequest *request, GPtrArray *clients,
                              uint64_t timeout, const HealthReport *report, void *userdata);
/* Asks no more; what was asked ends by itself. */
HealthWatch *health_watch_free(HealthWatch *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HealthWatch, health_watch_free)
