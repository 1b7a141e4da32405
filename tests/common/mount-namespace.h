/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mount namespace for a test: what it mounts is its own and gone with it. */
#pragma once

#include <stdbool.h>

/* Call at the start of main(), before there are threads. False where the machine does not allow it, also not in
 * a user namespace: skip what needs it. */
bool enter_mount_namespace(void);

/* An empty tmpfs of so many bytes (0: the default) over an existing directory. */
bool mount_tmpfs(const char *path, unsigned long size);
