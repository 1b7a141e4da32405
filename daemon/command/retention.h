/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long commands that have ended are kept in the store. The audit trail has them for as long as the journal does. */
#pragma once

#include "loop.h"
#include "store.h"

typedef struct Retention {
        uint64_t commands, outputs; /* µs: of commands and batches, and of what commands printed */
} Retention;

typedef struct Forgetting Forgetting;

Forgetting *forgetting_new(Loop *l, Store *store);
Forgetting *forgetting_free(Forgetting *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Forgetting, forgetting_free)

/* From now on; before the first call nothing is forgotten. */
void forgetting_set(Forgetting *f, const Retention *r);
