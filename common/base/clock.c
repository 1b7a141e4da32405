/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two clocks, in microseconds. */
#include "clock.h"

#include <time.h>

static uint64_t now(clockid_t id) {
        struct timespec ts;

        (void) clock_gettime(id, &ts);
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

uint64_t now_realtime(void) {
        return now(CLOCK_REALTIME);
}

uint64_t now_monotonic(void) {
        return now(CLOCK_BOOTTIME);
}
