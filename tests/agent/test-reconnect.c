/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schedule of tries: bounds, growth, what resets it, and that a fleet spreads. */
#include <glib.h>

#include "clock.h"
#include "limits.h"
#include "reconnect.h"

#define LASTED (SESSION_LASTED_SEC * USEC_PER_SEC)

static void test_first(void) {
        Reconnect r = RECONNECT_INIT;

        g_assert_cmpuint(reconnect_delay(&r, LINK_LOST, LASTED, 0), ==, 0);
        g_assert_cmpuint(reconnect_delay(&r, LINK_LOST, LASTED, RECONNECT_FIRST_MSEC), ==,
                         RECONNECT_FIRST_MSEC);
        g_assert_cmpuint(reconnect_delay(&r, LINK_LOST, LASTED, UINT64_MAX), <=, RECONNECT_FIRST_MSEC);
}

static void test_growth(void) {
        Reconnect r = RECONNECT_INIT;
        uint64_t last = 0;

        (void) reconnect_delay(&r, LINK_LOST, 0, 0);
        for (unsigned i = 0; i < 100; i++) {
                uint64_t delay = reconnect_delay(&r, LINK_LOST, 0, UINT64_MAX);

                g_assert_cmpuint(delay, >=, last);
                g_assert_cmpuint(delay, <=, RECONNECT_MAX_MSEC);
                last = delay;
        }
        g_assert_cmpuint(last, ==, RECONNECT_MAX_MSEC);
        /* Full jitter: the same try may also be a quick one. */
        g_assert_cmpuint(reconnect_delay(&r, LINK_LOST, 0, 0), ==, RECONNECT_MIN_MSEC);
}

static void test_reset(void) {
        Reconnect r = RECONNECT_INIT;

        for (unsigned i = 0; i < 20; i++)
                (void) reconnect_delay(&r, LINK_LOST, 0, 0);
        /* Sessions that do not hold change nothing: a server that cuts at once is not hammered. */
        g_assert_cmpuint(reconnect_delay(&r, LINK_LOST, LASTED - 1, UINT64_MAX), ==, RECONNECT_MAX_MSEC);
        g_assert_cmpuint(reconnect_delay(&r, LINK_LOST, LASTED, UINT64_MAX), <=, RECONNECT_FIRST_MSEC);
}

/* An operator who restarts the server a few times in a row does not wait longer each time. */
static void test_left(void) {
        Reconnect r = RECONNECT_INIT;

        for (unsigned i = 0; i < 20; i++)
                g_assert_cmpuint(reconnect_delay(&r, LINK_LEFT, 1, UINT64_MAX), <=, RECONNECT_FIRST_MSEC);
        /* One that says so before it lets anybody register is not well. */
        for (unsigned i = 0; i < 20; i++)
                (void) reconnect_delay(&r, LINK_LEFT, 0, 0);
        g_assert_cmpuint(reconnect_delay(&r, LINK_LEFT, 0, UINT64_MAX), ==, RECONNECT_MAX_MSEC);
}

static void test_busy(void) {
        Reconnect r = RECONNECT_INIT;

        g_assert_cmpuint(reconnect_delay(&r, LINK_BUSY, LASTED, 0), >=, RECONNECT_MIN_MSEC);
}

static void test_refused(void) {
        Reconnect r = RECONNECT_INIT;

        g_assert_cmpuint(reconnect_delay(&r, LINK_REFUSED, 0, 0), ==, RECONNECT_MAX_MSEC / 2);
        g_assert_cmpuint(reconnect_delay(&r, LINK_REFUSED, LASTED, 0), >=, RECONNECT_MAX_MSEC / 2);
        g_assert_cmpuint(reconnect_delay(&r, LINK_REFUSED, 0, UINT64_MAX), <=, RECONNECT_MAX_MSEC);
}

/* A server that restarts loses all its agents at once. */
static void test_fleet_spreads(void) {
        unsigned per_tenth[10] = {};
        g_autoptr(GRand) rand = g_rand_new_with_seed(1);

        for (unsigned i = 0; i < 10000; i++) {
                Reconnect r = RECONNECT_INIT;
                uint64_t random = (uint64_t) g_rand_int(rand) << 32 | g_rand_int(rand);

                per_tenth[reconnect_delay(&r, LINK_LOST, LASTED, random) * 10 /
                          (RECONNECT_FIRST_MSEC + 1)]++;
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(per_tenth); i++) {
                g_assert_cmpuint(per_tenth[i], >, 900);
                g_assert_cmpuint(per_tenth[i], <, 1100);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/reconnect/first", test_first);
        g_test_add_func("/reconnect/growth", test_growth);
        g_test_add_func("/reconnect/reset", test_reset);
        g_test_add_func("/reconnect/left", test_left);
        g_test_add_func("/reconnect/busy", test_busy);
        g_test_add_func("/reconnect/refused", test_refused);
        g_test_add_func("/reconnect/fleet-spreads", test_fleet_spreads);
        return g_test_run();
}
