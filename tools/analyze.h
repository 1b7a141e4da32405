/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the analyzers (tools/analyze) are told of functions that they do not see into. No program includes this. */
#pragma once

#if __has_include(<glib.h>) /* which what runs on a node's side does not have */
#include "error.h"

/* Always false: a caller that got true may use what it asked for. */
#define fleet_fail(...)                         \
        ({                                      \
                (void) fleet_fail(__VA_ARGS__); \
                false;                          \
        })
#define fleet_fail_errno(...)                         \
        ({                                            \
                (void) fleet_fail_errno(__VA_ARGS__); \
                false;                                \
        })

/* GLib's goes through void *, where they lose sight of who owns what. */
#undef g_steal_pointer
#define g_steal_pointer(pp)                        \
        ({                                         \
                __typeof__(*(pp)) _stolen = *(pp); \
                *(pp) = NULL;                      \
                _stolen;                           \
        })

/* What it does is known; gcc loses sight of what it is given. */
#undef g_autofree
#define g_autofree __attribute__((cleanup(analyze_autofree)))
void analyze_autofree(void *pp);
#endif
