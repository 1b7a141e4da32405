/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For tests of batches: a world of four clients, a to d, a batch to all of them, and what is seen of it. */
#pragma once

#include <limits.h>

#include "world.h"

/* The batch, as its observers saw it last. */
typedef struct Seen {
        char *id, *status;
        const char *state;
        unsigned total, sent, succeeded, failed, skipped;
        unsigned answered; /* commands in the reply; UINT_MAX: none yet */
        bool ended;
} Seen;

extern Seen seen;
extern const char *const clients[4];
extern WsPeer *peers[4]; /* of the same order */

World *batch_up(void);
void batch_down(World *w);

#define PLAN(...) (&(BatchOptions){ .plan = { .max_failures = BATCH_FAILURES_ANY, __VA_ARGS__ } })

/* A restart of 3node0, or another request, to all. */
void batch_start(const BatchOptions *options);
void batch_begin(const CommandRequest *q, const BatchOptions *options); /* nothing of it has happened yet */
void batch_start_request(const CommandRequest *q, const BatchOptions *options);
void batch_cancel(void);

WsPeer *peer_of(const char *client);
/* A client's latest open command of this name; NULL: it has none. */
const CommandRecord *command_of(const char *client, const char *command);

/* The client answers that; or its restart, or a status. */
void answers(const char *client, const char *command, CommandState state, const char *result);
void ends(const char *client, CommandState state);
void tells(const char *client, const char *status);

/* The clients that have an open command of this name. */
void assert_open(const char *command, const char *expected);
void assert_counts(const char *state, unsigned sent, unsigned succeeded, unsigned failed, unsigned skipped);
void assert_ended(const char *state, unsigned succeeded, unsigned failed, unsigned skipped);
