/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells people and Alertmanagers of alerts: keeps a notice of each change for each target that wants it, and has mserver-notify
 * deliver it, for the server itself has no network. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "fleet.h"
#include "loop.h"

typedef struct Notifier Notifier;

/* socket: where mserver-notify listens. The queue is notices.db in the state directory. */
Notifier *notifier_new(Loop *l, Fleet *fleet, const char *state_directory, const char *socket,
                       GError **error);
/* Finishes what is queued for the database. What has not been delivered stays there. */
Notifier *notifier_free(Notifier *n);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Notifier, notifier_free)

/* Reads back what waits, for the targets of now. */
void notifier_load(Notifier *n, FleetReady ready, void *userdata);

/* targets: of NotifyTarget, referenced. What waits for one that is not among them any more is dropped; one that is new, or is to
 * hear of more, is told of what lasts. mserver-notify is started anew, so that it knows of them, too. */
void notifier_set_targets(Notifier *n, GPtrArray *targets);

/* What a kill has cut off, once: lasting (of AlertRecord) are all alerts that last, and who was not told of one is; of what was
 * told and is not among them it is told that it is over. After notifier_load(). */
void notifier_catch_up(Notifier *n, GPtrArray *lasting);

typedef struct NotifyCount {
        const char *target;
        unsigned waiting;
        bool failing;
        uint64_t sent, failed, refused, dropped; /* since the start; failed: attempts */
} NotifyCount;
unsigned notifier_count_targets(const Notifier *n);
NotifyCount notifier_count(const Notifier *n, unsigned target);
