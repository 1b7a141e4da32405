/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One command to many clients. The plan (batch-plan.h) says who comes next; here it is done: commands are submitted in
 * chunks that leave the loop free, counted as they end, and after each of these the plan is asked again. */
#include "batch.h"

#include <string.h>

#include "batch-health.h"
#include "clock.h"
#include "error.h"
#include "hash.h"
#include "ident.h"
#include "limits.h"
#include "log.h"
#include "selector.h"
#include "text.h"

typedef struct Run {
        Batch batch; /* first: a Batch pointer handed out is a Run */
        Batches *owner;
        GPtrArray *clients; /* ids, in order; the last progress.waiting of them have not had their turn */
        BatchOptions options;
        BatchProgress progress;
        unsigned submitting;
        bool fanning_out; /* a turn of the loop is on order */
        bool answered;    /* done() was called */
        bool cancelled;
        GHashTable *open; /* ids (borrowed) of its commands that have not ended, to whether they hold a place */
        GPtrArray *wave; /* ids (borrowed) of clients that the present wave's commands went to */
        LoopTimer *pause;
        HealthWatch *health;
        CommandRequest request;
        uint64_t requested; /* realtime µs */
        BatchDone done;
        void *userdata;
} Run;

struct Batches {
        Loop *loop;
        Store *store;
        Fleet *fleet;
        Dispatcher *dispatcher;
        GHashTable *runs; /* id to Run, which it owns */
};

static void run_free(void *p) {
        Run *r = p;

        loop_timer_free(r->pause);
        health_watch_free(r->health);
        g_hash_table_unref(r->open);
        g_ptr_array_unref(r->wave);
        g_free(r->batch.id);
        g_free(r->batch.selector);
        g_free(r->batch.command);
        g_free(r->batch.status);
        g_hash_table_unref(r->batch.commands);
        g_ptr_array_unref(r->clients);
        g_free((char *) r->request.command);
        g_free(r->request.caller.exe);
        json_object_put(r->request.params);
        g_free(r);
}

static void tell(Run *r) {
        fleet_tell_batch(r->owner->fleet, &r->batch, false, false);
}

static void set_status(Run *r, const char *status) {
        char *copy = g_strdup(status);

        g_free(r->batch.status);
        r->batch.status = copy;
        tell(r);
}

static void run_save(Run *r, uint64_t finished) {
        Store *s = r->owner->store;
        BatchRecord record = {
                .id = r->batch.id,
                .selector = r->batch.selector,
                .command = r->batch.command,
                .params = (char *) (r->request.params ? json_object_to_json_string(r->request.params)
                                                      : "{}"),
                .requested = r->requested,
                .finished = finished,
                .caller_uid = r->request.caller.uid,
        };

        s->ops->put_batch(s->engine, &record, NULL, NULL);
}

static bool run_is_over(const Run *r) {
        return r->answered && !r->fanning_out && r->submitting == 0 && r->progress.waiting == 0 &&
               g_hash_table_size(r->open) == 0;
}

static void end_if_over(Run *r) {
        if (!run_is_over(r))
                return;
        if (strcmp(r->batch.state, "running") == 0)
                r->batch.state = "finished";
        run_save(r, now_realtime());
        fleet_tell_batch(r->owner->fleet, &r->batch, false, true);
        g_hash_table_remove(r->owner->runs, r->batch.id);
}

/* Nobody is started any more. What runs goes on. */
static void stop(Run *r, const char *state, const char *status) {
        r->pause = loop_timer_free(r->pause);
        r->health = health_watch_free(r->health);
        if (strcmp(r->batch.state, "running") != 0)
                return;
        r->batch.state = state;
        r->batch.skipped += r->progress.waiting;
        r->progress.waiting = 0;
        set_status(r, status);
}

static void stop_by_plan(Run *r, const char *why) {
        log_warning("Batch %s (%s to %s) is stopped, %u of %u clients are not started: %s", r->batch.id,
                    r->batch.command, r->batch.selector, r->progress.waiting, r->batch.total, why);
        stop(r, "failed", why);
}

static void stop_after_failures(Run *r) {
        g_autofree char *why = g_strdup_printf("%u failed, at most %u were to", r->batch.failed,
                                               r->options.plan.max_failures);

        stop_by_plan(r, why);
}

static void go_on(Run *r);

/* Between waves: the pause, and the nodes' health. */

static void on_pause_over(void *userdata) {
        Run *r = userdata;

        r->pause = loop_timer_free(r->pause);
        set_status(r, "");
        go_on(r);
}

static void pause_until(Run *r, uint64_t until) {
        uint64_t now = now_monotonic();
        g_autofree char *length = text_duration(r->options.plan.pause),
                        *status = g_strdup_printf("pausing for %s", length);

        r->pause = loop_timer_new(r->owner->loop, (until - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC, 0,
                                  on_pause_over, r);
        set_status(r, status);
}

static void on_waiting(const char *what, void *userdata) {
        set_status(userdata, what);
}

static void on_health(bool healthy, void *userdata) {
        Run *r = userdata;

        r->health = health_watch_free(r->health);
        r->progress.healthy = healthy;
        if (healthy)
                set_status(r, "");
        else {
                g_autofree char *why = g_strdup(r->batch.status[0] ? r->batch.status : "no answer");

                stop_by_plan(r, why);
        }
        go_on(r);
}

static const HealthReport health_report = { on_waiting, on_health };

static void check_health(Run *r) {
        r->health = health_watch_new(r->owner->loop, r->owner->dispatcher, &r->request, r->wave,
                                     r->options.health_timeout ?: HEALTH_TIMEOUT_DEFAULT_USEC,
                                     &health_report, r);
}

/* The turns of clients. */

static void give_place_back(Run *r) {
        r->progress.active--;
        r->progress.wave--;
}

static void count_end(Run *r, CommandState state, bool held_place) {
        if (state == COMMAND_SUCCEEDED)
                r->batch.succeeded++;
        else
                r->progress.failed = ++r->batch.failed;
        if (held_place && --r->progress.active == 0)
                r->progress.wave_ended = now_monotonic();
}

static void keep(Run *r, const CommandRecord *record) {
        char *client = g_strdup(record->client), *id = g_strdup(record->id);
        bool queued = record->state == COMMAND_QUEUED;

        r->batch.sent++;
        g_hash_table_insert(r->batch.commands, client, id);
        if (queued)
                give_place_back(r);
        else if (r->options.plan.require_healthy)
                g_ptr_array_add(r->wave, client);
        if (command_state_is_final(record->state))
                count_end(r, record->state, true);
        else
                g_hash_table_insert(r->open, id, GINT_TO_POINTER(!queued));
        if (r->cancelled)
                dispatcher_cancel(r->owner->dispatcher, id, NULL, NULL);
}

static void submitted(const CommandRecord *record, const GError *error, void *userdata) {
        Run *r = userdata;

        r->submitting--;
        if (record)
                keep(r, record);
        else {
                r->batch.skipped++;
                give_place_back(r);
        }
        if (r->answered)
                tell(r);
        go_on(r);
}

static void start_some(Run *r, unsigned n) {
        for (n = MIN(n, FAN_OUT_CHUNK); n > 0; n--) {
                r->request.client = g_ptr_array_index(r->clients, r->clients->len - r->progress.waiting);
                r->progress.waiting--;
                r->progress.active++;
                r->progress.wave++;
                r->submitting++;
                dispatcher_submit(r->owner->dispatcher, &r->request, submitted, r);
        }
}

static BatchStep next_step(const Run *r) {
        return batch_plan_step(&r->options.plan, &r->progress, now_monotonic());
}

static bool starts(BatchStep s) {
        return s.action == BATCH_START || s.action == BATCH_NEXT_WAVE;
}

/* One turn of the loop's share. */
static void fan_out(void *userdata) {
        Run *r = userdata;
        BatchStep s = next_step(r);

        r->fanning_out = false;
        if (s.action == BATCH_NEXT_WAVE) {
                r->progress.wave = 0;
                r->progress.healthy = false;
                g_ptr_array_set_size(r->wave, 0);
        }
        if (starts(s) && !dispatcher_is_stopping(r->owner->dispatcher))
                start_some(r, s.count);
        go_on(r);
}

static void answer(Run *r) {
        r->answered = true;
        r->done(&r->batch, NULL, r->userdata);
        tell(r);
}

static void go_on(Run *r) {
        BatchStep s = next_step(r);

        /* What has not started is left to be found in the store, as unfinished. */
        if (dispatcher_is_stopping(r->owner->dispatcher))
                return;
        if (s.action == BATCH_STOP) {
                stop_after_failures(r);
                s = next_step(r);
        }
        if (starts(s)) {
                if (!r->fanning_out && r->submitting < FAN_OUT_CHUNK) {
                        r->fanning_out = true;
                        loop_defer(r->owner->loop, fan_out, r);
                }
                return;
        }
        if (r->submitting > 0 || r->fanning_out)
                return;
        if (!r->answered)
                answer(r);
        if (s.action == BATCH_PAUSE && !r->pause)
                pause_until(r, s.until);
        else if (s.action == BATCH_CHECK && !r->health)
                check_health(r);
        end_if_over(r);
}

/* Starting and ending batches. */

static GPtrArray *choose(Batches *b, const char *selector, GError **error) {
        g_autoptr(Selector) s = selector_parse(selector, error);
        g_autoptr(GPtrArray) all = NULL, chosen = NULL;

        if (!s)
                return NULL;
        all = fleet_list(b->fleet);
        chosen = g_ptr_array_new_with_free_func(g_free);
        for (unsigned i = 0; i < all->len; i++) {
                const Client *c = g_ptr_array_index(all, i);

                if (selector_matches(s, c->id, c->labels))
                        g_ptr_array_add(chosen, g_strdup(c->id));
        }
        if (chosen->len > 0)
                return g_steal_pointer(&chosen);
        fleet_fail(error, FLEET_ERROR_NO_SUCH_CLIENT, "no client matches \"%s\"; ListClients names them",
                   selector);
        return NULL;
}

GPtrArray *batches_preview(Batches *b, const char *selector, const CommandRequest *request, GError **error) {
        GPtrArray *clients = choose(b, selector, error);

        for (unsigned i = clients ? clients->len : 0; i > 0; i--) {
                CommandRequest q = *request;

                q.client = g_ptr_array_index(clients, i - 1);
                if (!dispatcher_check(b->dispatcher, &q, NULL))
                        g_ptr_array_remove_index(clients, i - 1);
        }
        return clients;
}

static Run *run_new(Batches *b, const char *selector, const CommandRequest *request,
                    const BatchOptions *options, GPtrArray *clients) {
        Run *r = g_new0(Run, 1);

        r->owner = b;
        r->clients = clients;
        r->options = *options;
        r->progress.waiting = clients->len;
        r->requested = now_realtime();
        r->batch = (Batch){
                .id = batch_id_new(r->requested),
                .selector = g_strdup(selector),
                .command = g_strdup(request->command),
                .state = "running",
                .status = g_strdup(""),
                .total = clients->len,
                .commands = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                .caller_uid = request->caller.uid,
        };
        r->open = g_hash_table_new(g_str_hash, g_str_equal);
        r->wave = g_ptr_array_new();
        r->request = *request;
        r->request.command = g_strdup(request->command);
        r->request.params = json_object_get(request->params);
        r->request.caller.exe = g_strdup(request->caller.exe);
        r->request.batch = r->batch.id;
        return r;
}

void batches_start(Batches *b, const char *selector, const CommandRequest *request,
                   const BatchOptions *options, BatchDone done, void *userdata) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) clients = choose(b, selector, &error);
        Run *r;

        if (clients && g_hash_table_size(b->runs) >= BATCHES_RUNNING_MAX)
                fleet_fail(&error, FLEET_ERROR_LIMIT_EXCEEDED, "%d batches are running already",
                           BATCHES_RUNNING_MAX);
        if (error) {
                done(NULL, error, userdata);
                return;
        }
        r = run_new(b, selector, request, options, g_steal_pointer(&clients));
        r->done = done;
        r->userdata = userdata;
        g_hash_table_insert(b->runs, r->batch.id, r);
        run_save(r, 0);
        fleet_tell_batch(b->fleet, &r->batch, true, false);
        go_on(r);
}

bool batches_cancel(Batches *b, const char *id, GError **error) {
        Run *r = g_hash_table_lookup(b->runs, id);
        GHashTableIter i;
        void *command;

        if (!r)
                return fleet_fail(error, FLEET_ERROR_NO_SUCH_COMMAND, "no batch \"%s\" is running", id);
        r->cancelled = true;
        stop(r, "cancelled", "");
        g_hash_table_iter_init(&i, r->open);
        while (g_hash_table_iter_next(&i, &command, NULL))
                dispatcher_cancel(b->dispatcher, command, NULL, NULL);
        go_on(r);
        return true;
}

const Batch *batches_find(Batches *b, const char *id) {
        return g_hash_table_lookup(b->runs, id);
}

GPtrArray *batches_list(Batches *b) {
        return hash_values(b->runs);
}

void batches_command_changed(Batches *b, const CommandRecord *record) {
        Run *r = record->batch[0] ? g_hash_table_lookup(b->runs, record->batch) : NULL;
        void *held_place;

        /* An end before submitted() is counted there; the questions for health are nobody's. */
        if (!r || !command_state_is_final(record->state) ||
            !g_hash_table_steal_extended(r->open, record->id, NULL, &held_place))
                return;
        count_end(r, record->state, GPOINTER_TO_INT(held_place));
        tell(r);
        go_on(r);
}

Batches *batches_new(Loop *l, Store *store, Fleet *fleet, Dispatcher *dispatcher) {
        Batches *b = g_new0(Batches, 1);

        *b = (Batches){ l, store, fleet, dispatcher, NULL };
        b->runs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, run_free);
        return b;
}

Batches *batches_free(Batches *b) {
        if (!b)
                return NULL;
        g_hash_table_unref(b->runs);
        g_free(b);
        return NULL;
}
