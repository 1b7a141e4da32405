/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store through its interface, as the SQLite engine fills it in. That nothing acknowledged is ever lost is
 * test-store-kill.c's. */
#include "store-fixture.h"

#include <string.h>

#include "limits.h"

static unsigned load_clients(Fixture *f) {
        fixture_begin(f, (GDestroyNotify) client_record_free);
        f->store->ops->load_clients(f->store->engine, fixture_on_rows, f);
        return fixture_rows(f);
}

static unsigned load_tokens(Fixture *f) {
        fixture_begin(f, (GDestroyNotify) token_record_free);
        f->store->ops->load_tokens(f->store->engine, fixture_on_rows, f);
        return fixture_rows(f);
}

static unsigned get_command(Fixture *f, const char *id) {
        fixture_begin(f, (GDestroyNotify) command_record_free);
        f->store->ops->get_command(f->store->engine, id, fixture_on_rows, f);
        return fixture_rows(f);
}

static unsigned get_output(Fixture *f, const char *id) {
        fixture_begin(f, (GDestroyNotify) g_bytes_unref);
        f->store->ops->get_output(f->store->engine, id, fixture_on_rows, f);
        return fixture_rows(f);
}

static void *row(Fixture *f, unsigned i) {
        return g_ptr_array_index(f->rows, i);
}

/* Ids of the rows, in order. */
static char *ids(Fixture *f) {
        GString *s = g_string_new(NULL);

        for (unsigned i = 0; i < f->rows->len; i++)
                g_string_append_printf(s, "%s%s", i > 0 ? " " : "", ((CommandRecord *) row(f, i))->id);
        return g_string_free(s, FALSE);
}

static void test_clients(Fixture *f, gconstpointer data) {
        ClientRecord c = { .id = (char *) "seoul-1",
                           .host = (char *) "se1.example.kr",
                           .version = (char *) "1.1.0",
                           .address = (char *) "192.0.2.1",
                           .labels = (char *) "{\"role\":\"서울\"}",
                           .commands = (char *) "[\"restart\"]",
                           .online = true,
                           .since = 1795406712331000,
                           .last_seen = 1795406712331001 };
        const ClientRecord *stored;

        g_assert_cmpuint(load_clients(f), ==, 0);
        g_assert_cmpint(WRITE(f, put_client, &c), ==, STORE_OK);
        c.online = false;
        c.revoked = c.forgotten = true;
        c.host = (char *) "other";
        g_assert_cmpint(WRITE(f, put_client, &c), ==, STORE_OK);
        c = (ClientRecord){ .id = (char *) "busan-1" };
        g_assert_cmpint(WRITE(f, put_client, &c), ==, STORE_OK);

        fixture_reopen(f);
        g_assert_cmpuint(load_clients(f), ==, 2);
        stored = row(f, 0);
        g_assert_cmpstr(stored->id, ==, "busan-1");
        g_assert_null(stored->host);
        stored = row(f, 1);
        g_assert_cmpstr(stored->id, ==, "seoul-1");
        g_assert_cmpstr(stored->host, ==, "other");
        g_assert_cmpstr(stored->version, ==, "1.1.0");
        g_assert_cmpstr(stored->address, ==, "192.0.2.1");
        g_assert_cmpstr(stored->labels, ==, "{\"role\":\"서울\"}");
        g_assert_cmpstr(stored->commands, ==, "[\"restart\"]");
        g_assert_false(stored->online);
        g_assert_true(stored->revoked && stored->forgotten);
        g_assert_cmpuint(stored->since, ==, 1795406712331000);
        g_assert_cmpuint(stored->last_seen, ==, 1795406712331001);
}

static TokenRecord token(const char *client, uint8_t fill) {
        TokenRecord t = { .client = (char *) client, .created = 5, .expires = 7 };

        memset(t.hash, fill, sizeof(t.hash));
        return t;
}

static void test_tokens(Fixture *f, gconstpointer data) {
        TokenRecord first = token("a", 1), second = token("a", 2), third = token("a", 3),
                    other = token("b", 9);
        const TokenRecord *stored;

        g_assert_cmpint(WRITE(f, put_token, &first, false), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, put_token, &other, false), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, put_token, &second, false), ==, STORE_CONFLICT);
        g_assert_cmpuint(load_tokens(f), ==, 2);
        g_assert_cmpint(((TokenRecord *) row(f, 0))->hash[0], ==, 1);

        g_assert_cmpint(WRITE(f, put_token, &third, true), ==, STORE_OK);
        fixture_reopen(f);
        g_assert_cmpuint(load_tokens(f), ==, 2);
        stored = row(f, 0);
        g_assert_cmpstr(stored->client, ==, "a");
        g_assert_cmpmem(stored->hash, 32, third.hash, 32);
        g_assert_cmpuint(stored->created, ==, 5);
        g_assert_cmpuint(stored->expires, ==, 7);

        g_assert_cmpint(WRITE(f, delete_tokens, "a"), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, delete_tokens, "nobody"), ==, STORE_OK);
        g_assert_cmpuint(load_tokens(f), ==, 1);
        g_assert_cmpstr(((TokenRecord *) row(f, 0))->client, ==, "b");
}

/* Replacing by a token that somebody has already: the old one stays. */
static void test_replace_fails_whole(Fixture *f, gconstpointer data) {
        TokenRecord a = token("a", 1), b = token("b", 2), again = token("a", 2);

        g_assert_cmpint(WRITE(f, put_token, &a, false), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, put_token, &b, false), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, put_token, &again, true), ==, STORE_CONFLICT);
        g_assert_cmpuint(load_tokens(f), ==, 2);
        g_assert_cmpint(((TokenRecord *) row(f, 0))->hash[0], ==, 1);
}

static void put_command(Fixture *f, const char *id, const char *client, const char *command,
                        CommandState state, uint64_t requested, const char *batch) {
        g_autoptr(CommandRecord) r = new_command(id, client, command, state, requested);

        r->batch = batch;
        g_assert_cmpint(WRITE(f, submit_command, r), ==, STORE_OK);
}

static void assert_same_command(const CommandRecord *a, const CommandRecord *b) {
        g_assert_cmpstr(a->id, ==, b->id);
        g_assert_cmpstr(a->client, ==, b->client);
        g_assert_cmpstr(a->command, ==, b->command);
        g_assert_cmpstr(a->container, ==, b->container);
        g_assert_cmpstr(a->batch, ==, b->batch);
        g_assert_cmpstr(a->params, ==, b->params);
        g_assert_cmpstr(a->result, ==, b->result);
        g_assert_cmpstr(a->error, ==, b->error);
        g_assert_cmpint(a->state, ==, b->state);
        g_assert_cmpuint(a->requested, ==, b->requested);
        g_assert_cmpuint(a->sent, ==, b->sent);
        g_assert_cmpuint(a->started, ==, b->started);
        g_assert_cmpuint(a->finished, ==, b->finished);
        g_assert_cmpuint(a->expires, ==, b->expires);
        g_assert_cmpuint(a->timeout, ==, b->timeout);
        g_assert_cmpuint(a->caller_uid, ==, b->caller_uid);
}

static void test_command(Fixture *f, gconstpointer data) {
        g_autoptr(CommandRecord) r = new_command("cmd_1_1000", "seoul-1", "restart", COMMAND_QUEUED, 11);

        r->container = "3node0";
        r->params = "{\"container\":\"3node0\"}";
        r->expires = 99;
        r->timeout = 600000000;
        r->caller_uid = UINT32_MAX;
        g_assert_cmpuint(get_command(f, r->id), ==, 0);
        g_assert_cmpint(WRITE(f, submit_command, r), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, submit_command, r), ==, STORE_CONFLICT);
        g_assert_cmpuint(get_command(f, r->id), ==, 1);
        assert_same_command(row(f, 0), r);

        g_assert_true(command_record_advance(r, COMMAND_SENT, NULL, NULL, 12));
        g_assert_cmpint(WRITE(f, advance_command, r), ==, STORE_OK);
        g_assert_true(command_record_advance(r, COMMAND_RUNNING, NULL, NULL, 13));
        g_assert_cmpint(WRITE(f, advance_command, r), ==, STORE_OK);
        g_assert_true(command_record_advance(r, COMMAND_FAILED, "{\"exit_code\":1}", "it failed", 14));
        g_assert_cmpint(WRITE(f, advance_command, r), ==, STORE_OK);
        fixture_reopen(f);
        g_assert_cmpuint(get_command(f, r->id), ==, 1);
        assert_same_command(row(f, 0), r);
}

/* That its end was asked for outlives the process, and whatever state follows. */
static void test_cancel(Fixture *f, gconstpointer data) {
        g_autoptr(CommandRecord) r = new_command("cmd_1_1000", "a", "exec", COMMAND_SENT, 1);

        g_assert_cmpint(WRITE(f, submit_command, r), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, cancel_command, r->id), ==, STORE_OK);
        g_assert_true(command_record_advance(r, COMMAND_RUNNING, NULL, NULL, 14));
        g_assert_cmpint(WRITE(f, advance_command, r), ==, STORE_OK);
        fixture_reopen(f);
        g_assert_cmpuint(open_commands(f), ==, 1);
        g_assert_true(((CommandRecord *) row(f, 0))->cancel);
        g_assert_cmpint(((CommandRecord *) row(f, 0))->state, ==, COMMAND_RUNNING);
}

/* An end counts as open until all that follows from it is done. */
static void test_settle(Fixture *f, gconstpointer data) {
        g_autoptr(CommandRecord) r = new_command("cmd_1_1000", "a", "exec", COMMAND_SENT, 1);
        CommandFilter failed = { .state = COMMAND_FAILED }, open = { .state = COMMAND_FILTER_OPEN };

        g_assert_cmpint(WRITE(f, submit_command, r), ==, STORE_OK);
        g_assert_true(command_record_advance(r, COMMAND_FAILED, NULL, "it failed", 14));
        g_assert_cmpint(WRITE(f, advance_command, r), ==, STORE_OK);
        g_assert_cmpuint(open_commands(f), ==, 1);
        g_assert_cmpuint(list_commands(f, &open), ==, 0);
        f->store->ops->settle_command(f->store->engine, r->id, r->state);
        g_assert_cmpuint(open_commands(f), ==, 0);
        g_assert_cmpuint(list_commands(f, &failed), ==, 1);
}

/* What is stored moves on only as state.h says, whatever the caller believes. */
static void test_advance_conflicts(Fixture *f, gconstpointer data) {
        for (CommandState from = 0; from < _COMMAND_STATE_MAX; from++)
                for (CommandState to = 0; to < _COMMAND_STATE_MAX; to++) {
                        g_autofree char *id = g_strdup_printf("cmd_%u_%u", from, to);
                        g_autoptr(CommandRecord) r = new_command(id, "a", "start", from, 1);
                        bool may = command_state_may_follow(from, to);

                        g_assert_cmpint(WRITE(f, submit_command, r), ==, STORE_OK);
                        r->state = to;
                        r->finished = 77;
                        g_assert_cmpint(WRITE(f, advance_command, r), ==, may ? STORE_OK : STORE_CONFLICT);
                        g_assert_cmpuint(get_command(f, id), ==, 1);
                        g_assert_cmpint(((CommandRecord *) row(f, 0))->state, ==, may ? to : from);
                        g_assert_cmpuint(((CommandRecord *) row(f, 0))->finished, ==, may ? 77 : 0);
                }
}

static void test_advance_unknown(Fixture *f, gconstpointer data) {
        g_autoptr(CommandRecord) r = new_command("cmd_1_1000", "a", "start", COMMAND_SUCCEEDED, 1);

        g_assert_cmpint(WRITE(f, advance_command, r), ==, STORE_CONFLICT);
        g_assert_cmpuint(get_command(f, r->id), ==, 0);
}

static void test_large_texts(Fixture *f, gconstpointer data) {
        g_autoptr(CommandRecord) r = new_command("cmd_1_1000", "a", "exec", COMMAND_SENT, 1);
        g_autofree char *params = g_strnfill(PARAMS_BYTES_MAX, 'p');

        r->params = params;
        g_assert_cmpint(WRITE(f, submit_command, r), ==, STORE_OK);
        r->state = COMMAND_SUCCEEDED;
        r->result = g_strnfill(RESULT_BYTES_MAX, 'r');
        g_assert_cmpint(WRITE(f, advance_command, r), ==, STORE_OK);
        g_assert_cmpuint(get_command(f, r->id), ==, 1);
        assert_same_command(row(f, 0), r);
}

/* Each state is found by its own name; the open ones are those that are not final. */
static void test_states(Fixture *f, gconstpointer data) {
        unsigned open = 0;

        for (CommandState s = 0; s < _COMMAND_STATE_MAX; s++) {
                put_command(f, command_state_to_string(s), "a", "start", s, 100 - s, "");
                open += !command_state_is_final(s);
        }
        for (CommandState s = 0; s < _COMMAND_STATE_MAX; s++) {
                CommandFilter filter = { .state = (int) s };

                g_assert_cmpuint(list_commands(f, &filter), ==, 1);
                g_assert_cmpstr(((CommandRecord *) row(f, 0))->id, ==, command_state_to_string(s));
        }

        g_assert_cmpuint(list_commands(f, &(CommandFilter){ .state = COMMAND_FILTER_OPEN }), ==, open);
        g_assert_cmpuint(open_commands(f), ==, open);
        for (unsigned i = 0; i < open; i++) {
                const CommandRecord *r = row(f, i);

                g_assert_false(command_state_is_final(r->state));
                g_assert_cmpstr(r->params, ==, "{}");
                g_assert_true(i == 0 || r->requested > ((CommandRecord *) row(f, i - 1))->requested);
        }
}

static void assert_list(Fixture *f, CommandFilter filter, const char *expected) {
        g_autofree char *found = NULL;

        (void) list_commands(f, &filter);
        found = ids(f);
        g_assert_cmpstr(found, ==, expected);
}

static void test_list(Fixture *f, gconstpointer data) {
        put_command(f, "c1", "a", "start", COMMAND_SUCCEEDED, 10, "");
        put_command(f, "c2", "b", "start", COMMAND_FAILED, 20, "batch_1");
        put_command(f, "c3", "a", "stop", COMMAND_RUNNING, 30, "batch_1");
        put_command(f, "c4", "a", "start", COMMAND_SENT, 40, "batch_2");
        put_command(f, "c5", "b", "stop", COMMAND_QUEUED, 40, "");

#define ANY .state = COMMAND_FILTER_ANY
        assert_list(f, (CommandFilter){ ANY }, "c5 c4 c3 c2 c1");
        assert_list(f, (CommandFilter){ ANY, .limit = 2 }, "c5 c4");
        assert_list(f, (CommandFilter){ ANY, .client = "a" }, "c4 c3 c1");
        assert_list(f, (CommandFilter){ ANY, .command = "start" }, "c4 c2 c1");
        assert_list(f, (CommandFilter){ ANY, .client = "a", .command = "start" }, "c4 c1");
        assert_list(f, (CommandFilter){ ANY, .batch = "batch_1" }, "c3 c2");
        assert_list(f, (CommandFilter){ ANY, .batch = "batch_1", .client = "b" }, "c2");
        assert_list(f, (CommandFilter){ .state = COMMAND_FILTER_OPEN }, "c5 c4 c3");
        assert_list(f, (CommandFilter){ .state = COMMAND_FILTER_OPEN, .client = "a" }, "c4 c3");
        assert_list(f, (CommandFilter){ .state = COMMAND_FAILED, .client = "b", .command = "start" }, "c2");
        assert_list(f, (CommandFilter){ .state = COMMAND_FAILED, .client = "a" }, "");
        assert_list(f, (CommandFilter){ ANY, .since = 20, .until = 30 }, "c3 c2");
        assert_list(f, (CommandFilter){ ANY, .since = 31 }, "c5 c4");
        assert_list(f, (CommandFilter){ ANY, .until = 10 }, "c1");
        assert_list(f, (CommandFilter){ ANY, .since = UINT64_MAX, .until = UINT64_MAX }, "");
        assert_list(f, (CommandFilter){ ANY, .client = "nobody" }, "");
        assert_list(f, (CommandFilter){ ANY, .client = "a' OR 1=1 --" }, "");

        assert_list(f, (CommandFilter){ ANY, .limit = 1 }, "c5");
        g_assert_null(((CommandRecord *) row(f, 0))->params);
}

static void test_output(Fixture *f, gconstpointer data) {
        g_autoptr(GBytes) first = g_bytes_new_static("one\0two", 7), second = g_bytes_new_static("", 0);
        gsize size;
        const uint8_t *bytes;

        g_assert_cmpuint(get_output(f, "cmd_1_1000"), ==, 0);
        g_assert_cmpint(WRITE(f, put_output, "cmd_1_1000", 0x1122334455, first), ==, STORE_OK);
        g_assert_cmpuint(get_output(f, "cmd_1_1000"), ==, 1);
        bytes = g_bytes_get_data(row(f, 0), &size);
        g_assert_cmpmem(bytes, size, "\x55\x44\x33\x22\x11\0\0\0one\0two", 15);

        g_assert_cmpint(WRITE(f, put_output, "cmd_1_1000", 1, second), ==, STORE_OK);
        g_assert_cmpuint(get_output(f, "cmd_1_1000"), ==, 1);
        bytes = g_bytes_get_data(row(f, 0), &size);
        g_assert_cmpmem(bytes, size, "\1\0\0\0\0\0\0\0", 8);
}

static unsigned get_batch(Fixture *f, const char *id) {
        fixture_begin(f, (GDestroyNotify) batch_record_free);
        f->store->ops->get_batch(f->store->engine, id, fixture_on_rows, f);
        return fixture_rows(f);
}

static unsigned open_batches(Fixture *f) {
        fixture_begin(f, (GDestroyNotify) batch_record_free);
        f->store->ops->open_batches(f->store->engine, fixture_on_rows, f);
        return fixture_rows(f);
}

static void test_batch(Fixture *f, gconstpointer data) {
        BatchRecord b = { .id = (char *) "batch_1",
                          .selector = (char *) "role=서울",
                          .command = (char *) "restart",
                          .params = (char *) "{}",
                          .state = (char *) "running",
                          .status = (char *) "",
                          .requested = 1,
                          .total = 5000,
                          .caller_uid = 1000 };
        const BatchRecord *stored;

        g_assert_cmpuint(get_batch(f, "batch_1"), ==, 0);
        g_assert_cmpint(WRITE(f, put_batch, &b), ==, STORE_OK);
        g_assert_cmpuint(open_batches(f), ==, 1);
        b.finished = 2;
        b.state = (char *) "failed";
        b.status = (char *) "seoul-1 waiting for 3node5";
        g_assert_cmpint(WRITE(f, put_batch, &b), ==, STORE_OK);
        g_assert_cmpuint(open_batches(f), ==, 0);
        g_assert_cmpuint(get_batch(f, "batch_1"), ==, 1);
        stored = row(f, 0);
        g_assert_cmpstr(stored->id, ==, "batch_1");
        g_assert_cmpstr(stored->selector, ==, "role=서울");
        g_assert_cmpstr(stored->command, ==, "restart");
        g_assert_cmpstr(stored->params, ==, "{}");
        g_assert_cmpstr(stored->state, ==, "failed");
        g_assert_cmpstr(stored->status, ==, "seoul-1 waiting for 3node5");
        g_assert_cmpuint(stored->requested, ==, 1);
        g_assert_cmpuint(stored->finished, ==, 2);
        g_assert_cmpuint(stored->total, ==, 5000);
        g_assert_cmpuint(stored->caller_uid, ==, 1000);
}

static void test_batch_commands(Fixture *f, gconstpointer data) {
        g_autofree char *order = NULL;

        put_command(f, "c1", "a", "start", COMMAND_SUCCEEDED, 30, "batch_1");
        put_command(f, "c2", "b", "start", COMMAND_FAILED, 20, "batch_1");
        put_command(f, "c3", "c", "start", COMMAND_RUNNING, 10, "batch_2");
        put_command(f, "c4", "c", "start", COMMAND_RUNNING, 10, "");
        fixture_begin(f, (GDestroyNotify) command_record_free);
        f->store->ops->batch_commands(f->store->engine, "batch_1", fixture_on_rows, f);
        g_assert_cmpuint(fixture_rows(f), ==, 2);
        order = ids(f);
        g_assert_cmpstr(order, ==, "c2 c1");
}

static const AuditHeadRecord *load_audit_head(Fixture *f) {
        fixture_begin(f, (GDestroyNotify) audit_head_record_free);
        f->store->ops->load_audit_head(f->store->engine, fixture_on_rows, f);
        return fixture_rows(f) == 0 ? NULL : g_ptr_array_index(f->rows, 0);
}

/* There is one, the latest, lazily noted ones too. */
static void test_audit_head(Fixture *f, gconstpointer data) {
        AuditHeadRecord h = { (char *) "instance", (char *) "hash-1", 1, 10, true };
        const AuditHeadRecord *stored;

        g_assert_null(load_audit_head(f));
        g_assert_cmpint(WRITE(f, put_audit_head, &h, false), ==, STORE_OK);
        h = (AuditHeadRecord){ (char *) "instance", (char *) "hash-2", 200, 20, false };
        f->store->ops->put_audit_head(f->store->engine, &h, true, NULL, NULL);
        fixture_reopen(f);
        stored = load_audit_head(f);
        g_assert_cmpuint(f->rows->len, ==, 1);
        g_assert_cmpstr(stored->instance, ==, "instance");
        g_assert_cmpstr(stored->hash, ==, "hash-2");
        g_assert_cmpuint(stored->seq, ==, 200);
        g_assert_cmpuint(stored->usec, ==, 20);
        g_assert_false(stored->exact);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
#define ADD(path, function) \
        g_test_add("/store/" path, Fixture, NULL, fixture_setup, function, fixture_teardown)
        ADD("clients", test_clients);
        ADD("tokens", test_tokens);
        ADD("replace-fails-whole", test_replace_fails_whole);
        ADD("command", test_command);
        ADD("advance-conflicts", test_advance_conflicts);
        ADD("cancel", test_cancel);
        ADD("settle", test_settle);
        ADD("advance-unknown", test_advance_unknown);
        ADD("large-texts", test_large_texts);
        ADD("states", test_states);
        ADD("list", test_list);
        ADD("output", test_output);
        ADD("batch", test_batch);
        ADD("batch-commands", test_batch_commands);
        ADD("audit-head", test_audit_head);
        return g_test_run();
}
