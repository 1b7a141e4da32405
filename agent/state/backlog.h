/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many of something wait for the server, and the bound at which nothing more of it is begun. Nothing that waits is
 * ever dropped for it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Backlog {
        const char *what;        /* "records" */
        const char *consequence; /* "no keys are rotated or backed up" */
        unsigned max, count;
        /* The count has changed; crossed: the bound was reached by that, or left. May be NULL. */
        void (*changed)(bool crossed, void *userdata);
        void *userdata;
} Backlog;

/* Logs it once when the bound is reached, and when it is over. */
void backlog_set(Backlog *b, unsigned count);

bool backlog_is_full(const Backlog *b);

/* "10000 records wait for the server: no keys are rotated or backed up until it acknowledges some"; new string. NULL
 * below the bound. */
char *backlog_problem(const Backlog *b);
