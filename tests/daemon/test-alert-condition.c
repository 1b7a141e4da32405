/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One alert an incident: what is bad long enough is raised once, what is well long enough is cleared once. */
#include "alert-condition.h"

#include <stdio.h>
#include <string.h>

#define SEC UINT64_C(1000000)

static const AlertRule usual = {
        .enabled = true, .raise = 90, .clear = 80, .hold_usec = 30 * SEC, .clear_usec = 20 * SEC
};

/* "VALUE@SECOND" of each look, "-" nothing is seen any more, "x" the end; and what comes of each: R, C or a dot. */
static void assert_life(const AlertRule *rule, const char *looks, const char *expected) {
        g_auto(GStrv) words = g_strsplit(looks, " ", 0);
        g_autoptr(GString) got = g_string_new(NULL);
        AlertCondition c = {};

        for (unsigned i = 0; words[i]; i++) {
                bool before = alert_condition_is_raised(&c);
                AlertStep step = ALERT_STEP_NONE;
                unsigned value, second;

                if (words[i][0] == '-')
                        alert_condition_interrupt(&c);
                else if (words[i][0] == 'x')
                        step = alert_condition_end(&c);
                else {
                        g_assert_cmpint(sscanf(words[i], "%u@%u", &value, &second), ==, 2);
                        step = alert_condition_look(&c, rule, value, second * SEC);
                }
                g_string_append_c(got, ".RC"[step]);
                g_assert_cmpint(alert_condition_is_raised(&c), ==,
                                step == ALERT_STEP_NONE ? before : step == ALERT_STEP_RAISE);
        }
        g_assert_cmpstr(got->str, ==, expected);
}

static void test_life(void) {
        static const struct {
                const char *looks, *expected;
        } cases[] = {
                { "10@0 10@100", ".." },
                { "90@0 90@10 90@29 90@30 90@31 99@300", "...R.." }, /* once */
                { "89@0 89@100", ".." },
                { "90@0 89@10 90@20 90@49 90@50", "....R" }, /* it must hold, also above what clears */
                { "90@0 90@100", ".R" },                     /* rare samples */
                { "90@5 90@30 90@35 70@40 70@59 70@60 70@61", "..R..C." },
                { "90@0 90@30 79@40 80@50 79@60 79@79 79@80", ".R....C" }, /* so must being well */
                { "90@0 90@30 85@40 85@400", ".R.." },                     /* in between all stays */
                { "85@0 85@100", ".." },
                { "90@0 90@30 70@40 90@50 70@60 70@75 70@80", ".R....C" }, /* no new alert for a flap */
                { "90@0 90@30 70@40 70@60 90@61 90@91", ".R.C.R" },        /* a new incident */
                { "90@0 - 90@30 90@59 90@60", "....R" }, /* what was not seen does not count */
                { "90@0 90@30 - 70@500 70@519 70@520", ".R...C" },
                { "90@0 90@30 70@40 - 70@60 70@80", ".R...C" },
                { "90@0 90@30 - - 90@9000", ".R..." }, /* what is raised stays */
                { "90@0 90@30 x 90@31 90@61", ".RC.R" },
                { "90@0 90@30 70@31 x x", ".R.C." },
                { "90@0 x 90@30", "..." },
                { "90@100 90@90 90@129 90@130", "...R" }, /* a time before the last is no time */
                { "90@0 90@30 70@100 70@90 70@119 70@120", ".R...C" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
                assert_life(&usual, cases[i].looks, cases[i].expected);
}

static void test_rules(void) {
        const AlertRule at_once = { .enabled = true, .raise = 1, .clear = 1 },
                        falling = { .enabled = true, .raise = 14, .clear = 20, .falls = true },
                        off = { .raise = 1, .clear = 1 };

        assert_life(&at_once, "0@0 1@1 1@2 0@3 0@4 1@4 0@4", ".R.C.RC");
        assert_life(&falling, "30@0 15@1 14@2 0@3 20@4 21@5 15@6 14@7", "..R..C.R");
        assert_life(&off, "1@0 1@100", "..");
}

/* One that is turned off ends. */
static void test_turned_off(void) {
        AlertRule rule = usual;
        AlertCondition c = { ALERT_RAISED, 5 };

        rule.enabled = false;
        g_assert_cmpint(alert_condition_look(&c, &rule, 99, 10), ==, ALERT_STEP_CLEAR);
        g_assert_cmpint(alert_condition_look(&c, &rule, 99, 20), ==, ALERT_STEP_NONE);
        c = (AlertCondition){ ALERT_PENDING, 5 };
        g_assert_cmpint(alert_condition_look(&c, &rule, 99, 10), ==, ALERT_STEP_NONE);
        g_assert_cmpint(c.phase, ==, ALERT_WELL);
}

/* What could not be raised, or cleared, is at the next look, and not if it has changed meanwhile. */
static void test_refused(void) {
        AlertCondition c = {};

        (void) alert_condition_look(&c, &usual, 90, 1000 * SEC);
        g_assert_cmpint(alert_condition_look(&c, &usual, 90, 1030 * SEC), ==, ALERT_STEP_RAISE);
        alert_condition_refuse(&c, ALERT_STEP_RAISE);
        g_assert_false(alert_condition_is_raised(&c));
        g_assert_cmpint(alert_condition_look(&c, &usual, 90, 1031 * SEC), ==, ALERT_STEP_RAISE);
        alert_condition_refuse(&c, ALERT_STEP_RAISE);
        g_assert_cmpint(alert_condition_look(&c, &usual, 70, 1032 * SEC), ==, ALERT_STEP_NONE);
        g_assert_cmpint(alert_condition_look(&c, &usual, 90, 1033 * SEC), ==, ALERT_STEP_NONE);

        c = (AlertCondition){ ALERT_RAISED, 0 };
        (void) alert_condition_look(&c, &usual, 70, 1000 * SEC);
        g_assert_cmpint(alert_condition_look(&c, &usual, 70, 1020 * SEC), ==, ALERT_STEP_CLEAR);
        alert_condition_refuse(&c, ALERT_STEP_CLEAR);
        g_assert_true(alert_condition_is_raised(&c));
        g_assert_cmpint(alert_condition_look(&c, &usual, 70, 1021 * SEC), ==, ALERT_STEP_CLEAR);
        alert_condition_refuse(&c, ALERT_STEP_NONE);
        g_assert_cmpint(c.phase, ==, ALERT_WELL);
}

/* Whatever comes, raising and clearing take turns, and nothing is raised that was not bad for long enough. */
static void test_any(void) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(7);
        AlertCondition c = {};
        uint64_t now = 0, bad_since = 0, well_since = 0;
        bool raised = false;

        for (unsigned i = 0; i < 200000; i++) {
                uint64_t value = (uint64_t) g_rand_int_range(rand, 60, 100);
                AlertStep step;

                if (i / 1000 % 2) /* times of calm */
                        value = i / 2000 % 2 ? 95 : 10;
                now += (uint64_t) g_rand_int_range(rand, 0, 5) * SEC;
                bad_since = value >= usual.raise ? bad_since : now + 1;
                well_since = value < usual.clear ? well_since : now + 1;
                step = alert_condition_look(&c, &usual, value, now);
                if (step == ALERT_STEP_RAISE) {
                        g_assert_false(raised);
                        g_assert_cmpuint(now + 1 - bad_since, >=, usual.hold_usec);
                        raised = true;
                        well_since = now;
                } else if (step == ALERT_STEP_CLEAR) {
                        g_assert_true(raised);
                        g_assert_cmpuint(now + 1 - well_since, >=, usual.clear_usec);
                        raised = false;
                        bad_since = now;
                }
                g_assert_cmpint(alert_condition_is_raised(&c), ==, raised);
        }
}

static void test_kinds(void) {
        AlertRules rules = alert_rules_default();
        AlertKind kind = ALERT_AUDIT_BROKEN;

        for (AlertKind k = 0; k < _ALERT_KIND_MAX; k++) {
                const AlertKindInfo *info = alert_kind_info(k);
                const AlertRule *rule = &rules.of[k];

                g_assert_true(alert_kind_from_string(info->name, &kind));
                g_assert_cmpint(kind, ==, k);
                g_assert_true(rule->enabled);
                g_assert_true(rule->falls ? rule->clear >= rule->raise : rule->clear <= rule->raise);
                g_assert_true(rule->falls || rule->clear > 0); /* else it is never well */
                g_assert_cmpint(alert_kind_is_event(k), ==,
                                strncmp(info->name, "command-", 8) == 0 || k == ALERT_AUDIT_BROKEN);
        }
        g_assert_false(alert_kind_from_string("disk-empty", &kind));
        g_assert_false(alert_kind_from_string(NULL, &kind));
        g_assert_cmpint(kind, ==, _ALERT_KIND_MAX - 1);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/alert-condition/life", test_life);
        g_test_add_func("/alert-condition/rules", test_rules);
        g_test_add_func("/alert-condition/turned-off", test_turned_off);
        g_test_add_func("/alert-condition/refused", test_refused);
        g_test_add_func("/alert-condition/any", test_any);
        g_test_add_func("/alert-condition/kinds", test_kinds);
        return g_test_run();
}
