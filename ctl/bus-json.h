/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D-Bus values as JSON and back: what a command takes and answers has no fixed shape. */
#pragma once

#include <json-c/json.h>
#include <systemd/sd-bus.h>

/* Appends an object as a{sv}: strings, booleans, t or x for whole numbers, d, and as for arrays (of strings).
 * NULL is an empty one. Returns a negative errno, -EINVAL for a value that has no such form. */
int bus_append_dict(sd_bus_message *m, json_object *object);

/* Reads one value of the types that properties have: strings, booleans, u, t, and arrays and variants of these;
 * dictionaries with string keys become objects. Returns 1, 0 at the end of a container, or a negative errno; *ret is
 * a new reference. */
int bus_read_json(sd_bus_message *m, json_object **ret);
