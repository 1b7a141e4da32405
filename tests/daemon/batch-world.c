/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For tests of batches: see batch-world.h. */
#include "batch-world.h"

#include <string.h>

#include "error.h"
#include "message.h"

Seen seen;
WsPeer *peers[4];
const char *const clients[] = { "a", "b", "c", "d" };

static void on_batch(const Batch *b, bool added, bool ended, void *userdata) {
        g_free(seen.id);
        g_free(seen.status);
        seen.id = g_strdup(b->id);
        seen.status = g_strdup(b->status);
        seen.state = b->state;
        seen.total = b->total;
        seen.sent = b->sent;
        seen.succeeded = b->succeeded;
        seen.failed = b->failed;
        seen.skipped = b->skipped;
        seen.ended = ended;
}

static const FleetObserver observer = { .batch_changed = on_batch };

World *batch_up(void) {
        World *w = world_new();

        seen = (Seen){ .answered = UINT_MAX };
        fleet_observe(w->fleet, &observer, &seen);
        for (unsigned i = 0; i < G_N_ELEMENTS(clients); i++)
                peers[i] = world_connect(clients[i], FEATURES_ALL);
        return w;
}

void batch_down(World *w) {
        world_free(w);
        g_free(seen.id);
        g_free(seen.status);
}

WsPeer *peer_of(const char *client) {
        return peers[client[0] - 'a'];
}

static void on_started(const Batch *b, const GError *error, void *userdata) {
        g_assert_no_error(error);
        seen.answered = g_hash_table_size(b->commands);
}

void batch_begin(const CommandRequest *q, const BatchOptions *options) {
        batches_start(world->batches, "all", q, options, on_started, NULL);
}

void batch_start_request(const CommandRequest *q, const BatchOptions *options) {
        batch_begin(q, options);
        world_run();
}

void batch_start(const BatchOptions *options) {
        CommandRequest q = {
                .command = "restart",
                .params = json_tokener_parse("{\"container\":\"3node0\"}"),
                .caller = { .uid = 1000 },
        };

        batch_start_request(&q, options);
        json_object_put(q.params);
}

const CommandRecord *command_of(const char *client, const char *command) {
        const CommandRecord *found = NULL, *r;
        GHashTableIter i;

        g_hash_table_iter_init(&i, world->commands);
        while (g_hash_table_iter_next(&i, NULL, (void **) &r))
                if (strcmp(r->client, client) == 0 && strcmp(r->command, command) == 0 &&
                    !command_state_is_final(r->state) && (!found || r->requested > found->requested))
                        found = r;
        return found;
}

void answers(const char *client, const char *command, CommandState state, const char *result) {
        const CommandRecord *r = command_of(client, command);
        json_object *o = json_tokener_parse(result);
        g_autofree char *id = NULL;

        g_assert_nonnull(r);
        id = g_strdup(r->id);
        world_says_and_free(peer_of(client),
                            message_command_response(id, state, o, 0,
                                                     state == COMMAND_SUCCEEDED ? NULL : "no", 1));
        json_object_put(o);
}

void ends(const char *client, CommandState state) {
        answers(client, "restart", state, "{}");
}

void tells(const char *client, const char *status) {
        answers(client, "status", COMMAND_SUCCEEDED, status);
}

void assert_open(const char *command, const char *expected) {
        g_autoptr(GString) open = g_string_new(NULL);

        for (unsigned i = 0; i < G_N_ELEMENTS(clients); i++)
                if (command_of(clients[i], command))
                        g_string_append(open, clients[i]);
        g_assert_cmpstr(open->str, ==, expected);
}

void assert_counts(const char *state, unsigned sent, unsigned succeeded, unsigned failed, unsigned skipped) {
        g_assert_cmpstr(seen.state, ==, state);
        g_assert_cmpuint(seen.sent, ==, sent);
        g_assert_cmpuint(seen.succeeded, ==, succeeded);
        g_assert_cmpuint(seen.failed, ==, failed);
        g_assert_cmpuint(seen.skipped, ==, skipped);
}

void assert_ended(const char *state, unsigned succeeded, unsigned failed, unsigned skipped) {
        assert_counts(state, succeeded + failed, succeeded, failed, skipped);
        g_assert_true(seen.ended);
        g_assert_cmpuint(seen.total, ==, succeeded + failed + skipped);
        g_assert_null(batches_find(world->batches, seen.id));
}

void batch_cancel(void) {
        g_autoptr(GError) error = NULL;

        g_assert_true(batches_cancel(world->batches, seen.id, &error));
        g_assert_no_error(error);
        world_run();
}
