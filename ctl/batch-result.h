/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a broadcast ended, client by client, with what each answered. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "batch.h"
#include "ctl.h"

/* Reads the batch's commands and prints how they ended. meant: ids of the clients it was meant for, NULL-terminated; those
 * without a command were skipped. */
bool batch_result_print(Ctl *ctl, const BatchReport *r, const char *const *meant, GError **error);
