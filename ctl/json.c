/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading JSON whose members may be missing or of another type than expected: then they are empty. */
#include "json.h"

json_object *json_member(json_object *object, const char *key) {
        json_object *value = NULL;

        if (json_object_is_type(object, json_type_object))
                (void) json_object_object_get_ex(object, key, &value);
        return value;
}

const char *json_text(json_object *object, const char *key) {
        json_object *value = json_member(object, key);

        return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

uint64_t json_uint(json_object *object, const char *key) {
        json_object *value = json_member(object, key);

        return json_object_is_type(value, json_type_int) ? json_object_get_uint64(value) : 0;
}

const char **json_strings(json_object *array) {
        const char **strings;
        size_t n = 0;

        if (!json_object_is_type(array, json_type_array))
                return NULL;
        strings = g_new0(const char *, json_object_array_length(array) + 1);
        for (size_t i = 0; i < json_object_array_length(array); i++) {
                json_object *item = json_object_array_get_idx(array, i);

                if (json_object_is_type(item, json_type_string))
                        strings[n++] = json_object_get_string(item);
        }
        return strings;
}

static void append_plain(GString *out, json_object *value) {
        if (json_object_is_type(value, json_type_array)) {
                for (size_t i = 0; i < json_object_array_length(value); i++) {
                        g_string_append(out, i > 0 ? ", " : "");
                        append_plain(out, json_object_array_get_idx(value, i));
                }
        } else if (json_object_is_type(value, json_type_object)) {
                const char *separator = "";

                json_object_object_foreach (value, key, member) {
                        g_string_append_printf(out, "%s%s=", separator, key);
                        append_plain(out, member);
                        separator = ", ";
                }
        } else if (value) {
                g_string_append(out, json_object_get_string(value));
        }
}

char *json_plain(json_object *value) {
        GString *out = g_string_new(NULL);

        append_plain(out, value);
        return g_string_free(out, false);
}
