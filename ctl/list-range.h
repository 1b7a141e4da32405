/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which part of a list is wanted: --since=, --until= and --lines= of a verb's options. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "args.h"

typedef struct ListRange {
        uint64_t since, until; /* realtime µs; 0: open */
        unsigned lines;        /* at most; 0: not said */
} ListRange;

/* FLEET_ERROR_INVALID_PARAMETER names the option, its value and what was expected. */
bool list_range_read(const Args *args, ListRange *ret, GError **error);
