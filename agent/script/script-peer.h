/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent at the other end of the stream. It may go away at any time: what is said to it then is dropped. */
#pragma once

#include <glib.h>
#include <poll.h>
#include <stdbool.h>

#include "script-frames.h"

typedef struct ScriptPeer {
        int fd; /* -1: it has gone */
        GByteArray *in, *out;
} ScriptPeer;

/* Takes the stream over. */
ScriptPeer *script_peer_new(int fd);
ScriptPeer *script_peer_free(ScriptPeer *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScriptPeer, script_peer_free)

/* For poll(): fd and events; then what came of it, without blocking. */
void script_peer_prepare(const ScriptPeer *p, struct pollfd *ret);
void script_peer_dispatch(ScriptPeer *p, const struct pollfd *polled);

/* The first frame that came, as script_frame_next(). One that is none ends the connection. */
bool script_peer_next(ScriptPeer *p, ScriptFrame *ret_type, const void **ret_data, size_t *ret_size);
/* The agent asks for the end; anything else that it may have said is dropped. */
bool script_peer_cancels(ScriptPeer *p);

/* Any amount of output is sent in as many frames as it takes. */
void script_peer_send(ScriptPeer *p, ScriptFrame type, const void *data, size_t size);
size_t script_peer_unsent(const ScriptPeer *p);
/* Says how it ended, and waits until all is sent or the agent has gone. */
void script_peer_end(ScriptPeer *p, const ScriptEnd *end);
