/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a silent server is asked for a sign of life, or given up. */
#pragma once

#include <stdint.h>

typedef enum Liveness {
        LIVENESS_FINE,
        LIVENESS_ASK, /* send a ping */
        LIVENESS_DEAD,
} Liveness;

/* How often to look, in ms: so that a server is dead at most 60 s after it was last heard. */
#define LIVENESS_LOOK_MSEC (PING_INTERVAL_SEC * 500)

/* Both times are monotonic µs; heard is that of the last thing that came from the server. */
Liveness liveness(uint64_t heard_usec, uint64_t now_usec);
