/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of a command that mclient-script was told to run, asked until it answers. */
#pragma once

#include <glib.h>

#include "agent-ledger.h"
#include "loop.h"
#include "script-link.h"

typedef struct ScriptAsk ScriptAsk;

/* The end, once, with all that it printed in the result; borrowed. The ask may be freed from here. */
typedef void (*ScriptAnswered)(const LedgerOutcome *outcome, void *userdata);

/* done is never called from inside this. A script that runs is waited for. place: stays. */
ScriptAsk *script_ask_new(Loop *l, const ScriptPlace *place, const char *id, ScriptAnswered done,
                          void *userdata);
ScriptAsk *script_ask_free(ScriptAsk *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScriptAsk, script_ask_free)

const char *script_ask_id(const ScriptAsk *a);

/* It is to end, where it still runs. */
void script_ask_cancel(ScriptAsk *a);
