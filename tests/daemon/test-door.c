/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who makes room at the door: every stage, age and number that makes a difference, against each other. */
#include <glib.h>

#include "door.h"
#include "limits.h"

static const DoorStage stages[] = { DOOR_SILENT, DOOR_REFUSED, DOOR_TALKING };
#define AGES (HANDSHAKE_TIMEOUT_SEC + 2)
#define NUMBERS 4

static void test_may_put_out(void) {
        for (size_t i = 0; i < G_N_ELEMENTS(stages); i++)
                for (unsigned age = 0; age < AGES; age++)
                        for (unsigned from = 1; from <= NUMBERS; from++) {
                                DoorGuest g = { stages[i], age, from };
                                unsigned long least = stages[i] == DOOR_SILENT
                                                                      ? (from == 1 ? DOOR_REFUSED_SEC : 0)
                                                      : stages[i] == DOOR_REFUSED ? DOOR_REFUSED_SEC
                                                                                  : DOOR_TALKING_SEC;

                                g_assert_cmpint(door_may_put_out(&g), ==, age >= least);
                        }
        /* Nobody who may be put out is saved by the time that ends every handshake. */
        g_assert_cmpuint(DOOR_REFUSED_SEC, <=, DOOR_TALKING_SEC);
        g_assert_cmpuint(DOOR_TALKING_SEC, <, HANDSHAKE_TIMEOUT_SEC);
}

static DoorGuest nth(unsigned n) {
        return (DoorGuest){ stages[n % 3], n / 3 % AGES, 1 + n / 3 / AGES };
}

/* One order of all: whoever is asked, and in whichever order, the same one goes. */
static void test_order(void) {
        const unsigned n = 3 * AGES * NUMBERS;

        for (unsigned i = 0; i < n; i++)
                for (unsigned k = 0; k < n; k++) {
                        DoorGuest a = nth(i), b = nth(k);
                        bool rather = door_rather(&a, &b);

                        g_assert_cmpint(rather + door_rather(&b, &a), ==, i != k);
                        for (unsigned m = 0; rather && m < n; m++) {
                                DoorGuest c = nth(m);

                                g_assert_true(!door_rather(&b, &c) || door_rather(&a, &c));
                        }
                }
}

static void test_rather(void) {
        static const DoorGuest in_order[] = {
                { DOOR_SILENT, 0, 250 },  { DOOR_SILENT, 9, 2 },  { DOOR_SILENT, 1, 2 },
                { DOOR_SILENT, 9, 1 },    { DOOR_REFUSED, 2, 3 }, { DOOR_REFUSED, 9, 1 },
                { DOOR_TALKING, 4, 500 }, { DOOR_TALKING, 5, 1 },
        };

        for (size_t i = 0; i + 1 < G_N_ELEMENTS(in_order); i++) {
                g_assert_true(door_rather(&in_order[i], &in_order[i + 1]));
                g_assert_false(door_rather(&in_order[i + 1], &in_order[i]));
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/door/may-put-out", test_may_put_out);
        g_test_add_func("/door/order", test_order);
        g_test_add_func("/door/rather", test_rather);
        return g_test_run();
}
