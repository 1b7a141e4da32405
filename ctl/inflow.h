/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Output on its way to whoever reads it: pieces come with their offsets, some of them twice, some late, and go out in
 * order. What is missing between them is known to the byte. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

/* Held at a time: all that may be on its way to a subscriber, and what comes with the end. */
#define INFLOW_BYTES_MAX (SUBSCRIBER_UNREAD_BYTES + 2 * OUTPUT_TAIL_BYTES)

typedef struct Inflow {
        uint64_t next; /* offset of what goes out next */
        size_t held;   /* bytes in pieces */
        GQueue pieces; /* by offset; none ends before next */
} Inflow;

void inflow_init(Inflow *f);
void inflow_clear(Inflow *f);

/* A piece that came. What went out already is left out; so is, while INFLOW_BYTES_MAX are held, any but what is to go out
 * next: that shows as a gap later. */
void inflow_put(Inflow *f, uint64_t offset, const void *data, size_t size);

/* The bytes at next, at most max of them: NULL where none are there. They are f's, until it changes. */
const void *inflow_peek(const Inflow *f, size_t max, size_t *ret_size);
/* So many of them went out. */
void inflow_taken(Inflow *f, size_t size);

/* How many bytes are missing before the first piece that is there; 0 where nothing is there, or nothing missing. */
uint64_t inflow_gap(const Inflow *f);

/* Nothing before this offset will come any more: goes on there, or at the first piece where that is before it. Returns how
 * many bytes are lost by that. */
uint64_t inflow_skip(Inflow *f, uint64_t offset);
