/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a client's "stats" message says that something is wrong: numbers for alert-condition.h, and what to tell people. What
 * is not there, or of another type than docs/PROTOCOL.md says, is nothing: agents of others send what they like. Pure. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "alert-kind.h"

/* What is remembered of a container from sample to sample; zeros at first. */
typedef struct AlertSeen {
        bool restarts_known, best_known;
        uint64_t restarts, restarts_usec;       /* and when it was told of */
        uint64_t restarted[ALERT_RESTARTS_MAX]; /* µs: the latest, oldest first */
        unsigned n_restarted;
        uint64_t best, best_usec; /* the highest block, and when it was first told of */
        uint64_t unseen_usec; /* until then it may have had any other; 0: it was looked at all the time */
} AlertSeen;

/* value: in the kind's unit, 0 or 1 where that has none. at: µs, when it was so, by the clock of now. */
typedef void (*AlertMeasured)(AlertKind kind, uint64_t value, uint64_t at, void *userdata);

/* system: of the message. */
void alert_measure_host(json_object *system, uint64_t now, AlertMeasured measured, void *userdata);

/* container: one of the message. How a node does is asked more rarely than samples are taken: what it said counts for when it
 * said so. */
void alert_measure_container(json_object *container, AlertSeen *seen, uint64_t now, AlertMeasured measured,
                             void *userdata);

/* Nothing is seen of it: how long it has been as it was is not known when it is seen again. */
void alert_seen_interrupted(AlertSeen *seen, uint64_t now);

/* Of an alert of an earlier run, which knew when: it has restarted at the latest now. */
void alert_seen_restarted(AlertSeen *seen, uint64_t now);

/* A valid name, borrowed; NULL where there is none. */
const char *alert_container_name(json_object *container);

/* Are its session keys the ones that the chain knows? False where it does not say. */
bool alert_keys_registered(json_object *container, bool *ret);

/* One line for people; object is what was measured (system, container; NULL where the kind needs neither). New string. */
char *alert_text(AlertKind kind, json_object *object, uint64_t value);
