/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What clients measured, over hours, days and months: taken from their samples, kept in bounded space. */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "fleet.h"
#include "loop.h"

typedef struct History History;

/* Follows the fleet, into the file history.db in the state directory. bytes_max: of that file. */
History *history_new(Loop *l, Fleet *fleet, const char *state_directory, uint64_t bytes_max, GError **error);
/* What is in memory is written first. Not after the fleet. */
History *history_free(History *h);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(History, history_free)

void history_set_bytes_max(History *h, uint64_t bytes_max);
uint64_t history_bytes(const History *h); /* as of the last look, every HISTORY_TRIM_SEC */

/* The series of a client between two times (realtime µs, from < to) as at most so many points (1 to HISTORY_POINTS_MAX), with
 * what came until now; JSON text as org.mserver1.Manager.xml says, NULL where the database cannot be read. Once, on the loop,
 * never from inside. */
typedef void (*HistoryText)(const char *json, void *userdata);
void history_get(History *h, const char *client, uint64_t from, uint64_t to, unsigned points,
                 HistoryText done, void *userdata);
