/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One request of the agent, from what it says to its end.
 *
 * As a service (mclient-script@.service) we are root in a sandbox and the agent is not: so it is believed nothing. The
 * configuration, which is root's, is read anew, and all of the request checked against that. As a child of an agent without
 * that service we do the same as the agent's own user.
 *
 *   1. the request is checked
 *   2. the lock of the command for this container is taken, or it is refused
 *   3. the id is written down: it never runs again
 *   4. the script runs (script-relay.h)
 *   5. its end is written down, then said. An agent that is away asks later, with the id. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "script-peer.h"
#include "script-store.h"

typedef struct Helper {
        const char *config, *state;
        bool own_user; /* without User= scripts run as we do, not as MCLIENT_USER */
        ScriptPeer *peer;
        ScriptStore *store; /* in state; NULL until there is a request for it */
        int signals;        /* signalfd(2) of SIGTERM and SIGUSR1, which are blocked */
} Helper;

/* Says what is printed meanwhile; the end is the caller's to say. False: with error, which is the end, or (without) there is
 * nothing to say: the agent has gone, or is to ask again. h->store is the caller's to free. */
bool script_serve(Helper *h, ScriptEnd *ret, GError **error);
