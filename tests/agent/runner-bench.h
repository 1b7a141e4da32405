/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A runner between an engine whose answers are the test's and somebody who notes down what becomes of the commands.
 * The engine has the containers 3node0, 3node1 and db; the first two are managed. */
#pragma once

#include <glib.h>

#include "fake-docker.h"
#include "runner.h"

#define MINUTE (60 * 1000000ull) /* of µs: longer than any test */

typedef struct Bench {
        Loop *loop;
        FakeDocker *fake;
        char *dir;
        AgentConfig config;
        NodeWatch *nodes;
        Runner *runner;
        GString *requests; /* all but the list, one per line */
        const char *list;

        bool tty, exited; /* the containers */
        const char *started;
        const char *broken; /* requests for which the engine answers 500 */
        const char *silent; /* and none */
        const char *exec;   /* what the exec is */
        FakeRequest *stream;
        const char *quit_at; /* a request that the test waits for */
        bool stop_flow;      /* at the first output */

        GString *output; /* of all commands */
        size_t largest;
        unsigned chunks, ended, wanted;
        CommandState state;
        uint64_t output_bytes;
        char *result, *error, *last_id;
} Bench;

Bench *bench_new(void);
void bench_free(Bench *t); /* nothing must run any more */

/* runner_start() of "cmd_1", with parameters as JSON text or NULL. */
void bench_start(Bench *t, const char *command, const char *target, const char *params);

/* Runs the loop until the engine gets a request with this in it; until so many commands have ended; n turns. */
void bench_run_until(Bench *t, const char *request);
void bench_run_until_ended(Bench *t, unsigned commands);
void bench_turn(Bench *t, unsigned n);

/* Waits for the end of the one command. result: JSON text or NULL. */
void bench_assert_end(Bench *t, CommandState state, const char *result, const char *error);
