/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which clients a broadcast means: conditions that all must hold. */
#include "selector.h"

#include <string.h>

#include "error.h"
#include "glob.h"
#include "ident.h"
#include "limits.h"
#include "text.h"

#define A_CONDITION "\"all\", a client id, a glob on it, or key=value"

typedef struct Condition {
        char *label;   /* NULL: the pattern is for the client id */
        char *pattern; /* NULL: any */
} Condition;

struct Selector {
        GArray *conditions; /* Condition; all must hold */
};

static void condition_clear(void *p) {
        Condition *c = p;

        g_free(c->label);
        g_free(c->pattern);
}

Selector *selector_free(Selector *s) {
        if (!s)
                return NULL;
        g_array_unref(s->conditions);
        g_free(s);
        return NULL;
}

static bool refuse(const char *text, const char *condition, const char *expected, GError **error) {
        g_autofree char *all = text_shown(text, SELECTOR_BYTES_MAX);
        g_autofree char *shown = text_shown(condition, SELECTOR_BYTES_MAX);

        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "selector \"%s\": \"%s\" is not %s", all,
                          shown, expected);
}

/* The characters of client ids and of globs. */
static bool is_client_glob(const char *s) {
        for (const char *p = s; *p; p++)
                if (!g_ascii_isalnum(*p) && !strchr("._-*?[]!", *p))
                        return false;
        return glob_is_valid(s);
}

static bool parse_label(const char *text, const char *condition, const char *equals, Condition *ret,
                        GError **error) {
        g_autofree char *label = g_strndup(condition, equals - condition);

        if (!label_key_is_valid(label))
                return refuse(text, label, "a label's key (letters, digits, '.', '_', '/', '-', at most 64)",
                              error);
        if (!label_value_is_valid(equals + 1) || !glob_is_valid(equals + 1))
                return refuse(text, equals + 1, "a label's value or a glob", error);
        ret->label = g_steal_pointer(&label);
        ret->pattern = g_strdup(equals + 1);
        return true;
}

static bool parse_condition(const char *text, const char *condition, Condition *ret, GError **error) {
        const char *equals = strchr(condition, '=');

        if (equals)
                return parse_label(text, condition, equals, ret, error);
        if (condition[0] == '\0' || !is_client_glob(condition))
                return refuse(text, condition, A_CONDITION, error);
        ret->pattern = strcmp(condition, "all") == 0 ? NULL : g_strdup(condition);
        return true;
}

Selector *selector_parse(const char *text, GError **error) {
        g_autoptr(Selector) s = g_new0(Selector, 1);
        g_auto(GStrv) conditions = NULL;

        s->conditions = g_array_new(false, true, sizeof(Condition));
        g_array_set_clear_func(s->conditions, condition_clear);
        if (strlen(text) > SELECTOR_BYTES_MAX) {
                fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                           "the selector has %zu bytes, expected at most %d", strlen(text),
                           SELECTOR_BYTES_MAX);
                return NULL;
        }

        conditions = g_strsplit(text, ",", -1);
        if (!conditions[0]) {
                refuse(text, text, A_CONDITION, error);
                return NULL;
        }
        for (char **c = conditions; *c; c++) {
                Condition condition = {};

                if (!parse_condition(text, g_strstrip(*c), &condition, error))
                        return NULL;
                g_array_append_val(s->conditions, condition);
        }
        return g_steal_pointer(&s);
}

static bool holds(const Condition *c, const char *client_id, GHashTable *labels) {
        const char *value = client_id;

        if (c->label)
                value = labels ? g_hash_table_lookup(labels, c->label) : NULL;
        return value && (!c->pattern || glob_matches(c->pattern, value));
}

bool selector_matches(const Selector *s, const char *client_id, GHashTable *labels) {
        for (unsigned i = 0; i < s->conditions->len; i++)
                if (!holds(&g_array_index(s->conditions, Condition, i), client_id, labels))
                        return false;
        return true;
}
