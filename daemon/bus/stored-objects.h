/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects that the store has all of and memory some: commands, batches. Every one of them answers: a call to one that is not
 * in memory waits until it has been fetched, and is then dispatched again. */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

#include "bus-request.h"

typedef struct StoredKind {
        const char *(*id_from_path)(const char *path);     /* part of path; NULL: not one of these */
        const void *(*peek)(Bus *b, const char *id);       /* NULL: not in memory */
        void (*fetch)(Bus *b, const char *id, Request *r); /* calls stored_object_fetched(), later */
} StoredKind;

/* For sd_bus_add_fallback(), which comes before the vtable: 1 where the call has to wait, 0 where it is served. */
int stored_object_call(const StoredKind *kind, Bus *b, sd_bus_message *m);
/* For sd_bus_add_fallback_vtable(): 1 and what peek() finds, or 0. */
int stored_object_find(const StoredKind *kind, Bus *b, const char *path, void **ret_found);

/* It is in memory; or error says why not, and the caller is told. Takes the reference. */
void stored_object_fetched(Request *r, const GError *error);
