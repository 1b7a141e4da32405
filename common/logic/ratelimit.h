/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A token bucket, and a bounded table of them by key. The time is an argument: monotonic µs. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct RateLimit {
        double tokens;
        uint64_t last_usec; /* 0: never asked, the bucket is full */
} RateLimit;

/* Takes one token from a bucket that holds at most burst and gains per_sec each second. False: none left. */
bool rate_limit_take(RateLimit *r, double per_sec, double burst, uint64_t now_usec);

/* Puts tokens back, as far as there is room. */
void rate_limit_give(RateLimit *r, double tokens, double burst);

/* Would rate_limit_take() succeed? Takes nothing. */
bool rate_limit_peek(const RateLimit *r, double per_sec, double burst, uint64_t now_usec);

/* One bucket per key; at most max keys, the one longest unused makes room. */
typedef struct RateTable RateTable;
RateTable *rate_table_new(double per_sec, double burst, unsigned max);
RateTable *rate_table_free(RateTable *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RateTable, rate_table_free)
bool rate_table_take(RateTable *t, const char *key, uint64_t now_usec);
bool rate_table_peek(const RateTable *t, const char *key, uint64_t now_usec);
unsigned rate_table_size(const RateTable *t);
