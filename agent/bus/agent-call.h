/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of org.mclient1's methods: each finds out who calls, asks polkit, does its work, and is answered once. */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

#include "agent-config.h"
#include "uplink.h"

typedef struct AgentCalls AgentCalls; /* of one connection to the bus */

AgentCalls *agent_calls_new(sd_bus *bus, const AgentConfig *config, Uplink *uplink);
/* Those that run go on, with nobody to hear how they end; all others are answered with an error. */
AgentCalls *agent_calls_free(AgentCalls *cs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AgentCalls, agent_calls_free)

/* This unique name has left the bus: polkit is no longer asked about it. What was begun goes on. */
void agent_calls_caller_gone(AgentCalls *cs, const char *sender);

void agent_call_run(AgentCalls *cs, sd_bus_message *m);
void agent_call_reconnect(AgentCalls *cs, sd_bus_message *m);
