/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The actions that polkit is asked about. */
#include "actions.h"

#include <glib.h>
#include <string.h>

#include "names.h"

const char *const server_actions[] = {
        ACTION_READ,
        ACTION_READ_OUTPUT,
        ACTION_READ_KEYS,
        ACTION_COMMAND_PREFIX "start",
        ACTION_COMMAND_PREFIX "stop",
        ACTION_COMMAND_PREFIX "restart",
        ACTION_COMMAND_PREFIX "logs",
        ACTION_COMMAND_PREFIX "status",
        ACTION_COMMAND_PREFIX "exec",
        ACTION_COMMAND_PREFIX "backup_keys",
        ACTION_COMMAND_PREFIX "payout",
        ACTION_COMMAND_PREFIX "rotate_keys",
        ACTION_COMMAND_PREFIX "check_keys",
        ACTION_COMMAND_CUSTOM,
        ACTION_BROADCAST,
        ACTION_CANCEL,
        ACTION_MANAGE_CLIENTS,
        ACTION_MANAGE_SCHEDULES,
        ACTION_MANAGE_ALERTS,
        NULL,
};

const char *command_action(const char *command) {
        for (const char *const *a = server_actions; *a; a++)
                if (g_str_has_prefix(*a, ACTION_COMMAND_PREFIX) &&
                    strcmp(*a + strlen(ACTION_COMMAND_PREFIX), command) == 0)
                        return *a;
        return ACTION_COMMAND_CUSTOM;
}
