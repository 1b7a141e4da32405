/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of fields that messages have, one function each. */
#include "message-field.h"

#include <string.h>

#include "ident.h"
#include "limits.h"
#include "message-names.h"

const char *field_string(json_object *value, const Field *field, void *slot) {
        size_t max = field->max > 0 ? field->max : MESSAGE_FIELD_MAX, size;
        const char *s;

        if (!json_object_is_type(value, json_type_string))
                return "a string";
        s = json_object_get_string(value);
        size = json_object_get_string_len(value);
        if (size > max)
                return "a shorter string";
        for (size_t i = 0; i < size; i++)
                if (g_ascii_iscntrl(s[i]))
                        return "a string without control characters";
        *(const char **) slot = s;
        return NULL;
}

static const char *checked_string(json_object *value, const Field *field, void *slot,
                                  bool (*is_valid)(const char *), const char *expected) {
        const char *s;

        if (field_string(value, field, &s) || !is_valid(s))
                return expected;
        *(const char **) slot = s;
        return NULL;
}

const char *field_client_id(json_object *value, const Field *field, void *slot) {
        return checked_string(value, field, slot, client_id_is_valid,
                              "a client id (letters, digits, '.', '_', '-', at most 64)");
}

const char *field_command_id(json_object *value, const Field *field, void *slot) {
        const char *other = *(const char **) slot, *expected;

        expected = checked_string(value, field, slot, command_id_is_valid,
                                  "a command id (letters, digits, '_', '-', at most 64)");
        if (!expected && other && strcmp(other, *(const char **) slot) != 0)
                return "the same id as in \"command_id\"";
        return expected;
}

const char *field_container(json_object *value, const Field *field, void *slot) {
        return checked_string(value, field, slot, container_name_is_valid, "a container's name");
}

const char *field_text(json_object *value, const Field *field, void *slot) {
        *(const char **) slot = json_object_get_string(value);
        return NULL;
}

const char *field_bytes(json_object *value, const Field *field, void *slot) {
        FieldBytes *bytes = slot;

        if (!json_object_is_type(value, json_type_string))
                return "a string";
        bytes->data = json_object_get_string(value);
        bytes->size = json_object_get_string_len(value);
        return NULL;
}

static bool to_int(json_object *value, int64_t *ret) {
        int64_t n;

        if (json_object_is_type(value, json_type_double)) {
                double d = json_object_get_double(value);

                if (!(d >= 0 && d < 0x1p63))
                        return false;
                n = (int64_t) d;
        } else if (json_object_is_type(value, json_type_int))
                n = json_object_get_int64(value);
        else
                return false;
        if (n < 0)
                return false;
        *ret = n;
        return true;
}

const char *field_int(json_object *value, const Field *field, void *slot) {
        return to_int(value, slot) ? NULL : "a number from 0 to 2^63-1";
}

const char *field_time(json_object *value, const Field *field, void *slot) {
        (void) to_int(value, slot);
        return NULL;
}

const char *field_object(json_object *value, const Field *field, void *slot) {
        if (!json_object_is_type(value, json_type_object))
                return "an object";
        *(json_object **) slot = value;
        return NULL;
}

const char *field_any(json_object *value, const Field *field, void *slot) {
        *(json_object **) slot = value;
        return NULL;
}

const char *field_labels(json_object *value, const Field *field, void *slot) {
        if (!json_object_is_type(value, json_type_object) || json_object_object_length(value) > LABELS_MAX)
                return "an object of at most " G_STRINGIFY(LABELS_MAX) " labels";

        json_object_object_foreach (value, name, label) {
                const char *s;

                if (!label_key_is_valid(name) || field_string(label, field, &s) || !label_value_is_valid(s))
                        return "labels of one line without commas";
        }
        *(json_object **) slot = value;
        return NULL;
}

const char *field_commands(json_object *value, const Field *field, void *slot) {
        static const char expected[] =
                        "an array of at most " G_STRINGIFY(OFFERED_COMMANDS_MAX) " command names";

        if (!json_object_is_type(value, json_type_array) ||
            json_object_array_length(value) > OFFERED_COMMANDS_MAX)
                return expected;

        for (size_t i = 0; i < json_object_array_length(value); i++) {
                const char *s;

                if (checked_string(json_object_array_get_idx(value, i), field, &s, command_name_is_valid,
                                   expected))
                        return expected;
        }
        *(json_object **) slot = value;
        return NULL;
}

const char *field_features(json_object *value, const Field *field, void *slot) {
        if (!json_object_is_type(value, json_type_array))
                return "an array of strings";

        for (size_t i = 0; i < json_object_array_length(value); i++) {
                json_object *name = json_object_array_get_idx(value, i);

                if (!json_object_is_type(name, json_type_string))
                        return "an array of strings";
                for (const FeatureName *f = message_feature_names; f->name; f++)
                        if (strcmp(f->name, json_object_get_string(name)) == 0)
                                *(unsigned *) slot |= f->feature;
        }
        return NULL;
}

const char *field_success(json_object *value, const Field *field, void *slot) {
        const char *s;

        if (field_string(value, field, &s))
                return "a string";
        *(bool *) slot = strcmp(s, "success") == 0;
        return NULL;
}

const char *field_status(json_object *value, const Field *field, void *slot) {
        if (!json_object_is_type(value, json_type_string) ||
            !command_state_from_wire(json_object_get_string(value), slot))
                return "completed, success, failed, in_progress, rejected, cancelled, timed_out or interrupted";
        return NULL;
}
