/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One command to many clients: chosen, started, found and cancelled. What then happens is batch-run.c's. */
#include "batch.h"

#include "batch-internal.h"
#include "clock.h"
#include "error.h"
#include "hash.h"
#include "limits.h"
#include "loading.h"
#include "log.h"
#include "selector.h"

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

const Batch *batches_start(Batches *b, const char *selector, const CommandRequest *request,
                           const BatchOptions *options, BatchDone done, void *userdata) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) clients = choose(b, selector, &error);
        BatchRun *r;

        if (clients && g_hash_table_size(b->runs) >= BATCHES_RUNNING_MAX)
                fleet_fail(&error, FLEET_ERROR_LIMIT_EXCEEDED, "%d batches are running already",
                           BATCHES_RUNNING_MAX);
        if (error) {
                done(NULL, error, userdata);
                return NULL;
        }
        r = batch_run_new(b, selector, request, options, g_steal_pointer(&clients));
        r->done = done;
        r->userdata = userdata;
        g_hash_table_insert(b->runs, r->batch.id, r);
        batch_run_save(r);
        fleet_tell_batch(b->fleet, &r->batch, true, false);
        batch_run_go_on(r);
        return &r->batch;
}

bool batches_cancel(Batches *b, const char *id, GError **error) {
        BatchRun *r = g_hash_table_lookup(b->runs, id);

        if (!r)
                return fleet_fail(error, FLEET_ERROR_NO_SUCH_COMMAND, "no batch \"%s\" is running", id);
        batch_run_cancel(r);
        return true;
}

bool batches_waits_for_absent(Batches *b, const char *id) {
        const BatchRun *r = g_hash_table_lookup(b->runs, id);

        return r && batch_run_waits_for_absent(r);
}

const Batch *batches_find(Batches *b, const char *id) {
        const Batch *running = g_hash_table_lookup(b->runs, id);

        return running ?: past_find(b, id);
}

GPtrArray *batches_list(Batches *b) {
        return hash_values(b->runs);
}

void batches_command_changed(Batches *b, const CommandRecord *record) {
        BatchRun *r;

        if (!record->batch[0] || !command_state_is_final(record->state))
                return;
        r = g_hash_table_lookup(b->runs, record->batch);
        if (r)
                batch_run_command_ended(r, record);
        else
                past_forget(b, record->batch); /* its counts are old now */
}

/* A server that was stopped or killed did not come to their end. Nobody starts what they had not. */
static void interrupt(Batches *b, BatchRecord *r) {
        log_warning("Batch %s (%s to %s) was cut short by the end of the server: what was not sent by then is not sent",
                    r->id, r->command, r->selector);
        g_free(r->state);
        g_free(r->status);
        r->state = g_strdup("interrupted");
        r->status = g_strdup("the server ended before the batch did");
        r->finished = now_realtime();
        b->store->ops->put_batch(b->store->engine, r, NULL, NULL);
}

static void interrupt_all(GPtrArray *rows, void *batches) {
        for (unsigned i = 0; i < rows->len; i++)
                interrupt(batches, rows->pdata[i]);
}

void batches_load(Batches *b, FleetReady ready, void *userdata) {
        b->store->ops->open_batches(b->store->engine, loading_rows,
                                    loading_new("the open batches", interrupt_all, b, ready, userdata));
}

Batches *batches_new(Loop *l, Store *store, Fleet *fleet, Dispatcher *dispatcher) {
        Batches *b = g_new0(Batches, 1);

        *b = (Batches){ .loop = l, .store = store, .fleet = fleet, .dispatcher = dispatcher };
        b->runs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) batch_run_free);
        return b;
}

Batches *batches_free(Batches *b) {
        if (!b)
                return NULL;
        g_hash_table_unref(b->runs);
        past_clear(b);
        g_free(b);
        return NULL;
}
