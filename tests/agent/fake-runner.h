/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A runner.h that does what a test tells it, linked in place of the real one. */
#pragma once

#include "runner.h"

struct Runner {
        Loop *loop;
        const RunnerEvents *events;
        void *userdata;
        GPtrArray *started;    /* of char*: every id there ever was, in order */
        GPtrArray *running;    /* of char* */
        uint64_t timeout_usec; /* of the last one */
        char *caller;          /* likewise */
        bool unheard;          /* likewise */
        char *cancelled;       /* the last one */
        bool open, windowed;
        unsigned begun;        /* connections */
        uint64_t passed;       /* the last one */
        uint64_t output_bytes; /* of what fake_finish() ends */
};

/* The one that runner_new() made last; NULL after runner_free(). Every call of runner_start() and
 * runner_cancel() ends a loop_run(). */
extern Runner *fake_runner;

void fake_output(const char *id, uint64_t offset, const char *text);
void fake_finish(const char *id, CommandState state, const char *result_json, const char *error);
