/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a broadcast ended, client by client, with what each answered. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "batch.h"
#include "broadcast.h"
#include "ctl.h"

/* Reads the batch's commands and prints how they ended; those it was meant for and who have no command were skipped. */
bool batch_result_print(Ctl *ctl, const BatchReport *r, const Broadcast *b, GError **error);

/* What a dry run found: planned has the ids of those that it would be sent to as members. */
void batch_result_print_plan(Ctl *ctl, const Broadcast *b, json_object *planned);
