/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The other side of org.mclient1: a program of this host that has the agent run a command, and waits for its end. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct RunClient RunClient;

/* FLEET_ERROR_UNAVAILABLE without a system bus. */
RunClient *run_client_new(GError **error);
RunClient *run_client_free(RunClient *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunClient, run_client_free)

/* Agent.Run() with text parameters: "KEY=VALUE", NULL-terminated, and container where that is not NULL. New strings: how it
 * ended, and its result as JSON text. Blocks until then. FLEET_ERROR_INVALID_PARAMETER for a word without "=", else the
 * agent's own complaint. */
bool run_client_call(RunClient *c, const char *command, const char *container, char *const *parameters,
                     char **ret_state, char **ret_result, GError **error);
