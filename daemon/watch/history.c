/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What clients measured, over hours, days and months. A client's samples are gathered in memory for HISTORY_FLUSH_SEC and then
 * written as one block (history-db.h), because a row for each of them would be a page of the disk for each of them. Clients
 * take their turns: each second has its share of them, also when all have come at once. */
#include "history.h"

#include <inttypes.h>

#include "clock.h"
#include "history-db.h"
#include "history-pending.h"
#include "limits.h"
#include "log.h"

typedef struct Kept {
        char *client;
        HistoryPending *pending;
        uint64_t due_usec; /* monotonic; 0: nothing waits */
        GList link;        /* in due */
} Kept;

struct History {
        Loop *loop;
        Fleet *fleet;
        HistoryDb *db;
        uint64_t bytes_max, bytes;
        uint64_t since[_HISTORY_LEVEL_MAX]; /* as of the last look */
        GHashTable *kept;                   /* client → Kept */
        GQueue due;                         /* of Kept, in the order of their turns */
        LoopTimer *tick;
        uint64_t trim_usec; /* monotonic, when the next look is */
        bool failing;       /* the last block was lost */
};

/* Writing */

static void written(const char *problem, void *userdata) {
        History *h = userdata;

        if (problem && !h->failing)
                log_warning("History of statistics is being lost: %s", problem);
        else if (!problem && h->failing)
                log_info("History of statistics is written again");
        h->failing = problem != NULL;
}

typedef struct Flush {
        History *history;
        const Kept *kept;
} Flush;

static void write_block(uint64_t start, const HistoryBlock *block, void *userdata) {
        Flush *f = userdata;

        history_db_put(f->history->db, f->kept->client, start, block, written, f->history);
}

static void flush(History *h, Kept *k) {
        Flush f = { h, k };

        if (k->due_usec == 0)
                return;
        g_queue_unlink(&h->due, &k->link);
        k->due_usec = 0;
        history_pending_take(k->pending, write_block, &f);
}

/* The queue is in the order of dues but for how far clients of the same moment are spread: the newest comes last, and one that
 * came a little earlier waits as long at most. */
static void wait_for_turn(History *h, Kept *k, bool first) {
        uint64_t wait = HISTORY_FLUSH_SEC * USEC_PER_SEC;

        if (first)
                wait = wait / 2 + g_str_hash(k->client) % (wait / 2);
        k->due_usec = now_monotonic() + wait;
        k->link = (GList){ .data = k };
        for (GList *at = h->due.tail; at; at = at->prev)
                if (((Kept *) at->data)->due_usec <= k->due_usec) {
                        g_queue_insert_after_link(&h->due, at, &k->link);
                        return;
                }
        g_queue_push_head_link(&h->due, &k->link);
}

/* Samples */

static Kept *kept_for(History *h, const char *client, bool *ret_first) {
        Kept *k = g_hash_table_lookup(h->kept, client);

        *ret_first = !k;
        if (k)
                return k;
        k = g_new0(Kept, 1);
        k->client = g_strdup(client);
        k->pending = history_pending_new();
        g_hash_table_insert(h->kept, k->client, k);
        return k;
}

static void kept_free(void *p) {
        Kept *k = p;

        (void) history_pending_free(k->pending);
        g_free(k->client);
        g_free(k);
}

/* When it was taken, by the client's clock where that can be. 0: too long ago to matter. */
static uint64_t time_of(int64_t timestamp_ms) {
        uint64_t now = now_realtime() / USEC_PER_SEC,
                 sec = timestamp_ms > 0 ? (uint64_t) timestamp_ms / 1000 : now;

        if (sec > now + HISTORY_AHEAD_SEC)
                return now;
        return sec + HISTORY_RAW_KEEP_SEC / 2 >= now ? sec : 0;
}

static void on_stats(const Client *c, json_object *data, int64_t timestamp_ms, void *userdata) {
        History *h = userdata;
        uint64_t sec = time_of(timestamp_ms);
        bool first;
        Kept *k;

        if (sec == 0)
                return;
        k = kept_for(h, c->id, &first);
        if (history_pending_is_full(k->pending))
                flush(h, k);
        history_pending_add(k->pending, data, sec);
        if (k->due_usec == 0)
                wait_for_turn(h, k, first);
}

/* Its history stays, as its keys do. */
static void on_removed(const Client *c, void *userdata) {
        History *h = userdata;
        Kept *k = g_hash_table_lookup(h->kept, c->id);

        if (!k)
                return;
        flush(h, k);
        (void) g_hash_table_remove(h->kept, c->id);
}

static const FleetObserver observer = { .client_removed = on_removed, .stats_received = on_stats };

/* Time */

static void trimmed(const uint64_t *since, uint64_t bytes, void *userdata) {
        History *h = userdata;

        for (HistoryLevelId l = 0; since && l < _HISTORY_LEVEL_MAX; l++)
                h->since[l] = since[l];
        if (since)
                h->bytes = bytes;
}

static void on_tick(void *userdata) {
        History *h = userdata;
        uint64_t now = now_monotonic();

        for (unsigned n = 0; n < HISTORY_FLUSHES_MAX; n++) {
                Kept *k = g_queue_peek_head(&h->due);

                if (!k || k->due_usec > now)
                        break;
                flush(h, k);
        }
        if (now < h->trim_usec)
                return;
        h->trim_usec = now + HISTORY_TRIM_SEC * USEC_PER_SEC;
        history_db_trim(h->db, now_realtime() / USEC_PER_SEC, h->bytes_max, trimmed, h);
}

void history_get(History *h, const char *client, uint64_t from, uint64_t to, unsigned points,
                 HistoryText done, void *userdata) {
        Kept *k = g_hash_table_lookup(h->kept, client);
        uint64_t now = now_realtime() / USEC_PER_SEC, oldest = now - MIN(now, HISTORY_QUARTER_KEEP_SEC),
                 first = CLAMP(from / USEC_PER_SEC, oldest, now),
                 last = MAX(MIN(to / USEC_PER_SEC, now) + 1, first + 1);
        HistoryPlan plan = history_plan(first, last, points, h->since);

        if (k)
                flush(h, k);
        history_db_read(h->db, client, &plan, done, userdata);
}

void history_set_bytes_max(History *h, uint64_t bytes_max) {
        h->bytes_max = bytes_max;
}

uint64_t history_bytes(const History *h) {
        return h->bytes;
}

History *history_new(Loop *l, Fleet *fleet, const char *state_directory, uint64_t bytes_max,
                     GError **error) {
        g_autofree char *path = g_build_filename(state_directory, "history.db", NULL);
        HistoryDb *db = history_db_open(l, path, error);
        History *h;

        if (!db)
                return NULL;
        h = g_new0(History, 1);
        *h = (History){ .loop = l, .fleet = fleet, .db = db, .bytes_max = bytes_max };
        for (HistoryLevelId level = 0; level < _HISTORY_LEVEL_MAX; level++)
                h->since[level] = UINT64_MAX;
        h->kept = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, kept_free);
        g_queue_init(&h->due);
        h->tick = loop_timer_new(l, 0, 1000, on_tick, h);
        fleet_observe(fleet, &observer, h);
        return h;
}

History *history_free(History *h) {
        if (!h)
                return NULL;
        fleet_unobserve(h->fleet, h);
        (void) loop_timer_free(h->tick);
        while (!g_queue_is_empty(&h->due))
                flush(h, g_queue_peek_head(&h->due));
        (void) history_db_close(h->db);
        g_hash_table_unref(h->kept);
        g_free(h);
        return NULL;
}
