/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long ago a rotation was begun, by the clock of the host's boot: nobody sets that, and it goes on from one process to
 * the next. */
#pragma once

#include <stdint.h>

#include "rotation-table.h"

/* Now: fills in the times of the intent. */
void rotation_age_begin(RotationIntent *i);

/* What is left, now, of so many microseconds from then on: of a boot that is over, nothing; all of it where it is not known
 * which boot that was. */
uint64_t rotation_age_left(const RotationIntent *i, uint64_t usec);
