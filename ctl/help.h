/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Help, made from the tables that the program works by. */
#pragma once

#include <stdbool.h>

#include "command-table.h"
#include "ctl.h"
#include "verbs.h"

/* The text on the program as a whole, on one verb, and on one command for clients; new strings. */
char *help_overview(const Terminal *terminal, bool in_session);
char *help_verb(const Verb *verb, const Terminal *terminal, bool in_session);
char *help_command(const CommandInfo *info, const Terminal *terminal);

/* Show them, or the version; return the exit code. */
int help_show_overview(const Ctl *ctl);
int help_show_verb(const Ctl *ctl, const Verb *verb);
int help_show_command(const Ctl *ctl, const CommandInfo *info);
int help_show_version(void);
