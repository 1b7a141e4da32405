/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of one condition. */
#include "alert-condition.h"

#include "limits.h"

AlertRules alert_rules_default(void) {
        AlertRules rules = { .events_usec = ALERT_EVENTS_DEFAULT_USEC };

        for (AlertKind k = 0; k < _ALERT_KIND_MAX; k++) {
                const AlertKindInfo *info = alert_kind_info(k);

                rules.of[k] = (AlertRule){
                        true,        info->raise,     info->clear,
                        info->falls, info->hold_usec, alert_kind_is_event(k) ? 0 : ALERT_CLEAR_DEFAULT_USEC
                };
        }
        return rules;
}

static bool is_bad(const AlertRule *rule, uint64_t value) {
        return rule->falls ? value <= rule->raise : value >= rule->raise;
}

static bool is_well(const AlertRule *rule, uint64_t value) {
        return rule->falls ? value > rule->clear : value < rule->clear;
}

static void enter(AlertCondition *c, AlertPhase phase, uint64_t now) {
        *c = (AlertCondition){ phase, now };
}

static uint64_t lasted(const AlertCondition *c, uint64_t now) {
        return now > c->since ? now - c->since : 0;
}

static AlertStep when_not_raised(AlertCondition *c, const AlertRule *rule, uint64_t value, uint64_t now) {
        if (!is_bad(rule, value)) {
                enter(c, ALERT_WELL, now);
                return ALERT_STEP_NONE;
        }
        if (c->phase == ALERT_WELL)
                enter(c, ALERT_PENDING, now);
        if (lasted(c, now) < rule->hold_usec)
                return ALERT_STEP_NONE;
        enter(c, ALERT_RAISED, now);
        return ALERT_STEP_RAISE;
}

static AlertStep when_raised(AlertCondition *c, const AlertRule *rule, uint64_t value, uint64_t now) {
        if (!is_well(rule, value)) {
                if (c->phase == ALERT_CLEARING)
                        enter(c, ALERT_RAISED, now);
                return ALERT_STEP_NONE;
        }
        if (c->phase == ALERT_RAISED)
                enter(c, ALERT_CLEARING, now);
        if (lasted(c, now) < rule->clear_usec)
                return ALERT_STEP_NONE;
        enter(c, ALERT_WELL, now);
        return ALERT_STEP_CLEAR;
}

AlertStep alert_condition_look(AlertCondition *c, const AlertRule *rule, uint64_t value, uint64_t now) {
        if (!rule->enabled)
                return alert_condition_end(c);
        return alert_condition_is_raised(c) ? when_raised(c, rule, value, now)
                                            : when_not_raised(c, rule, value, now);
}

void alert_condition_refuse(AlertCondition *c, AlertStep step) {
        if (step == ALERT_STEP_RAISE)
                enter(c, ALERT_PENDING, 0);
        else if (step == ALERT_STEP_CLEAR)
                enter(c, ALERT_CLEARING, 0);
}

void alert_condition_interrupt(AlertCondition *c) {
        if (c->phase == ALERT_PENDING)
                c->phase = ALERT_WELL;
        else if (c->phase == ALERT_CLEARING)
                c->phase = ALERT_RAISED;
}

AlertStep alert_condition_end(AlertCondition *c) {
        bool raised = alert_condition_is_raised(c);

        *c = (AlertCondition){};
        return raised ? ALERT_STEP_CLEAR : ALERT_STEP_NONE;
}
