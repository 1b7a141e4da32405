/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words after a command on a command line, as its parameters. */
#include <string.h>

#include "command-table.h"
#include "error.h"
#include "ident.h"
#include "text.h"

#define SHOWN_MAX 64 /* bytes of a wrong word that an error quotes */

typedef struct Words {
        const CommandInfo *info; /* NULL: an operator's own command */
        const char *const *containers;
        json_object *params;
} Words;

static const char *command_name(const Words *w) {
        return w->info ? w->info->name : "command";
}

static const ParamInfo *find(const Words *w, const char *name) {
        return w->info ? command_param(w->info, name) : NULL;
}

static bool is_set(const Words *w, const char *name) {
        return json_object_object_get_ex(w->params, name, NULL);
}

static bool is_known_container(const Words *w, const char *word) {
        return w->containers && g_strv_contains(w->containers, word);
}

/* Takes value. */
static bool set(Words *w, const char *name, json_object *value, GError **error) {
        const ParamInfo *p = find(w, name);

        if (p)
                name = p->name;
        if (is_set(w, name)) {
                json_object_put(value);
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "%s: %s is given twice",
                                  command_name(w), name);
        }
        json_object_object_add(w->params, name, value);
        return true;
}

static bool set_text(Words *w, const char *name, const char *value, GError **error) {
        return set(w, name, json_object_new_string(value), error);
}

/* "KEY=VALUE": returns KEY (new string) and points to the value, or NULL where the word is none. */
static char *split_pair(const char *word, const char **ret_value) {
        const char *equals = strchr(word, '=');
        g_autofree char *name = equals ? g_strndup(word, equals - word) : NULL;

        if (!name || !param_name_is_valid(name))
                return NULL;
        *ret_value = equals + 1;
        return g_steal_pointer(&name);
}

/* --KEY=VALUE, --KEY for a boolean, --all for the container, -f for what follows a log. */
static bool read_option(Words *w, const char *word, GError **error) {
        const char *name = g_str_has_prefix(word, "--") ? word + 2 : "", *value;
        g_autofree char *key = split_pair(name, &value), *shown = text_shown(word, SHOWN_MAX);
        const ParamInfo *p;

        if (key)
                return set_text(w, key, value, error);
        if (strcmp(word, "--all") == 0)
                return set_text(w, "container", "all", error);

        p = find(w, strcmp(word, "-f") == 0 ? "follow" : name);
        if (p && p->type == PARAM_BOOL)
                return set(w, p->name, json_object_new_boolean(true), error);
        if (p)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "%s: %s needs a value: --%s=…",
                                  command_name(w), p->name, p->name);
        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "%s: unknown option \"%s\"", command_name(w),
                          shown);
}

/* The parameter that a bare word may fill besides the container: a number or key that comes second. */
static const ParamInfo *second_param(const Words *w) {
        const ParamInfo *p = w->info && w->info->params[0].name ? &w->info->params[1] : NULL;

        return p && p->name && (p->type == PARAM_UINT || p->type == PARAM_HEX) && !is_set(w, p->name) ? p
                                                                                                      : NULL;
}

static bool looks_like(const ParamInfo *p, const char *word) {
        uint64_t n;

        return p->type == PARAM_HEX ? g_str_has_prefix(word, "0x") : text_to_uint(word, 0, UINT64_MAX, &n);
}

static bool read_bare(Words *w, const char *word, GError **error) {
        const ParamInfo *second = second_param(w);
        g_autofree char *shown = NULL;

        if (second && looks_like(second, word) && (is_set(w, "container") || !is_known_container(w, word)))
                return set_text(w, second->name, word, error);
        if (!is_set(w, "container"))
                return set_text(w, "container", word, error);

        shown = text_shown(word, SHOWN_MAX);
        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "%s: one word too many: \"%s\"",
                          command_name(w), shown);
}

static bool read_words(Words *w, const char *const *words, GError **error) {
        for (; *words; words++) {
                const char *value;
                g_autofree char *key = split_pair(*words, &value);
                bool ok;

                if (key)
                        ok = set_text(w, key, value, error);
                else
                        ok = **words == '-' ? read_option(w, *words, error) : read_bare(w, *words, error);
                if (!ok)
                        return false;
        }
        return true;
}

/* What the first words of exec say of the container; everything from *words on then is the program's own. */
static bool read_exec_container(Words *w, const char *const **words, GError **error) {
        const char *const *word = *words, *value;

        if (*word) {
                g_autofree char *key = split_pair(*word, &value);
                const ParamInfo *p = key ? find(w, key) : NULL;

                if (p && p->type == PARAM_CONTAINER) {
                        if (!set_text(w, key, value, error))
                                return false;
                        word++;
                } else if (is_known_container(w, *word)) {
                        if (!set_text(w, "container", *word, error))
                                return false;
                        word++;
                }
        }
        if (*word && strcmp(*word, "--") == 0)
                word++;
        *words = word;
        return true;
}

static bool read_exec(Words *w, const char *name, const char *const *words, GError **error) {
        json_object *command;

        if (!read_exec_container(w, &words, error))
                return false;
        if (!*words)
                return true; /* command_params_check() says what is missing */

        /* A command line quoted as one word is one still. */
        if (!words[1] && strpbrk(*words, " \t"))
                return set_text(w, name, *words, error);
        command = json_object_new_array();
        for (; *words; words++)
                json_object_array_add(command, json_object_new_string(*words));
        return set(w, name, command, error);
}

static const ParamInfo *command_line_param(const CommandInfo *info) {
        for (const ParamInfo *p = info ? info->params : NULL; p && p->name; p++)
                if (p->type == PARAM_COMMAND)
                        return p;
        return NULL;
}

json_object *command_params_from_words(const CommandInfo *info, const char *const *containers,
                                       const char *const *words, GError **error) {
        Words w = { .info = info, .containers = containers, .params = json_object_new_object() };
        const ParamInfo *command = command_line_param(info);
        json_object *checked = NULL;

        if (command ? read_exec(&w, command->name, words, error) : read_words(&w, words, error))
                checked = command_params_check(info, w.params, error);
        json_object_put(w.params);
        return checked;
}
