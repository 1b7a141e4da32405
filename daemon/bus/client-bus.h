/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Client objects: MSERVER_CLIENT_ROOT/<id, escaped>. */
#pragma once

#include "bus.h"
#include "client.h"

/* Publishes them. Returns 0 or a negative errno. */
int client_bus_publish(Bus *b);

/* "online" or "offline" */
const char *client_state(const Client *c);
