/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A curve in one line of text. */
#include "sparkline.h"

#include <glib.h>
#include <math.h>

#define STEPS 8

static bool value_at(json_object *values, size_t i, double *ret) {
        json_object *v = json_object_array_get_idx(values, i);

        if (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double))
                return false;
        *ret = MAX(json_object_get_double(v), 0);
        return true;
}

static size_t length_of(json_object *values) {
        return json_object_is_type(values, json_type_array) ? json_object_array_length(values) : 0;
}

/* NAN where there is none. */
static double mean(json_object *values, size_t from, size_t to) {
        double sum = 0, value;
        unsigned n = 0;

        for (size_t i = from; i < to; i++)
                if (value_at(values, i, &value)) {
                        sum += value;
                        n++;
                }
        return n > 0 ? sum / n : NAN;
}

static double largest(json_object *values) {
        double most = 0, value;

        for (size_t i = 0; i < length_of(values); i++)
                if (value_at(values, i, &value))
                        most = MAX(most, value);
        return most;
}

static const char *bar(double share, const Terminal *terminal) {
        static const char *const bars[][STEPS] = { { "_", ".", "-", "~", "=", "+", "*", "#" },
                                                   { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" } };
        int step = (int) (CLAMP(share, 0, 1) * STEPS);

        return bars[terminal->utf8][MIN(step, STEPS - 1)];
}

char *sparkline(json_object *values, double ceiling, unsigned width, const Terminal *terminal) {
        size_t n = length_of(values), columns = MIN(n, width);
        double top = ceiling > 0 ? ceiling : largest(values);
        g_autoptr(GString) out = g_string_new(NULL);
        bool any = false;

        for (size_t c = 0; c < columns; c++) {
                double value = mean(values, c * n / columns, (c + 1) * n / columns);

                any |= !isnan(value);
                g_string_append(out, isnan(value) ? " " : bar(top > 0 ? value / top : 0, terminal));
        }
        return any ? g_string_free(g_steal_pointer(&out), false) : NULL;
}

char *sparkline_latest(json_object *values) {
        double value;

        for (size_t i = length_of(values); i-- > 0;)
                if (value_at(values, i, &value))
                        return g_strdup_printf(value >= 100 ? "%.0f" : "%.3g", value);
        return NULL;
}
