/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rule for a node's JSON-RPC port. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* From the container's own --rpc-port (inspect: the engine's answer), else as configured (0: it is not), else from its
 * name: 3nodeN has 33980+N, nodeN has 33880+N. FLEET_ERROR_CONFIG says what to configure where none of these
 * tells, FLEET_ERROR_FAILED names a --rpc-port that is none. */
bool rpc_port(const char *container, json_object *inspect, uint16_t configured, uint16_t *ret,
              GError **error);
