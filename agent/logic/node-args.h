/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a container's program was told on its command line. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

/* The value of an option ("--rpc-port=33984", "--rpc-port 33984") among a container's arguments ("Args" of the
 * engine's inspect answer), also where these are a line for a shell (sh -c "node --rpc-port 33984"). The last one
 * counts. New string; NULL where there is none. */
char *node_argument(json_object *inspect, const char *option);

/* Whether it is among them, with a value or without ("--validator"). */
bool node_has_argument(json_object *inspect, const char *option);
