/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Object paths of clients, commands, batches and schedules, and back. */
#pragma once

#include <stdbool.h>

/* New strings. A client's id and a schedule's name are escaped as sd_bus_path_encode(3) does; ids of commands and batches stand as they
 * are (those we make need no escaping). */
char *client_path(const char *id);
char *command_path(const char *id);
char *batch_path(const char *id);
char *schedule_path(const char *name);

/* New string, NULL where the path is none of that kind. */
char *client_id_from_path(const char *path);
char *schedule_name_from_path(const char *path);
/* Borrowed from the path, NULL likewise. */
const char *command_id_from_path(const char *path);
const char *batch_id_from_path(const char *path);
