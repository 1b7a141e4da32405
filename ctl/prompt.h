/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines one after the other: typed at a prompt with history and completion, or read from a script. */
#pragma once

#include "ctl.h"

/* Until Ctrl-D or quit. Errors do not end it. Returns 0. */
int prompt_run(Ctl *ctl);

/* To the end of standard input. Returns the exit code of the last line that failed, else 0; one that was interrupted is
 * the last. */
int prompt_run_script(Ctl *ctl);
