/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ended long ago goes from the store, a little at a time; what is open, and what is younger, stays. */
#include "batch.h"
#include "clock.h"
#include "limits.h"
#include "retention.h"
#include "store-fixture.h"

#define MS 1795406400000ull
#define USEC (MS * 1000)

static char *id_of(const char *kind, unsigned second) {
        return g_strdup_printf("%s_%llu_1000", kind, MS + second * 1000);
}

/* A command of each of ten seconds, with its output, and a batch; the first one is open. */
static void fill(Fixture *f) {
        for (unsigned i = 0; i < 10; i++) {
                g_autofree char *id = id_of("cmd", i), *batch = id_of("batch", i);
                CommandState state = i == 0 ? COMMAND_SENT : COMMAND_SUCCEEDED;
                g_autoptr(CommandRecord) r = new_command(id, "a", "status", state, USEC + i * USEC_PER_SEC);
                g_autoptr(GBytes) output = g_bytes_new_static("x", 1);
                const BatchRecord b = { .id = batch,
                                        .selector = (char *) "all",
                                        .command = (char *) "status",
                                        .params = (char *) "{}",
                                        .state = (char *) (i == 0 ? "running" : "finished"),
                                        .status = (char *) "",
                                        .requested = USEC + i * USEC_PER_SEC,
                                        .finished = i == 0 ? 0 : USEC + i * USEC_PER_SEC };

                g_assert_cmpint(WRITE(f, submit_command, r), ==, STORE_OK);
                if (i > 0)
                        f->store->ops->settle_command(f->store->engine, id, state);
                g_assert_cmpint(WRITE(f, put_output, id, 0, output), ==, STORE_OK);
                g_assert_cmpint(WRITE(f, put_batch, &b), ==, STORE_OK);
        }
}

typedef void (*Get)(void *engine, const char *id, StoreRows done, void *userdata);

/* "0..3.." of the seconds whose row is there. */
static void assert_there(Fixture *f, const char *kind, Get get, GDestroyNotify row_free,
                         const char *expected) {
        char there[11] = "..........";

        for (unsigned i = 0; i < 10; i++) {
                g_autofree char *id = id_of(kind, i);

                fixture_begin(f, row_free);
                get(f->store->engine, id, fixture_on_rows, f);
                if (fixture_rows(f) > 0)
                        there[i] = (char) ('0' + i);
        }
        g_assert_cmpstr(there, ==, expected);
}

static void assert_all(Fixture *f, const char *commands, const char *outputs, const char *batches) {
        const StoreEngine *ops = f->store->ops;

        assert_there(f, "cmd", ops->get_command, (GDestroyNotify) command_record_free, commands);
        assert_there(f, "cmd", ops->get_output, (GDestroyNotify) g_bytes_unref, outputs);
        assert_there(f, "batch", ops->get_batch, (GDestroyNotify) batch_record_free, batches);
}

static void forget(Fixture *f, unsigned commands_before, unsigned outputs_before, unsigned rows) {
        f->store->ops->forget_commands(f->store->engine, USEC + commands_before * USEC_PER_SEC,
                                       USEC + outputs_before * USEC_PER_SEC, rows);
        fixture_reopen(f);
}

static void test_forget(Fixture *f, gconstpointer data) {
        fill(f);
        forget(f, 0, 0, 100);
        assert_all(f, "0123456789", "0123456789", "0123456789");
        forget(f, 0, 5, 100);
        assert_all(f, "0123456789", ".....56789", "0123456789");
        /* The oldest first, and no more than that. */
        forget(f, 4, 4, 2);
        assert_all(f, "0..3456789", ".....56789", "0..3456789");
        /* An output is not kept for longer than its command. */
        forget(f, 8, 0, 100);
        assert_all(f, "0.......89", "........89", "0.......89");
        forget(f, 1000, 1000, 100);
        assert_all(f, "0.........", "..........", "0.........");
}

static void test_by_itself(Fixture *f, gconstpointer data) {
        const Retention keep = { RETENTION_MIN_USEC, RETENTION_MIN_USEC };
        uint64_t now = now_realtime();
        g_autofree char *old = g_strdup_printf("cmd_%llu_1000",
                                               (unsigned long long) (now / 1000 - 2 * 86400000ull));
        g_autoptr(CommandRecord) r =
                        new_command(old, "a", "status", COMMAND_SUCCEEDED, now - 2 * RETENTION_MIN_USEC);
        g_autoptr(Forgetting) forgetting = forgetting_new(f->loop, f->store);
        unsigned rows;

        g_assert_cmpint(WRITE(f, submit_command, r), ==, STORE_OK);
        f->store->ops->settle_command(f->store->engine, old, COMMAND_SUCCEEDED);
        forgetting_set(forgetting, &keep);
        do {
                fixture_begin(f, (GDestroyNotify) command_record_free);
                f->store->ops->get_command(f->store->engine, old, fixture_on_rows, f);
                rows = fixture_rows(f);
        } while (rows > 0);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/store-forget/forget", Fixture, NULL, fixture_setup, test_forget, fixture_teardown);
        g_test_add("/store-forget/by-itself", Fixture, NULL, fixture_setup, test_by_itself,
                   fixture_teardown);
        return g_test_run();
}
