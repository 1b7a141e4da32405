/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An agent's rotations with their database and outbox, beside an engine with a node. */
#pragma once

#include "key-engine.h"
#include "outbox.h"
#include "rotations.h"

typedef struct RotationBench {
        Loop *loop;
        KeyEngine *engine;
        char *dir, *path;
        AgentConfig config;

        /* The agent, from rotation_bench_start(). */
        AgentDb *db;
        Outbox *outbox;
        Rotations *rotations;
} RotationBench;

RotationBench *rotation_bench_new(void);
RotationBench *rotation_bench_free(RotationBench *b);

void rotation_bench_start(RotationBench *b);
/* Until the engine gets a request like that. */
void rotation_bench_run_until(RotationBench *b, const char *request);
