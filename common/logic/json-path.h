/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values out of nested JSON objects, and numbers into them. Nothing here trusts the shape of what it is given.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* The value at "State.Health.Status", borrowed; NULL where a step is missing or is no object. */
json_object *json_at(json_object *object, const char *path);

/* The same as a string or a whole number; NULL, or false with *ret left alone, where it is none. */
const char *json_string_at(json_object *object, const char *path);
bool json_uint_at(json_object *object, const char *path, uint64_t *ret);
bool json_bool_at(json_object *object, const char *path); /* false also where there is none */

/* Adds members. A NULL string becomes null. A decimal is written with that many digits after the point, as
 * json-c would write 12.3 as 12.300000000000001. */
void json_add_string(json_object *object, const char *key, const char *value);
void json_add_uint(json_object *object, const char *key, uint64_t value);
void json_add_decimal(json_object *object, const char *key, double value, unsigned digits);
json_object *json_decimal(double value, unsigned digits);
