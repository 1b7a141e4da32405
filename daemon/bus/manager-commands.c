/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager's methods that send commands, to one client or to many. */
#include <string.h>

#include "actions.h"
#include "batch-health.h"
#include "bus-internal.h"
#include "bus-options.h"
#include "clock.h"
#include "command-table.h"
#include "dict.h"
#include "error.h"
#include "ident.h"
#include "limits.h"
#include "manager-methods.h"
#include "names.h"
#include "params.h"
#include "paths.h"
#include "selector.h"

#define COMMAND_OPTIONS                                                               \
        { "queue", 'b', offsetof(RequestArgs, command.queue) },                       \
                        { "expires", 't', offsetof(RequestArgs, command.expires) }, { \
                "timeout", 't', offsetof(RequestArgs, command.timeout)                \
        }

static const BusOption command_options[] = { COMMAND_OPTIONS, {} };

static const BusOption batch_options[] = {
        COMMAND_OPTIONS,
        MANAGER_PLAN_OPTIONS,
        { "dry-run", 'b', offsetof(RequestArgs, dry_run) },
        {},
};

/* The name, and with it whom polkit is asked about. */
static bool read_command(Request *r, sd_bus_message *m, GError **error) {
        const char *name;

        if (!manager_read_string(m, &name, error))
                return false;
        if (!command_name_is_valid(name))
                return fleet_fail(
                                error, FLEET_ERROR_UNKNOWN_COMMAND,
                                "\"%s\" is no command: expected a-z, then up to %d of a-z, 0-9, \"_\", \"-\"",
                                name, COMMAND_NAME_MAX - 1);
        r->args.command.command = name;
        r->subject.command = g_strdup(name);
        r->actions[0] = command_action(name);
        return true;
}

static bool read_params(Request *r, sd_bus_message *m, GError **error) {
        json_object *given, *container;

        if (!params_read(m, &given, error))
                return false;
        r->args.command.params = command_params_check(command_info(r->args.command.command), given, error);
        json_object_put(given);
        if (!r->args.command.params)
                return false;
        if (json_object_object_get_ex(r->args.command.params, "container", &container))
                r->subject.container = g_strdup(json_object_get_string(container));
        return true;
}

static bool check_options(const CommandRequest *q, GError **error) {
        if (q->expires > 0 && q->expires <= now_realtime())
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "Option \"expires\" is %" G_GUINT64_FORMAT
                                  ", which has passed: expected µs since the epoch",
                                  q->expires);
        if (q->expires > 0 && !q->queue)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "Option \"expires\" is %" G_GUINT64_FORMAT
                                  " without \"queue\": expected both, as it "
                                  "says how long a command waits for an absent client",
                                  q->expires);
        if (q->timeout > COMMAND_TIMEOUT_MAX_USEC)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "Option \"timeout\" is %" G_GUINT64_FORMAT ": expected at most %llu µs",
                                  q->timeout, COMMAND_TIMEOUT_MAX_USEC);
        return true;
}

static bool check_span(const char *option, uint64_t usec, uint64_t max, GError **error) {
        if (usec <= max)
                return true;
        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                          "Option \"%s\" is %" G_GUINT64_FORMAT ": expected at most %" G_GUINT64_FORMAT
                          " µs",
                          option, usec, max);
}

static bool check_batch_options(const RequestArgs *a, GError **error) {
        const BatchPlan *plan = &a->batch.plan;

        if (!check_span("pause", plan->pause, BATCH_PAUSE_MAX_USEC, error) ||
            !check_span("health-timeout", a->batch.health_timeout, HEALTH_TIMEOUT_MAX_USEC, error))
                return false;
        if (a->batch.health_timeout > 0 && !plan->require_healthy)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "Option \"health-timeout\" is given without \"require-healthy\": expected "
                                  "both, as it says how long to wait for that");
        if (plan->require_healthy && strcmp(a->command.command, "stop") == 0)
                return fleet_fail(
                                error, FLEET_ERROR_INVALID_PARAMETER,
                                "Option \"require-healthy\" is given with \"stop\": expected a command after "
                                "which nodes run");
        return true;
}

static bool read_request(Request *r, sd_bus_message *m, const BusOption *options, GError **error) {
        return read_command(r, m, error) && read_params(r, m, error) &&
               bus_options_read(m, options, &r->args, error) && check_options(&r->args.command, error);
}

bool manager_parse_send(Request *r, sd_bus_message *m, GError **error) {
        if (!manager_read_client(r, m, error))
                return false;
        r->args.command.client = r->args.id;
        return read_request(r, m, command_options, error);
}

bool manager_read_batch(Request *r, sd_bus_message *m, const BusOption *options, GError **error) {
        g_autoptr(Selector) selector = NULL;

        if (!manager_read_string(m, &r->args.selector, error))
                return false;
        selector = selector_parse(r->args.selector, error);
        if (!selector)
                return false;
        r->subject.selector = g_strdup(r->args.selector);
        r->actions[1] = ACTION_BROADCAST;
        r->args.batch.plan.max_failures = BATCH_FAILURES_ANY;
        if (!read_request(r, m, options, error) || !check_batch_options(&r->args, error))
                return false;
        if (r->args.batch.plan.require_healthy)
                r->actions[2] = command_action(HEALTH_COMMAND);
        return true;
}

bool manager_parse_broadcast(Request *r, sd_bus_message *m, GError **error) {
        return manager_read_batch(r, m, batch_options, error);
}

bool manager_parse_can_run(Request *r, sd_bus_message *m, GError **error) {
        const char *action;

        if (!manager_read_client(r, m, error) || !read_command(r, m, error))
                return false;
        /* Answered by asking, not asked before answering. */
        action = r->actions[0];
        r->actions[0] = NULL;
        r->args.action = action;
        return true;
}

static void on_sent(const CommandRecord *record, const GError *error, void *userdata) {
        g_autoptr(Request) r = userdata;

        if (error)
                request_fail(r, error);
        else if (!request_is_answered(r)) {
                g_autofree char *path = command_path(record->id);

                signals_watch_command(r->bus->signals, record->id);
                subscribers_follow(r->bus->subscribers, sd_bus_message_get_sender(r->message), record->id,
                                   0);
                request_reply(r, "so", record->id, path);
        }
}

void manager_send_command(Request *r) {
        r->args.command.caller = r->caller;
        dispatcher_submit(r->bus->server->dispatcher, &r->args.command, on_sent, request_ref(r));
}

static void on_ended(const CommandRecord *record, const GError *error, void *userdata) {
        g_autoptr(Request) r = userdata;

        g_clear_pointer(&r->waits_for, g_free);
        if (error)
                request_fail(r, error);
        else {
                g_autofree char *result = command_record_result_json(record);

                request_reply(r, "sss", record->id, command_state_to_string(record->state), result);
        }
}

static void on_sent_then_wait(const CommandRecord *record, const GError *error, void *userdata) {
        g_autoptr(Request) r = userdata;

        if (error)
                request_fail(r, error);
        else if (!request_is_answered(r)) {
                r->waits_for = g_strdup(record->id);
                dispatcher_wait(r->bus->server->dispatcher, record->id, on_ended, request_ref(r));
        }
}

void manager_run_command(Request *r) {
        r->args.command.caller = r->caller;
        dispatcher_submit(r->bus->server->dispatcher, &r->args.command, on_sent_then_wait, request_ref(r));
}

/* What Broadcast returns. */
static void reply_batch(Request *r, const char *id, const char *path, GHashTable *commands) {
        g_autoptr(sd_bus_message) reply = NULL;
        int made;

        made = sd_bus_message_new_method_return(r->message, &reply);
        if (made >= 0)
                made = sd_bus_message_append(reply, "so", id, path);
        if (made >= 0)
                made = dict_append(reply, commands);
        request_send(r, reply, made);
}

static void on_batch(const Batch *b, const GError *error, void *userdata) {
        g_autoptr(Request) r = userdata;

        if (request_is_answered(r))
                return;
        if (error)
                request_fail(r, error);
        else {
                g_autofree char *path = batch_path(b->id);

                reply_batch(r, b->id, path, b->commands);
        }
}

static void preview_batch(Request *r) {
        g_autoptr(GHashTable) commands = g_hash_table_new(g_str_hash, g_str_equal);
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) clients =
                        batches_preview(r->bus->server->batches, r->args.selector, &r->args.command, &error);

        if (!clients) {
                request_fail(r, error);
                return;
        }
        for (unsigned i = 0; i < clients->len; i++)
                g_hash_table_insert(commands, g_ptr_array_index(clients, i), (char *) "");
        reply_batch(r, "", "/", commands);
}

void manager_broadcast(Request *r) {
        r->args.command.caller = r->caller;
        if (r->args.dry_run)
                preview_batch(r);
        else
                batches_start(r->bus->server->batches, r->args.selector, &r->args.command, &r->args.batch,
                              on_batch, request_ref(r));
}

static const char *const answers[] = {
        [POLKIT_NO] = "no",
        [POLKIT_CHALLENGE] = "challenge",
        [POLKIT_YES] = "yes",
};

static void on_can_run(PolkitAnswer answer, const char *reason, void *userdata) {
        g_autoptr(Request) r = userdata;

        request_reply(r, "s", answers[answer]);
}

void manager_can_run(Request *r) {
        const PolkitQuestion q = {
                .action = r->args.action,
                .sender = sd_bus_message_get_sender(r->message),
                .uid = r->caller.uid,
                .client = r->subject.client,
                .command = r->subject.command,
        };

        polkit_check(r->bus->polkit, &q, &r->check, on_can_run, request_ref(r));
}
