/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands of the contract: their parameters, how these are checked, and how a command line spells them.
 */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum ParamType {
        PARAM_CONTAINER, /* a container's name, or "all" where the command takes it */
        PARAM_STRING,    /* min…max bytes, no control characters */
        PARAM_HEX,       /* "0x" and whole bytes in hex */
        PARAM_BOOL,
        PARAM_UINT,    /* min…max */
        PARAM_COMMAND, /* string, split by shell quoting rules without a shell, or array of strings */
} ParamType;

typedef struct ParamInfo {
        const char *name;
        ParamType type;
        bool required;
        uint64_t min, max, fallback;
        const char *with, *without; /* another parameter that must, or must not, be given besides */
        const char *help;           /* N_() */
} ParamInfo;

typedef struct CommandInfo {
        const char *name;
        bool takes_all;          /* container=all */
        bool takes_any;          /* parameters of the operator's own besides */
        bool streams;            /* sends output while it runs */
        bool wide_confirm;       /* to more than one client: ask first */
        const ParamInfo *params; /* ends with a NULL name; the container comes first */
        const char *help;        /* N_() */
} CommandInfo;

/* All built-in commands, ended by a NULL name. */
extern const CommandInfo command_table[];

/* Returns NULL for a name that is not built in (it may be an operator's own, offered by an agent). */
const CommandInfo *command_info(const char *name);

/* Returns NULL for a name that the command has no parameter of. target is the container. */
const ParamInfo *command_param(const CommandInfo *info, const char *name);

/* Checks and normalises the parameters of a command: target becomes container, numbers and booleans may come
 * as text, null counts as absent, defaults are NOT filled in. Unknown names, wrong types and values out of
 * range are FLEET_ERROR_INVALID_PARAMETER with the name, the value and what was expected. info may be NULL (an
 * operator's own command): then every value must be a string, number or boolean, and container a container's
 * name. params may be NULL. Returns a new object (reference owned). */
json_object *command_params_check(const CommandInfo *info, json_object *params, GError **error);

/* Builds parameters from the words after the command on a command line, and checks them as above:
 *
 *     restart 3node0 timeout=60       stop --all        KEY=VALUE, --KEY=VALUE and --KEY for a boolean
 *     logs 3node0 100 -f              logs 100          one more word for what comes second in the table
 *     exec 3node0 ls -l /             exec ls -l /      all that follows is the command, a container only where
 *     exec container=3node0 ls        exec -- ls        it is one of the known ones or named like this
 *
 * containers (may be NULL): NULL-terminated names that the client is known to manage. Returns a new object. */
json_object *command_params_from_words(const CommandInfo *info, const char *const *containers,
                                       const char *const *words, GError **error);
