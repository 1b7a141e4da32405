/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands that mclient-script runs, in the ledger: one that an earlier process did not see to its end is not interrupted,
 * but still to be asked for. Its outcome is stored as that of any other (agent_ledger_finish()). */
#pragma once

#include "agent-db.h"

/* The callbacks come from the loop, never from inside a call. problem is for people, and NULL where there is none. */

/* Before it is begun. */
typedef void (*ScriptWritten)(const char *problem, void *userdata);
void script_table_begin(AgentDb *db, const char *id, ScriptWritten done, void *userdata);

/* The ids without an outcome; NULL-terminated, borrowed. */
typedef void (*ScriptsListed)(char **ids, const char *problem, void *userdata);
void script_table_list(AgentDb *db, ScriptsListed done, void *userdata);
