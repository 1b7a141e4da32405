/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON (RFC 8259) written straight into a string: what costs the least for the fixed shapes we send. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdint.h>

/* Appends text (NULL: none) as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD; NUL bytes are
 * escaped like other control characters. */
void json_append_string(GString *out, const char *text, size_t size);

void json_append_int(GString *out, int64_t n);

/* Appends a value on one line; NULL is null. */
void json_append_object(GString *out, json_object *value);
