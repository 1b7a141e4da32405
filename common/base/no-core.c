/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* No core dump of us. */
#include "no-core.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void process_no_core(void) {
        static const struct rlimit none = { 0, 0 };

        (void) setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* its leak checker traces us */
        (void) prctl(PR_SET_DUMPABLE, 0);
#endif
}
