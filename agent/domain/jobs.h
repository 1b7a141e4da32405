/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command's life on the agent: written down, run, its outcome written down, answered until it is
 * acknowledged. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "agent-config.h"
#include "agent-db.h"
#include "backlog.h"
#include "caller.h"
#include "loop.h"
#include "message.h"
#include "node-watch.h"
#include "outbox.h"
#include "rotations.h"
#include "scripts.h"
#include "server-link.h"
#include "state.h"

typedef struct Jobs Jobs;

/* Takes the database over, also on failure: the last callbacks of all its tables come from jobs_free(). */
Jobs *jobs_new(Loop *l, const AgentConfig *config, AgentDb *db, Outbox *outbox, Rotations *rotations,
               NodeWatch *nodes, Scripts *scripts, const ServerLink *link, void *userdata, GError **error);
/* What still runs is stopped; the ledger says so to the next process. */
Jobs *jobs_free(Jobs *j);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Jobs, jobs_free)

/* The server was told who we are: answers it has not acknowledged go out again. features are its own. */
void jobs_online(Jobs *j, unsigned features);
void jobs_offline(Jobs *j);
void jobs_drained(Jobs *j);

/* A message of type MESSAGE_COMMAND. Never runs an id that any process took before. */
void jobs_take(Jobs *j, const Message *command);
/* Always answered. An id that nobody took is cancelled before it comes, and not run when it does. */
void jobs_cancel(Jobs *j, const char *id);
void jobs_passed(Jobs *j, const char *id, uint64_t offset); /* its output, as command_flow says */
void jobs_acked(Jobs *j, const char *id);

/* A command of this host's own: the same registry, policy, ledger and journal, and no server. params: object or NULL.
 * done runs exactly once: when the outcome is durable here, or, should that fail, when it is known; when there is no
 * room, from inside the call; when the agent stops before, from jobs_free() with COMMAND_INTERRUPTED. result is JSON text
 * or NULL, error NULL exactly when state is COMMAND_SUCCEEDED. */
typedef void (*JobEnded)(const char *id, CommandState state, const char *result, const char *error,
                         void *userdata);
void jobs_run(Jobs *j, const char *command, json_object *params, const Caller *caller, JobEnded done,
              void *userdata);

/* What became of a command of an earlier process has come into the ledger. */
void jobs_settled(Jobs *j, const char *id);

/* What waits for the server to acknowledge it. */
const Backlog *jobs_backlog(const Jobs *j);

/* The commands on offer, NULL-terminated. */
const char *const *jobs_commands(const Jobs *j);
