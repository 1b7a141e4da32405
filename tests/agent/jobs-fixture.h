/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of jobs.h share: a real ledger, a scripted runner and a link that keeps what it is given. */
#pragma once

#include <glib.h>

#include "fake-runner.h"
#include "jobs.h"

#define DEADLINE_MSEC 10000

typedef struct Fixture {
        char *dir, *path;
        Loop *loop;
        Jobs *jobs;
        GPtrArray *sent; /* of Message */
        bool congested;
} Fixture;

void fixture_setup(Fixture *f, gconstpointer unused);
void fixture_teardown(Fixture *f, gconstpointer unused);

/* Until n messages have been sent, or n commands started, in all. */
void fixture_wait(Fixture *f, guint sent, guint started);
void fixture_too_late(void *userdata);

void fixture_take(Fixture *f, const char *id);
void fixture_take_with_times(Fixture *f, const char *id, int64_t timestamp_ms, int64_t deadline_ms);
const Message *fixture_last(Fixture *f);
void assert_response(const Message *m, const char *id, CommandState state);

/* The next process: what ran is lost, what the ledger has is not. */
void fixture_restart(Fixture *f);
