/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Batches that have ended, read back from the store: what was asked for from their own row, and what became of it from the
 * rows of their commands, which may have ended later than the batch. */
#include <string.h>

#include "batch-internal.h"
#include "error.h"
#include "limits.h"

void batch_clear(Batch *b) {
        g_free(b->id);
        g_free(b->selector);
        g_free(b->command);
        g_free(b->schedule);
        g_free(b->status);
        g_hash_table_unref(b->commands);
}

static void past_free(void *p) {
        batch_clear(p);
        g_free(p);
}

static GList *find_link(Batches *b, const char *id) {
        GList *l = b->past.head;

        while (l && strcmp(((const Batch *) l->data)->id, id) != 0)
                l = l->next;
        return l;
}

const Batch *past_find(Batches *b, const char *id) {
        GList *l = find_link(b, id);

        return l ? l->data : NULL;
}

void past_forget(Batches *b, const char *id) {
        GList *l = find_link(b, id);

        if (!l)
                return;
        past_free(l->data);
        g_queue_delete_link(&b->past, l);
}

void past_clear(Batches *b) {
        g_queue_clear_full(&b->past, past_free);
}

static void past_keep(Batches *b, Batch *batch) {
        past_forget(b, batch->id);
        g_queue_push_head(&b->past, batch);
        if (b->past.length > BATCHES_PAST_MAX)
                past_free(g_queue_pop_tail(&b->past));
}

typedef struct Lookup {
        Batches *batches;
        char *id;
        Batch *batch; /* what is known so far */
        BatchDone done;
        void *userdata;
} Lookup;

static void lookup_end(Lookup *l, StoreStatus status) {
        const Batch *found = batches_find(l->batches, l->id);
        g_autoptr(GError) error = NULL;

        if (!found && status != STORE_OK)
                fleet_fail(&error, FLEET_ERROR_UNAVAILABLE,
                           "the store does not say anything of batch \"%s\"", l->id);
        else if (!found)
                fleet_fail(&error, FLEET_ERROR_NO_SUCH_COMMAND,
                           "no batch \"%s\": expected an id that Broadcast returned", l->id);
        l->done(found, error, l->userdata);
        if (l->batch)
                past_free(l->batch);
        g_free(l->id);
        g_free(l);
}

/* Oldest first: the first of a client is the batch's own, later ones asked for its health. */
static void count_commands(Batch *b, GPtrArray *rows) {
        for (unsigned i = 0; i < rows->len; i++) {
                const CommandRecord *r = g_ptr_array_index(rows, i);

                if (g_hash_table_contains(b->commands, r->client))
                        continue;
                g_hash_table_insert(b->commands, g_strdup(r->client), g_strdup(r->id));
                b->sent++;
                if (r->state == COMMAND_SUCCEEDED)
                        b->succeeded++;
                else if (command_state_is_final(r->state))
                        b->failed++;
        }
        b->skipped = b->total > b->sent ? b->total - b->sent : 0;
}

static void on_commands(StoreStatus status, GPtrArray *rows, void *userdata) {
        Lookup *l = userdata;

        if (status == STORE_OK) {
                count_commands(l->batch, rows);
                past_keep(l->batches, g_steal_pointer(&l->batch));
        }
        lookup_end(l, status);
}

static void on_batch(StoreStatus status, GPtrArray *rows, void *userdata) {
        Lookup *l = userdata;
        const BatchRecord *r = status == STORE_OK && rows->len > 0 ? g_ptr_array_index(rows, 0) : NULL;
        Store *s = l->batches->store;

        if (!r || r->finished == 0) {
                lookup_end(l, status);
                return;
        }
        l->batch = g_new(Batch, 1);
        *l->batch = (Batch){
                .id = g_strdup(r->id),
                .selector = g_strdup(r->selector),
                .command = g_strdup(r->command),
                .state = g_intern_string(r->state), /* one of a few words */
                .status = g_strdup(r->status),
                .requested = r->requested,
                .finished = r->finished,
                .total = r->total,
                .commands = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                .caller_uid = r->caller_uid,
        };
        s->ops->batch_commands(s->engine, l->id, on_commands, l);
}

void batches_get(Batches *b, const char *id, BatchDone done, void *userdata) {
        Lookup *l = g_new0(Lookup, 1);

        *l = (Lookup){ .batches = b, .id = g_strdup(id), .done = done, .userdata = userdata };
        b->store->ops->get_batch(b->store->engine, id, on_batch, l);
}
