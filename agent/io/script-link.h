/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream to mclient-script: the service's socket, or a child of ours where there is no service. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "loop.h"
#include "script-frames.h"
#include "script-helpers.h"

/* Where it is; all borrowed, for as long as links are made. */
typedef struct ScriptPlace {
        const char *socket; /* NULL: helper is run, with these two as arguments, */
        const char *helper, *config, *state;
        ScriptHelpers *helpers; /* as one of these */
} ScriptPlace;

typedef struct ScriptLinkHandler {
        void (*frame)(ScriptFrame type, const void *data, size_t size, void *userdata);
        /* It has ended, or never came to be (reached is false: nothing has been said on it). Exactly once, unless it is freed
         * before. */
        void (*ended)(bool reached, const char *problem, void *userdata);
} ScriptLinkHandler;

typedef struct ScriptLink ScriptLink;

/* Says one thing on a new link. The handler is never called from inside this, and may free the link. */
ScriptLink *script_link_new(Loop *l, const ScriptPlace *place, ScriptFrame request, const char *text,
                            const ScriptLinkHandler *handler, void *userdata);
/* The script runs on. */
ScriptLink *script_link_free(ScriptLink *k);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScriptLink, script_link_free)

void script_link_cancel(ScriptLink *k);
/* Back-pressure: false stops reading until true. */
void script_link_set_flow(ScriptLink *k, bool open);
