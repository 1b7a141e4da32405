/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command's result as callers on the bus get it. */
#include "result-text.h"

#include <glib.h>
#include <json-c/json.h>
#include <string.h>

#include "json-text.h"

/* The members of an object, or {"result": …} around anything else, left open for "error". */
static void open_failed_result(GString *out, const char *result) {
        json_object *o = json_tokener_parse(result);

        g_string_append_c(out, '{');
        if (json_object_is_type(o, json_type_object)) {
                json_object_object_del(o, "error");
                json_object_object_foreach (o, name, value) {
                        json_append_string(out, name, strlen(name));
                        g_string_append_c(out, ':');
                        json_append_object(out, value);
                        g_string_append_c(out, ',');
                }
        } else if (o) {
                g_string_append(out, "\"result\":");
                json_append_object(out, o);
                g_string_append_c(out, ',');
        }
        json_object_put(o);
}

char *result_with_error(const char *result, const char *error) {
        GString *out;

        if (!error)
                return g_strdup(result ?: "null");

        out = g_string_new(NULL);
        open_failed_result(out, result ?: "null");
        g_string_append(out, "\"error\":");
        json_append_string(out, error, strlen(error));
        g_string_append_c(out, '}');
        return g_string_free(out, FALSE);
}
