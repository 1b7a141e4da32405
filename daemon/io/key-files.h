/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys as files, for programs that look for them there: one per key, and a symlink to a node's latest. The
 * store is the truth, these are its copies. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

typedef struct KeyFiles KeyFiles;

/* Makes the directory (0750) where it is missing. Files are written on a thread of their own. */
KeyFiles *key_files_new(Loop *l, const char *directory, GError **error);
/* Writes what is queued; every done has run when this returns. */
void key_files_drain(KeyFiles *k);
unsigned key_files_queue_depth(const KeyFiles *k);
/* Likewise, then stops. */
KeyFiles *key_files_free(KeyFiles *k);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeyFiles, key_files_free)

typedef struct KeyFile {
        const char *client, *container, *session_key;
        uint64_t timestamp; /* realtime µs: the file is named by it, in UTC to the second */
} KeyFile;

/* Writes <client>_<container>_<YYYYmmdd_HHMMSS>.json, 0640, whole or not at all, and then points <client>_<container>_latest.json at it
 * unless that is at a later one already. A second key of the same second gets the suffix _2, …; a key that is there already is
 * left as it is. done runs once on the loop when all is on disk, or with what went wrong. */
typedef void (*KeyFilesDone)(const GError *error, void *userdata);
void key_files_write(KeyFiles *k, const KeyFile *f, KeyFilesDone done, void *userdata);
