/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Help, made from the tables that the program works by. */
#pragma once

#include <stdbool.h>

#include "ctl.h"
#include "verbs.h"

/* The text on the program as a whole, and on one verb; new strings. */
char *help_overview(const Terminal *terminal, bool in_session);
char *help_verb(const Verb *verb, const Terminal *terminal, bool in_session);

/* Show them, or the version; return the exit code. */
int help_show_overview(const Ctl *ctl);
int help_show_verb(const Ctl *ctl, const Verb *verb);
int help_show_version(void);
