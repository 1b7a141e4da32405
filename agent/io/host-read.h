/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what a HostSample is made of: proc(5), statvfs(3), gethostname(2). */
#pragma once

#include "host-sample.h"

/* Blocks (a file system may): for a thread beside the loop. What cannot be read is left out. */
HostSample *host_read(void);
