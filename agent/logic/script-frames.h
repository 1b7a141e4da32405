/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the agent and mclient-script say to each other on a stream: frames of a type, a length (4 bytes, big endian) and
 * as much payload.
 *
 *   agent  R  run this                       JSON, ScriptRequest
 *          Q  what became of this id?        JSON, ScriptRequest with an id alone; one that never came is not run later
 *          C  end it                         nothing
 *   helper S  it runs                        nothing
 *          O  standard output                bytes
 *          E  standard error                 bytes
 *          X  the end; nothing follows       JSON, ScriptEnd
 *
 * One R or Q on each connection. Who closes it without C lets the script run on to its end. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state.h"

#define SCRIPT_FRAME_HEAD 5

typedef enum ScriptFrame {
        SCRIPT_RUN = 'R',
        SCRIPT_QUERY = 'Q',
        SCRIPT_CANCEL = 'C',
        SCRIPT_STARTED = 'S',
        SCRIPT_OUTPUT = 'O',
        SCRIPT_ERRORS = 'E',
        SCRIPT_END = 'X',
} ScriptFrame;

/* size: at most SCRIPT_FRAME_BYTES_MAX. */
void script_frame_append(GByteArray *to, ScriptFrame type, const void *data, size_t size);

/* The first frame of what has come: true, *ret_data points into in, script_frame_drop() when done with it. False: more must
 * come, or, with error (FLEET_ERROR_PROTOCOL), this is none. */
bool script_frame_next(const GByteArray *in, ScriptFrame *ret_type, const void **ret_data, size_t *ret_size,
                       GError **error);
void script_frame_drop(GByteArray *in);

typedef struct ScriptRequest {
        char *id, *command;
        char *container;     /* NULL: none */
        json_object *params; /* as they came to the agent; NULL: none */
        uint64_t timeout_usec;
} ScriptRequest;

void script_request_clear(ScriptRequest *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ScriptRequest, script_request_clear)

/* New string. */
char *script_request_format(const ScriptRequest *r);
/* query: it has an id alone. FLEET_ERROR_PROTOCOL; *ret is filled only where it is good. */
bool script_request_parse(const void *data, size_t size, bool query, ScriptRequest *ret, GError **error);

typedef struct ScriptEnd {
        CommandState state; /* a final one */
        int exit_code;      /* -1: it did not run, or was not seen to end */
        char *error;        /* NULL exactly for COMMAND_SUCCEEDED */
        bool cut;           /* not all of the output was passed on */
} ScriptEnd;

void script_end_clear(ScriptEnd *e);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ScriptEnd, script_end_clear)

char *script_end_format(const ScriptEnd *e);
bool script_end_parse(const void *data, size_t size, ScriptEnd *ret, GError **error);
