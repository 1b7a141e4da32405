/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of one condition: from a value that is too high to an alert, and back. It must hold for a time before it is raised, and
 * be well for a time before it is cleared, so that there is one alert an incident and not one a sample. Pure: the time
 * is an argument (µs, of a clock that is not set; smaller than before counts as the same). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "alert-kind.h"

typedef struct AlertRule {
        bool enabled;
        uint64_t raise; /* from here on it is bad */
        uint64_t clear; /* below it is well; at most raise. In between all stays as it is */
        bool falls; /* the other way round: up to raise it is bad, above clear it is well; clear is not below it */
        uint64_t hold_usec;  /* it must be bad for so long */
        uint64_t clear_usec; /* and well for so long */
} AlertRule;

typedef struct AlertRules {
        AlertRule of[_ALERT_KIND_MAX];
        uint64_t events_usec; /* until an event clears by itself */
} AlertRules;

AlertRules alert_rules_default(void);

typedef enum AlertPhase {
        ALERT_WELL,
        ALERT_PENDING, /* bad, not for long enough */
        ALERT_RAISED,
        ALERT_CLEARING, /* raised, and well, not for long enough */
} AlertPhase;

/* All zeros: well. */
typedef struct AlertCondition {
        AlertPhase phase;
        uint64_t since; /* µs: of the phase */
} AlertCondition;

typedef enum AlertStep {
        ALERT_STEP_NONE,
        ALERT_STEP_RAISE,
        ALERT_STEP_CLEAR,
} AlertStep;

/* Takes a value that was seen at this time. */
AlertStep alert_condition_look(AlertCondition *c, const AlertRule *rule, uint64_t value, uint64_t now);

/* It could not be raised, or not be cleared: the next look says so again. */
void alert_condition_refuse(AlertCondition *c, AlertStep step);

/* Nothing is seen any more: what is raised stays, what was counted begins anew. */
void alert_condition_interrupt(AlertCondition *c);

/* It is over, or to be forgotten. ALERT_STEP_CLEAR where it was raised. */
AlertStep alert_condition_end(AlertCondition *c);

static inline bool alert_condition_is_raised(const AlertCondition *c) {
        return c->phase == ALERT_RAISED || c->phase == ALERT_CLEARING;
}
