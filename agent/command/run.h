/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One command from its request to its end: checks, deadline, cancellation, and the output in between. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent-config.h"
#include "command.h"

typedef struct Run Run;

typedef struct RunHost {
        CommandTools tools;
        /* Output may be sent that could not be before: run_take_output(). */
        void (*output_ready)(Run *r, void *userdata);
        /* The end, exactly once, never from inside another call; the run may be freed from here. */
        void (*finished)(Run *r, CommandState state, json_object *result, const char *error, void *userdata);
        void *userdata;
} RunHost;

/* What is asked for. Nothing of it need stay. */
typedef struct RunRequest {
        const char *id, *command, *target; /* target: container or NULL */
        json_object *params;               /* object or NULL; unchecked, as the server sent them */
        const char *caller;                /* policy.h */
        bool unheard;          /* nobody hears its output while it runs; the result has the end of it */
        uint64_t timeout_usec; /* monotonic, from now */
} RunRequest;

/* What is wrong with a request whoever makes it: FLEET_ERROR_UNKNOWN_COMMAND, or FLEET_ERROR_INVALID_PARAMETER with the
 * name, the value and what was expected. Returns the parameters as the command gets them (reference owned). */
json_object *run_check(const AgentConfig *config, const char *command, json_object *params, GError **error);

/* host: stays as long as the run. */
Run *run_new(const RunHost *host, const RunRequest *request);
/* A command that still runs is dropped without a word. */
Run *run_free(Run *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Run, run_free)

const char *run_id(const Run *r);

/* False where it has ended already. */
bool run_cancel(Run *r);

/* Ends it before it has begun. */
void run_refuse(Run *r, const char *error);

/* output.h, of this command. Back-pressure is not to take it: the source pauses when a chunk waits. */
void run_begin_output(Run *r, bool windowed);
void run_output_passed(Run *r, uint64_t offset);
char *run_take_output(Run *r, size_t *ret_size, uint64_t *ret_offset);
bool run_output_ready(const Run *r);
uint64_t run_output_bytes(const Run *r);

/* The names of all commands, built in and declared; new strv. */
char **run_commands(const AgentConfig *config);
