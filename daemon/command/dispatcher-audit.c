/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the journal keeps of a command: who asked for what, and how it ended. */
#include <string.h>
#include <syslog.h>

#include "dispatcher-internal.h"
#include "names.h"
#include "redact.h"
#include "text.h"

AuditEntry *dispatcher_audit_entry(const char *event, const char *message_id, int priority,
                                   const char *client, const char *command, const char *container,
                                   json_object *params, const Caller *caller) {
        AuditEntry *e = audit_entry_new(event, message_id, priority);
        g_autofree char *masked = params ? redact_params(params) : NULL;

        audit_entry_add(e, "MSERVER_CLIENT", client);
        audit_entry_add(e, "MSERVER_COMMAND", command);
        audit_entry_add(e, "MSERVER_CONTAINER", container);
        audit_entry_add(e, "MSERVER_PARAMS", masked);
        audit_entry_add_number(e, "MSERVER_CALLER_UID", caller->uid);
        if (caller->owner_uid != UINT32_MAX)
                audit_entry_add_number(e, "MSERVER_CALLER_OWNER_UID", caller->owner_uid);
        if (caller->pid != 0)
                audit_entry_add_number(e, "MSERVER_CALLER_PID", caller->pid);
        audit_entry_add(e, "MSERVER_CALLER_EXE", caller->exe);
        return e;
}

/* What it is part of. */
static void add_origin(AuditEntry *e, const CommandRecord *r) {
        if (r->batch[0])
                audit_entry_add(e, "MSERVER_BATCH_ID", r->batch);
        if (r->schedule && r->schedule[0])
                audit_entry_add(e, "MSERVER_SCHEDULE", r->schedule);
}

static AuditEntry *request_entry(const Open *o, const char *why) {
        const CommandRecord *r = o->record;
        bool scheduled = r->schedule && r->schedule[0];
        AuditEntry *e = dispatcher_audit_entry("command-requested", MESSAGE_ID_COMMAND_REQUESTED, LOG_NOTICE,
                                               r->client, r->command, r->container, o->params, &o->caller);

        audit_entry_add(e, "MSERVER_COMMAND_ID", r->id);
        audit_entry_add(e, "MSERVER_REASON", why);
        add_origin(e, r);
        audit_entry_message(e, "%s: %s%s%s requested by %s%suid %u%s (%s)", r->client, r->command,
                            r->container[0] ? " " : "", r->container, scheduled ? r->schedule : "",
                            scheduled ? " for " : "", r->caller_uid,
                            r->state == COMMAND_QUEUED ? ", queued" : "", r->id);
        return e;
}

void open_audit_requested(Open *o, const char *why, AuditDone done) {
        audit_submit(o->dispatcher->audit, request_entry(o, why), done, o);
}

/* The run that took it may have been killed before it wrote that it was asked for; an end alone says nothing of who
 * wanted it. */
static void audit_missing_request(Open *o) {
        AuditEntry *e = request_entry(o, "found after the server was restarted");

        audit_entry_once(e);
        audit_submit(o->dispatcher->audit, e, NULL, NULL);
}

/* How a command ended: the entry of its end, and of its outcome that came after that. */
static AuditEntry *end_entry(const CommandRecord *r, const char *event, const char *message_id,
                             const char *what) {
        uint64_t begin = r->sent ?: r->requested;
        uint64_t duration = r->finished > begin ? r->finished - begin : 0;
        g_autofree char *how_long = text_duration(duration), *error = redact_error(r->error);
        AuditEntry *e = audit_entry_new(event, message_id,
                                        r->state == COMMAND_SUCCEEDED ? LOG_NOTICE : LOG_WARNING);

        audit_entry_add(e, "MSERVER_CLIENT", r->client);
        audit_entry_add(e, "MSERVER_COMMAND", r->command);
        audit_entry_add(e, "MSERVER_COMMAND_ID", r->id);
        audit_entry_add(e, "MSERVER_CONTAINER", r->container);
        audit_entry_add(e, "MSERVER_STATUS", command_state_to_string(r->state));
        audit_entry_add(e, "MSERVER_ERROR", error);
        audit_entry_add_number(e, "MSERVER_DURATION_USEC", (int64_t) duration);
        audit_entry_add_number(e, "MSERVER_CALLER_UID", r->caller_uid);
        add_origin(e, r);
        audit_entry_message(e, "%s: %s%s%s %s%s after %s%s%s (%s, for uid %u)", r->client, r->command,
                            r->container[0] ? " " : "", r->container, what,
                            command_state_to_string(r->state), how_long, error ? ": " : "", error ?: "",
                            r->id, r->caller_uid);
        return e;
}

/* Agents refuse for other reasons, too ("the node is syncing"): a rule of their policy is named first in the error, as
 * docs/PROTOCOL.md has it. */
static bool was_denied(const CommandRecord *r) {
        return r->state == COMMAND_REJECTED && r->error && g_str_has_prefix(r->error, POLICY_ERROR_PREFIX);
}

static AuditEntry *denied_entry(const CommandRecord *r, json_object *params) {
        const Caller caller = { .uid = r->caller_uid,
                                .owner_uid = UINT32_MAX }; /* the request says the rest */
        AuditEntry *e = dispatcher_audit_entry("command-denied", MESSAGE_ID_COMMAND_DENIED_BY_AGENT,
                                               LOG_WARNING, r->client, r->command, r->container, params,
                                               &caller);
        const char *after = r->error + strlen(POLICY_ERROR_PREFIX);
        g_autofree char *reason = redact_error(r->error), *rule = g_strndup(after, strcspn(after, "= "));

        audit_entry_add(e, "MSERVER_COMMAND_ID", r->id);
        audit_entry_add(e, "MSERVER_ACTION", rule);
        audit_entry_add(e, "MSERVER_REASON", reason);
        add_origin(e, r);
        audit_entry_message(e, "%s: %s%s%s denied to uid %u by the client's own policy: %s (%s)", r->client,
                            r->command, r->container[0] ? " " : "", r->container, r->caller_uid, reason,
                            r->id);
        return e;
}

/* Comes before the end's own, so the command is open still. */
static void denial_audited(bool handed_over, void *userdata) {
        ((Open *) userdata)->denial_audited |= handed_over;
}

static void audit_denied(Open *o) {
        AuditEntry *e;

        if (!was_denied(o->record) || o->denial_audited)
                return;
        e = denied_entry(o->record, o->params);
        if (o->end_unsettled)
                audit_entry_once(e);
        audit_submit(o->dispatcher->audit, e, denial_audited, o);
}

void open_audit_finished(Open *o, AuditDone done) {
        AuditEntry *e = end_entry(o->record, "command-finished", MESSAGE_ID_COMMAND_FINISHED, "");

        if (o->restarted)
                audit_missing_request(o);
        audit_denied(o);
        if (o->end_unsettled)
                audit_entry_once(e);
        audit_submit(o->dispatcher->audit, e, done, o);
}

void dispatcher_audit_late_denial(Dispatcher *d, const CommandRecord *r, AuditDone done, void *userdata) {
        json_object *params;
        AuditEntry *e;

        if (!was_denied(r))
                return;
        params = r->params ? json_tokener_parse(r->params) : NULL;
        e = denied_entry(r, params);
        json_object_put(params);
        audit_entry_once(e);
        audit_submit(d->audit, e, done, userdata);
}

void dispatcher_audit_settled(Dispatcher *d, const CommandRecord *r, AuditDone done, void *userdata) {
        AuditEntry *e = end_entry(r, "command-settled", MESSAGE_ID_COMMAND_SETTLED, "is now known to have ");

        audit_entry_once(
                        e); /* it comes before the outcome is stored, so a run before this one may have written it */
        audit_submit(d->audit, e, done, userdata);
}
