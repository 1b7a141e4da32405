/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command of the operator's own: what its declaration says, and whether parameters are as declared. */
#include "script.h"

#include <string.h>

#include "error.h"
#include "ident.h"
#include "limits.h"
#include "redact-text.h"
#include "text.h"

#define SHOWN_MAX 64 /* bytes of a wrong name or value that an error quotes */

static const char *const type_names[] = {
        [SCRIPT_STRING] = "string",
        [SCRIPT_INTEGER] = "integer",
        [SCRIPT_BOOLEAN] = "boolean",
};

static void free_param(void *p) {
        ScriptParam *param = p;

        g_free(param->name);
        g_free(param->pattern);
        g_clear_pointer(&param->regex, g_regex_unref);
        g_free(param);
}

Script *script_new(const char *name) {
        static const int zero = 0;
        Script *s = g_new0(Script, 1);

        s->name = g_strdup(name);
        s->lock = g_strdup(name);
        s->params = g_ptr_array_new_with_free_func(free_param);
        s->timeout_usec = COMMAND_TIMEOUT_DEFAULT_USEC;
        s->output_max = SCRIPT_OUTPUT_DEFAULT;
        s->container = true;
        s->success = g_array_new(false, false, sizeof(int));
        g_array_append_val(s->success, zero);
        return s;
}

Script *script_free(Script *s) {
        if (!s)
                return NULL;
        g_free(s->name);
        g_strfreev(s->argv);
        g_free(s->user);
        g_free(s->lock);
        g_ptr_array_unref(s->params);
        g_array_unref(s->success);
        g_free(s);
        return NULL;
}

const Script *script_find(GPtrArray *scripts, const char *name) {
        for (unsigned i = 0; scripts && i < scripts->len; i++)
                if (g_str_equal(((const Script *) scripts->pdata[i])->name, name))
                        return scripts->pdata[i];
        return NULL;
}

bool script_type_from_string(const char *s, ScriptType *ret) {
        for (ScriptType t = 0; t < _SCRIPT_TYPE_MAX; t++)
                if (g_str_equal(type_names[t], s)) {
                        *ret = t;
                        return true;
                }
        return false;
}

ScriptParam *script_param(const Script *s, const char *name) {
        for (unsigned i = 0; i < s->params->len; i++) {
                ScriptParam *p = s->params->pdata[i];

                if (g_str_equal(p->name, name))
                        return p;
        }
        return NULL;
}

char *script_param_variable(const char *name) {
        g_autofree char *upper = g_ascii_strup(name, -1);

        return g_strconcat("MCLIENT_PARAM_", g_strdelimit(upper, "-", '_'), NULL);
}

static const ScriptParam *same_variable(const Script *s, const char *name) {
        g_autofree char *wanted = script_param_variable(name);

        for (unsigned i = 0; i < s->params->len; i++) {
                const ScriptParam *p = s->params->pdata[i];
                g_autofree char *variable = script_param_variable(p->name);

                if (g_str_equal(variable, wanted))
                        return p;
        }
        return NULL;
}

ScriptParam *script_declare(Script *s, const char *name, GError **error) {
        ScriptParam *p = script_param(s, name);
        const ScriptParam *other;

        if (p)
                return p;
        if (!param_name_is_valid(name) || g_str_equal(name, "container") || g_str_equal(name, "target")) {
                (void) fleet_fail(
                                error, FLEET_ERROR_CONFIG,
                                "\"%s\" cannot be a parameter's name: expected a letter or \"_\", then up to %d of "
                                "A-Z, a-z, 0-9, \"_\", \"-\", and neither container nor target",
                                name, PARAM_NAME_MAX - 1);
                return NULL;
        }
        other = same_variable(s, name);
        if (other) {
                (void) fleet_fail(
                                error, FLEET_ERROR_CONFIG,
                                "the parameters \"%s\" and \"%s\" are the same to the script's environment",
                                other->name, name);
                return NULL;
        }
        if (s->params->len >= SCRIPT_PARAMS_MAX) {
                (void) fleet_fail(error, FLEET_ERROR_CONFIG, "more than %d parameters", SCRIPT_PARAMS_MAX);
                return NULL;
        }
        p = g_new0(ScriptParam, 1);
        p->name = g_strdup(name);
        g_ptr_array_add(s->params, p);
        return p;
}

/* As it stands first: what only makes sense between our anchors is not what its author wrote. */
bool script_param_set_pattern(ScriptParam *p, const char *pattern, GError **error) {
        g_autofree char *anchored = g_strconcat("\\A(?:", pattern, ")\\z", NULL);
        g_autoptr(GError) e = NULL;
        g_autoptr(GRegex) plain = NULL, regex = NULL;

        if (strlen(pattern) > SCRIPT_PATTERN_MAX)
                return fleet_fail(error, FLEET_ERROR_CONFIG, "the pattern has more than %d bytes",
                                  SCRIPT_PATTERN_MAX);
        plain = g_regex_new(pattern, 0, 0, &e);
        regex = plain ? g_regex_new(anchored, 0, 0, &e) : NULL;
        if (!regex)
                return fleet_fail(error, FLEET_ERROR_CONFIG, "\"%s\" is no regular expression: %s", pattern,
                                  e->message);
        g_free(p->pattern);
        g_clear_pointer(&p->regex, g_regex_unref);
        p->pattern = g_strdup(pattern);
        p->regex = g_steal_pointer(&regex);
        return true;
}

/* Checking */

static char *show(const char *name, const char *text) {
        return redact_name_is_secret(name, strlen(name)) ? g_strdup(REDACT_MASK)
                                                         : text_shown(text, SHOWN_MAX);
}

static const char *text_of(json_object *value) {
        return json_object_is_type(value, json_type_string)
                               ? json_object_get_string(value)
                               : json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
}

/* One line that any program takes for an argument. */
static bool is_line(json_object *value) {
        const char *s = json_object_get_string(value);
        size_t n = (size_t) json_object_get_string_len(value);

        if (n > PARAM_BYTES_MAX || !g_utf8_validate(s, (gssize) n, NULL))
                return false;
        for (size_t i = 0; i < n; i++)
                if (g_ascii_iscntrl(s[i]))
                        return false;
        return true;
}

static bool is_one_of(const char *s, const char *const *words) {
        for (; *words; words++)
                if (g_ascii_strcasecmp(s, *words) == 0)
                        return true;
        return false;
}

/* What the script will see, by type alone; NULL: it is none of these. */
static char *typed(const ScriptParam *p, json_object *value) {
        static const char *const yes[] = { "yes", "true", "on", "1", NULL };
        static const char *const no[] = { "no", "false", "off", "0", NULL };
        const char *s = text_of(value), *digits;

        switch (json_object_get_type(value)) {
        case json_type_string:
                if (!is_line(value))
                        return NULL;
                break;
        case json_type_int:
        case json_type_double:
        case json_type_boolean:
                break;
        default:
                return NULL;
        }
        switch (p->type) {
        case SCRIPT_BOOLEAN:
                return is_one_of(s, yes) ? g_strdup("yes") : is_one_of(s, no) ? g_strdup("no") : NULL;
        case SCRIPT_INTEGER:
                digits = *s == '-' ? s + 1 : s;
                return *digits && strlen(digits) <= 18 && digits[strspn(digits, "0123456789")] == '\0'
                                       ? g_strdup(s)
                                       : NULL;
        default:
                return g_strdup(s);
        }
}

static char *describe(const ScriptParam *p) {
        static const char *const types[] = {
                [SCRIPT_STRING] = "one line of text",
                [SCRIPT_INTEGER] = "a whole number of at most 18 digits",
                [SCRIPT_BOOLEAN] = "yes or no",
        };

        if (!p->pattern)
                return g_strdup(types[p->type]);
        if (p->type == SCRIPT_STRING)
                return g_strdup_printf("all of it to match %s", p->pattern);
        return g_strdup_printf("%s, all of it to match %s", types[p->type], p->pattern);
}

static bool add_checked(const Script *s, const ScriptParam *p, json_object *value, json_object *checked,
                        GError **error) {
        g_autofree char *text = typed(p, value);

        /* A pattern that takes too long to try does not match either. */
        if (!text || (p->regex && !g_regex_match_full(p->regex, text, -1, 0, 0, NULL, NULL))) {
                g_autofree char *shown = show(p->name, text_of(value)), *expected = describe(p);

                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "%s: %s is \"%s\", expected %s",
                                  s->name, p->name, shown, expected);
        }
        (void) json_object_object_add(checked, p->name, json_object_new_string(text));
        return true;
}

static bool refuse_unknown(const Script *s, const char *name, json_object *value, GError **error) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        g_autofree char *shown = text_shown(name, SHOWN_MAX), *shown_value = show(name, text_of(value)),
                        *all = NULL;
        const char *nearest;

        for (unsigned i = 0; i < s->params->len; i++)
                g_ptr_array_add(names, ((const ScriptParam *) s->params->pdata[i])->name);
        g_ptr_array_add(names, NULL);
        nearest = text_nearest(name, (const char *const *) names->pdata);
        if (nearest)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "%s: no parameter \"%s\" (\"%s\") is declared, did you mean \"%s\"?",
                                  s->name, shown, shown_value, nearest);
        all = g_strjoinv(", ", (char **) names->pdata);
        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                          "%s: no parameter \"%s\" (\"%s\") is declared, expected %s", s->name, shown,
                          shown_value, *all ? all : "none");
}

static bool check_all(const Script *s, json_object *params, json_object *checked, GError **error) {
        for (unsigned i = 0; i < s->params->len; i++) {
                const ScriptParam *p = s->params->pdata[i];
                json_object *value;

                /* null is as good as absent */
                if (json_object_object_get_ex(params, p->name, &value) && value) {
                        if (!add_checked(s, p, value, checked, error))
                                return false;
                } else if (!p->optional) {
                        g_autofree char *expected = describe(p);

                        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                          "%s: %s is missing, expected %s", s->name, p->name, expected);
                }
        }
        return true;
}

json_object *script_check(const Script *s, json_object *params, GError **error) {
        json_object *checked;

        if (params && !json_object_is_type(params, json_type_object)) {
                (void) fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "%s: the set of parameters is no object", s->name);
                return NULL;
        }
        if (params) {
                json_object_object_foreach (params, name, value)
                        if (!g_str_equal(name, "container") && !script_param(s, name) &&
                            !refuse_unknown(s, name, value, error))
                                return NULL;
        }
        checked = json_object_new_object();
        if (check_all(s, params, checked, error))
                return checked;
        json_object_put(checked);
        return NULL;
}

char **script_argv(const Script *s, json_object *checked) {
        g_autoptr(GPtrArray) argv = g_ptr_array_new();

        for (char **word = s->argv; *word; word++)
                g_ptr_array_add(argv, g_strdup(*word));
        json_object_object_foreach (checked, name, value)
                g_ptr_array_add(argv, g_strdup_printf("--%s=%s", name, json_object_get_string(value)));
        g_ptr_array_add(argv, NULL);
        return (char **) g_ptr_array_free(g_steal_pointer(&argv), false);
}

char **script_environment(const Script *s, const char *id, const char *container, json_object *checked) {
        g_autoptr(GPtrArray) list = g_ptr_array_new();

        g_ptr_array_add(list, g_strconcat("MCLIENT_COMMAND=", s->name, NULL));
        g_ptr_array_add(list, g_strconcat("MCLIENT_COMMAND_ID=", id, NULL));
        if (container)
                g_ptr_array_add(list, g_strconcat("MCLIENT_CONTAINER=", container, NULL));
        json_object_object_foreach (checked, name, value) {
                g_autofree char *variable = script_param_variable(name);

                g_ptr_array_add(list, g_strconcat(variable, "=", json_object_get_string(value), NULL));
        }
        g_ptr_array_add(list, NULL);
        return (char **) g_ptr_array_free(g_steal_pointer(&list), false);
}

bool script_is_success(const Script *s, int exit_code) {
        for (unsigned i = 0; i < s->success->len; i++)
                if (g_array_index(s->success, int, i) == exit_code)
                        return true;
        return false;
}
