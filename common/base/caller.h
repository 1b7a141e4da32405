/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who asked for something: a user, and the process it asked with. */
#pragma once

#include <stdint.h>

typedef struct Caller {
        uint32_t uid, owner_uid; /* UINT32_MAX: not known */
        int32_t pid;             /* 0: not known */
        char *exe;               /* path, or the process's name where the path may not be read; NULL */
} Caller;

void caller_copy(const Caller *caller, Caller *ret);
void caller_clear(Caller *caller);
