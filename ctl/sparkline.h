/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A curve in one line of text. Pure. */
#pragma once

#include <json-c/json.h>

#include "terminal.h"

/* values: an array of numbers, null where there is none; at least 0 is the bottom, and ceiling (0: the largest value) the top. At
 * most width columns, each the mean of its share; blanks where there was nothing. New string; NULL where there is no value
 * at all. */
char *sparkline(json_object *values, double ceiling, unsigned width, const Terminal *terminal);

/* The newest value, as "12.5"; new string, NULL where there is none. */
char *sparkline_latest(json_object *values);
