/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the agent's journal keeps of a command. */
#include "job-audit.h"

#include <syslog.h>

#include "journal-entry.h"
#include "names.h"
#include "redact.h"
#include "text.h"

static void add_local_caller(JournalEntry *e, const Caller *c) {
        journal_entry_add(e, "MCLIENT_ORIGIN", "local");
        journal_entry_add_number(e, "MCLIENT_CALLER_UID", c->uid);
        if (c->owner_uid != UINT32_MAX)
                journal_entry_add_number(e, "MCLIENT_CALLER_OWNER_UID", c->owner_uid);
        if (c->pid != 0)
                journal_entry_add_number(e, "MCLIENT_CALLER_PID", c->pid);
        journal_entry_add(e, "MCLIENT_CALLER_EXE", c->exe);
}

static void add_caller(JournalEntry *e, const AuditedJob *job) {
        if (job->local) {
                add_local_caller(e, job->local);
                return;
        }
        journal_entry_add(e, "MCLIENT_ORIGIN", "server");
        journal_entry_add(e, "MCLIENT_CALLER_UID", job->server_caller);
}

static JournalEntry *entry(const AuditedJob *job, const char *event, const char *message_id, int priority) {
        JournalEntry *e = journal_entry_new(event, message_id, priority);

        journal_entry_add(e, "MCLIENT_COMMAND", job->command);
        journal_entry_add(e, "MCLIENT_COMMAND_ID", job->id);
        journal_entry_add(e, "MCLIENT_CONTAINER", job->container);
        add_caller(e, job);
        return e;
}

static void add_params(JournalEntry *e, json_object *params) {
        g_autofree char *masked = params ? redact_params(params) : NULL;

        journal_entry_add(e, "MCLIENT_PARAMS", masked);
}

/* "uid 1000 of this host", "the server, for uid 1000" */
static char *who(const AuditedJob *job) {
        if (job->local)
                return g_strdup_printf("uid %u of this host", job->local->uid);
        return job->server_caller ? g_strconcat("the server, for uid ", job->server_caller, NULL)
                                  : g_strdup("the server");
}

void job_audit_requested(const AuditedJob *job) {
        JournalEntry *e = entry(job, "command-requested", MESSAGE_ID_AGENT_COMMAND_REQUESTED, LOG_INFO);
        g_autofree char *by = who(job);

        add_params(e, job->params);
        journal_entry_send(e, "%s%s%s requested by %s (%s)", job->command, job->container ? " " : "",
                           job->container ?: "", by, job->id);
}

void job_audit_finished(const AuditedJob *job, CommandState state, const char *error,
                        uint64_t duration_usec) {
        JournalEntry *e = entry(job, "command-finished", MESSAGE_ID_AGENT_COMMAND_FINISHED, LOG_INFO);
        g_autofree char *masked = redact_error(error), *how_long = text_duration(duration_usec);

        journal_entry_add(e, "MCLIENT_STATUS", command_state_to_string(state));
        journal_entry_add(e, "MCLIENT_ERROR", masked);
        journal_entry_add_number(e, "MCLIENT_DURATION_USEC", (int64_t) duration_usec);
        journal_entry_send(e, "%s%s%s %s after %s%s%s (%s)", job->command, job->container ? " " : "",
                           job->container ?: "", command_state_to_string(state), how_long,
                           masked ? ": " : "", masked ?: "", job->id);
}

void job_audit_denied(const AuditedJob *job, const char *action, const char *reason) {
        JournalEntry *e = entry(job, "command-denied", MESSAGE_ID_AGENT_COMMAND_DENIED, LOG_WARNING);

        add_params(e, job->params);
        journal_entry_add(e, "MCLIENT_ACTION", action);
        journal_entry_add(e, "MCLIENT_REASON", reason);
        journal_entry_send(e, "%s%s%s denied to uid %u (%s): %s", job->command, job->container ? " " : "",
                           job->container ?: "", job->local->uid, job->local->exe ?: "its process is gone",
                           reason);
}

void job_audit_reconnect(const Caller *caller) {
        JournalEntry *e = journal_entry_new("reconnect-requested", MESSAGE_ID_AGENT_RECONNECT, LOG_INFO);

        add_local_caller(e, caller);
        journal_entry_send(e, "A new connection to the server requested by uid %u of this host",
                           caller->uid);
}
