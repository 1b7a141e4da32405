/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A wheel of slots, one per tick: an entry lies in the slot of the tick in which it is next looked at, for its
 * turn or for its end, whichever comes first. Being heard moves nothing. */
#include "ping-wheel.h"

struct PingWheel {
        unsigned interval, silent;
        unsigned long now;
        unsigned dealt; /* turns so far */
        unsigned n_slots;
        GQueue slots[];
};

PingWheel *ping_wheel_new(unsigned interval, unsigned silent) {
        unsigned n_slots = interval + 1; /* nothing is put further ahead than interval */
        PingWheel *w = g_malloc0(sizeof(PingWheel) + n_slots * sizeof(GQueue));

        g_assert(interval > 0 && silent >= 2 * interval);
        w->interval = interval;
        w->silent = silent;
        w->n_slots = n_slots;
        return w;
}

PingWheel *ping_wheel_free(PingWheel *w) {
        if (!w)
                return NULL;
        for (unsigned i = 0; i < w->n_slots; i++)
                g_assert(g_queue_is_empty(&w->slots[i]));
        g_free(w);
        return NULL;
}

static void schedule(PingWheel *w, PingEntry *e) {
        e->slot = (unsigned) (MIN(e->turn, e->heard + w->silent) % w->n_slots);
        e->link.data = e;
        g_queue_push_tail_link(&w->slots[e->slot], &e->link);
}

void ping_wheel_add(PingWheel *w, PingEntry *e) {
        g_assert(!e->link.data);
        e->heard = w->now;
        e->turn = w->now + w->interval - w->dealt++ % w->interval;
        schedule(w, e);
}

void ping_wheel_remove(PingWheel *w, PingEntry *e) {
        if (!e->link.data)
                return;
        g_queue_unlink(&w->slots[e->slot], &e->link);
        e->link.data = NULL;
}

bool ping_wheel_heard(PingWheel *w, PingEntry *e) {
        if (e->heard == w->now)
                return false;
        e->heard = w->now;
        return true;
}

void ping_wheel_tick(PingWheel *w, PingWheelDue due, void *userdata) {
        GQueue *slot = &w->slots[++w->now % w->n_slots];
        PingEntry *e;

        /* What is rescheduled goes to another slot: at least one tick, at most interval ahead. */
        while ((e = g_queue_peek_head(slot))) {
                bool silent = w->now - e->heard >= w->silent, ask = false;

                ping_wheel_remove(w, e);
                if (e->turn == w->now) {
                        e->turn += w->interval;
                        ask = 2 * (w->now - e->heard) >= w->interval;
                }
                if (!silent)
                        schedule(w, e);
                if (silent || ask)
                        due(e, silent, userdata);
        }
}
