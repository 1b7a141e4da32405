/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A row of SQL_COMMAND_COLUMNS, params, result as a CommandRecord. */
#pragma once

#include "store-row.h"
#include "store-task.h"

bool command_row(RowReader *r, GPtrArray *rows); /* a RowHandler */

/* A call that reads such rows. */
StoreTask *command_read_new(StoreRun run, const ArgsLayout *layout, const void *args);
