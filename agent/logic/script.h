/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command of the operator's own: what its declaration says, and whether parameters are as declared. The agent and
 * mclient-script, which runs it, check by the same rules, each for itself. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum ScriptType {
        SCRIPT_STRING,
        SCRIPT_INTEGER,
        SCRIPT_BOOLEAN, /* whatever the spelling, the script sees yes or no */
        _SCRIPT_TYPE_MAX,
} ScriptType;

typedef struct ScriptParam {
        char *name;
        ScriptType type;
        char *pattern; /* NULL: what the type allows */
        GRegex *regex; /* of all of the value, not of a part */
        bool optional;
} ScriptParam;

typedef struct Script {
        char *name;
        char **argv;           /* Exec=: an absolute path, and words that come before the parameters */
        char *user;            /* NULL: the one that scripts are run by */
        GPtrArray *params;     /* of ScriptParam, as declared; at most SCRIPT_PARAMS_MAX */
        uint64_t timeout_usec; /* from its start to SIGTERM */
        uint64_t output_max;   /* bytes of output that are passed on */
        bool container;        /* it is about one of the managed containers */
        char *lock;            /* of all commands with this lock only one runs for a container */
        GArray *success;       /* of int: exit codes */
} Script;

Script *script_new(const char *name);
Script *script_free(Script *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Script, script_free)

/* In a list of Script; NULL where there is none. */
const Script *script_find(GPtrArray *scripts, const char *name);

/* The spelling of a type: "string", "integer", "boolean". */
bool script_type_from_string(const char *s, ScriptType *ret);

/* Declares a parameter, or the rest of what is known of one. FLEET_ERROR_CONFIG: the name cannot be used, or comes to the
 * same environment variable as another; the pattern is no regular expression (PCRE); there are too many. */
ScriptParam *script_declare(Script *s, const char *name, GError **error);
bool script_param_set_pattern(ScriptParam *p, const char *pattern, GError **error);
ScriptParam *script_param(const Script *s, const char *name);

/* params: an object or NULL; its container is left aside. Returns a new object of strings, in the order of declaration.
 * FLEET_ERROR_INVALID_PARAMETER names the parameter, its value (not where it looks like a secret) and what was declared. */
json_object *script_check(const Script *s, json_object *params, GError **error);

/* Exec=, then --NAME=VALUE for each of what script_check() returned; no shell is to see it. New strv. */
char **script_argv(const Script *s, json_object *checked);

/* MCLIENT_COMMAND, MCLIENT_COMMAND_ID, MCLIENT_CONTAINER (where it is not NULL) and MCLIENT_PARAM_NAME for each; new
 * strv. */
char **script_environment(const Script *s, const char *id, const char *container, json_object *checked);

/* MCLIENT_PARAM_NAME: upper case, "-" as "_"; new string. */
char *script_param_variable(const char *name);

bool script_is_success(const Script *s, int exit_code);
