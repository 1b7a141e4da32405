/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a fuzz target is: one function, as libFuzzer and replay.c call it. A property that does not hold aborts. */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <stdlib.h>

/* Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
