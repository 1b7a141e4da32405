/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a command goes out to many clients, from a command line: what broadcast and schedule share. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "args.h"

/* For their tables of options. */
#define PLAN_OPTIONS                                                                                            \
        { "max-parallel", 0, N_("N"), N_("At most so many clients at a time") },                                \
                        { "max-failures", 0, N_("N"), N_("Send no more once more than N have failed") },        \
                        { "pause", 0, N_("SPAN"),                                                               \
                          N_("Wait so long between one group of clients and the next") },                       \
                        { "require-healthy", 0, NULL,                                                           \
                          N_("Go on only when all nodes of the last clients run, are synced and have peers") }, \
        {                                                                                                       \
                "health-timeout", 0, N_("SPAN"), N_("How long that may take (default: 30min)")                  \
        }

/* Adds to the options of a call those of the plan that are on the command line. */
bool plan_options_add(json_object *to, const Args *args, GError **error);

/* One option: a whole number from min on, a time span (as µs), or a flag. What is not on the command line is not added. */
bool plan_add_span(json_object *to, const Args *args, const char *name, GError **error);
void plan_add_flag(json_object *to, const Args *args, const char *name);
