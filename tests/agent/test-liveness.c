/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server that falls silent is asked in time and given up in time; one that talks is left alone. */
#include <glib.h>

#include "clock.h"
#include "limits.h"
#include "liveness.h"

static void test_steps(void) {
        const uint64_t heard = 1000 * USEC_PER_SEC;

        g_assert_cmpint(liveness(heard, heard), ==, LIVENESS_FINE);
        g_assert_cmpint(liveness(heard, heard - 1), ==, LIVENESS_FINE);
        g_assert_cmpint(liveness(heard, heard + PING_INTERVAL_SEC * USEC_PER_SEC - 1), ==, LIVENESS_FINE);
        g_assert_cmpint(liveness(heard, heard + PING_INTERVAL_SEC * USEC_PER_SEC), ==, LIVENESS_ASK);
        g_assert_cmpint(liveness(heard, heard + PEER_SILENT_SEC * USEC_PER_SEC - 1), ==, LIVENESS_ASK);
        g_assert_cmpint(liveness(heard, heard + PEER_SILENT_SEC * USEC_PER_SEC), ==, LIVENESS_DEAD);
}

/* Looking as often as is asked for: at least one question before the end, and the end within a minute,
 * whatever the phase. */
static void test_looking(void) {
        for (uint64_t phase = 0; phase < LIVENESS_LOOK_MSEC; phase += 100) {
                unsigned asked = 0;
                uint64_t now = phase * USEC_PER_MSEC;
                Liveness l;

                while ((l = liveness(0, now)) != LIVENESS_DEAD) {
                        asked += l == LIVENESS_ASK;
                        now += LIVENESS_LOOK_MSEC * USEC_PER_MSEC;
                }
                g_assert_cmpuint(asked, >=, 2);
                g_assert_cmpuint(now, <, 60 * USEC_PER_SEC);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/liveness/steps", test_steps);
        g_test_add_func("/liveness/looking", test_looking);
        return g_test_run();
}
