/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two clocks, in microseconds. Pure logic never calls these: it is told the time. */
#pragma once

#include <stdint.h>

#define USEC_PER_SEC 1000000ull
#define USEC_PER_MSEC 1000ull

/* CLOCK_REALTIME since the epoch: for records and people. */
uint64_t now_realtime(void);

/* CLOCK_BOOTTIME (it goes on during suspend): for deadlines and durations. */
uint64_t now_monotonic(void);
