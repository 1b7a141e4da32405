/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is to be pinged this second, and who has been silent for too long. Its clock is its own ticks, so that a
 * process that was stopped for a while does not hold the silence against its peers. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Part of whatever is watched. */
typedef struct PingEntry {
        GList link;          /* in a slot of the wheel; data NULL while in none */
        unsigned long heard; /* the tick in which it was last heard of */
        unsigned long turn;  /* the tick of its next turn to be asked */
        unsigned slot;
} PingEntry;

typedef struct PingWheel PingWheel;

/* Each entry has its turn every interval ticks, and is pinged then when it was silent for half of one; it is
 * given up after silent ticks (at least two intervals) without a sign. */
PingWheel *ping_wheel_new(unsigned interval, unsigned silent);
/* Every entry must have been removed. */
PingWheel *ping_wheel_free(PingWheel *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PingWheel, ping_wheel_free)

/* Adding counts as having been heard. Turns are dealt out evenly: a fleet that comes back in one second is not
 * asked in one second from then on. */
void ping_wheel_add(PingWheel *w, PingEntry *e);
/* Also one that is in no wheel. */
void ping_wheel_remove(PingWheel *w, PingEntry *e);

/* A sign of life. Returns true for the first one in a tick. */
bool ping_wheel_heard(PingWheel *w, PingEntry *e);

/* One tick (a second): calls back for each entry to be pinged, or with silent for each that is to be given up
 * (it has left the wheel). Costs entries / interval. The callback may remove any entry. */
typedef void (*PingWheelDue)(PingEntry *e, bool silent, void *userdata);
void ping_wheel_tick(PingWheel *w, PingWheelDue due, void *userdata);
