/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command objects: MSERVER_COMMAND_ROOT/<id>. */
#pragma once

#include "bus-request.h"

/* Publishes them. Returns 0 or a negative errno. */
int command_bus_publish(Bus *b);

/* Does CancelCommand() and Command.Cancel(). */
void command_cancel(Request *r);
