/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager's methods on schedules. */
#include "actions.h"
#include "batch-health.h"
#include "bus-internal.h"
#include "bus-options.h"
#include "clock.h"
#include "error.h"
#include "manager-methods.h"
#include "names.h"
#include "paths.h"
#include "redact.h"

static const BusOption schedule_options[] = {
        { "persistent", 'b', offsetof(RequestArgs, persistent) },
        { "randomized-delay", 't', offsetof(RequestArgs, randomized_delay) },
        { "enabled", 'b', offsetof(RequestArgs, enabled) },
        { "queue", 'b', offsetof(RequestArgs, command.queue) },
        { "timeout", 't', offsetof(RequestArgs, command.timeout) },
        MANAGER_PLAN_OPTIONS,
        {},
};

static void also_ask(Request *r, const char *action) {
        unsigned i = 0;

        while (r->actions[i])
                i++;
        r->actions[i] = action; /* a create has four, which is what there is room for */
}

static bool read_name(Request *r, sd_bus_message *m, GError **error) {
        if (!manager_read_string(m, &r->args.id, error))
                return false;
        r->subject.schedule = g_strdup(r->args.id);
        return true;
}

bool manager_parse_create_schedule(Request *r, sd_bus_message *m, GError **error) {
        r->args.enabled = true;
        if (!read_name(r, m, error) || !manager_read_string(m, &r->args.calendar, error) ||
            !manager_read_batch(r, m, schedule_options, error))
                return false;
        also_ask(r, ACTION_MANAGE_SCHEDULES);
        return true;
}

static const Schedule *find(const Request *r, GError **error) {
        const Schedule *s = schedules_find(r->bus->server->schedules, r->args.id);

        if (!s)
                fleet_fail(error, FLEET_ERROR_NO_SUCH_COMMAND,
                           "There is no schedule \"%s\": ListSchedules names them", r->args.id);
        return s;
}

static void take_subject(Request *r, const Schedule *s) {
        json_object *params = json_tokener_parse(s->params), *container;

        r->subject.command = g_strdup(s->command);
        r->subject.selector = g_strdup(s->selector);
        if (json_object_object_get_ex(params, "container", &container))
                r->subject.container = g_strdup(json_object_get_string(container));
        json_object_put(params);
}

/* What lets it send is asked for as well: a schedule is no way around that. */
static void ask_for_sending(Request *r, const Schedule *s) {
        also_ask(r, command_action(s->command));
        also_ask(r, ACTION_BROADCAST);
        if (s->plan.require_healthy)
                also_ask(r, command_action(HEALTH_COMMAND));
}

bool manager_parse_schedule(Request *r, sd_bus_message *m, GError **error) {
        const Schedule *s;

        if (!read_name(r, m, error) || !(s = find(r, error)))
                return false;
        take_subject(r, s);
        r->args.created = s->created;
        return true;
}

bool manager_parse_run_schedule(Request *r, sd_bus_message *m, GError **error) {
        if (!manager_parse_schedule(r, m, error))
                return false;
        ask_for_sending(r, find(r, NULL));
        return true;
}

bool manager_parse_enable_schedule(Request *r, sd_bus_message *m, GError **error) {
        int enabled, e;

        if (!manager_parse_schedule(r, m, error))
                return false;
        e = sd_bus_message_read(m, "b", &enabled);
        if (e < 0)
                return fleet_fail_errno(error, FLEET_ERROR_INVALID_PARAMETER, e,
                                        "Cannot read the arguments");
        r->args.enabled = enabled;
        if (enabled)
                ask_for_sending(r, find(r, NULL));
        return true;
}

static void on_changed(const GError *error, void *userdata) {
        g_autoptr(Request) r = userdata;

        if (error)
                request_fail(r, error);
        else
                request_reply(r, NULL);
}

void manager_create_schedule(Request *r) {
        const RequestArgs *a = &r->args;
        Schedule *s = schedule_new(
                        a->id, a->calendar, a->selector, a->command.command,
                        json_object_to_json_string_ext(a->command.params, JSON_C_TO_STRING_PLAIN));

        s->enabled = a->enabled;
        s->persistent = a->persistent;
        s->randomized_delay = a->randomized_delay;
        s->queue = a->command.queue;
        s->timeout = a->command.timeout;
        s->plan = a->batch.plan;
        s->health_timeout = a->batch.health_timeout;
        s->created = now_realtime();
        s->owner_uid = r->caller.uid;
        schedules_create(r->bus->server->schedules, s, &r->caller, on_changed, request_ref(r));
}

void manager_delete_schedule(Request *r) {
        schedules_delete(r->bus->server->schedules, r->args.id, &r->caller, on_changed, request_ref(r));
}

/* While a person typed a password another may have taken its place, of which nobody was asked. */
static bool is_the_same(Request *r) {
        g_autoptr(GError) error = NULL;
        const Schedule *s = find(r, &error);

        if (s && s->created == r->args.created)
                return true;
        if (s)
                fleet_fail(&error, FLEET_ERROR_NO_SUCH_COMMAND,
                           "Schedule \"%s\" is another one by now: look at it, and try again", r->args.id);
        request_fail(r, error);
        return false;
}

void manager_enable_schedule(Request *r) {
        if (!is_the_same(r))
                return;
        schedules_enable(r->bus->server->schedules, r->args.id, r->args.enabled, &r->caller, on_changed,
                         request_ref(r));
}

static void on_batch(const Batch *b, const GError *error, void *userdata) {
        g_autoptr(Request) r = userdata;

        if (error)
                request_fail(r, error);
        else if (!request_is_answered(r)) {
                g_autofree char *path = batch_path(b->id);

                request_reply(r, "so", b->id, path);
        }
}

void manager_run_schedule(Request *r) {
        if (!is_the_same(r))
                return;
        schedules_run(r->bus->server->schedules, r->args.id, &r->caller, on_batch, request_ref(r));
}

/* All, with what systemd says of the next time of each. */

typedef struct Row {
        Schedule *schedule; /* a copy: it may go while systemd is asked */
        uint64_t next;
} Row;

typedef struct Listing {
        Request *request;
        GPtrArray *rows;
        unsigned asked; /* how many of them systemd has been asked about */
} Listing;

static void row_free(void *p) {
        Row *row = p;

        schedule_free(row->schedule);
        g_free(row);
}

static int append_row(sd_bus_message *m, const void *p) {
        const Row *row = p;
        const Schedule *s = row->schedule;
        json_object *params = json_tokener_parse(s->params);
        g_autofree char *masked = redact_params(params);

        json_object_put(params);
        return sd_bus_message_append(m, "(sssssbtt)", s->name, s->calendar, s->selector, s->command, masked,
                                     (int) s->enabled, s->last, row->next);
}

static void ask_next(Listing *l);

static void on_next(uint64_t usec, void *userdata) {
        Listing *l = userdata;

        ((Row *) g_ptr_array_index(l->rows, l->asked - 1))->next = usec;
        ask_next(l);
}

static void ask_next(Listing *l) {
        while (!request_is_answered(l->request) && l->asked < l->rows->len) {
                const Row *row = g_ptr_array_index(l->rows, l->asked++);

                if (row->schedule->enabled) {
                        systemd_timers_next(l->request->bus->timers, row->schedule->name, on_next, l);
                        return;
                }
        }
        request_reply_rows(l->request, STORE_OK, l->rows, "(sssssbtt)", append_row);
        request_unref(l->request);
        g_ptr_array_unref(l->rows);
        g_free(l);
}

void manager_list_schedules(Request *r) {
        g_autoptr(GPtrArray) all = schedules_list(r->bus->server->schedules);
        Listing *l = g_new0(Listing, 1);

        l->request = request_ref(r);
        l->rows = g_ptr_array_new_with_free_func(row_free);
        for (unsigned i = 0; i < all->len; i++) {
                Row *row = g_new0(Row, 1);

                row->schedule = schedule_copy(g_ptr_array_index(all, i));
                g_ptr_array_add(l->rows, row);
        }
        ask_next(l);
}
