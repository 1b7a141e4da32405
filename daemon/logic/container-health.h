/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a client's containers are well again, from what its command status says of them. */
#pragma once

#include <json-c/json.h>

/* result: of status (docs/PROTOCOL.md). Healthy are containers that run, that docker does not find ill, and that as nodes are
 * synced and have the peers they should have; one of them at least must be a node that tells. NULL where all are, else
 * the first that is not and why: "3node5: syncing, 2 peers". New string. */
char *container_health_problem(json_object *result);
