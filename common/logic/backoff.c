/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exponential backoff with full jitter. */
#include "backoff.h"

/* floor * 2^tries, but within [floor, max]. */
static uint64_t ceiling(const Backoff *b) {
        if (b->max <= b->floor)
                return b->floor;
        if (b->floor > b->max >> b->tries)
                return b->max;
        return b->floor << b->tries;
}

uint64_t backoff_next(Backoff *b, uint64_t random) {
        uint64_t span;

        if (b->tries < 63) /* as far as a shift goes */
                b->tries++;
        span = ceiling(b) - b->floor;

        /* The upper half of a 64 by 64 bit product: uniform without the bias of a modulus. */
        return b->floor + (uint64_t) (((unsigned __int128) random * ((unsigned __int128) span + 1)) >> 64);
}

void backoff_reset(Backoff *b) {
        b->tries = 0;
}
