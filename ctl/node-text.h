/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a node does, as people say it. Pure. */
#pragma once

#include <json-c/json.h>

#include "terminal.h"

/* node: as agents tell of it (docs/PROTOCOL.md). "synced, 8 peers, block 1,507,577, 2 not final"; what was not told is not
 * said. *ret_color: good, or warn. New string. */
char *node_text(json_object *node, Color *ret_color);

/* What is wrong with it, in a word or two: "syncing"; NULL where it is well. Static. */
const char *node_trouble(json_object *node);
