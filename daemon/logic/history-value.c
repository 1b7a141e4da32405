/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A measured value in two bytes: six bits of exponent, ten of fraction below an implied one, as in IEEE 754 but without a
 * sign; the code 0 is zero. Codes are ordered as their values are. */
#include "history-value.h"

#define FRACTION_BITS 10
#define EXPONENT_MIN (-11) /* of the code 1 << FRACTION_BITS - 1, the smallest */
#define CODE_MAX (UINT16_MAX - 1)

uint16_t history_value_encode(double value) {
        double fraction;
        int exponent;
        long code;

        if (isnan(value))
                return HISTORY_NONE;
        if (value <= 0)
                return 0;
        if (value >= history_value_decode(CODE_MAX))
                return CODE_MAX;
        fraction = 2 * frexp(value, &exponent) - 1; /* from 0 to 1 */
        code = (exponent - 1 - EXPONENT_MIN) * (1L << FRACTION_BITS) +
               lround(ldexp(fraction, FRACTION_BITS)); /* a fraction that rounds up to 1 carries */
        if (code > 0)
                return (uint16_t) code;
        return value * 2 >= history_value_decode(1) ? 1 : 0;
}

double history_value_decode(uint16_t code) {
        int exponent = code >> FRACTION_BITS;

        if (code == HISTORY_NONE)
                return NAN;
        if (code == 0)
                return 0;
        return ldexp(1 + ldexp(code & ((1 << FRACTION_BITS) - 1), -FRACTION_BITS), exponent + EXPONENT_MIN);
}
