/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An engine whose containers have keystores, for tests: it shows them, hands out archives of them, and takes archives
 * for them. */
#pragma once

#include <json-c/json.h>

#include "fake-docker.h"
#include "key-bundle.h"

#define KEY_GRAN "6772616e2f8c6129d816cf51c374bc7f08c3e63ed156cf78aefb4a6550d97b87997977ee"
#define KEY_BABE "62616265cc8c6129d816cf51c374bc7f08c3e63ed156cf78aefb4a6550d97b87997977ee"
#define KEY_IMON "696d6f6ecc8c6129d816cf51c374bc7f08c3e63ed156cf78aefb4a6550d97b87997977ee"

#define ENGINE_CONTAINERS_MAX 4

typedef struct EngineContainer {
        const char *name, *state; /* "running" */
        const char *args;         /* of its program, JSON; NULL: none */
        const char *place;        /* where the keystore is; NULL: nowhere */
        const char *const *keys;  /* what is in it */
        const char *content;      /* of each; NULL: one and the same phrase */
        unsigned changes; /* so many times it is another one the next time: lists follow each other */
        bool has_identity;
        unsigned starts_after; /* so many looks at it, it runs */
} EngineContainer;

/* A program that was started in a container: its end is the test's to say. */
typedef struct EngineExec {
        EngineContainer *container;
        json_object *argv;
        FakeRequest *stream;
        unsigned exit_code;
} EngineExec;

typedef void (*EngineExecStarted)(EngineExec *x, void *userdata);

typedef struct KeyEngine {
        Loop *loop;
        FakeDocker *docker;
        EngineContainer containers[ENGINE_CONTAINERS_MAX]; /* those that have a name */
        GString *requests;                                 /* one per line */
        bool silent;                                       /* of archives: then the loop ends */
        const char *broken;                                /* requests that it answers with 500 */
        const char *quit_at;            /* with a request that contains this the loop ends */
        EngineExecStarted exec_started; /* NULL: nothing can be run */
        void *userdata;                 /* of that */
        GPtrArray *execs;               /* of EngineExec* */
        const char *stopped;            /* what a filtered list shows, JSON; NULL: nothing */

        GBytes *put; /* the last archive that came */
        char *put_into;
        const char *const *keys_after_put; /* what is in its container then; NULL: as before */
} KeyEngine;

/* With 3node0, which runs and has the keys gran and babe and a file "notes". */
KeyEngine *key_engine_new(Loop *l);
KeyEngine *key_engine_free(KeyEngine *e);

/* out: what it printed. */
void engine_exec_end(EngineExec *x, const char *out, unsigned exit_code);
