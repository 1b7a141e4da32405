/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the journal keeps of schedules: who changed them, and their runs. */
#include <syslog.h>

#include "dispatcher.h"
#include "error.h"
#include "names.h"
#include "schedules-internal.h"

static AuditEntry *entry_of(const char *event, const char *message_id, int priority, const Schedule *what,
                            const Caller *caller) {
        json_object *params = json_tokener_parse(what->params);
        AuditEntry *e = dispatcher_audit_entry(event, message_id, priority, NULL, what->command, NULL,
                                               params, caller);

        json_object_put(params);
        audit_entry_add(e, "MSERVER_SCHEDULE", what->name);
        audit_entry_add(e, "MSERVER_SELECTOR", what->selector);
        audit_entry_add(e, "MSERVER_CALENDAR", what->calendar);
        return e;
}

AuditEntry *schedule_changed_entry(const char *action, const Schedule *what, const Caller *caller,
                                   const GError *error) {
        AuditEntry *e = entry_of("schedule-changed", MESSAGE_ID_SCHEDULE_CHANGED,
                                 error ? LOG_WARNING : LOG_NOTICE, what, caller);

        audit_entry_add(e, "MSERVER_ACTION", action);
        audit_entry_add(e, "MSERVER_ERROR", error ? error->message : NULL);
        audit_entry_message(e, "schedule %s (%s to %s, %s): %s by uid %u%s%s", what->name, what->command,
                            what->selector, what->calendar, action, caller->uid,
                            error ? " came to nothing: " : "", error ? error->message : "");
        return e;
}

AuditEntry *schedule_run_entry(const Schedule *what, const Caller *caller, const Batch *batch,
                               const GError *error) {
        bool skipped = g_error_matches(error, FLEET_ERROR, FLEET_ERROR_ALREADY_EXISTS);
        AuditEntry *e = entry_of("schedule-run", MESSAGE_ID_SCHEDULE_RUN, error ? LOG_WARNING : LOG_NOTICE,
                                 what, caller);

        audit_entry_add(e, "MSERVER_BATCH_ID", batch ? batch->id : NULL);
        audit_entry_add(e, "MSERVER_STATUS", batch ? "started" : skipped ? "skipped" : "failed");
        audit_entry_add(e, "MSERVER_REASON", error ? error->message : NULL);
        if (batch)
                audit_entry_message(e, "schedule %s: %s to %s started for uid %u (%s)", what->name,
                                    what->command, what->selector, caller->uid, batch->id);
        else if (error)
                audit_entry_message(e, "schedule %s: %s to %s %s: %s", what->name, what->command,
                                    what->selector, skipped ? "skipped" : "not started", error->message);
        return e;
}
