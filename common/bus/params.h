/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command's parameters: from a{sv} on the bus to a JSON object. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

/* Reads the a{sv} at the message's present place. Taken are all basic types (but file descriptors), arrays of
 * them, av, and dictionaries with string keys, nested as deep as MESSAGE_DEPTH_MAX. FLEET_ERROR_INVALID_PARAMETER
 * names the parameter, its type and what was expected; also for more than PARAMS_BYTES_MAX in all, a key that
 * comes twice, and numbers that JSON does not have. *ret is a new reference. */
bool params_read(sd_bus_message *m, json_object **ret, GError **error);
