/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When to try the server again. */
#include "reconnect.h"

#include "clock.h"
#include "limits.h"

/* Uniform in [low, high]; the bias of the modulus is one in 2^48 here. */
static uint64_t spread(uint64_t low, uint64_t high, uint64_t random) {
        return low + random % (high - low + 1);
}

uint64_t reconnect_delay(Reconnect *r, LinkEnd end, uint64_t registered_usec, uint64_t random) {
        if (registered_usec >= SESSION_LASTED_SEC * USEC_PER_SEC ||
            (end == LINK_LEFT && registered_usec > 0))
                backoff_reset(&r->backoff);
        switch (end) {
        case LINK_REFUSED:
                return spread(RECONNECT_MAX_MSEC / 2, RECONNECT_MAX_MSEC, random);
        case LINK_LOST:
        case LINK_LEFT:
                if (r->backoff.tries == 0) {
                        r->backoff.tries++;
                        return spread(0, RECONNECT_FIRST_MSEC, random);
                }
                break;
        case LINK_BUSY:
                break;
        }
        return backoff_next(&r->backoff, random);
}
