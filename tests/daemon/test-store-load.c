/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store with more to do than it takes, and what a command costs it. */
#include "store-fixture.h"

#include <time.h>

#include "limits.h"

static void submit_many(Fixture *f, unsigned count) {
        for (unsigned i = 0; i < count; i++) {
                g_autofree char *id = g_strdup_printf("cmd_1_%05u", i);
                g_autoptr(CommandRecord) r = new_command(id, "a", "start", COMMAND_SENT, i);

                f->store->ops->submit_command(f->store->engine, r, NULL, NULL);
        }
}

static void test_list_bounds(Fixture *f, gconstpointer data) {
        submit_many(f, LIST_COMMANDS_MAX + 1);
        g_assert_cmpuint(list_commands(f, &(CommandFilter){ .state = COMMAND_FILTER_ANY }), ==,
                         LIST_COMMANDS_DEFAULT);
        g_assert_cmpuint(
                        list_commands(f, &(CommandFilter){ .state = COMMAND_FILTER_ANY, .limit = UINT_MAX }),
                        ==, LIST_COMMANDS_MAX);
}

static void count_answer(StoreStatus status, void *userdata) {
        unsigned *counts = userdata;

        counts[status]++;
}

/* More than may wait: the surplus is refused, on the loop, and the rest is stored. */
static void test_queue_bound(Fixture *f, gconstpointer data) {
        unsigned counts[STORE_UNKNOWN + 1] = {};
        g_autoptr(GBytes) nothing = g_bytes_new_static("", 0);
        const unsigned count = STORE_QUEUE_MAX + 1000;

        for (unsigned i = 0; i < count; i++)
                f->store->ops->put_output(f->store->engine, "one", i, nothing, count_answer, counts);
        g_assert_cmpuint(counts[STORE_OK] + counts[STORE_UNAVAILABLE], ==, 0);
        g_assert_cmpuint(f->store->ops->queue_depth(f->store->engine), ==, STORE_QUEUE_MAX);
        while (counts[STORE_OK] + counts[STORE_UNAVAILABLE] < count)
                uv_run(loop_uv(f->loop), UV_RUN_ONCE);
        g_assert_cmpuint(counts[STORE_OK], ==, STORE_QUEUE_MAX);
        g_assert_cmpuint(counts[STORE_UNAVAILABLE], ==, 1000);
}

/* Closed with calls under way: they are answered, and what they wrote is there. */
static void test_close_answers(Fixture *f, gconstpointer data) {
        unsigned counts[STORE_UNKNOWN + 1] = {};

        for (unsigned i = 0; i < 500; i++) {
                g_autofree char *id = g_strdup_printf("cmd_1_%u", i);
                g_autoptr(CommandRecord) r = new_command(id, "a", "start", COMMAND_SENT, i);

                f->store->ops->submit_command(f->store->engine, r, count_answer, counts);
        }
        fixture_reopen(f);
        g_assert_cmpuint(counts[STORE_OK], ==, 500);
        g_assert_cmpuint(open_commands(f), ==, 500);
}

static double cpu_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

/* Per command, with 10,000 clients. CPU of both threads, the copying and the completions included. */
static void test_cost(Fixture *f, gconstpointer data) {
        const unsigned count = 5000;
        unsigned counts[STORE_UNKNOWN + 1] = {};
        g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func((GDestroyNotify) command_record_free);
        double start, submitted, advanced;

        for (unsigned i = 0; i < count; i++) {
                g_autofree char *id = g_strdup_printf("cmd_1795406712331_%u", 1000 + i);
                g_autofree char *client = g_strdup_printf("client-%u", i * 7919 % 10000);
                CommandRecord *r = new_command(id, client, "restart", COMMAND_SENT, 1795406712331000 + i);

                r->params = "{\"container\":\"3node0\",\"timeout\":300}";
                g_ptr_array_add(records, r);
        }

        start = cpu_usec();
        for (unsigned i = 0; i < count; i++)
                f->store->ops->submit_command(f->store->engine, g_ptr_array_index(records, i), count_answer,
                                              counts);
        while (counts[STORE_OK] < count)
                uv_run(loop_uv(f->loop), UV_RUN_ONCE);
        submitted = cpu_usec();
        for (unsigned i = 0; i < count; i++) {
                CommandRecord *r = g_ptr_array_index(records, i);

                command_record_advance(r, COMMAND_SUCCEEDED,
                                       "{\"container\":\"3node0\",\"state\":\"running\"}", NULL,
                                       1795406713331000 + i);
                f->store->ops->advance_command(f->store->engine, r, count_answer, counts);
        }
        while (counts[STORE_OK] < 2 * count)
                uv_run(loop_uv(f->loop), UV_RUN_ONCE);
        advanced = cpu_usec();
        g_test_minimized_result((submitted - start) / count, "%.1f us of CPU a submit",
                                (submitted - start) / count);
        g_test_minimized_result((advanced - submitted) / count, "%.1f us of CPU an advance",
                                (advanced - submitted) / count);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
#define ADD(path, function) \
        g_test_add("/store-load/" path, Fixture, NULL, fixture_setup, function, fixture_teardown)
        ADD("list-bounds", test_list_bounds);
        ADD("queue-bound", test_queue_bound);
        ADD("close-answers", test_close_answers);
        if (g_test_perf())
                ADD("cost", test_cost);
        return g_test_run();
}
