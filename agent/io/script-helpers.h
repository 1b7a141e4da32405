/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mclient-script as children of ours, where there is no service. What one says comes on a stream, which may end long before
 * it or after it: here is who waits for each, so that none stays a zombie. */
#pragma once

#include <glib.h>
#include <uv.h>

#include "loop.h"

typedef struct ScriptHelpers ScriptHelpers;

ScriptHelpers *script_helpers_new(Loop *l);
/* Those that run go on; they are not waited for any more. */
ScriptHelpers *script_helpers_free(ScriptHelpers *h);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScriptHelpers, script_helpers_free)

/* Starts one with a configuration and a state directory, and with the other end of stream as its standard input. In a session
 * of its own: neither a terminal's Ctrl-C nor our end is its own. Returns 0, or an error of libuv. */
int script_helpers_start(ScriptHelpers *h, const char *program, const char *config, const char *state,
                         uv_stream_t *stream);
