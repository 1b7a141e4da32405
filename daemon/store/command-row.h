/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A row of commands as a CommandRecord, and what its columns say. */
#pragma once

#include "db-row.h"
#include "store-task.h"

/* Of a state; SQL_PHASE_… */
unsigned command_phase(CommandState state);

/* A RowHandler, for SQL_COMMAND_COLUMNS, params, result. */
bool command_row(RowReader *r, GPtrArray *rows);

/* A call that reads such rows. */
StoreTask *command_read_new(StoreRun run, const ArgsLayout *layout, const void *args);
