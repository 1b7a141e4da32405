/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A token bucket, and a table of them in which the one longest unused makes room. */
#include "ratelimit.h"

#include "clock.h"

/* Sums of fractions may miss a whole token by this much. */
#define EPSILON 1e-6

static double tokens_at(const RateLimit *r, double per_sec, double burst, uint64_t now_usec) {
        double gained;

        if (r->last_usec == 0)
                return burst;
        if (now_usec <= r->last_usec)
                return MIN(r->tokens, burst);
        gained = (double) (now_usec - r->last_usec) * per_sec / (double) USEC_PER_SEC;
        return MIN(r->tokens + gained, burst);
}

bool rate_limit_peek(const RateLimit *r, double per_sec, double burst, uint64_t now_usec) {
        return tokens_at(r, per_sec, burst, now_usec) >= 1 - EPSILON;
}

bool rate_limit_take(RateLimit *r, double per_sec, double burst, uint64_t now_usec) {
        double tokens = tokens_at(r, per_sec, burst, now_usec);
        bool have = tokens >= 1 - EPSILON;

        r->tokens = have ? MAX(tokens - 1, 0) : tokens;
        r->last_usec = MAX(r->last_usec, MAX(now_usec, 1));
        return have;
}

void rate_limit_give(RateLimit *r, double tokens, double burst) {
        if (r->last_usec > 0)
                r->tokens = MIN(r->tokens + tokens, burst);
}

typedef struct Entry {
        GList link; /* in RateTable.recent; data points back here */
        RateLimit limit;
        char key[];
} Entry;

struct RateTable {
        double per_sec, burst;
        unsigned max;
        GHashTable *entries; /* Entry.key to Entry */
        GQueue recent;       /* latest used first */
};

static Entry *entry_new(const char *key) {
        size_t size = strlen(key) + 1;
        Entry *e = g_malloc0(sizeof(Entry) + size);

        memcpy(e->key, key, size);
        e->link.data = e;
        return e;
}

RateTable *rate_table_new(double per_sec, double burst, unsigned max) {
        RateTable *t = g_new0(RateTable, 1);

        g_assert(max > 0);
        t->per_sec = per_sec;
        t->burst = burst;
        t->max = max;
        t->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
        return t;
}

RateTable *rate_table_free(RateTable *t) {
        if (!t)
                return NULL;
        g_hash_table_destroy(t->entries);
        g_free(t);
        return NULL;
}

static Entry *add_entry(RateTable *t, const char *key) {
        Entry *e = entry_new(key);

        if (g_hash_table_size(t->entries) >= t->max) {
                Entry *oldest = t->recent.tail->data;

                g_queue_unlink(&t->recent, &oldest->link);
                g_hash_table_remove(t->entries, oldest->key);
        }
        g_hash_table_insert(t->entries, e->key, e);
        return e;
}

bool rate_table_take(RateTable *t, const char *key, uint64_t now_usec) {
        Entry *e = g_hash_table_lookup(t->entries, key);

        if (e)
                g_queue_unlink(&t->recent, &e->link);
        else
                e = add_entry(t, key);
        g_queue_push_head_link(&t->recent, &e->link);
        return rate_limit_take(&e->limit, t->per_sec, t->burst, now_usec);
}

bool rate_table_peek(const RateTable *t, const char *key, uint64_t now_usec) {
        static const RateLimit full = { 0 };
        const Entry *e = g_hash_table_lookup(t->entries, key);

        return rate_limit_peek(e ? &e->limit : &full, t->per_sec, t->burst, now_usec);
}

unsigned rate_table_size(const RateTable *t) {
        return g_hash_table_size(t->entries);
}
