/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The states of a command: every name, every word of the wire, and every pair of the matrix. */
#include <glib.h>

#include "state.h"

#define STATES _COMMAND_STATE_MAX

static const char *const names[STATES] = {
        "queued",   "sent",      "running",   "succeeded", "failed",
        "rejected", "timed-out", "cancelled", "expired",   "interrupted",
};

static void test_names(void) {
        CommandState s;

        for (unsigned i = 0; i < STATES; i++) {
                g_assert_cmpstr(command_state_to_string(i), ==, names[i]);
                g_assert_true(command_state_from_string(names[i], &s));
                g_assert_cmpint(s, ==, i);
        }

        s = COMMAND_SENT;
        g_assert_false(command_state_from_string("timed_out", &s));
        g_assert_false(command_state_from_string("Queued", &s));
        g_assert_false(command_state_from_string("", &s));
        g_assert_false(command_state_from_string(NULL, &s));
        g_assert_cmpint(s, ==, COMMAND_SENT);
}

static void test_wire(void) {
        static const struct {
                const char *word;
                CommandState state;
        } words[] = {
                { "completed", COMMAND_SUCCEEDED }, { "success", COMMAND_SUCCEEDED },
                { "failed", COMMAND_FAILED },       { "in_progress", COMMAND_RUNNING },
                { "rejected", COMMAND_REJECTED },   { "cancelled", COMMAND_CANCELLED },
                { "timed_out", COMMAND_TIMED_OUT }, { "interrupted", COMMAND_INTERRUPTED },
        };
        CommandState s;

        for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
                g_assert_true(command_state_from_wire(words[i].word, &s));
                g_assert_cmpint(s, ==, words[i].state);
        }

        s = COMMAND_QUEUED;
        g_assert_false(command_state_from_wire("queued", &s));
        g_assert_false(command_state_from_wire("timed-out", &s));
        g_assert_false(command_state_from_wire("", &s));
        g_assert_false(command_state_from_wire(NULL, &s));
        g_assert_cmpint(s, ==, COMMAND_QUEUED);
}

/* What we say is understood by ourselves, and as final as we meant it. */
static void test_wire_round_trip(void) {
        for (unsigned i = 0; i < STATES; i++) {
                CommandState s;

                g_assert_true(command_state_from_wire(command_state_to_wire(i), &s));
                g_assert_true(command_state_is_final(s) == command_state_is_final(i));
                if (i >= COMMAND_RUNNING && i != COMMAND_EXPIRED)
                        g_assert_cmpint(s, ==, i);
        }
}

/* Rows: from; columns: to, in the order of names[]. */
static void test_matrix(void) {
        static const char *const matrix[STATES] = {
                /* QSRsfrtcei */
                ".x..x..xx.", /* queued */
                "..xxxxxx.x", /* sent */
                "...xxxxx.x", /* running */
                "..........", /* succeeded */
                "..........", /* failed */
                "..........", /* rejected */
                "...xxx....", /* timed-out */
                "..........", /* cancelled */
                "..........", /* expired */
                "...xxxxx..", /* interrupted */
        };

        for (unsigned from = 0; from < STATES; from++)
                for (unsigned to = 0; to < STATES; to++)
                        if (command_state_may_follow(from, to) != (matrix[from][to] == 'x'))
                                g_error("%s to %s: expected %c", names[from], names[to], matrix[from][to]);
}

static void test_final(void) {
        for (unsigned i = 0; i < STATES; i++)
                g_assert_true(command_state_is_final(i) == (i >= COMMAND_SUCCEEDED));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/state/names", test_names);
        g_test_add_func("/state/wire", test_wire);
        g_test_add_func("/state/wire-round-trip", test_wire_round_trip);
        g_test_add_func("/state/matrix", test_matrix);
        g_test_add_func("/state/final", test_final);
        return g_test_run();
}
