/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who calls: the user and the process behind a unique name, asked of the bus driver and remembered. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "caller.h"
#include "uid-count.h"

typedef struct Callers Callers;

/* Exactly one of caller (borrowed) and error is set. */
typedef void (*CallerFound)(const Caller *caller, const GError *error, void *userdata);

Callers *callers_new(sd_bus *bus);
/* Whoever still waits is told that the bus is gone. */
Callers *callers_free(Callers *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Callers, callers_free)

/* Finds the caller with this unique name; found runs once, from inside the call when it is known already.
 * A connection's credentials are those it had when it connected, and unique names are never used twice
 * (D-Bus specification, "Message bus names"), so what is remembered cannot go stale. */
void callers_find(Callers *c, const char *sender, CallerFound found, void *userdata);

/* One call more of this caller waits for its answer, of max at a time of one user (root: no limit); else
 * FLEET_ERROR_LIMIT_EXCEEDED. Given back with uid_count_change(). */
bool caller_charge(UidCount *waiting, const Caller *caller, unsigned max, GError **error);
