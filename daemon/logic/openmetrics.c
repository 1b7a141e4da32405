/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Prometheus reads. */
#include "openmetrics.h"

#include <math.h>
#include <stdarg.h>

struct OpenMetrics {
        GString *text;
        bool openmetrics;
        const char *name; /* of the family */
        OmType type;
        unsigned series, max, left_out;
};

OpenMetrics *openmetrics_new(bool openmetrics, unsigned max) {
        OpenMetrics *o = g_new(OpenMetrics, 1);

        *o = (OpenMetrics){ .text = g_string_new(NULL), .openmetrics = openmetrics, .max = max };
        return o;
}

OpenMetrics *openmetrics_free(OpenMetrics *o) {
        if (!o)
                return NULL;
        g_string_free(o->text, true);
        g_free(o);
        return NULL;
}

static void append_escaped(GString *out, const char *text, bool quotes) {
        for (const char *c = text; *c; c++)
                if (*c == '\\')
                        g_string_append(out, "\\\\");
                else if (*c == '\n')
                        g_string_append(out, "\\n");
                else if (*c == '"' && quotes)
                        g_string_append(out, "\\\"");
                else
                        g_string_append_c(out, *c);
}

void openmetrics_family(OpenMetrics *o, const char *name, OmType type, const char *help) {
        static const char *const types[] = {
                [OM_GAUGE] = "gauge", [OM_COUNTER] = "counter", [OM_HISTOGRAM] = "histogram"
        };
        const char *suffix = type == OM_COUNTER && !o->openmetrics ? "_total" : "";

        o->name = name;
        o->type = type;
        g_string_append_printf(o->text, "# HELP %s%s ", name, suffix);
        append_escaped(o->text, help, o->openmetrics);
        g_string_append_printf(o->text, "\n# TYPE %s%s %s\n", name, suffix, types[type]);
}

static void append_value(GString *out, double value) {
        char text[G_ASCII_DTOSTR_BUF_SIZE];

        if (fabs(value) < 1e15 && value == trunc(value))
                g_string_append_printf(out, " %" G_GINT64_FORMAT "\n", (int64_t) value);
        else
                g_string_append_printf(out, " %s\n", g_ascii_formatd(text, sizeof(text), "%.10g", value));
}

static bool begin_series(OpenMetrics *o, unsigned n) {
        if (o->max - o->series < n) {
                o->left_out += n;
                return false;
        }
        o->series += n;
        return true;
}

static void append_label(GString *out, const char *name, const char *value, bool first) {
        g_string_append_printf(out, "%c%s=\"", first ? '{' : ',', name);
        append_escaped(out, value, true);
        g_string_append_c(out, '"');
}

void openmetrics_sample(OpenMetrics *o, double value, ...) {
        const char *label;
        bool first = true;
        va_list ap;

        g_assert(o->type != OM_HISTOGRAM);
        if (!begin_series(o, 1))
                return;
        g_string_append_printf(o->text, "%s%s", o->name, o->type == OM_COUNTER ? "_total" : "");
        va_start(ap, value);
        while ((label = va_arg(ap, const char *))) {
                append_label(o->text, label, va_arg(ap, const char *), first);
                first = false;
        }
        va_end(ap);
        if (!first)
                g_string_append_c(o->text, '}');
        append_value(o->text, value);
}

static void append_bucket(OpenMetrics *o, const char *label, const char *value, const char *bound,
                          uint64_t count) {
        g_string_append_printf(o->text, "%s_bucket", o->name);
        append_label(o->text, label, value, true);
        append_label(o->text, "le", bound, false);
        g_string_append_c(o->text, '}');
        append_value(o->text, (double) count);
}

void openmetrics_histogram(OpenMetrics *o, const double *bounds, const uint64_t *counts, unsigned n,
                           double sum, const char *label, const char *value) {
        uint64_t total = 0;

        g_assert(o->type == OM_HISTOGRAM);
        if (!begin_series(o, n + 3))
                return;
        for (unsigned i = 0; i < n; i++) {
                char text[G_ASCII_DTOSTR_BUF_SIZE];

                total += counts[i];
                append_bucket(o, label, value,
                              g_ascii_formatd(text, sizeof(text),
                                              trunc(bounds[i]) == bounds[i] ? "%.1f" : "%g", bounds[i]),
                              total);
        }
        total += counts[n];
        append_bucket(o, label, value, "+Inf", total);
        g_string_append_printf(o->text, "%s_sum", o->name);
        append_label(o->text, label, value, true);
        g_string_append_c(o->text, '}');
        append_value(o->text, sum);
        g_string_append_printf(o->text, "%s_count", o->name);
        append_label(o->text, label, value, true);
        g_string_append_c(o->text, '}');
        append_value(o->text, (double) total);
}

void openmetrics_set_max(OpenMetrics *o, unsigned max) {
        o->max = max;
}

unsigned openmetrics_left_out(const OpenMetrics *o) {
        return o->left_out;
}

char *openmetrics_end(OpenMetrics *o, size_t *ret_size) {
        char *text;

        if (o->openmetrics)
                g_string_append(o->text, "# EOF\n");
        *ret_size = o->text->len;
        text = g_string_free(o->text, false);
        o->text = g_string_new(NULL);
        return text;
}
