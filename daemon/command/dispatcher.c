/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a command. The order is the promise:
 *
 *   1. checked     nothing is recorded of what cannot be done
 *   2. durable     the store has it, so that no crash forgets it
 *   3. audited     the journal has it, so that nothing is done unseen
 *   4. sent        from here on it may have taken effect
 *   5. answered    the end is stored, then audited, told, and only then acknowledged to the agent
 */
#include "dispatcher.h"

#include <string.h>

#include "clock.h"
#include "dispatcher-internal.h"
#include "error.h"
#include "ident.h"
#include "limits.h"
#include "log.h"
#include "session.h"
#include "text.h"

static void tell_idle(void *userdata) {
        Dispatcher *d = userdata;
        void (*idle)(void *) = d->busy == 0 ? g_steal_pointer(&d->idle) : NULL;

        if (idle)
                idle(d->idle_userdata);
}

void dispatcher_busy(Dispatcher *d, int change) {
        d->busy += change;
        if (d->busy == 0 && d->idle)
                loop_defer(d->loop, tell_idle, d);
}

void dispatcher_stop(Dispatcher *d, void (*done)(void *userdata), void *userdata) {
        d->stopping = true;
        d->idle = done;
        d->idle_userdata = userdata;
        dispatcher_busy(d, 0);
}

bool dispatcher_is_stopping(const Dispatcher *d) {
        return d->stopping;
}

static void call_waiters(Open *o) {
        g_autoptr(GArray) waiters = g_steal_pointer(&o->waiters);

        o->answered = true;
        for (unsigned i = 0; waiters && i < waiters->len; i++) {
                const Waiter *w = &g_array_index(waiters, Waiter, i);

                w->done(o->record, NULL, w->userdata);
        }
}

void open_prepare(Open *o) {
        if (!o->preparing)
                dispatcher_busy(o->dispatcher, 1);
        o->preparing = true;
}

void open_prepared(Open *o, const GError *error) {
        CommandDone done = g_steal_pointer(&o->submitted);

        if (o->preparing)
                dispatcher_busy(o->dispatcher, -1);
        o->preparing = false;
        g_clear_pointer(&o->caller.exe, g_free);
        if (done)
                done(error ? NULL : o->record, error, o->submitted_userdata);
}

/* Step 5: the end. */

static void store_end(void *userdata);

void dispatcher_acknowledge(Dispatcher *d, const char *client, const char *id) {
        Client *c = fleet_find(d->fleet, client);

        if (c && c->session)
                session_send(c->session,
                             message_command_ack(id, (int64_t) (now_realtime() / USEC_PER_MSEC)));
}

static void retry_end(Open *o, LoopTimerHandler again, const char *what) {
        /* Who waits learns the end; it is acknowledged only once it is durable and in the journal. */
        log_warning("command %s: its end %s yet, trying again", o->record->id, what);
        call_waiters(o);
        loop_timer_free(o->timer);
        o->timer = loop_timer_new(o->dispatcher->loop, STORE_RETRY_MSEC, 0, again, o);
}

static void end_audited(bool handed_over, void *userdata) {
        Open *o = userdata;
        Dispatcher *d = o->dispatcher;
        const CommandRecord *r = o->record;

        if (!handed_over) {
                retry_end(o, open_audit_end, "is not in the journal");
                return;
        }
        d->store->ops->settle_command(d->store->engine, r->id, r->state);
        if (o->owe_ack)
                dispatcher_acknowledge(d, r->client, r->id);
        fleet_tell_command(d->fleet, r);
        call_waiters(o);
        if (o->late)
                late_answer_judge(g_steal_pointer(&o->late));
        open_remove(o);
        dispatcher_busy(d, -1);
}

void open_audit_end(void *userdata) {
        open_audit_finished(userdata, end_audited);
}

static void end_stored(StoreStatus status, void *userdata) {
        Open *o = userdata;

        if (status != STORE_OK && status != STORE_CONFLICT)
                retry_end(o, store_end, "is not stored");
        else
                open_audit_end(o);
}

static void store_end(void *userdata) {
        Open *o = userdata;
        Store *s = o->dispatcher->store;

        if (o->output && outbuf_end(o->output) > 0) {
                uint64_t offset;
                g_autoptr(GBytes) all = outbuf_read(o->output, 0, SIZE_MAX, &offset);

                s->ops->put_output(s->engine, o->record->id, offset, all, NULL, NULL);
        }
        s->ops->advance_command(s->engine, o->record, end_stored, o);
}

void open_finish(Open *o, CommandState state, const char *result, const char *error) {
        g_autofree char *short_error = error ? text_cut(error, ERROR_TEXT_MAX) : NULL;

        if (o->finishing || !command_record_advance(o->record, state, result, short_error, now_realtime()))
                return;
        o->finishing = true;
        o->timer = loop_timer_free(o->timer);
        dispatcher_busy(o->dispatcher, 1);
        store_end(o);
}

/* Step 4: sent. */

static void send_now(Open *o) {
        const CommandRecord *r = o->record;
        Dispatcher *d = o->dispatcher;
        const Client *c = fleet_find(d->fleet, r->client);
        uint64_t now = now_realtime();
        g_autofree char *caller = NULL;
        int64_t deadline = 0;

        if (o->run_until == 0)
                open_begin_run(o);
        o->on_wire = true;
        if (c && c->session) {
                if (c->features & FEATURE_DEADLINE)
                        deadline = (int64_t) ((now + open_time_to_run(o)) / USEC_PER_MSEC);
                if (c->features & FEATURE_CALLER)
                        caller = g_strdup_printf("%u", r->caller_uid);
                session_send(c->session,
                             message_command(r->id, r->command, r->container[0] ? r->container : NULL,
                                             o->params, deadline, caller, (int64_t) (now / USEC_PER_MSEC)));
        }
        fleet_tell_command(d->fleet, r);
}

static void retry_send(void *userdata) {
        Open *o = userdata;

        open_begin_queue(o);
        open_take_up(o);
}

/* From here on it counts as sent, also where the client has gone in this moment. */
static void sent_stored(StoreStatus status, void *userdata) {
        Open *o = userdata;
        const Client *c = fleet_find(o->dispatcher->fleet, o->record->client);

        if (status == STORE_OK)
                (void) command_record_advance(o->record, COMMAND_SENT, NULL, NULL, now_realtime());
        if (status == STORE_OK && c && !o->record->cancel)
                send_now(o);
        open_prepared(o, NULL);
        if (o->record->cancel)
                open_finish(o, COMMAND_CANCELLED, NULL, "cancelled before it was sent");
        else if (!c)
                open_forget(o);
        else if (status != STORE_OK) {
                log_warning("command %s stays queued, as it cannot be stored as sent; trying again",
                            o->record->id);
                o->timer = loop_timer_new(o->dispatcher->loop, STORE_RETRY_MSEC, 0, retry_send, o);
        }
}

/* The row must say "sent" before it can be: a crash in between may not send it a second time. Its time in the queue is
 * over from here on, and so is the wait for another try. */
static void store_sent(Open *o) {
        Store *s = o->dispatcher->store;
        g_autoptr(CommandRecord) sent = command_record_copy(o->record);

        o->timer = loop_timer_free(o->timer);
        open_prepare(o);
        (void) command_record_advance(sent, COMMAND_SENT, NULL, NULL, now_realtime());
        s->ops->advance_command(s->engine, sent, sent_stored, o);
}

void open_send(Open *o) {
        if (o->record->state == COMMAND_QUEUED) {
                store_sent(o);
                return;
        }
        send_now(o);
        open_prepared(o, NULL);
}

/* Steps 2 and 3: durable, audited. */

static void refuse_submitted(Open *o, FleetError code, const char *text) {
        g_autoptr(GError) error = NULL;

        fleet_fail(&error, code, "%s: %s", o->record->id, text);
        open_prepared(o, error);
        open_finish(o, COMMAND_FAILED, NULL, text);
}

static void submitted_audited(bool handed_over, void *userdata) {
        Open *o = userdata;
        const Client *c = fleet_find(o->dispatcher->fleet, o->record->client);

        if (!handed_over)
                refuse_submitted(o, FLEET_ERROR_UNAVAILABLE,
                                 "the journal did not take its entry, so it was not sent");
        else if (o->record->cancel) {
                open_prepared(o, NULL);
                open_finish(o, COMMAND_CANCELLED, NULL, "cancelled before it was sent");
        } else if (c && c->online)
                open_send(o);
        else if (o->queue && c) {
                open_begin_queue(o);
                fleet_tell_command(o->dispatcher->fleet, o->record);
                open_prepared(o, NULL);
        } else
                refuse_submitted(o, FLEET_ERROR_NOT_CONNECTED,
                                 c ? "the client disconnected before it could be sent"
                                   : "the client was forgotten before it could be sent");
}

static void submitted_stored(StoreStatus status, void *userdata) {
        Open *o = userdata;
        g_autoptr(GError) error = NULL;

        if (status == STORE_OK) {
                open_audit_requested(o, NULL, submitted_audited);
                return;
        }
        fleet_fail(&error, FLEET_ERROR_UNAVAILABLE,
                   "the store did not take the command, so it was not sent");
        open_prepared(o, error);
        open_remove(o);
}

/* Step 1: checked. */

static bool fail_unknown_command(const Client *c, const char *command, GError **error) {
        g_auto(GStrv) offered = client_commands(c);
        g_autofree char *names = g_strjoinv(", ", offered);
        const char *near = text_nearest(command, (const char *const *) offered);

        return fleet_fail(error, FLEET_ERROR_UNKNOWN_COMMAND,
                          "client \"%s\" has no command \"%s\"%s%s%s It has: %s", c->id, command,
                          near ? "; did you mean \"" : "", near ?: "", near ? "\"?" : ".", names);
}

static bool fail_offline(const Client *c, GError **error) {
        g_autofree char *ago = text_duration(now_realtime() - c->since);

        if (c->address[0] == '\0')
                return fleet_fail(error, FLEET_ERROR_NOT_CONNECTED,
                                  "client \"%s\" has never connected; the option queue=true waits for it",
                                  c->id);
        return fleet_fail(error, FLEET_ERROR_NOT_CONNECTED,
                          "client \"%s\" has been offline for %s; the option queue=true waits for it", c->id,
                          ago);
}

bool dispatcher_check(Dispatcher *d, const CommandRequest *q, GError **error) {
        const Client *c = fleet_find(d->fleet, q->client);

        if (d->stopping)
                return fleet_fail(error, FLEET_ERROR_UNAVAILABLE,
                                  "the server is stopping; ask again in a moment");
        if (!c)
                return fleet_fail(error, FLEET_ERROR_NO_SUCH_CLIENT,
                                  "no client \"%s\"; ListClients names them", q->client);
        if (!client_offers(c, q->command))
                return fail_unknown_command(c, q->command, error);
        if (!c->online && !q->queue)
                return fail_offline(c, error);
        if (q->expires != 0 && (!q->queue || q->expires <= now_realtime()))
                return fleet_fail(
                                error, FLEET_ERROR_INVALID_PARAMETER,
                                "expires is %" G_GUINT64_FORMAT
                                ": expected a time to come in µs since the epoch, together with queue=true",
                                q->expires);
        if (q->timeout > COMMAND_TIMEOUT_MAX_USEC)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "timeout is %" G_GUINT64_FORMAT " µs, expected at most %llu (a day)",
                                  q->timeout, COMMAND_TIMEOUT_MAX_USEC);
        if (g_hash_table_size(d->open) >= COMMANDS_IN_FLIGHT_MAX)
                return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED, "%d commands are in flight already",
                                  COMMANDS_IN_FLIGHT_MAX);
        if (open_count_of(d, q->client) >= COMMANDS_IN_FLIGHT_PER_CLIENT)
                return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                                  "%d commands are in flight for client \"%s\" already",
                                  COMMANDS_IN_FLIGHT_PER_CLIENT, q->client);
        return true;
}

static const char *container_of(json_object *params) {
        json_object *o;

        return params && json_object_object_get_ex(params, "container", &o) ? json_object_get_string(o) : "";
}

/* What follows a log ends when it is cancelled. */
static uint64_t default_timeout(const CommandRequest *q) {
        json_object *follow;

        if (strcmp(q->command, "logs") == 0 && q->params &&
            json_object_object_get_ex(q->params, "follow", &follow) && json_object_get_boolean(follow))
                return COMMAND_TIMEOUT_MAX_USEC;
        return COMMAND_TIMEOUT_DEFAULT_USEC;
}

static CommandRecord *record_of(const CommandRequest *q) {
        uint64_t now = now_realtime();
        g_autofree char *id = command_id_new(now);

        /* Stored as sent straight away: one write less, and after a crash in between it counts as sent. What may wait
         * is queued until it really can be. */
        return command_record_copy(&(CommandRecord){
                        .id = id,
                        .client = q->client,
                        .command = q->command,
                        .container = container_of(q->params),
                        .batch = q->batch ?: "",
                        .schedule = q->schedule ?: "",
                        .params = q->params ? json_object_to_json_string_ext(q->params,
                                                                             JSON_C_TO_STRING_PLAIN)
                                            : "{}",
                        .state = q->queue ? COMMAND_QUEUED : COMMAND_SENT,
                        .requested = now,
                        .sent = q->queue ? 0 : now,
                        .expires = q->expires,
                        .timeout = q->timeout ?: default_timeout(q),
                        .caller_uid = q->caller.uid,
        });
}

typedef struct Refusal {
        CommandDone done;
        void *userdata;
        GError *error;
} Refusal;

static void refuse(void *userdata) {
        Refusal *r = userdata;

        r->done(NULL, r->error, r->userdata);
        g_error_free(r->error);
        g_free(r);
}

void dispatcher_submit(Dispatcher *d, const CommandRequest *q, CommandDone done, void *userdata) {
        GError *error = NULL;
        Open *o;

        if (!dispatcher_check(d, q, &error)) {
                Refusal *r = g_new0(Refusal, 1);

                *r = (Refusal){ done, userdata, error };
                loop_defer(d->loop, refuse, r);
                return;
        }
        o = open_add(d, record_of(q));
        o->params = json_object_get(q->params);
        o->queue = q->queue;
        open_prepare(o);
        o->submitted = done;
        o->submitted_userdata = userdata;
        o->caller = q->caller;
        o->caller.exe = g_strdup(q->caller.exe);
        d->store->ops->submit_command(d->store->engine, o->record, submitted_stored, o);
}

void dispatcher_wait(Dispatcher *d, const char *id, CommandDone done, void *userdata) {
        Open *o = open_find(d, id);

        if (!o || o->answered) {
                dispatcher_get(d, id, done, userdata);
                return;
        }
        if (!o->waiters)
                o->waiters = g_array_new(false, false, sizeof(Waiter));
        g_array_append_val(o->waiters, ((Waiter){ done, userdata }));
}

bool dispatcher_unwait(Dispatcher *d, const char *id, void *userdata) {
        Open *o = open_find(d, id);

        for (unsigned i = 0; o && o->waiters && i < o->waiters->len; i++)
                if (g_array_index(o->waiters, Waiter, i).userdata == userdata) {
                        g_array_remove_index_fast(o->waiters, i);
                        return true;
                }
        return false;
}

unsigned dispatcher_open_count(const Dispatcher *d) {
        return g_hash_table_size(d->open);
}

/* The links of a client's queue are parts of its Opens, not the queue's own. */
static void queue_free(void *queue) {
        g_queue_init(queue);
        g_queue_free(queue);
}

static const FleetObserver observer = { .client_removed = dispatcher_client_removed };

Dispatcher *dispatcher_new(Loop *l, Store *store, Audit *audit, Fleet *fleet) {
        Dispatcher *d = g_new0(Dispatcher, 1);

        d->loop = l;
        d->store = store;
        d->audit = audit;
        d->fleet = fleet;
        d->open = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) open_free);
        d->by_client = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, queue_free);
        d->cached = g_hash_table_new(g_str_hash, g_str_equal);
        d->late = late_answers_new();
        fleet_observe(fleet, &observer, d);
        return d;
}

Dispatcher *dispatcher_free(Dispatcher *d) {
        if (!d)
                return NULL;
        fleet_unobserve(d->fleet, d);
        g_hash_table_unref(d->open);
        g_hash_table_unref(d->by_client);
        g_hash_table_unref(d->late);
        cache_clear(d);
        g_hash_table_unref(d->cached);
        g_free(d);
        return NULL;
}
