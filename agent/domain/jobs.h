/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command's life on the agent: written down, run, its outcome written down, answered until it is
 * acknowledged. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "agent-config.h"
#include "agent-ledger.h"
#include "loop.h"
#include "message.h"

typedef struct Jobs Jobs;

/* The way to the server. */
typedef struct JobsLink {
        /* Queues one message. False when it cannot be sent now. */
        bool (*send)(const char *text, void *userdata);
        /* Hold back what can wait until jobs_drained(). */
        bool (*is_congested)(void *userdata);
} JobsLink;

/* Takes the ledger over, also on failure. */
Jobs *jobs_new(Loop *l, const AgentConfig *config, AgentLedger *ledger, const JobsLink *link, void *userdata,
               GError **error);
/* What still runs is stopped; the ledger says so to the next process. */
Jobs *jobs_free(Jobs *j);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Jobs, jobs_free)

/* The server was told who we are: answers it has not acknowledged go out again. features are its own. */
void jobs_online(Jobs *j, unsigned features);
void jobs_offline(Jobs *j);
void jobs_drained(Jobs *j);

/* A message of type MESSAGE_COMMAND. Never runs an id that any process took before. */
void jobs_take(Jobs *j, const Message *command);
void jobs_cancel(Jobs *j, const char *id);
void jobs_acked(Jobs *j, const char *id);

/* The commands on offer, NULL-terminated. */
const char *const *jobs_commands(const Jobs *j);
