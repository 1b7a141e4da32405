/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mclient run: has the agent of this host run a command. */
#pragma once

/* argv[0] is the verb. Returns an exit code. */
int verb_run(int argc, char *argv[]);
