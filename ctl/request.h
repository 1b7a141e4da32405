/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a command line to a request: what send, logs and broadcast share. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "args.h"
#include "ctl.h"

/* For their tables of options. */
#define REQUEST_OPTIONS                                                                                     \
        { "param", 'p', N_("KEY=VALUE"),                                                                    \
          N_("Set a parameter of the command; may be given more than once") },                              \
                        { "timeout", 0, N_("SPAN"), N_("How long it may run: 90s, 5min") },                 \
                        { "queue", 0, NULL, N_("Where a client is offline, send it once that is back") }, { \
                "expires", 0, N_("TIME"), N_("With --queue, when to give up: 2h, tomorrow")                 \
        }

/* For ArgsRules.verbatim, where the command is word number i: what follows exec is the program's, its options too. */
bool request_is_exec(const char *const *words, unsigned n, unsigned i);

/* What stands behind the command, which is word number i, as command_params_from_words() takes it: with the values of -p and
 * the options that are none of ours. NULL-terminated, g_strfreev(). */
char **request_words(const Args *args, unsigned i, GError **error);

/* The options of SendCommand that these stand for; new reference. */
json_object *request_options(const Args *args, GError **error);

/* The parameters of a command for one client, checked against what that offers and, where words could name one of its
 * containers, what it manages; and whether it is there, unless options let the command wait for it. New reference. */
json_object *request_parameters(Ctl *ctl, const char *client, const char *command, const char *const *words,
                                json_object *options, GError **error);

/* A time span as people write it for an option ("--timeout"), in µs. */
bool request_parse_span(const char *option, const char *text, uint64_t *ret, GError **error);
