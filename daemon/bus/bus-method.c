/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order that every method call follows. */
#include "bus-method.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "bus-internal.h"
#include "names.h"

static void ask_polkit(Request *r);

Bus *bus_of_call(sd_bus_message *m) {
        return sd_bus_slot_get_userdata(sd_bus_get_current_slot(sd_bus_message_get_bus(m)));
}

static bool only_reads(const char *action) {
        return strcmp(action, ACTION_READ) == 0 || strcmp(action, ACTION_READ_OUTPUT) == 0;
}

/* Every refusal is in the journal; those of mere reading at a level that does not stand out. */
static void audit_denial(Request *r, const char *action, const char *reason) {
        const RequestSubject *s = &r->subject;
        const char *where = s->client ?: s->selector;
        bool sends = r->args.command.command != NULL;
        AuditEntry *e;

        e = dispatcher_audit_entry("command-denied", MESSAGE_ID_COMMAND_DENIED,
                                   only_reads(action) ? LOG_INFO : LOG_WARNING, s->client, s->command,
                                   s->container, r->args.command.params, &r->caller);
        audit_entry_add(e, "MSERVER_ACTION", action);
        audit_entry_add(e, "MSERVER_REASON", reason);
        audit_entry_add(e, "MSERVER_SELECTOR", s->selector);
        audit_entry_add(e, "MSERVER_SCHEDULE", s->schedule);
        audit_entry_add(e, "MSERVER_COMMAND_ID", s->command_id);
        audit_entry_add(e, "MSERVER_BATCH_ID", s->batch);
        audit_entry_message(e, "%s%s%s%s%s denied to uid %" PRIu32 " (%s): %s", where ?: "",
                            where ? ": " : "", sends ? s->command : r->method->name,
                            sends && s->container ? " " : "", sends && s->container ? s->container : "",
                            r->caller.uid, r->caller.exe ?: "its process is gone", reason);
        audit_submit(r->bus->server->audit, e, NULL, NULL);
}

static void deny(Request *r, const char *action, PolkitAnswer answer, const char *reason) {
        g_autoptr(GError) error = polkit_denial(answer, r->method->name, action, reason);

        audit_denial(r, action, reason);
        request_fail(r, error);
}

static void on_answer(PolkitAnswer answer, const char *reason, void *userdata) {
        g_autoptr(Request) r = userdata;

        if (answer == POLKIT_YES) {
                r->asked++;
                ask_polkit(r);
        } else
                deny(r, r->actions[r->asked], answer, reason);
}

static void ask_polkit(Request *r) {
        const RequestSubject *s = &r->subject;
        PolkitQuestion q;

        if (r->asked == G_N_ELEMENTS(r->actions) || !r->actions[r->asked]) {
                r->method->run(r);
                return;
        }
        q = (PolkitQuestion){
                .action = r->actions[r->asked],
                .sender = sd_bus_message_get_sender(r->message),
                .uid = r->caller.uid,
                .interactive = sd_bus_message_get_allow_interactive_authorization(r->message) > 0,
                .client = s->client,
                .command = s->command,
                .container = s->container,
                .selector = s->selector,
                .schedule = s->schedule,
        };
        polkit_check(r->bus->polkit, &q, &r->check, on_answer, request_ref(r));
}

static void authorise(Request *r) {
        if (r->owner_uid != UINT32_MAX && r->owner_uid == r->caller.uid)
                r->method->run(r);
        else
                ask_polkit(r);
}

static void on_command(const CommandRecord *record, const GError *error, void *userdata) {
        g_autoptr(Request) r = userdata;

        if (request_is_answered(r))
                return;
        if (error) {
                request_fail(r, error);
                return;
        }
        r->owner_uid = record->caller_uid;
        r->subject.command_id = g_strdup(record->id);
        r->subject.client = g_strdup(record->client);
        r->subject.command = g_strdup(record->command);
        r->subject.container = g_strdup(record->container);
        authorise(r);
}

static void on_caller(const Caller *caller, const GError *error, void *userdata) {
        g_autoptr(Request) r = userdata;
        g_autoptr(GError) limit = NULL;

        if (request_is_answered(r))
                return;
        if (!error && !request_set_caller(r, caller, &limit))
                error = limit;
        if (error)
                request_fail(r, error);
        else if (r->method->about_command)
                dispatcher_get(r->bus->server->dispatcher, r->args.id, on_command, request_ref(r));
        else
                authorise(r);
}

static const BusMethod *find(const BusMethod *table, const char *name) {
        for (; table->name; table++)
                if (strcmp(table->name, name) == 0)
                        return table;
        g_assert_not_reached(); /* the vtable has what the table has; a test calls each */
}

int bus_method_call(const BusMethod *table, sd_bus_message *m) {
        Bus *b = bus_of_call(m);
        g_autoptr(Request) r = request_new(b, m, find(table, sd_bus_message_get_member(m)));
        g_autoptr(GError) error = NULL;

        if (!r)
                return 1;
        r->actions[0] = r->method->action;
        if (r->method->parse && !r->method->parse(r, m, &error))
                request_fail(r, error);
        else
                callers_find(b->callers, sd_bus_message_get_sender(m), on_caller, request_ref(r));
        return 1;
}
