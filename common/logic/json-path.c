/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values out of nested JSON objects, and numbers into them. */
#include "json-path.h"

#include <glib.h>
#include <string.h>

json_object *json_at(json_object *object, const char *path) {
        char key[64];

        for (const char *dot; object; path = dot + 1) {
                size_t n;

                dot = strchrnul(path, '.');
                n = (size_t) (dot - path);
                g_assert(n < sizeof(key));
                memcpy(key, path, n);
                key[n] = '\0';
                if (!json_object_is_type(object, json_type_object) ||
                    !json_object_object_get_ex(object, key, &object))
                        return NULL;
                if (!*dot)
                        break;
        }
        return object;
}

const char *json_string_at(json_object *object, const char *path) {
        json_object *o = json_at(object, path);

        return json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;
}

bool json_uint_at(json_object *object, const char *path, uint64_t *ret) {
        json_object *o = json_at(object, path);

        if (!json_object_is_type(o, json_type_int))
                return false;
        if (json_object_get_int64(o) < 0)
                return false;
        *ret = json_object_get_uint64(o);
        return true;
}

bool json_bool_at(json_object *object, const char *path) {
        json_object *o = json_at(object, path);

        return json_object_is_type(o, json_type_boolean) && json_object_get_boolean(o);
}

void json_add_string(json_object *object, const char *key, const char *value) {
        (void) json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

void json_add_uint(json_object *object, const char *key, uint64_t value) {
        (void) json_object_object_add(object, key, json_object_new_uint64(value));
}

json_object *json_decimal(double value, unsigned digits) {
        char format[8], text[64];

        (void) g_snprintf(format, sizeof(format), "%%.%uf", digits);
        (void) g_ascii_formatd(text, sizeof(text), format, value);
        return json_object_new_double_s(value, text);
}

void json_add_decimal(json_object *object, const char *key, double value, unsigned digits) {
        (void) json_object_object_add(object, key, json_decimal(value, digits));
}
