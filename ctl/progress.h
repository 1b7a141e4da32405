/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a broadcast is, as one line. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "terminal.h"

typedef struct Progress {
        const char *id;
        unsigned total, succeeded, failed, skipped; /* clients; the rest is still to end */
        const char *last;                           /* the client that ended last; NULL: none yet */
        bool last_ok;
        const char *status; /* what it waits for besides; NULL or "": nothing */
        uint64_t elapsed;   /* µs */
} Progress;

/* At most terminal->width columns; new string. */
char *progress_line(const Progress *p, const Terminal *terminal);
