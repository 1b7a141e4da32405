/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks and normalises the parameters of a command. */
#include <string.h>

#include "command-table.h"
#include "error.h"
#include "ident.h"
#include "limits.h"
#include "text.h"

#define SHOWN_MAX 64 /* bytes of a wrong name or value that an error quotes */

/* An operator's own command has no table; its container is checked all the same. */
static const ParamInfo own_params[] = { { "container", PARAM_CONTAINER }, {} };
static const CommandInfo own_command = { "command", .takes_any = true, .params = own_params };

static bool refuse(const CommandInfo *info, const char *name, json_object *value, const char *expected,
                   GError **error) {
        g_autofree char *shown = text_shown(
                        json_object_is_type(value, json_type_string)
                                        ? json_object_get_string(value)
                                        : json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN),
                        SHOWN_MAX);

        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "%s: %s is \"%s\", expected %s", info->name,
                          name, shown, expected);
}

static bool refuse_unknown(const CommandInfo *info, const char *name, GError **error) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        g_autofree char *shown = text_shown(name, SHOWN_MAX), *all = NULL;
        const char *nearest;

        for (const ParamInfo *p = info->params; p->name; p++)
                g_ptr_array_add(names, (char *) p->name);
        g_ptr_array_add(names, NULL);
        nearest = text_nearest(name, (const char *const *) names->pdata);
        if (nearest)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "%s: unknown parameter \"%s\", did you mean \"%s\"?", info->name, shown,
                                  nearest);

        all = g_strjoinv(", ", (char **) names->pdata);
        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "%s: unknown parameter \"%s\", expected %s",
                          info->name, shown, all);
}

/* NULL where value is no string or holds control characters (a NUL byte would hide what follows it). */
static const char *line(json_object *value) {
        const char *s = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;

        for (int i = 0; s && i < json_object_get_string_len(value); i++)
                if (g_ascii_iscntrl(s[i]))
                        return NULL;
        return s;
}

/* Each checks one type: returns the value in its normal form, reference owned, or NULL and what was expected
 * (a string that g_free() takes). */

static json_object *check_container(const CommandInfo *info, json_object *value, char **ret_expected) {
        const char *s = line(value);

        if (s && container_name_is_valid(s) && (info->takes_all || strcmp(s, "all") != 0))
                return json_object_get(value);
        *ret_expected = g_strdup(info->takes_all ? "a container's name, or all" : "one container's name");
        return NULL;
}

static json_object *check_string(const ParamInfo *p, json_object *value, char **ret_expected) {
        size_t max = p->max > 0 ? p->max : PARAM_BYTES_MAX;
        const char *s;

        /* Who passes variants of many types may well write a number where text is meant. */
        if (json_object_is_type(value, json_type_int))
                return json_object_new_string(json_object_get_string(value));

        s = line(value);
        if (s && strlen(s) >= MAX(p->min, 1) && strlen(s) <= max)
                return json_object_get(value);
        if (p->min == p->max && p->max > 0)
                *ret_expected = g_strdup_printf("%zu characters", max);
        else
                *ret_expected = g_strdup_printf("1 to %zu characters on one line", max);
        return NULL;
}

static json_object *check_hex(json_object *value, char **ret_expected) {
        const char *s = line(value), *digits = s && g_str_has_prefix(s, "0x") ? s + 2 : "";
        size_t n = strspn(digits, "0123456789abcdefABCDEF");

        if (n > 0 && n % 2 == 0 && digits[n] == '\0' && n <= PARAM_BYTES_MAX)
                return json_object_get(value);
        *ret_expected = g_strdup("0x and an even number of hex digits");
        return NULL;
}

static bool is_one_of(const char *s, const char *const *words) {
        for (; *words; words++)
                if (g_ascii_strcasecmp(s, *words) == 0)
                        return true;
        return false;
}

/* systemd.syntax(7)'s words. */
static json_object *check_bool(json_object *value, char **ret_expected) {
        static const char *const yes[] = { "yes", "true", "on", "1", NULL };
        static const char *const no[] = { "no", "false", "off", "0", NULL };
        const char *s = json_object_get_string(value); /* of a boolean or number: its JSON */

        if (is_one_of(s, yes))
                return json_object_new_boolean(true);
        if (is_one_of(s, no))
                return json_object_new_boolean(false);
        *ret_expected = g_strdup("yes or no");
        return NULL;
}

static json_object *check_uint(const ParamInfo *p, json_object *value, char **ret_expected) {
        uint64_t n;

        if ((json_object_is_type(value, json_type_int) || line(value)) &&
            text_to_uint(json_object_get_string(value), p->min, p->max, &n))
                return json_object_new_int64((int64_t) n);
        *ret_expected = g_strdup_printf("a number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, p->min,
                                        p->max);
        return NULL;
}

/* May hold any character but NUL, which no argument of a program can. */
static bool is_argument(json_object *value) {
        return json_object_is_type(value, json_type_string) &&
               strlen(json_object_get_string(value)) == (size_t) json_object_get_string_len(value);
}

static json_object *check_command(json_object *value, char **ret_expected) {
        bool good;

        if (json_object_is_type(value, json_type_array)) {
                size_t n = json_object_array_length(value);

                good = n > 0;
                for (size_t i = 0; good && i < n; i++)
                        good = is_argument(json_object_array_get_idx(value, i));
                good = good && json_object_get_string_len(json_object_array_get_idx(value, 0)) > 0;
        } else {
                g_auto(GStrv) words = NULL;

                good = is_argument(value) &&
                       g_shell_parse_argv(json_object_get_string(value), NULL, &words, NULL) &&
                       words[0][0] != '\0';
        }
        if (good)
                return json_object_get(value);
        *ret_expected = g_strdup("a command line with matching quotes, or an array of its words");
        return NULL;
}

/* The operator's script declares what it takes, and the agent checks that. */
static json_object *check_any(json_object *value, char **ret_expected) {
        switch (json_object_get_type(value)) {
        case json_type_boolean:
        case json_type_int:
        case json_type_double:
                return json_object_get(value);
        default:
                if (line(value) && json_object_get_string_len(value) <= PARAM_BYTES_MAX)
                        return json_object_get(value);
        }
        *ret_expected = g_strdup_printf("one line of at most %d characters, a number or a boolean",
                                        PARAM_BYTES_MAX);
        return NULL;
}

static json_object *check_value(const CommandInfo *info, const ParamInfo *p, json_object *value,
                                char **ret_expected) {
        if (!p)
                return check_any(value, ret_expected);
        switch (p->type) {
        case PARAM_CONTAINER:
                return check_container(info, value, ret_expected);
        case PARAM_STRING:
                return check_string(p, value, ret_expected);
        case PARAM_HEX:
                return check_hex(value, ret_expected);
        case PARAM_BOOL:
                return check_bool(value, ret_expected);
        case PARAM_UINT:
                return check_uint(p, value, ret_expected);
        case PARAM_COMMAND:
                return check_command(value, ret_expected);
        }
        g_assert_not_reached();
}

/* Checks one parameter and adds it to checked. */
static bool add_checked(const CommandInfo *info, const char *name, json_object *value, json_object *checked,
                        GError **error) {
        const ParamInfo *p = command_param(info, name);
        g_autofree char *expected = NULL;
        json_object *good, *other;

        if (!p && (!info->takes_any || !param_name_is_valid(name)))
                return refuse_unknown(info, name, error);
        if (p)
                name = p->name;
        good = check_value(info, p, value, &expected);
        if (!good)
                return refuse(info, name, value, expected, error);

        if (json_object_object_get_ex(checked, name, &other) && !json_object_equal(good, other)) {
                json_object_put(good);
                return refuse(info, name, value, "the same name in container and target", error);
        }
        json_object_object_add(checked, name, good);
        return true;
}

/* What only shows in all of them together. */
static bool check_whole(const CommandInfo *info, json_object *checked, GError **error) {
        size_t size;

        for (const ParamInfo *p = info->params; p->name; p++) {
                if (!json_object_object_get_ex(checked, p->name, NULL)) {
                        if (p->required)
                                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                                  "%s: %s is missing (%s)", info->name, p->name, p->help);
                        continue;
                }
                if (p->with && !json_object_object_get_ex(checked, p->with, NULL))
                        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "%s: %s needs %s as well",
                                          info->name, p->name, p->with);
                if (p->without && json_object_object_get_ex(checked, p->without, NULL))
                        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                          "%s: %s and %s exclude each other", info->name, p->name,
                                          p->without);
        }

        (void) json_object_to_json_string_length(checked, JSON_C_TO_STRING_PLAIN, &size);
        if (size > PARAMS_BYTES_MAX)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "%s: the parameters have %zu bytes, expected at most %u", info->name, size,
                                  PARAMS_BYTES_MAX);
        return true;
}

json_object *command_params_check(const CommandInfo *info, json_object *params, GError **error) {
        json_object *checked;

        info = info ?: &own_command;
        if (params && !json_object_is_type(params, json_type_object)) {
                refuse(info, "the set of parameters", params, "an object", error);
                return NULL;
        }

        checked = json_object_new_object();
        if (params) {
                json_object_object_foreach (params, name, value) {
                        if (value && !add_checked(info, name, value, checked, error)) {
                                json_object_put(checked);
                                return NULL;
                        }
                }
        }
        if (!check_whole(info, checked, error)) {
                json_object_put(checked);
                return NULL;
        }
        return checked;
}
