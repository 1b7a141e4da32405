/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a silent server is asked for a sign of life, or given up. */
#include "liveness.h"

#include "clock.h"
#include "limits.h"

Liveness liveness(uint64_t heard_usec, uint64_t now_usec) {
        uint64_t silent_sec = now_usec > heard_usec ? (now_usec - heard_usec) / USEC_PER_SEC : 0;

        if (silent_sec >= PEER_SILENT_SEC)
                return LIVENESS_DEAD;
        return silent_sec >= PING_INTERVAL_SEC ? LIVENESS_ASK : LIVENESS_FINE;
}
