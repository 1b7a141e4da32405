/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Carries out commands, side by side, and says how they went. Knows nothing of the server; whether an id may
 * run at all was decided before (agent-ledger.h). */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent-config.h"
#include "loop.h"
#include "node-watch.h"
#include "outbox.h"
#include "rotations.h"
#include "run.h"
#include "scripts.h"
#include "state.h"

typedef struct Runner Runner;

typedef struct RunnerEvents {
        /* Output as it comes: valid UTF-8, at most OUTPUT_CHUNK_BYTES, offset counts bytes from the start of
         * this output. */
        void (*output)(const char *id, uint64_t offset, const char *text, size_t size, void *userdata);
        /* The end, exactly once per runner_start(). result may be NULL; output_bytes: printed in all; error is
         * NULL exactly when state is COMMAND_SUCCEEDED. */
        void (*finished)(const char *id, CommandState state, json_object *result, uint64_t output_bytes,
                         const char *error, void *userdata);
} RunnerEvents;

/* outbox: for what the server must learn beside the outcome. */
Runner *runner_new(Loop *l, const AgentConfig *config, Outbox *outbox, Rotations *rotations,
                   NodeWatch *nodes, Scripts *scripts, const RunnerEvents *events, void *userdata,
                   GError **error);
/* What still runs is stopped without a word: the ledger reports it as interrupted after the restart. */
Runner *runner_free(Runner *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Runner, runner_free)

/* Starts a command: wrong names and parameters end it with COMMAND_FAILED (or REJECTED by policy) through
 * finished(), never from inside the call. */
void runner_start(Runner *r, const RunRequest *request);

/* Asks for the end; finished() follows with COMMAND_CANCELLED where that was in time. False: no such id
 * runs. */
bool runner_cancel(Runner *r, const char *id);

/* A connection to the server begins: what is kept of all outputs comes on it. windowed: each only so far ahead of
 * what runner_passed() says of it (output.h). */
void runner_begin_output(Runner *r, bool windowed);
void runner_passed(Runner *r, const char *id, uint64_t offset);

/* Back-pressure for all at once: false stops reading output at its source until true. */
void runner_set_flow(Runner *r, bool open);

unsigned runner_running(const Runner *r);

/* The commands on offer, NULL-terminated, for "register". */
const char *const *runner_commands(const Runner *r);
