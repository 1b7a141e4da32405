/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of org.mclient1's methods.  1. finding: the bus is asked who calls; 2. asking: polkit, whether they may; 3.
 * running: the command is the agent's (jobs.h), which says how it ended. A call that loses the bus in 1 or 2 has done
 * nothing; one that loses it in 3 is nobody's, and goes on. */
#include "agent-call.h"

#include <json-c/json.h>
#include <string.h>

#include "callers.h"
#include "error.h"
#include "job-audit.h"
#include "json-path.h"
#include "limits.h"
#include "names.h"
#include "params.h"
#include "polkit.h"
#include "result-text.h"
#include "run.h"
#include "uid-count.h"

typedef enum CallStage {
        CALL_FINDING,
        CALL_ASKING,
        CALL_RUNNING,
} CallStage;

typedef struct Call {
        AgentCalls *calls; /* NULL: the bus is gone */
        sd_bus_message *message;
        CallStage stage;
        char *command; /* NULL: Reconnect */
        json_object *params;
        Caller caller;
        bool counted; /* to the caller's uid */
        PolkitCheck *check;
        GList link; /* among all */
} Call;

struct AgentCalls {
        const AgentConfig *config;
        Uplink *uplink;
        Callers *callers;
        Polkit *polkit;
        GQueue all; /* of Call */
        UidCount *by_uid;
};

static const char *const agent_actions[] = { ACTION_AGENT_RUN, NULL };

AgentCalls *agent_calls_new(sd_bus *bus, const AgentConfig *config, Uplink *uplink) {
        AgentCalls *cs = g_new0(AgentCalls, 1);

        *cs = (AgentCalls){ .config = config, .uplink = uplink };
        cs->callers = callers_new(bus);
        cs->polkit = polkit_new(bus, agent_actions);
        cs->by_uid = uid_count_new();
        g_queue_init(&cs->all);
        return cs;
}

/* Out of what its connection knows; it may live on. */
static void leave(Call *c) {
        AgentCalls *cs = c->calls;

        if (!cs)
                return;
        polkit_cancel(&c->check);
        if (c->counted)
                uid_count_change(cs->by_uid, c->caller.uid, -1);
        g_queue_unlink(&cs->all, &c->link);
        c->calls = NULL;
}

static void call_free(Call *c) {
        leave(c);
        sd_bus_message_unref(c->message);
        g_free(c->command);
        json_object_put(c->params);
        caller_clear(&c->caller);
        g_free(c);
}

static void fail(Call *c, const GError *error) {
        g_autofree char *name = fleet_error_name(MCLIENT_ERROR_PREFIX, error->code);

        (void) sd_bus_reply_method_errorf(c->message, name, "%s", error->message);
        call_free(c);
}

AgentCalls *agent_calls_free(AgentCalls *cs) {
        g_autoptr(GError) gone = NULL;

        if (!cs)
                return NULL;
        (void) fleet_fail(&gone, FLEET_ERROR_UNAVAILABLE,
                          "The agent leaves the bus; what it has begun goes on");
        for (GList *i = cs->all.head, *next; i; i = next) {
                Call *c = i->data;

                next = i->next;
                if (c->stage == CALL_ASKING)
                        fail(c, gone);
                else if (c->stage == CALL_RUNNING)
                        leave(c);
        }
        callers_free(cs->callers); /* who was still being found is told that the bus is gone, and fails */
        g_assert(g_queue_is_empty(&cs->all));
        polkit_free(cs->polkit);
        g_hash_table_unref(cs->by_uid);
        g_free(cs);
        return NULL;
}

void agent_calls_caller_gone(AgentCalls *cs, const char *sender) {
        for (GList *i = cs->all.head, *next; i; i = next) {
                Call *c = i->data;

                next = i->next;
                if (c->stage == CALL_ASKING && strcmp(sd_bus_message_get_sender(c->message), sender) == 0)
                        call_free(c);
        }
}

/* Running */

static void ended(const char *id, CommandState state, const char *result, const char *error,
                  void *userdata) {
        Call *c = userdata;
        g_autofree char *text = result_with_error(result, error);

        if (c->calls)
                (void) sd_bus_reply_method_return(c->message, "ss", command_state_to_string(state), text);
        call_free(c);
}

static void run(Call *c) {
        g_autoptr(GError) error = NULL;
        json_object *checked = run_check(c->calls->config, c->command, c->params, &error);

        if (!checked) {
                fail(c, error);
                return;
        }
        c->stage = CALL_RUNNING;
        jobs_run(uplink_jobs(c->calls->uplink), c->command, checked, &c->caller, ended, c);
        json_object_put(checked);
}

static void reconnect(Call *c) {
        job_audit_reconnect(&c->caller);
        uplink_reconnect(c->calls->uplink);
        (void) sd_bus_reply_method_return(c->message, NULL);
        call_free(c);
}

/* Asking */

static void deny(Call *c, PolkitAnswer answer, const char *reason) {
        const AuditedJob job = { .command = c->command ?: "reconnect",
                                 .container = json_string_at(c->params, "container"),
                                 .params = c->params,
                                 .local = &c->caller };
        g_autoptr(GError) error = polkit_denial(answer, sd_bus_message_get_member(c->message),
                                                ACTION_AGENT_RUN, reason);

        job_audit_denied(&job, ACTION_AGENT_RUN, reason);
        fail(c, error);
}

static void on_answer(PolkitAnswer answer, const char *reason, void *userdata) {
        Call *c = userdata;

        if (answer != POLKIT_YES)
                deny(c, answer, reason);
        else if (c->command)
                run(c);
        else
                reconnect(c);
}

static void ask(Call *c) {
        const PolkitQuestion q = {
                .action = ACTION_AGENT_RUN,
                .sender = sd_bus_message_get_sender(c->message),
                .uid = c->caller.uid,
                .interactive = sd_bus_message_get_allow_interactive_authorization(c->message) > 0,
                .client = c->calls->config->id,
                .command = c->command ?: "reconnect",
                .container = json_string_at(c->params, "container"),
        };

        c->stage = CALL_ASKING;
        polkit_check(c->calls->polkit, &q, &c->check, on_answer, c);
}

/* Finding */

static bool count(Call *c, const Caller *caller, GError **error) {
        c->counted = caller_charge(c->calls->by_uid, caller, AGENT_CALLS_PER_UID_MAX, error);
        if (c->counted)
                caller_copy(caller, &c->caller);
        return c->counted;
}

static void on_caller(const Caller *caller, const GError *error, void *userdata) {
        Call *c = userdata;
        g_autoptr(GError) limit = NULL;

        if (error)
                fail(c, error);
        else if (!count(c, caller, &limit))
                fail(c, limit);
        else
                ask(c);
}

static Call *call_new(AgentCalls *cs, sd_bus_message *m) {
        Call *c = g_new0(Call, 1);

        c->calls = cs;
        c->message = sd_bus_message_ref(m);
        c->link.data = c;
        g_queue_push_tail_link(&cs->all, &c->link);
        return c;
}

/* error: what is wrong with its arguments; then it ends here. Takes the call. */
static void begin(Call *c, const GError *error) {
        g_autoptr(GError) limit = NULL;

        if (!error && c->calls->all.length > AGENT_CALLS_MAX) {
                (void) fleet_fail(&limit, FLEET_ERROR_LIMIT_EXCEEDED,
                                  "%d calls wait for their answers: expected fewer, try later",
                                  AGENT_CALLS_MAX);
                error = limit;
        }
        if (error)
                fail(c, error);
        else
                callers_find(c->calls->callers, sd_bus_message_get_sender(c->message), on_caller, c);
}

void agent_call_run(AgentCalls *cs, sd_bus_message *m) {
        Call *c = call_new(cs, m);
        g_autoptr(GError) error = NULL;
        const char *command;
        int r = sd_bus_message_read(m, "s", &command);

        if (r < 0)
                (void) fleet_fail_errno(&error, FLEET_ERROR_INVALID_PARAMETER, r, "Cannot read the command");
        else if (params_read(m, &c->params, &error))
                c->command = g_strdup(command);
        begin(c, error);
}

void agent_call_reconnect(AgentCalls *cs, sd_bus_message *m) {
        begin(call_new(cs, m), NULL);
}
