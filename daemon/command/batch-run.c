/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A batch that runs. The plan (batch-plan.h) says who comes next; here it is done: commands are submitted in chunks that
 * leave the loop free, counted as they end, and after each of these the plan is asked again. */
#include <string.h>

#include "batch-internal.h"
#include "clock.h"
#include "ident.h"
#include "limits.h"
#include "log.h"
#include "text.h"

BatchRun *batch_run_new(Batches *b, const char *selector, const CommandRequest *request,
                        const BatchOptions *options, GPtrArray *clients) {
        BatchRun *r = g_new0(BatchRun, 1);

        r->owner = b;
        r->clients = clients;
        r->options = *options;
        r->progress.waiting = clients->len;
        r->batch = (Batch){
                .requested = now_realtime(),
                .selector = g_strdup(selector),
                .command = g_strdup(request->command),
                .schedule = g_strdup(request->schedule),
                .state = "running",
                .status = g_strdup(""),
                .total = clients->len,
                .commands = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                .caller_uid = request->caller.uid,
        };
        r->batch.id = batch_id_new(r->batch.requested);
        r->open = g_hash_table_new(g_str_hash, g_str_equal);
        r->wave = g_ptr_array_new();
        r->request = *request;
        r->request.command = g_strdup(request->command);
        r->request.params = json_object_get(request->params);
        r->request.caller.exe = g_strdup(request->caller.exe);
        r->request.batch = r->batch.id;
        r->request.schedule = r->batch.schedule;
        return r;
}

void batch_run_free(BatchRun *r) {
        loop_timer_free(r->pause);
        health_watch_free(r->health);
        g_hash_table_unref(r->open);
        g_ptr_array_unref(r->wave);
        g_ptr_array_unref(r->clients);
        batch_clear(&r->batch);
        g_free((char *) r->request.command);
        g_free(r->request.caller.exe);
        json_object_put(r->request.params);
        g_free(r);
}

static void tell(BatchRun *r) {
        fleet_tell_batch(r->owner->fleet, &r->batch, false, false);
}

static void set_status(BatchRun *r, const char *status) {
        char *copy = g_strdup(status);

        g_free(r->batch.status);
        r->batch.status = copy;
        tell(r);
}

void batch_run_save(const BatchRun *r) {
        const Batch *b = &r->batch;
        Store *s = r->owner->store;
        BatchRecord record = {
                .id = b->id,
                .selector = b->selector,
                .command = b->command,
                .params = (char *) (r->request.params ? json_object_to_json_string(r->request.params)
                                                      : "{}"),
                .state = (char *) b->state,
                .status = b->status,
                .requested = b->requested,
                .finished = b->finished,
                .total = b->total,
                .caller_uid = b->caller_uid,
        };

        s->ops->put_batch(s->engine, &record, NULL, NULL);
}

static bool all_had_their_turn(const BatchRun *r) {
        return r->answered && !r->fanning_out && r->submitting == 0 && r->progress.waiting == 0;
}

static bool is_over(const BatchRun *r) {
        return all_had_their_turn(r) && g_hash_table_size(r->open) == 0;
}

static void end_if_over(BatchRun *r) {
        if (!is_over(r))
                return;
        if (strcmp(r->batch.state, "running") == 0)
                r->batch.state = "finished";
        r->batch.finished = now_realtime();
        batch_run_save(r);
        fleet_tell_batch(r->owner->fleet, &r->batch, false, true);
        g_hash_table_remove(r->owner->runs, r->batch.id);
}

/* Nobody is started any more. What runs goes on. */
static void stop(BatchRun *r, const char *state, const char *status) {
        r->pause = loop_timer_free(r->pause);
        r->health = health_watch_free(r->health);
        if (strcmp(r->batch.state, "running") != 0)
                return;
        r->batch.state = state;
        r->batch.skipped += r->progress.waiting;
        r->progress.waiting = 0;
        set_status(r, status);
}

static void stop_by_plan(BatchRun *r, const char *why) {
        log_warning("Batch %s (%s to %s) is stopped, %u of %u clients are not started: %s", r->batch.id,
                    r->batch.command, r->batch.selector, r->progress.waiting, r->batch.total, why);
        stop(r, "failed", why);
}

static void stop_after_failures(BatchRun *r) {
        g_autofree char *why = g_strdup_printf("%u failed, at most %u were to", r->batch.failed,
                                               r->options.plan.max_failures);

        stop_by_plan(r, why);
}

/* Between waves: the pause, and the nodes' health. */

static void on_pause_over(void *userdata) {
        BatchRun *r = userdata;

        r->pause = loop_timer_free(r->pause);
        set_status(r, "");
        batch_run_go_on(r);
}

static void pause_until(BatchRun *r, uint64_t until) {
        uint64_t now = now_monotonic();
        g_autofree char *length = text_duration(r->options.plan.pause),
                        *status = g_strdup_printf("pausing for %s", length);

        /* It may be over since the plan was asked. */
        r->pause = loop_timer_new(r->owner->loop,
                                  until > now ? (until - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC : 0, 0,
                                  on_pause_over, r);
        set_status(r, status);
}

static void on_waiting(const char *what, void *userdata) {
        set_status(userdata, what);
}

static void on_health(bool healthy, void *userdata) {
        BatchRun *r = userdata;

        r->health = health_watch_free(r->health);
        r->progress.healthy = healthy;
        if (healthy)
                set_status(r, "");
        else {
                g_autofree char *why = g_strdup(r->batch.status[0] ? r->batch.status : "no answer");

                stop_by_plan(r, why);
        }
        batch_run_go_on(r);
}

static const HealthReport health_report = { on_waiting, on_health };

static void check_health(BatchRun *r) {
        r->health = health_watch_new(r->owner->loop, r->owner->dispatcher, &r->request, r->wave,
                                     r->options.health_timeout ?: HEALTH_TIMEOUT_DEFAULT_USEC,
                                     &health_report, r);
}

/* The turns of clients. */

static void give_place_back(BatchRun *r) {
        r->progress.active--;
        r->progress.wave--;
}

static void count_end(BatchRun *r, CommandState state, bool held_place) {
        if (state == COMMAND_SUCCEEDED)
                r->batch.succeeded++;
        else
                r->progress.failed = ++r->batch.failed;
        if (held_place && --r->progress.active == 0)
                r->progress.wave_ended = now_monotonic();
}

static void keep(BatchRun *r, const CommandRecord *record) {
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
        BatchRun *r = userdata;

        r->submitting--;
        if (record)
                keep(r, record);
        else {
                r->batch.skipped++;
                give_place_back(r);
        }
        if (r->answered)
                tell(r);
        batch_run_go_on(r);
}

static void start_some(BatchRun *r, unsigned n) {
        for (n = MIN(n, FAN_OUT_CHUNK); n > 0; n--) {
                r->request.client = g_ptr_array_index(r->clients, r->clients->len - r->progress.waiting);
                r->progress.waiting--;
                r->progress.active++;
                r->progress.wave++;
                r->submitting++;
                dispatcher_submit(r->owner->dispatcher, &r->request, submitted, r);
        }
}

static BatchStep next_step(const BatchRun *r) {
        return batch_plan_step(&r->options.plan, &r->progress, now_monotonic());
}

static bool starts(BatchStep s) {
        return s.action == BATCH_START || s.action == BATCH_NEXT_WAVE;
}

/* One turn of the loop's share. */
static void fan_out(void *userdata) {
        BatchRun *r = userdata;
        BatchStep s = next_step(r);

        r->fanning_out = false;
        if (s.action == BATCH_NEXT_WAVE) {
                r->progress.wave = 0;
                r->progress.healthy = false;
                g_ptr_array_set_size(r->wave, 0);
        }
        if (starts(s) && !dispatcher_is_stopping(r->owner->dispatcher))
                start_some(r, s.count);
        batch_run_go_on(r);
}

static void answer(BatchRun *r) {
        r->answered = true;
        r->done(&r->batch, NULL, r->userdata);
        tell(r);
}

void batch_run_go_on(BatchRun *r) {
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

void batch_run_command_ended(BatchRun *r, const CommandRecord *record) {
        void *held_place;

        /* An end before submitted() is counted there; the questions for health are nobody's. */
        if (!g_hash_table_steal_extended(r->open, record->id, NULL, &held_place))
                return;
        count_end(r, record->state, GPOINTER_TO_INT(held_place));
        tell(r);
        batch_run_go_on(r);
}

bool batch_run_waits_for_absent(const BatchRun *r) {
        GHashTableIter i;
        void *command;

        if (!all_had_their_turn(r))
                return false;
        g_hash_table_iter_init(&i, r->open);
        while (g_hash_table_iter_next(&i, &command, NULL))
                if (dispatcher_peek(r->owner->dispatcher, command)->state != COMMAND_QUEUED)
                        return false;
        return true;
}

void batch_run_cancel(BatchRun *r) {
        GHashTableIter i;
        void *command;

        r->cancelled = true;
        stop(r, "cancelled", "");
        g_hash_table_iter_init(&i, r->open);
        while (g_hash_table_iter_next(&i, &command, NULL))
                dispatcher_cancel(r->owner->dispatcher, command, NULL, NULL);
        batch_run_go_on(r);
}
