/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* [Command NAME] of mclient.conf(5): the commands that the operator has declared. */
#include "script-config.h"

#include <string.h>

#include "clock.h"
#include "command-table.h"
#include "error.h"
#include "ident.h"
#include "limits.h"
#include "text.h"

#define SECTION_PREFIX "Command "
#define PAYOUT "payout" /* of the built-in names the one that is the operator's to fill */
#define USER_NAME_MAX 32

static bool bad(GError **error, const char *key, const char *value, const char *expected) {
        return fleet_fail(error, FLEET_ERROR_CONFIG, "%s=%s: expected %s", key, value, expected);
}

static bool read_exec(Script *s, const Config *f, const char *section, GError **error) {
        const char *exec = config_get(f, section, "Exec");
        g_autoptr(GError) e = NULL;

        if (!exec)
                return fleet_fail(error, FLEET_ERROR_CONFIG, "Exec= is not set");
        if (!g_shell_parse_argv(exec, NULL, &s->argv, &e))
                return bad(error, "Exec", exec, "words with matching quotes");
        return g_path_is_absolute(s->argv[0]) || bad(error, "Exec", exec, "an absolute path");
}

/* Takes what follows the dot; NULL for another key. */
static const char *suffix(const char *key, const char *prefix) {
        size_t n = strlen(prefix);

        return strncmp(key, prefix, n) == 0 && key[n] == '.' ? key + n + 1 : NULL;
}

static bool declare(Script *s, const Config *f, const char *section, const char *key, GError **error) {
        const char *pattern = suffix(key, "Parameter"), *type = suffix(key, "ParameterType"),
                   *value = config_get(f, section, key);
        ScriptParam *p;

        if (!pattern && !type)
                return true;
        p = script_declare(s, pattern ?: type, error);
        if (!p)
                return false;
        if (type)
                return script_type_from_string(value, &p->type) ||
                       bad(error, key, value, "string, integer or boolean");
        if (script_param_set_pattern(p, value, error))
                return true;
        g_prefix_error(error, "%s=: ", key);
        return false;
}

static bool read_params(Script *s, const Config *f, const char *section, GError **error) {
        g_auto(GStrv) keys = config_keys(f, section), optional = config_get_words(f, section, "Optional");

        for (char **key = keys; *key; key++)
                if (!declare(s, f, section, *key, error))
                        return false;
        for (char **name = optional; *name; name++) {
                ScriptParam *p = script_param(s, *name);

                if (!p)
                        return bad(error, "Optional", *name, "a parameter that Parameter.NAME= declares");
                p->optional = true;
        }
        return true;
}

static bool read_timeout(Script *s, const Config *f, const char *section, GError **error) {
        const char *value = config_get(f, section, "Timeout");

        return !value ||
               (text_to_usec(value, &s->timeout_usec) && s->timeout_usec > 0 &&
                s->timeout_usec <= COMMAND_TIMEOUT_MAX_USEC) ||
               bad(error, "Timeout", value, "a time such as 90s or 10min, at most 24h");
}

/* systemd.syntax(7)'s K and M are powers of 1024. */
static bool read_output_max(Script *s, const Config *f, const char *section, GError **error) {
        const char *value = config_get(f, section, "OutputMax");
        g_autofree char *digits = NULL;
        uint64_t unit = 1, n;
        size_t length;

        if (!value)
                return true;
        length = strlen(value);
        if (length > 1 && strchr("KMG", value[length - 1])) {
                unit = value[length - 1] == 'K' ? 1024 : value[length - 1] == 'M' ? 1024 * 1024 : 1u << 30;
                length--;
        }
        digits = g_strndup(value, length);
        if (!text_to_uint(digits, 1, SCRIPT_OUTPUT_MAX / unit, &n))
                return bad(error, "OutputMax", value, "bytes, such as 65536, 64K or 1M, at most 1G");
        s->output_max = n * unit;
        return true;
}

static bool is_user_name(const char *s) {
        size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

        return n > 0 && n <= USER_NAME_MAX && s[n] == '\0' && !strchr("-.0123456789", s[0]);
}

static bool read_user(Script *s, const Config *f, const char *section, GError **error) {
        s->user = g_strdup(config_get(f, section, "User"));
        return !s->user || is_user_name(s->user) || bad(error, "User", s->user, "the name of a user");
}

static bool read_lock(Script *s, const Config *f, const char *section, GError **error) {
        const char *lock = config_get(f, section, "Lock");

        if (!lock)
                return true;
        if (!command_name_is_valid(lock))
                return bad(error, "Lock", lock, "a name like a command's: a-z, 0-9, \"_\", \"-\"");
        g_free(s->lock);
        s->lock = g_strdup(lock);
        return true;
}

static bool read_success(Script *s, const Config *f, const char *section, GError **error) {
        g_auto(GStrv) words = config_get_words(f, section, "SuccessExitStatus");

        for (char **word = words; *word; word++) {
                uint64_t n;
                int code;

                if (!text_to_uint(*word, 0, 255, &n))
                        return bad(error, "SuccessExitStatus", *word, "exit codes from 0 to 255");
                code = (int) n;
                if (!script_is_success(s, code))
                        g_array_append_val(s->success, code);
        }
        return true;
}

static bool check_name(const char *name, GError **error) {
        if (!command_name_is_valid(name))
                return fleet_fail(
                                error, FLEET_ERROR_CONFIG,
                                "\"%s\" is no command's name: expected a-z, then up to %d of a-z, 0-9, \"_\", \"-\"",
                                name, COMMAND_NAME_MAX - 1);
        return g_str_equal(name, PAYOUT) || !command_info(name) ||
               fleet_fail(error, FLEET_ERROR_CONFIG,
                          "\"%s\" is built in: expected payout, or a name of your own", name);
}

static Script *read_script(const Config *f, const char *section, GError **error) {
        const char *name = section + strlen(SECTION_PREFIX);
        g_autoptr(Script) s = NULL;

        if (!check_name(name, error))
                return NULL;
        s = script_new(name);
        if (read_exec(s, f, section, error) && read_params(s, f, section, error) &&
            read_timeout(s, f, section, error) && read_output_max(s, f, section, error) &&
            read_user(s, f, section, error) && read_lock(s, f, section, error) &&
            read_success(s, f, section, error) &&
            config_get_bool(f, section, "Container", &s->container, error))
                return g_steal_pointer(&s);
        return NULL;
}

static void free_script(void *p) {
        (void) script_free(p);
}

GPtrArray *script_config_read(const Config *f, ConfigWarn warn, void *userdata) {
        g_autoptr(GPtrArray) scripts = g_ptr_array_new_with_free_func(free_script);
        g_auto(GStrv) sections = config_sections(f);

        for (char **section = sections; *section; section++) {
                g_autoptr(GError) error = NULL;
                Script *s;

                if (!g_str_has_prefix(*section, SECTION_PREFIX))
                        continue;
                if (scripts->len >= SCRIPTS_MAX)
                        (void) fleet_fail(&error, FLEET_ERROR_CONFIG, "more than %d commands", SCRIPTS_MAX);
                s = error ? NULL : read_script(f, *section, &error);
                if (s)
                        g_ptr_array_add(scripts, s);
                else if (warn) {
                        g_autofree char *text =
                                        g_strdup_printf("[%s] is not offered: %s", *section, error->message);

                        warn(text, userdata);
                }
        }
        return g_steal_pointer(&scripts);
}
