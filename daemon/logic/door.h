/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Too many strangers at the door: which of them makes room for the next. */
#pragma once

#include <stdbool.h>

/* How far a connection that is not a client's yet has come. */
typedef enum DoorStage {
        DOOR_SILENT, /* it has not said enough to be answered: no whole ClientHello. Honest ones bring theirs along */
        DOOR_REFUSED, /* it has its answer, which was no, and does not let go */
        DOOR_TALKING, /* it has been answered, and it is its turn */
} DoorStage;

typedef struct DoorGuest {
        DoorStage stage;
        unsigned long age; /* seconds, as the server's ticks count them */
        unsigned from;     /* handshakes in flight from its address, itself among them */
} DoorGuest;

/* May it be put out for somebody who waits? Who is talking has DOOR_TALKING_SEC, who was refused DOOR_REFUSED_SEC; and so has
 * who is silent but the only one from his address: where all others talk, his hello may be on its way. */
bool door_may_put_out(const DoorGuest *g);

/* Is it a rather than b who goes? The one that has come less far; then the one whose address has more of them, so that a
 * crowd costs its own and not the single ones; then the older. */
bool door_rather(const DoorGuest *a, const DoorGuest *b);
