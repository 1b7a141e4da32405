/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A measured value in two bytes: 11 significant bits (0.05 %), from 0.0005 to 2 PB. Whole numbers up to 2,048 are exact. Pure. */
#pragma once

#include <math.h>
#include <stdint.h>

#define HISTORY_NONE UINT16_MAX /* nothing was measured */

/* The nearest there is. Less than 0 is 0, what is too large the largest, and NAN HISTORY_NONE. */
uint16_t history_value_encode(double value);

/* NAN for HISTORY_NONE. */
double history_value_decode(uint16_t code);
