/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a container's port can be reached from the host. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* "127.0.0.1:33980", the likeliest first; NULL-terminated, may be empty. inspect: the engine's answer. What a node listens
 * to on its own loopback only is not there, unless that is the host's: *ret_shared. New strv. */
char **node_addresses(json_object *inspect, uint16_t port, bool *ret_shared);
