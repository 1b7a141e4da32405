/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store of the world: a hash table of rows, whose answers come in the next turn. */
#include <string.h>

#include "world.h"

typedef struct Completion {
        StoreDone store;
        StoreRows rows;
        GPtrArray *array;
        CommandRecord *row;      /* to be written only now */
        void (*apply)(char *id); /* likewise, and takes the id */
        char *id;
        StoreStatus status;
        void *userdata;
        unsigned turns; /* that it still takes */
} Completion;

/* As the engine's SQL does it. */
static StoreStatus write_row(CommandRecord *row) {
        const CommandRecord *old = g_hash_table_lookup(world->commands, row->id);

        if (old && !command_state_may_follow(old->state, row->state)) {
                command_record_free(row);
                return STORE_CONFLICT;
        }
        row->cancel = old && old->cancel;
        g_hash_table_replace(world->commands, (char *) row->id, row);
        return STORE_OK;
}

static void complete(void *userdata) {
        Completion *c = userdata;

        if (c->turns > 0) {
                c->turns--;
                loop_defer(NULL, complete, c);
                return;
        }
        if (c->row)
                c->status = write_row(c->row);
        if (c->apply)
                c->apply(c->id);
        if (c->store)
                c->store(c->status, c->userdata);
        if (c->rows)
                c->rows(c->status, c->array, c->userdata);
        g_clear_pointer(&c->array, g_ptr_array_unref);
        g_free(c);
}

static GQueue held = G_QUEUE_INIT; /* of Completion */

void world_release(void) {
        Completion *c;

        world->store_holds = false;
        while ((c = g_queue_pop_head(&held)))
                loop_defer(NULL, complete, c);
        world_run();
}

/* A disk that is slower than the network, if such is wanted. */
static void submit(Completion completion) {
        Completion *c = g_new0(Completion, 1);

        *c = completion;
        c->turns = world->commits_late ? 4 : 0;
        if (world->store_holds)
                g_queue_push_tail(&held, c);
        else
                loop_defer(NULL, complete, c);
}

static void finish_as(StoreStatus status, CommandRecord *row, StoreDone done, void *userdata) {
        submit((Completion){ .store = done, .row = row, .status = status, .userdata = userdata });
}

static void finish(StoreDone done, void *userdata) {
        finish_as(world->store_says, NULL, done, userdata);
}

static void give(GPtrArray *rows, StoreRows done, void *userdata) {
        submit((Completion){ .rows = done, .array = rows, .status = STORE_OK, .userdata = userdata });
}

static void keep(const char *verb, const CommandRecord *r, StoreDone done, void *userdata) {
        g_string_append_printf(world->log, "store %s %s\n", verb, command_state_to_string(r->state));
        if (world->store_says != STORE_OK)
                finish(done, userdata);
        else if (world->commits_late || world->store_holds)
                finish_as(STORE_OK, command_record_copy(r), done, userdata);
        else
                finish_as(write_row(command_record_copy(r)), NULL, done, userdata);
}

static void store_put_client(void *engine, const ClientRecord *c, StoreDone done, void *userdata) {
        finish(done, userdata);
}

static void store_nothing(void *engine, StoreRows done, void *userdata) {
        give(g_ptr_array_new(), done, userdata);
}

static void store_put_token(void *engine, const TokenRecord *t, bool replace, StoreDone done,
                            void *userdata) {
        finish(done, userdata);
}

static void store_put_enrollment(void *engine, const EnrollmentRecord *e, bool replace, StoreDone done,
                                 void *userdata) {
        finish(done, userdata);
}

static void store_trade_enrollment(void *engine, const EnrollmentRecord *e, uint64_t now_usec,
                                   StoreDone done, void *userdata) {
        g_string_append_printf(world->log, "store trade %s\n", e->client);
        finish(done, userdata);
}

static void store_delete_tokens(void *engine, const char *client, StoreDone done, void *userdata) {
        finish(done, userdata);
}

static void store_submit_command(void *engine, const CommandRecord *r, StoreDone done, void *userdata) {
        keep("submit", r, done, userdata);
}

static void store_advance_command(void *engine, const CommandRecord *r, StoreDone done, void *userdata) {
        keep("advance", r, done, userdata);
}

static void change(void (*apply)(char *id), const char *id, StoreDone done, void *userdata) {
        Completion c = { .store = done, .status = world->store_says, .userdata = userdata };

        if (world->store_says == STORE_OK && world->commits_late) {
                c.apply = apply;
                c.id = g_strdup(id);
        } else if (world->store_says == STORE_OK)
                apply(g_strdup(id));
        submit(c);
}

static void cancel_row(char *id) {
        CommandRecord *row = g_hash_table_lookup(world->commands, id);

        if (row)
                row->cancel = true;
        g_free(id);
}

static void store_cancel_command(void *engine, const char *id, StoreDone done, void *userdata) {
        g_string_append(world->log, "store cancel\n");
        change(cancel_row, id, done, userdata);
}

static void settle_row(char *id) {
        g_hash_table_add(world->settled, id);
}

static void store_settle_command(void *engine, const char *id, CommandState state) {
        g_string_append_printf(world->log, "store settle %s\n", command_state_to_string(state));
        change(settle_row, id, NULL, NULL);
}

static void store_put_output(void *engine, const char *id, uint64_t offset, GBytes *output, StoreDone done,
                             void *userdata) {
        uint64_t start = GUINT64_TO_LE(offset);
        GByteArray *row = g_byte_array_new();
        size_t size;
        const void *data = g_bytes_get_data(output, &size);

        g_string_append_printf(world->log, "store output %zu\n", size);
        g_byte_array_append(row, (const uint8_t *) &start, sizeof(start));
        g_byte_array_append(row, data, (guint) size);
        g_hash_table_replace(world->outputs, g_strdup(id), g_byte_array_free_to_bytes(row));
        finish(done, userdata);
}

static void store_get_output(void *engine, const char *id, StoreRows done, void *userdata) {
        GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        GBytes *row = g_hash_table_lookup(world->outputs, id);

        if (row)
                g_ptr_array_add(rows, g_bytes_ref(row));
        give(rows, done, userdata);
}

static void store_get_command(void *engine, const char *id, StoreRows done, void *userdata) {
        GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify) command_record_free);
        const CommandRecord *r = g_hash_table_lookup(world->commands, id);

        if (r)
                g_ptr_array_add(rows, command_record_copy(r));
        give(rows, done, userdata);
}

static void store_open_commands(void *engine, StoreRows done, void *userdata) {
        GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify) command_record_free);
        GHashTableIter i;
        void *r;

        g_hash_table_iter_init(&i, world->commands);
        while (g_hash_table_iter_next(&i, NULL, &r))
                if (!g_hash_table_contains(world->settled, ((CommandRecord *) r)->id))
                        g_ptr_array_add(rows, command_record_copy(r));
        give(rows, done, userdata);
}

static BatchRecord *batch_copy(const BatchRecord *b) {
        BatchRecord *n = g_memdup2(b, sizeof(*b));

        n->id = g_strdup(b->id);
        n->selector = g_strdup(b->selector);
        n->command = g_strdup(b->command);
        n->params = g_strdup(b->params);
        n->state = g_strdup(b->state);
        n->status = g_strdup(b->status);
        return n;
}

static void store_put_batch(void *engine, const BatchRecord *b, StoreDone done, void *userdata) {
        BatchRecord *n = batch_copy(b);

        g_hash_table_replace(world->batch_rows, n->id, n);
        finish(done, userdata);
}

/* id NULL: those that are not finished. */
static void give_batches(const char *id, StoreRows done, void *userdata) {
        GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify) batch_record_free);
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, world->batch_rows);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                const BatchRecord *b = p;

                if (id ? strcmp(b->id, id) == 0 : b->finished == 0)
                        g_ptr_array_add(rows, batch_copy(b));
        }
        give(rows, done, userdata);
}

static void store_get_batch(void *engine, const char *id, StoreRows done, void *userdata) {
        give_batches(id, done, userdata);
}

static void store_open_batches(void *engine, StoreRows done, void *userdata) {
        give_batches(NULL, done, userdata);
}

static int by_time(const void *a, const void *b) {
        const CommandRecord *x = *(CommandRecord *const *) a, *y = *(CommandRecord *const *) b;

        return x->requested < y->requested ? -1 : x->requested > y->requested ? 1 : strcmp(x->id, y->id);
}

static void store_batch_commands(void *engine, const char *id, StoreRows done, void *userdata) {
        GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify) command_record_free);
        GHashTableIter i;
        void *r;

        g_hash_table_iter_init(&i, world->commands);
        while (g_hash_table_iter_next(&i, NULL, &r))
                if (strcmp(((CommandRecord *) r)->batch, id) == 0)
                        g_ptr_array_add(rows, command_record_copy(r));
        g_ptr_array_sort(rows, by_time);
        give(rows, done, userdata);
}

/* Keys and backups: 1 while they are not settled, 2 after. */
static void store_append(const char *what, const char *client, const char *id, StoreDone done,
                         void *userdata) {
        g_autofree char *row = g_strdup_printf("%s %s %s", what, client, id);
        int before = GPOINTER_TO_INT(g_hash_table_lookup(world->reports, row));
        StoreStatus known = before == 2 ? STORE_CONFLICT : before == 1 ? STORE_UNSETTLED : STORE_OK;

        g_string_append_printf(world->log, "store %s\n", what);
        if (world->store_says == STORE_OK && before == 0)
                g_hash_table_insert(world->reports, g_steal_pointer(&row), GINT_TO_POINTER(1));
        finish_as(world->store_says == STORE_OK ? known : world->store_says, NULL, done, userdata);
}

static void store_settle(const char *what, const char *client, const char *id, StoreDone done,
                         void *userdata) {
        g_string_append_printf(world->log, "store settle %s\n", what);
        if (world->store_says == STORE_OK && !world->settles_not)
                g_hash_table_insert(world->reports, g_strdup_printf("%s %s %s", what, client, id),
                                    GINT_TO_POINTER(2));
        finish_as(world->settles_not ? STORE_UNAVAILABLE : world->store_says, NULL, done, userdata);
}

static void store_append_key(void *engine, const KeyRecord *k, StoreDone done, void *userdata) {
        store_append("key", k->client, k->id, done, userdata);
}

static void store_settle_key(void *engine, const KeyRecord *k, StoreDone done, void *userdata) {
        store_settle("key", k->client, k->id, done, userdata);
}

static void store_append_backup(void *engine, const BackupRecord *b, StoreDone done, void *userdata) {
        store_append("backup", b->client, b->id, done, userdata);
}

static void store_settle_backup(void *engine, const BackupRecord *b, StoreDone done, void *userdata) {
        store_settle("backup", b->client, b->id, done, userdata);
}

static void store_key_elsewhere(void *engine, const KeyRecord *k, StoreRows done, void *userdata) {
        GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify) key_record_free);

        if (world->key_is_elsewhere) {
                KeyRecord *other = g_new0(KeyRecord, 1);

                other->client = g_strdup("other");
                other->container = g_strdup("3node9");
                g_ptr_array_add(rows, other);
        }
        give(rows, done, userdata);
}

const StoreEngine world_store = {
        .append_key = store_append_key,
        .settle_key = store_settle_key,
        .append_backup = store_append_backup,
        .settle_backup = store_settle_backup,
        .key_elsewhere = store_key_elsewhere,
        .put_client = store_put_client,
        .load_clients = store_nothing,
        .put_token = store_put_token,
        .delete_tokens = store_delete_tokens,
        .load_tokens = store_nothing,
        .put_enrollment = store_put_enrollment,
        .trade_enrollment = store_trade_enrollment,
        .load_enrollments = store_nothing,
        .submit_command = store_submit_command,
        .advance_command = store_advance_command,
        .cancel_command = store_cancel_command,
        .settle_command = store_settle_command,
        .put_output = store_put_output,
        .get_output = store_get_output,
        .get_command = store_get_command,
        .open_commands = store_open_commands,
        .put_batch = store_put_batch,
        .get_batch = store_get_batch,
        .open_batches = store_open_batches,
        .batch_commands = store_batch_commands,
};
