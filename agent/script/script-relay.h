/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the start of a script to its end: its output goes to the agent as fast as that takes it, its time runs, and it may be
 * asked to end. An agent that goes away changes nothing. */
#pragma once

#include "output.h"
#include "script-child.h"
#include "script-peer.h"
#include "script.h"

/* timeout_usec: from now. signals: a signalfd(2) of SIGTERM (the service or the host stops) and SIGUSR1 (a later agent cancels).
 * output: what was passed on is appended. *ret: how it ended. */
void script_relay(const Script *s, const ScriptChild *c, ScriptPeer *peer, int signals,
                  uint64_t timeout_usec, Output *output, ScriptEnd *ret);
