/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* [Command NAME] of mclient.conf(5): the commands that the operator has declared. */
#pragma once

#include <glib.h>

#include "config.h"
#include "script.h"

/* For the list of known keys. */
#define SCRIPT_CONFIG_KEYS                                                                           \
        { "Command *", "Exec" }, { "Command *", "Parameter.*" }, { "Command *", "ParameterType.*" }, \
                        { "Command *", "Optional" }, { "Command *", "Timeout" },                     \
                        { "Command *", "OutputMax" }, { "Command *", "User" },                       \
                        { "Command *", "Container" }, { "Command *", "Lock" }, {                     \
                "Command *", "SuccessExitStatus"                                                     \
        }

/* Returns a list of Script. One whose declaration is not usable is left out, and warn (may be NULL) told why: the host
 * stays in reach of its operators. */
GPtrArray *script_config_read(const Config *f, ConfigWarn warn, void *userdata);
