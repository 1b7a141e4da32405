/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong in the fleet and with the server itself: looks at what agents tell, at who is away, at how commands end, and raises
 * and clears alerts by rules (alert-condition.h). */
#pragma once

#include "alert-book.h"
#include "alert-condition.h"
#include "audit.h"
#include "fleet.h"
#include "loop.h"
#include "silences.h"
#include "store.h"

typedef struct Alerts Alerts;

/* Follows the fleet, by alert_rules_default(). */
Alerts *alerts_new(Loop *l, Store *store, Audit *audit, Fleet *fleet);
/* Not after the fleet. */
Alerts *alerts_free(Alerts *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Alerts, alerts_free)

/* Takes over what an earlier run has left: once the fleet is loaded, before the commands are. */
void alerts_load(Alerts *a, FleetReady ready, void *userdata);

/* What is turned off ends at once; numbers count from the next look on. */
void alerts_set_rules(Alerts *a, const AlertRules *rules);
/* Of the server: realtime µs, 0: it has none. */
void alerts_set_certificate(Alerts *a, uint64_t expires);

AlertBook *alerts_book(const Alerts *a);
Silences *alerts_silences(const Alerts *a);
