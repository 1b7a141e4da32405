/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For programs that hold secrets. */
#pragma once

/* Of this process no core dump is made from now on, and nobody but root may look into it or trace it (prctl(2),
 * PR_SET_DUMPABLE). RLIMIT_CORE= (LimitCORE= in the units) alone does not say so to a kernel that pipes core dumps to a
 * program (core(5)). A program that it executes is on its own, but for the resource limit. */
void process_no_core(void);
