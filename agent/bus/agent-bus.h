/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent on its host's system bus: org.mclient1. dbus/org.mclient1.Agent.xml documents what callers see. */
#pragma once

#include <glib.h>

#include "agent-config.h"
#include "loop.h"
#include "uplink.h"

typedef struct AgentBus AgentBus;

/* The agent works without a bus: while there is none, or the name is somebody else's, it is tried every second. All
 * arguments are borrowed. */
AgentBus *agent_bus_new(Loop *l, const AgentConfig *config, Uplink *uplink);
/* After the uplink has ended, which ends what it runs for callers: they still get that answer. */
AgentBus *agent_bus_free(AgentBus *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AgentBus, agent_bus_free)

/* What the uplink says of itself has changed. */
void agent_bus_state_changed(AgentBus *b);
void agent_bus_pending_changed(AgentBus *b);
