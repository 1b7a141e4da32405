/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who asked for something. */
#include "caller.h"

#include <glib.h>

void caller_copy(const Caller *caller, Caller *ret) {
        *ret = *caller;
        ret->exe = g_strdup(caller->exe);
}

void caller_clear(Caller *caller) {
        g_clear_pointer(&caller->exe, g_free);
}
