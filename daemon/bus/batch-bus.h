/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Batch objects: MSERVER_BATCH_ROOT/<id>; listed while the batch runs. */
#pragma once

#include "bus-request.h"

/* Publishes them. Returns 0 or a negative errno. */
int batch_bus_publish(Bus *b);

/* For parsers of CancelBatch() and Batch.Cancel(): finds the running batch r->args.id and notes whose it is.
 * FLEET_ERROR_NO_SUCH_COMMAND where there is none. */
bool batch_find_of(Request *r, GError **error);
/* Does either. */
void batch_cancel(Request *r);
