/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many values a JSON text (RFC 8259) has, before anything is made of it: json-c takes 700 bytes for each "{}". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether it, or all of several texts one after the other, have more than max. Right for all that json-c takes with
 * JSON_TOKENER_STRICT, which are also names in single quotes; without that, comments could hide the rest. */
bool json_has_more_values(const char *text, size_t size, size_t max);
