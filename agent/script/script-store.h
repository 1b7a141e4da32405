/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What survives the agent, and this helper: which ids were taken and what became of them, and the locks that keep two scripts
 * from running for one container. The directory is the helper's alone. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "script-frames.h"

typedef struct ScriptStore ScriptStore;

/* Makes the directory where it is not there. */
ScriptStore *script_store_open(const char *directory, GError **error);
ScriptStore *script_store_free(ScriptStore *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScriptStore, script_store_free)

/* What an id is about. */
typedef struct ScriptRecord {
        char *id, *command, *lock;
        char *container; /* NULL: none */
        pid_t pid;       /* of the helper that runs it */
        uint64_t started_usec;
        bool ended;
        ScriptEnd end; /* where it has */
} ScriptRecord;

void script_record_clear(ScriptRecord *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ScriptRecord, script_record_clear)

/* Takes the record's lock for its container. Returns a file descriptor; the lock is held until the
 * last process that has it is gone. -1: FLEET_ERROR_REJECTED names who holds it. */
int script_store_lock(ScriptStore *s, const ScriptRecord *r, uint64_t now_usec, GError **error);
/* Is that lock held, and for this id? False, with error: it cannot be known. */
bool script_store_is_running(ScriptStore *s, const ScriptRecord *r, bool *ret, GError **error);

/* Writes a new id down. FLEET_ERROR_ALREADY_EXISTS: it was taken before. */
bool script_store_begin(ScriptStore *s, const ScriptRecord *r, GError **error);
/* Replaces it by the one with its end; output: what it printed, or NULL. */
bool script_store_end(ScriptStore *s, const ScriptRecord *r, const char *output, GError **error);

/* FLEET_ERROR_UNAVAILABLE: nobody took this id. */
bool script_store_read(ScriptStore *s, const char *id, ScriptRecord *ret, GError **error);
/* NULL where it is not kept. */
char *script_store_output(ScriptStore *s, const char *id);
