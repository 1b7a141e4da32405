/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the store has of an earlier run, taken over when the server starts. */
#pragma once

#include "fleet.h"
#include "store.h"

typedef struct Loading Loading;

/* Takes rows over, in the store's order; those that it keeps it steals. None where the store does not give them out. */
typedef void (*LoadingTake)(GPtrArray *rows, void *self);

/* what: as in "the store does not give out WHAT", static. ready comes after take. The result is for one loading_rows(). */
Loading *loading_new(const char *what, LoadingTake take, void *self, FleetReady ready, void *userdata);
void loading_rows(StoreStatus status, GPtrArray *rows, void *loading); /* a StoreRows */
