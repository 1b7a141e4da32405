/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One command to many clients: sent in chunks that leave the loop free, counted as they end. */
#include "batch.h"

#include <string.h>

#include "clock.h"
#include "error.h"
#include "hash.h"
#include "ident.h"
#include "limits.h"
#include "selector.h"

typedef struct Run {
        Batch batch; /* first: a Batch pointer handed out is a Run */
        Batches *owner;
        GPtrArray *clients; /* ids, in order; those from next on are still to be submitted */
        unsigned next, submitting, ended;
        bool started;     /* done() was called */
        bool fanning_out; /* a turn of the loop is on order */
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

        g_free(r->batch.id);
        g_free(r->batch.selector);
        g_free(r->batch.command);
        g_hash_table_unref(r->batch.commands);
        g_ptr_array_unref(r->clients);
        g_free((char *) r->request.command);
        g_free(r->request.caller.exe);
        json_object_put(r->request.params);
        g_free(r);
}

static bool run_is_over(const Run *r) {
        return r->started && r->submitting == 0 && r->next == r->clients->len && r->ended == r->batch.sent;
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

static void end_if_over(Run *r) {
        if (!run_is_over(r))
                return;
        if (strcmp(r->batch.state, "running") == 0)
                r->batch.state = "finished";
        run_save(r, now_realtime());
        fleet_tell_batch(r->owner->fleet, &r->batch, false, true);
        g_hash_table_remove(r->owner->runs, r->batch.id);
}

static void fan_out(void *userdata);

static void go_on(Run *r) {
        if (r->next < r->clients->len) {
                if (!r->fanning_out && r->submitting < FAN_OUT_CHUNK) {
                        r->fanning_out = true;
                        loop_defer(r->owner->loop, fan_out, r);
                }
                return;
        }
        if (r->submitting > 0 || r->fanning_out)
                return;
        if (!r->started) {
                r->started = true;
                r->done(&r->batch, NULL, r->userdata);
                fleet_tell_batch(r->owner->fleet, &r->batch, false, false);
        }
        end_if_over(r);
}

static void count_end(Run *r, CommandState state) {
        r->ended++;
        if (state == COMMAND_SUCCEEDED)
                r->batch.succeeded++;
        else
                r->batch.failed++;
}

static void submitted(const CommandRecord *record, const GError *error, void *userdata) {
        Run *r = userdata;

        r->submitting--;
        if (record) {
                r->batch.sent++;
                g_hash_table_insert(r->batch.commands, g_strdup(record->client), g_strdup(record->id));
                if (command_state_is_final(record->state))
                        count_end(r, record->state);
        } else
                r->batch.skipped++;
        go_on(r);
}

/* One turn of the loop's share. */
static void fan_out(void *userdata) {
        Run *r = userdata;

        r->fanning_out = false;
        for (unsigned n = 0; n < FAN_OUT_CHUNK && r->next < r->clients->len; n++) {
                r->request.client = g_ptr_array_index(r->clients, r->next++);
                r->submitting++;
                dispatcher_submit(r->owner->dispatcher, &r->request, submitted, r);
        }
        go_on(r);
}

static GPtrArray *choose(Batches *b, const Selector *s) {
        g_autoptr(GPtrArray) all = fleet_list(b->fleet);
        GPtrArray *chosen = g_ptr_array_new_with_free_func(g_free);

        for (unsigned i = 0; i < all->len; i++) {
                const Client *c = g_ptr_array_index(all, i);

                if (selector_matches(s, c->id, c->labels))
                        g_ptr_array_add(chosen, g_strdup(c->id));
        }
        return chosen;
}

void batches_start(Batches *b, const char *selector, const CommandRequest *request, BatchDone done,
                   void *userdata) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Selector) s = selector_parse(selector, &error);
        g_autoptr(GPtrArray) clients = s ? choose(b, s) : NULL;
        Run *r;

        if (s && clients->len == 0)
                fleet_fail(&error, FLEET_ERROR_NO_SUCH_CLIENT,
                           "no client matches \"%s\"; ListClients names them", selector);
        else if (s && g_hash_table_size(b->runs) >= BATCHES_RUNNING_MAX)
                fleet_fail(&error, FLEET_ERROR_LIMIT_EXCEEDED, "%d batches are running already",
                           BATCHES_RUNNING_MAX);
        if (error) {
                done(NULL, error, userdata);
                return;
        }

        r = g_new0(Run, 1);
        r->owner = b;
        r->clients = g_steal_pointer(&clients);
        r->requested = now_realtime();
        r->batch.id = batch_id_new(r->requested);
        r->batch.selector = g_strdup(selector);
        r->batch.command = g_strdup(request->command);
        r->batch.state = "running";
        r->batch.total = r->clients->len;
        r->batch.caller_uid = request->caller.uid;
        r->batch.commands = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        r->request = *request;
        r->request.command = g_strdup(request->command);
        r->request.params = json_object_get(request->params);
        r->request.caller.exe = g_strdup(request->caller.exe);
        r->request.batch = r->batch.id;
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
        r->batch.state = "cancelled";
        r->batch.skipped += r->clients->len - r->next;
        r->next = r->clients->len;
        g_hash_table_iter_init(&i, r->batch.commands);
        while (g_hash_table_iter_next(&i, NULL, &command))
                dispatcher_cancel(b->dispatcher, command, NULL, NULL);
        fleet_tell_batch(b->fleet, &r->batch, false, false);
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

        /* An end before submitted() is counted there. */
        if (!r || !command_state_is_final(record->state) ||
            !g_hash_table_contains(r->batch.commands, record->client))
                return;
        count_end(r, record->state);
        fleet_tell_batch(b->fleet, &r->batch, false, false);
        end_if_over(r);
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
