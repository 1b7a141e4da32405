/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mclient backup: for the operator at the host, beside the agent that runs. */
#pragma once

/* argv[0]: "backup". config: of the agent. Returns what to exit with (EX_USAGE for a wrong command line). */
int verb_backup(int argc, char *argv[], const char *config);
