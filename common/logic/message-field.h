/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of fields that messages have, and how one is read out of JSON. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Field Field;

/* Reads a value (never null; an empty string only for field_any) into a slot of the type that the reader's
 * comment names. Returns NULL, or, where the value will not do, what was expected instead. */
typedef const char *(*FieldReader)(json_object *value, const Field *field, void *slot);

struct Field {
        const char *name;
        FieldReader read;
        size_t slot; /* offset in Message */
        bool required;
        const char *instead; /* a required field may be left out where this one is there */
        size_t max;          /* bytes of a string; 0: MESSAGE_FIELD_MAX */
};

/* const char *, borrowed from value: one line of at most max bytes. */
const char *field_string(json_object *value, const Field *field, void *slot);
const char *field_client_id(json_object *value, const Field *field, void *slot);
const char *field_container(json_object *value, const Field *field, void *slot);
/* Where the slot is filled already, by another name of the field, both must agree. */
const char *field_command_id(json_object *value, const Field *field, void *slot);

/* const char *: for people, of any length; what is no string is shown as its JSON. */
const char *field_text(json_object *value, const Field *field, void *slot);

/* FieldBytes: the one string that may hold NUL bytes. */
typedef struct FieldBytes {
        const char *data;
        size_t size;
} FieldBytes;
const char *field_bytes(json_object *value, const Field *field, void *slot);

/* int64_t, not negative; a fraction is cut off. */
const char *field_int(json_object *value, const Field *field, void *slot);
/* The same, but what will not do is ignored: a time only informs, and is no reason to refuse the rest. */
const char *field_time(json_object *value, const Field *field, void *slot);

/* json_object *, borrowed. */
const char *field_any(json_object *value, const Field *field, void *slot);
const char *field_object(json_object *value, const Field *field, void *slot);
const char *field_labels(json_object *value, const Field *field, void *slot);
const char *field_commands(json_object *value, const Field *field, void *slot);

/* unsigned, a set of Feature; unknown ones are of a later version and ignored. */
const char *field_features(json_object *value, const Field *field, void *slot);

/* bool: is it "success"? */
const char *field_success(json_object *value, const Field *field, void *slot);

/* CommandState, from the wire's word. */
const char *field_status(json_object *value, const Field *field, void *slot);
