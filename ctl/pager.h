/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows what is longer than the screen through $PAGER, or less(1). */
#pragma once

#include <stdbool.h>

/* Shows text on standard output, a terminal, in a pager. False where that is not possible or not needed (it fits
 * the screen): then nothing was shown. */
bool pager_show(const char *text);
