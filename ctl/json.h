/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading JSON whose members may be missing or of another type than expected: then they are empty. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_object, json_object_put)

/* Members of an object: "", 0 and NULL where there is no such string, number, or member. Borrowed. */
const char *json_text(json_object *object, const char *key);
uint64_t json_uint(json_object *object, const char *key);
json_object *json_member(json_object *object, const char *key);

/* Strings of an array, NULL-terminated; the array owns them and g_free() frees the list. NULL where it is none. */
const char **json_strings(json_object *array);

/* A value on one line as people write it: strings without quotes, lists with commas; new string. */
char *json_plain(json_object *value);
