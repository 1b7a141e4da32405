/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One command to one client, from the call to what a person sees of its end. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "ctl.h"

typedef struct RunRequest {
        const char *client, *command;
        json_object *parameters, *options; /* of SendCommand; borrowed */
        bool endless;                      /* streams until it is cancelled */
        bool wait;                         /* for its end */
} RunRequest;

#define EXIT_INTERRUPTED 130 /* 128 + SIGINT, as shells have it */

/* Sends it, shows its output while it comes, and how it ended. Returns the exit code: 0 only when it succeeded (or, not
 * waited for, was sent); that of the program where an exec failed by one; 130 after Ctrl-C. */
int run_command(Ctl *ctl, const RunRequest *request, GError **error);

/* The same for one that was sent before; Ctrl-C leaves it running. */
int run_attach(Ctl *ctl, const char *id, GError **error);
