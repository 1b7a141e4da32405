/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which containers a command means: of those that this agent manages, and no others. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

/* Containers= of the configuration: globs, NULL-terminated. */
bool container_is_managed(char *const *globs, const char *name);

/* The names of the managed ones in the engine's list (docker_list()), 3node2 before 3node10. New strv. */
char **containers_managed(json_object *list, char *const *globs);

/* wanted: a name, "all", or NULL: then the only managed one, or all of them where that is the command's way.
 * Errors name the choices: FLEET_ERROR_INVALID_PARAMETER where one must be named, FLEET_ERROR_REJECTED for one
 * that is not managed, FLEET_ERROR_FAILED where there is none. New strv, never empty. */
char **containers_choose(char *const *managed, char *const *globs, const char *wanted, bool all_by_default,
                         GError **error);
