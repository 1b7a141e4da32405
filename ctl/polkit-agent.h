/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets polkit ask for a password on this terminal, by the agent that polkit brings for it (pkttyagent(1)). */
#pragma once

#include <glib.h>

typedef struct PolkitAgent PolkitAgent;

/* Starts the agent for this process and waits until it is registered. NULL where none is needed (uid 0), none can
 * work (no terminal) or none is installed. */
PolkitAgent *polkit_agent_open(void);

/* Ends it. */
PolkitAgent *polkit_agent_close(PolkitAgent *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PolkitAgent, polkit_agent_close)
