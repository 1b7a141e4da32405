/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store in a directory of its own, and calls that wait for their answers. */
#pragma once

#include "store.h"

typedef struct Fixture {
        Loop *loop;
        LoopTimer *deadline;
        char *dir, *path;
        Store *store;
        bool answered;
        StoreStatus status;
        GPtrArray *rows; /* of the latest query */
} Fixture;

void fixture_setup(Fixture *f, gconstpointer data);
void fixture_teardown(Fixture *f, gconstpointer data);

/* Closes the store and opens it again. */
void fixture_reopen(Fixture *f);

/* One call: begin it, pass on_done or on_rows with the fixture to the store, then wait for the answer. */
void fixture_begin(Fixture *f, GDestroyNotify row_free);
void fixture_on_done(StoreStatus status, void *userdata);
void fixture_on_rows(StoreStatus status, GPtrArray *rows, void *userdata);
StoreStatus fixture_answer(Fixture *f);

/* The answer of a query that must succeed: how many rows came. */
unsigned fixture_rows(Fixture *f);

/* Calls an operation that writes, and gives its status. */
#define WRITE(f, operation, ...)                                                          \
        (fixture_begin(f, NULL),                                                          \
         (f)->store->ops->operation((f)->store->engine, __VA_ARGS__, fixture_on_done, f), \
         fixture_answer(f))

unsigned open_commands(Fixture *f);
unsigned list_commands(Fixture *f, const CommandFilter *filter);

/* In memory only. */
CommandRecord *new_command(const char *id, const char *client, const char *command, CommandState state,
                           uint64_t requested);
