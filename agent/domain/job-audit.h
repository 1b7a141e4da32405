/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the agent's journal keeps of a command, whoever asked for it: who wanted what, and how it ended. */
#pragma once

#include <json-c/json.h>
#include <stdint.h>

#include "caller.h"
#include "state.h"

/* A command, as far as it is known. */
typedef struct AuditedJob {
        const char *id, *command, *container;
        json_object *params;
        const Caller *local;       /* who asked on this host; NULL: the server's command */
        const char *server_caller; /* a user id there, as the server says, or NULL */
} AuditedJob;

/* Before it runs. */
void job_audit_requested(const AuditedJob *job);
/* Once, whatever its end; error is NULL exactly when it succeeded. */
void job_audit_finished(const AuditedJob *job, CommandState state, const char *error,
                        uint64_t duration_usec);
/* polkit said no to somebody on this host. */
void job_audit_denied(const AuditedJob *job, const char *action, const char *reason);

/* The same for a call that is about no command: "Reconnect". */
void job_audit_reconnect(const Caller *caller);
