/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a directory of definitions to what systemd reads of generated units. */
#pragma once

/* For each definition NAME.conf below the directory state/schedules that is enabled: a drop-in of
 * mserver-schedule@NAME.timer in the directory units, and that timer in timers.target.wants. Symbolic links are not
 * followed, neither for files nor for the two directories; what is no plain file, too large, or wrong is reported on
 * standard error and left out, and so is what goes beyond SCHEDULES_MAX.
 * Returns 0, or -1 where not all of it could be written: what could be is there. Without definitions 0. */
int timer_units_generate(const char *state, const char *units);
