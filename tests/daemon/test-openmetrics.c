/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text that Prometheus reads, in both formats: names, escapes, numbers, histograms, and the bound. */
#include "openmetrics.h"

#include <math.h>
#include <string.h>

static void fill(OpenMetrics *o) {
        static const double bounds[] = { 0.1, 1, 300 };
        static const uint64_t counts[] = { 1, 2, 0, 4 };

        openmetrics_family(o, "a_clients", OM_GAUGE, "Clients \"here\\there\"\nand so.");
        openmetrics_sample(o, 3, "state", "on\"l\\i\nne", "b", "한", NULL);
        openmetrics_sample(o, 0.5, NULL);
        openmetrics_family(o, "a_samples", OM_COUNTER, "Samples.");
        openmetrics_sample(o, 12345678901234, NULL);
        openmetrics_family(o, "a_seconds", OM_HISTOGRAM, "Times.");
        openmetrics_histogram(o, bounds, counts, 3, 12.25, "state", "x");
}

#define HISTOGRAM                                        \
        "a_seconds_bucket{state=\"x\",le=\"0.1\"} 1\n"   \
        "a_seconds_bucket{state=\"x\",le=\"1.0\"} 3\n"   \
        "a_seconds_bucket{state=\"x\",le=\"300.0\"} 3\n" \
        "a_seconds_bucket{state=\"x\",le=\"+Inf\"} 7\n"  \
        "a_seconds_sum{state=\"x\"} 12.25\n"             \
        "a_seconds_count{state=\"x\"} 7\n"

static void assert_text(bool openmetrics, const char *expected) {
        g_autoptr(OpenMetrics) o = openmetrics_new(openmetrics, 100);
        g_autofree char *text = NULL;
        size_t size;

        fill(o);
        text = openmetrics_end(o, &size);
        g_assert_cmpstr(text, ==, expected);
        g_assert_cmpuint(size, ==, strlen(text));
}

static void test_text(void) {
        assert_text(true,
                    "# HELP a_clients Clients \\\"here\\\\there\\\"\\nand so.\n# TYPE a_clients gauge\n"
                    "a_clients{state=\"on\\\"l\\\\i\\nne\",b=\"한\"} 3\na_clients 0.5\n"
                    "# HELP a_samples Samples.\n# TYPE a_samples counter\na_samples_total 12345678901234\n"
                    "# HELP a_seconds Times.\n# TYPE a_seconds histogram\n" HISTOGRAM "# EOF\n");
        assert_text(false,
                    "# HELP a_clients Clients \"here\\\\there\"\\nand so.\n# TYPE a_clients gauge\n"
                    "a_clients{state=\"on\\\"l\\\\i\\nne\",b=\"한\"} 3\na_clients 0.5\n"
                    "# HELP a_samples_total Samples.\n# TYPE a_samples_total counter\na_samples_total 12345678901234\n"
                    "# HELP a_seconds Times.\n# TYPE a_seconds histogram\n" HISTOGRAM);
}

/* One too many is left out, whole, and there is a place for what says so. */
static void test_bound(void) {
        for (unsigned max = 0; max < 12; max++) {
                g_autoptr(OpenMetrics) o = openmetrics_new(true, max);
                g_autofree char *text = NULL;
                unsigned lines = 0;
                size_t size;

                fill(o);
                openmetrics_set_max(o, max + 1);
                openmetrics_family(o, "a_left_out", OM_GAUGE, "Left out.");
                openmetrics_sample(o, openmetrics_left_out(o), NULL);
                text = openmetrics_end(o, &size);
                g_assert_nonnull(strstr(text, "\na_left_out "));
                for (const char *c = text; *c; c++)
                        lines += *c == '\n' && c[1] && c[1] != '#';
                g_assert_cmpuint(lines + openmetrics_left_out(o), ==, 3 + 6 + 1);
                g_assert_cmpint(strstr(text, "_count") != NULL, ==, max >= 9);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/openmetrics/text", test_text);
        g_test_add_func("/openmetrics/bound", test_bound);
        return g_test_run();
}
