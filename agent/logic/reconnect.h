/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When to try the server again. For ever, but so that ten thousand agents do not come back in one second,
 * and one that is not wanted knocks once a minute. */
#pragma once

#include <stdint.h>

#include "backoff.h"

typedef enum LinkEnd {
        LINK_LOST,    /* unreachable, cut, or silent */
        LINK_LEFT,    /* the server said that it stops or restarts (1001): nothing is wrong with it */
        LINK_BUSY,    /* the server asked for patience: 1013 (RFC 6455's registry), HTTP 429 and 503 */
        LINK_REFUSED, /* wrong token or certificate, replaced by another: until a person acts */
} LinkEnd;

typedef struct Reconnect {
        Backoff backoff; /* ms */
} Reconnect;

#define RECONNECT_INIT                                                               \
        {                                                                            \
                .backoff = {.floor = RECONNECT_MIN_MSEC, .max = RECONNECT_MAX_MSEC } \
        }

/* Milliseconds until the next try. registered_usec: how long the session that ended had been registered, 0
 * if it never was. random: any uniformly distributed 64-bit number. */
uint64_t reconnect_delay(Reconnect *r, LinkEnd end, uint64_t registered_usec, uint64_t random);
