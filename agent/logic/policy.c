/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* [Policy] of mclient.conf(5): what this host lets be done on it. */
#include "policy.h"

#include <string.h>

#include "error.h"
#include "glob.h"
#include "text.h"

#define PROGRAM_SHOWN_MAX 100

struct Policy {
        char **commands, **containers; /* globs; NULL: all */
        bool exec_all;
        GPtrArray *exec; /* of char**: patterns of command lines */
        char **callers;  /* user ids; NULL: whoever */
};

static void strv_free(void *strv) {
        g_strfreev(strv);
}

static bool read_globs(const char *key, char *const *globs, char ***ret, GError **error) {
        for (char *const *g = globs; g && *g; g++)
                if (!glob_is_valid(*g))
                        return fleet_fail(error, FLEET_ERROR_CONFIG,
                                          "[Policy] %s=: \"%s\" is no glob: a \"[\" in it is not closed",
                                          key, *g);
        *ret = globs ? g_strdupv((char **) globs) : NULL;
        return true;
}

/* One more command line; takes the words out of the array. */
static bool add_line(Policy *p, GPtrArray *words, const char *value, GError **error) {
        if (words->len == 0)
                return fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "[Policy] AllowExec=%s: there is nothing before a \";\"", value);
        for (unsigned i = 0; i < words->len; i++)
                if (!glob_is_valid(words->pdata[i]))
                        return fleet_fail(
                                        error, FLEET_ERROR_CONFIG,
                                        "[Policy] AllowExec=: \"%s\" is no glob: a \"[\" in it is not closed",
                                        (const char *) words->pdata[i]);
        g_ptr_array_add(words, NULL);
        g_ptr_array_add(p->exec, g_ptr_array_steal(words, NULL));
        return true;
}

static bool read_lines(Policy *p, const char *value, GError **error) {
        g_autoptr(GPtrArray) line = g_ptr_array_new_with_free_func(g_free);
        g_auto(GStrv) words = NULL;
        g_autoptr(GError) e = NULL;

        if (!g_shell_parse_argv(value, NULL, &words, &e))
                return fleet_fail(error, FLEET_ERROR_CONFIG, "[Policy] AllowExec=%s: %s", value, e->message);
        for (char **w = words; *w; w++) {
                size_t n = strlen(*w);
                bool last = n > 0 && (*w)[n - 1] == ';';

                if (last)
                        n--;
                if (n > 0 || !last)
                        g_ptr_array_add(line, g_strndup(*w, n));
                if (last && !add_line(p, line, value, error))
                        return false;
        }
        return line->len == 0 || add_line(p, line, value, error);
}

static bool read_exec(Policy *p, const char *value, GError **error) {
        static const char *const yes[] = { "yes", "true", "on", "1", "*", NULL }, *const no[] = {
                "no", "false", "off", "0", NULL
        };

        p->exec = g_ptr_array_new_with_free_func(strv_free);
        if (!value || g_strv_contains(no, value))
                return true;
        p->exec_all = g_strv_contains(yes, value);
        return p->exec_all || read_lines(p, value, error);
}

static bool read_callers(Policy *p, char *const *uids, GError **error) {
        for (char *const *u = uids; u && *u; u++) {
                uint64_t uid;

                if (!text_to_uint(*u, 0, UINT32_MAX - 1, &uid))
                        return fleet_fail(
                                        error, FLEET_ERROR_CONFIG,
                                        "[Policy] AllowCallers=: \"%s\" is no user id: expected a number, as "
                                        "\"id -u NAME\" prints it on the server",
                                        *u);
        }
        p->callers = uids ? g_strdupv((char **) uids) : NULL;
        return true;
}

Policy *policy_new(char *const *commands, char *const *containers, const char *exec, char *const *callers,
                   GError **error) {
        g_autoptr(Policy) p = g_new0(Policy, 1);

        if (!read_globs("AllowCommands", commands, &p->commands, error) ||
            !read_globs("AllowContainers", containers, &p->containers, error) ||
            !read_exec(p, exec, error) || !read_callers(p, callers, error))
                return NULL;
        return g_steal_pointer(&p);
}

Policy *policy_free(Policy *p) {
        if (!p)
                return NULL;
        g_strfreev(p->commands);
        g_strfreev(p->containers);
        g_clear_pointer(&p->exec, g_ptr_array_unref);
        g_strfreev(p->callers);
        g_free(p);
        return NULL;
}

static bool any_matches(char *const *globs, const char *text) {
        for (; *globs; globs++)
                if (glob_matches(*globs, text))
                        return true;
        return false;
}

char *policy_refuses_command(const Policy *p, const char *command, const char *caller) {
        if (p->callers && !caller)
                return g_strdup("[Policy] AllowCallers= of this agent: the server does not say who asks");
        if (p->callers && !g_str_equal(caller, POLICY_CALLER_LOCAL) &&
            !g_strv_contains((const char *const *) p->callers, caller))
                return g_strdup_printf("[Policy] AllowCallers= of this agent does not list uid %s", caller);
        if (p->commands && !any_matches(p->commands, command))
                return g_strdup_printf("[Policy] AllowCommands= of this agent does not list \"%s\"",
                                       command);
        if (g_str_equal(command, "exec") && !p->exec_all && p->exec->len == 0)
                return g_strdup("[Policy] AllowExec= of this agent is off, as it is by default");
        return NULL;
}

char *policy_refuses_container(const Policy *p, const char *container) {
        if (!p->containers || any_matches(p->containers, container))
                return NULL;
        return g_strdup_printf("[Policy] AllowContainers= of this agent does not list \"%s\"", container);
}

static bool line_matches(char *const *pattern, const char *const *argv) {
        for (; *pattern; pattern++, argv++) {
                if (g_str_equal(*pattern, "*") && !pattern[1])
                        return true;
                if (!*argv || !glob_matches(*pattern, *argv))
                        return false;
        }
        return !*argv;
}

/* What follows the program is not repeated: it may hold a secret, and this text goes into journals. */
char *policy_refuses_exec(const Policy *p, const char *const *argv) {
        g_autofree char *program = NULL;

        if (p->exec_all)
                return NULL;
        for (unsigned i = 0; i < p->exec->len; i++)
                if (line_matches(p->exec->pdata[i], argv))
                        return NULL;
        program = text_shown(argv[0] ?: "", PROGRAM_SHOWN_MAX);
        return g_strdup_printf("[Policy] AllowExec= of this agent has no pattern for this call of \"%s\"",
                               program);
}
