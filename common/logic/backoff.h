/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exponential backoff with full jitter: the delay before try n (the first is 1) is uniform in
 * [floor, min(max, floor * 2^n)]. */
#pragma once

#include <stdint.h>

typedef struct Backoff {
        uint64_t floor, max; /* any unit */
        unsigned tries;
} Backoff;

/* The delay before the next try; random is any uniformly distributed 64-bit number. */
uint64_t backoff_next(Backoff *b, uint64_t random);

/* After a success that lasted. */
void backoff_reset(Backoff *b);
