/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The actions that polkit is asked about; polkit/org.mserver1.policy has the same (a test compares). */
#pragma once

/* NULL-terminated. */
extern const char *const server_actions[];

/* The action that lets one run a command: its own, or ACTION_COMMAND_CUSTOM for what is not built in. */
const char *command_action(const char *command);
