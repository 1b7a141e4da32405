/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names for completion from the service, quietly: it is not started for them, nobody is asked for a password, and what
 * cannot be had is left out. */
#pragma once

#include "bus-client.h"
#include "complete.h"

typedef struct CompleteBus CompleteBus;

/* place is borrowed, and used at the first name that is needed. NULL: no names. */
CompleteBus *complete_bus_new(const BusPlace *place);
CompleteBus *complete_bus_free(CompleteBus *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CompleteBus, complete_bus_free)

/* Valid as long as b. */
CompleteSource complete_bus_source(CompleteBus *b);
