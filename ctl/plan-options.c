/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a command goes out to many clients, from a command line. */
#include "plan-options.h"

#include <glib/gi18n.h>

#include "error.h"
#include "request.h"
#include "text.h"

static bool add_number(json_object *to, const Args *args, const char *name, uint64_t min, GError **error) {
        const char *text = args_get(args, name);
        uint64_t n;

        if (!text)
                return true;
        if (!text_to_uint(text, min, UINT32_MAX, &n))
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("--%s=%s: expected a whole number from %u"), name, text, (unsigned) min);
        json_object_object_add(to, name, json_object_new_uint64(n));
        return true;
}

bool plan_add_span(json_object *to, const Args *args, const char *name, GError **error) {
        g_autofree char *option = g_strconcat("--", name, NULL);
        const char *text = args_get(args, name);
        uint64_t usec;

        if (!text)
                return true;
        if (!request_parse_span(option, text, &usec, error))
                return false;
        json_object_object_add(to, name, json_object_new_uint64(usec));
        return true;
}

void plan_add_flag(json_object *to, const Args *args, const char *name) {
        if (args_has(args, name))
                json_object_object_add(to, name, json_object_new_boolean(true));
}

bool plan_options_add(json_object *to, const Args *args, GError **error) {
        if (!add_number(to, args, "max-parallel", 1, error) ||
            !add_number(to, args, "max-failures", 0, error) || !plan_add_span(to, args, "pause", error) ||
            !plan_add_span(to, args, "health-timeout", error))
                return false;
        plan_add_flag(to, args, "require-healthy");
        return true;
}
