/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An agent's rotations with their database and outbox, beside an engine with a node that makes keys. */
#pragma once

#include "agent-ledger.h"
#include "key-engine.h"
#include "outbox.h"
#include "rotations.h"

typedef struct RotationBench {
        Loop *loop;
        KeyEngine *engine;
        char *dir, *path;
        unsigned lives;
        AgentConfig config;

        /* The node: what it answers where it is not as a healthy one does, method to members of the answer
         * ("\"result\":7"); and its keys. */
        GHashTable *answers;
        GPtrArray *names; /* of its key files */
        unsigned rotated; /* so many times */

        /* Where it goes wrong: a method, or "ls". */
        const char *silent_at;  /* it does not answer, and the loop ends, */
        const char *cut_at;     /* or the connection to it breaks; */
        bool after_effect;      /* when it has done what was asked */
        const char *refused_at; /* there is nobody at its port */
        unsigned skip;          /* so many times it goes well */
        bool stops_at_cut;      /* and runs again at the second look */

        /* The agent, from rotation_bench_start(). */
        AgentDb *db;
        Outbox *outbox;
        Rotations *rotations;
        RotationWait *wait;

        /* How the last rotation ended, and the commands of earlier processes that did. */
        bool ended;
        CommandState state;
        json_object *result;
        char *error;
        GString *settled;

        /* What a ledger said last. */
        LedgerVerdict verdict;
        LedgerOutcome outcome;
} RotationBench;

RotationBench *rotation_bench_new(void);
RotationBench *rotation_bench_free(RotationBench *b);

void rotation_bench_start(RotationBench *b);
/* As kill -9 does: the next start finds the database as it is now. */
void rotation_bench_kill(RotationBench *b);
/* Of a rotation that is open in the database: it was begun some minutes earlier. */
void rotation_bench_let_time_pass(RotationBench *b);
/* Likewise: the clock is set forward since. */
void rotation_bench_set_clock(RotationBench *b);
/* Likewise: the host is started anew since. */
void rotation_bench_reboot(RotationBench *b);
/* The node comes to what it was asked for. */
void rotation_bench_make_keys(RotationBench *b);

/* Until the engine gets a request like that. */
void rotation_bench_run_until(RotationBench *b, const char *request);
/* Until the loop is ended: by silent_at, by an end, by a command that is settled. */
void rotation_bench_run(RotationBench *b);

void rotation_bench_answer(RotationBench *b, const char *method, const char *members);

/* Asks for a rotation of 3node0. */
void rotation_bench_ask(RotationBench *b, const char *id, bool force);
/* And waits for its end. */
void rotation_bench_rotate(RotationBench *b, const char *id, bool force);

/* What waits in the outbox: "ID KEY …"; new string. */
char *rotation_bench_outbox(RotationBench *b);

/* The session keys that were made last; new string. */
char *rotation_bench_keys(const RotationBench *b);
