/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of an output, as the result of its command has it (docs/PROTOCOL.md, section 7). */
#pragma once

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

/* The text in a result, which may be NULL, of a command that printed output_bytes: its last *ret_size bytes. Borrowed.
 * NULL where it has none, or what cannot be that. */
const char *result_tail(json_object *result, uint64_t output_bytes, size_t *ret_size);
