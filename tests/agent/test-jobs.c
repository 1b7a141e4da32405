/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command's life on the agent, against a real ledger, a scripted runner and a link that keeps what it is
 * given. */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "jobs-fixture.h"
#include "limits.h"

static void test_life(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURES_ALL);
        fixture_take(f, "a");
        g_assert_cmpuint(fake_runner->started->len, ==, 0); /* not before it is durable */
        fixture_wait(f, 0, 1);
        g_assert_cmpuint(fake_runner->timeout_usec, <=, COMMAND_TIMEOUT_DEFAULT_USEC);
        g_assert_cmpuint(fake_runner->timeout_usec, >, COMMAND_TIMEOUT_DEFAULT_USEC - 60000000);
        fake_finish("a", COMMAND_SUCCEEDED, "{\"container\":\"3node0\"}", NULL);
        g_assert_cmpuint(f->sent->len, ==, 0); /* not before its end is */
        fixture_wait(f, 1, 1);
        assert_response(fixture_last(f), "a", COMMAND_SUCCEEDED);
        g_assert_cmpstr(json_object_to_json_string_ext(fixture_last(f)->response.result,
                                                       JSON_C_TO_STRING_PLAIN),
                        ==, "{\"container\":\"3node0\"}");
}

static void test_repeated(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, 0);
        fixture_take(f, "a");
        fixture_take(f, "a");
        fixture_wait(f, 0, 1);
        fixture_take(f, "a");
        fake_finish("a", COMMAND_FAILED, NULL, "no such container");
        fixture_take(f, "a");
        fixture_wait(f, 1, 1);
        jobs_acked(f->jobs, "a");
        fixture_take(f, "a");
        fixture_wait(f, 2, 1);
        assert_response(fixture_last(f), "a", COMMAND_FAILED);
        g_assert_cmpstr(fixture_last(f)->response.error, ==, "no such container");
}

static void test_resent(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, 0);
        fixture_take(f, "a");
        fixture_take(f, "b");
        fixture_take(f, "c");
        fixture_wait(f, 0, 3);
        jobs_offline(f->jobs);
        fake_finish("b", COMMAND_SUCCEEDED, NULL, NULL);
        fake_finish("a", COMMAND_SUCCEEDED, NULL, NULL);
        jobs_online(f->jobs, 0);
        fixture_wait(f, 2, 3);
        assert_response(g_ptr_array_index(f->sent, 0), "b", COMMAND_SUCCEEDED);
        assert_response(g_ptr_array_index(f->sent, 1), "a", COMMAND_SUCCEEDED);

        jobs_acked(f->jobs, "b");
        jobs_offline(f->jobs);
        jobs_online(f->jobs, 0);
        fixture_wait(f, 3, 3);
        assert_response(fixture_last(f), "a", COMMAND_SUCCEEDED);
        fake_finish("c", COMMAND_SUCCEEDED, NULL, NULL);
        fixture_wait(f, 4, 3);
        assert_response(fixture_last(f), "c", COMMAND_SUCCEEDED);
}

static void test_interrupted(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURES_ALL);
        fixture_take(f, "a");
        fixture_wait(f, 0, 1);
        fixture_restart(f);
        jobs_online(f->jobs, FEATURES_ALL);
        fixture_wait(f, 1, 0);
        assert_response(fixture_last(f), "a", COMMAND_INTERRUPTED);
        fixture_take(f, "a");
        fixture_wait(f, 2, 0);
        assert_response(fixture_last(f), "a", COMMAND_INTERRUPTED);

        /* A server that does not know the word. */
        fixture_restart(f);
        jobs_online(f->jobs, 0);
        fixture_wait(f, 1, 0);
        assert_response(fixture_last(f), "a", COMMAND_FAILED);
        g_assert_nonnull(strstr(fixture_last(f)->response.error, "unknown"));
}

static void test_progress(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURE_PROGRESS);
        fixture_take(f, "slow");
        fixture_wait(f, 1, 1); /* by itself, after a moment */
        g_assert_cmpint(fixture_last(f)->type, ==, MESSAGE_COMMAND_PROGRESS);
        g_assert_cmpuint(fixture_last(f)->progress.output_size, ==, 0);
        fake_output("slow", 7, "text");
        g_assert_cmpuint(f->sent->len, ==, 2);
        g_assert_cmpuint(fixture_last(f)->progress.offset, ==, 7);
        g_assert_cmpstr(fixture_last(f)->progress.output, ==, "text");

        /* After a cut the server learns that it goes on. */
        jobs_offline(f->jobs);
        fake_output("slow", 11, "unheard");
        jobs_online(f->jobs, FEATURE_PROGRESS);
        g_assert_cmpuint(f->sent->len, ==, 3);
        g_assert_cmpstr(fixture_last(f)->progress.id, ==, "slow");
}

static void test_no_progress_for_old_servers(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, 0);
        fixture_take(f, "a");
        fixture_wait(f, 0, 1);
        fake_output("a", 0, "text");
        fixture_take(f, "a");
        fake_finish("a", COMMAND_SUCCEEDED, NULL, NULL);
        fixture_wait(f, 1, 1);
        assert_response(fixture_last(f), "a", COMMAND_SUCCEEDED);
}

static void test_cancel(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURES_ALL);
        fixture_take(f, "early");
        jobs_cancel(f->jobs, "early");
        fixture_wait(f, 1, 0);
        assert_response(fixture_last(f), "early", COMMAND_CANCELLED);

        fixture_take(f, "late");
        fixture_wait(f, 1, 1);
        jobs_cancel(f->jobs, "late");
        g_assert_cmpstr(fake_runner->cancelled, ==, "late");
}

static void test_deadline(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURES_ALL);
        /* Whatever the two clocks say, what counts is the difference. */
        fixture_take_with_times(f, "hour", 1000, 1000 + 3600000);
        fixture_wait(f, 0, 1);
        g_assert_cmpuint(fake_runner->timeout_usec, <=, 3600000000);
        g_assert_cmpuint(fake_runner->timeout_usec, >, 3500000000);
        fake_finish("hour", COMMAND_SUCCEEDED, NULL, NULL);
        fixture_wait(f, 1, 1);

        fixture_take_with_times(f, "past", 5000, 4000);
        fixture_wait(f, 2, 1);
        assert_response(fixture_last(f), "past", COMMAND_TIMED_OUT);

        fixture_take_with_times(f, "endless", 1, INT64_MAX);
        fixture_wait(f, 2, 2);
        g_assert_cmpuint(fake_runner->timeout_usec, <=, COMMAND_TIMEOUT_MAX_USEC);
}

static void test_congested(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURE_PROGRESS);
        fixture_take(f, "stream");
        fixture_take(f, "a");
        fixture_take(f, "b");
        fixture_wait(f, 0, 3);
        f->congested = true;
        fake_output("stream", 0, "text");
        g_assert_cmpuint(f->sent->len, ==, 1);
        g_assert_false(fake_runner->open);
        fake_finish("a", COMMAND_SUCCEEDED, NULL, NULL);
        fake_finish("b", COMMAND_SUCCEEDED, NULL, NULL);
        f->congested = false;
        jobs_drained(f->jobs);
        g_assert_true(fake_runner->open);
        fixture_wait(f, 3, 3);
        assert_response(g_ptr_array_index(f->sent, 1), "a", COMMAND_SUCCEEDED);
        assert_response(g_ptr_array_index(f->sent, 2), "b", COMMAND_SUCCEEDED);

        /* A new connection begins with an empty queue. */
        f->congested = true;
        fake_output("stream", 4, "text");
        g_assert_false(fake_runner->open);
        jobs_offline(f->jobs);
        g_assert_false(fake_runner->open);
        f->congested = false;
        jobs_online(f->jobs, FEATURE_PROGRESS);
        g_assert_true(fake_runner->open);
}

/* Output waits for a server that went away; on the next connection it comes from where the runner has it, only as
 * far as that server wants. */
static void test_flow(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURE_PROGRESS | FEATURE_FLOW);
        g_assert_true(fake_runner->windowed);
        fixture_take(f, "stream");
        fixture_wait(f, 0, 1);
        jobs_passed(f->jobs, "stream", 4711);
        g_assert_cmpuint(fake_runner->passed, ==, 4711);
        jobs_offline(f->jobs);
        g_assert_false(fake_runner->open);
        jobs_offline(f->jobs); /* a try that failed */
        g_assert_cmpuint(fake_runner->begun, ==, 1);
        jobs_online(f->jobs, FEATURE_PROGRESS);
        g_assert_cmpuint(fake_runner->begun, ==, 2);
        g_assert_true(fake_runner->open);
        g_assert_false(fake_runner->windowed);
}

/* How much a command printed is told with its end, also later from the ledger, to those who hear its output. */
static void test_output_bytes(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURE_PROGRESS);
        fixture_take(f, "a");
        fixture_wait(f, 0, 1);
        fake_runner->output_bytes = 300000;
        fake_finish("a", COMMAND_SUCCEEDED, "\"text\"", NULL);
        fixture_wait(f, 1, 1);
        g_assert_cmpuint(fixture_last(f)->response.output_bytes, ==, 300000);
        fixture_restart(f);
        jobs_online(f->jobs, FEATURE_PROGRESS);
        fixture_wait(f, 1, 0);
        assert_response(fixture_last(f), "a", COMMAND_SUCCEEDED);
        g_assert_cmpuint(fixture_last(f)->response.output_bytes, ==, 300000);
        fixture_restart(f);
        jobs_online(f->jobs, 0);
        fixture_wait(f, 1, 0);
        g_assert_cmpuint(fixture_last(f)->response.output_bytes, ==, 0);
}

static void test_too_many(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURES_ALL);
        for (unsigned i = 0; i <= AGENT_COMMANDS_MAX; i++) {
                g_autofree char *id = g_strdup_printf("id%u", i);

                fixture_take(f, id);
        }
        fixture_wait(f, 1, AGENT_COMMANDS_MAX);
        assert_response(fixture_last(f), "id64", COMMAND_FAILED);
}

/* A server that acknowledges nothing: at the bound nothing more is run, and none of the outcomes is dropped. */
static void test_bound(Fixture *f, gconstpointer unused) {
        const unsigned at_once = AGENT_COMMANDS_MAX;

        jobs_online(f->jobs, FEATURES_ALL);
        for (unsigned i = 0; i < AGENT_OUTCOMES_MAX; i++) {
                g_autofree char *id = g_strdup_printf("id%u", i);

                fixture_take(f, id);
                if ((i + 1) % at_once == 0) {
                        fixture_wait(f, i + 1 - at_once, i + 1);
                        while (fake_runner->running->len > 0) {
                                g_autofree char *running = g_strdup(fake_runner->running->pdata[0]);

                                fake_finish(running, COMMAND_SUCCEEDED, "1", NULL);
                        }
                        fixture_wait(f, i + 1, i + 1);
                }
        }
        fixture_take(f, "new");
        fixture_wait(f, AGENT_OUTCOMES_MAX + 1, AGENT_OUTCOMES_MAX);
        assert_response(fixture_last(f), "new", COMMAND_REJECTED);
        g_assert_cmpstr(fixture_last(f)->response.error, ==,
                        "Not run: 1024 outcomes of commands wait for the server: no command is taken up until it "
                        "acknowledges some");
        fixture_take(f, "id7");
        fixture_wait(f, AGENT_OUTCOMES_MAX + 2, AGENT_OUTCOMES_MAX);
        assert_response(fixture_last(f), "id7", COMMAND_SUCCEEDED);
        jobs_acked(f->jobs, "id7");
        fixture_take(f, "new");
        fixture_wait(f, AGENT_OUTCOMES_MAX + 2, AGENT_OUTCOMES_MAX + 1);

        fixture_restart(f);
        jobs_online(f->jobs, FEATURES_ALL);
        fixture_wait(f, AGENT_OUTCOMES_MAX, 0);
        assert_response(g_ptr_array_index(f->sent, 0), "new", COMMAND_INTERRUPTED);
}

/* What cannot be written down is not run. */
static void test_disk_full(Fixture *f, gconstpointer unused) {
        struct rlimit old, none;

        g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
        none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
        g_assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
        jobs_online(f->jobs, FEATURES_ALL);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &none), ==, 0);
        fixture_take(f, "a");
        fixture_wait(f, 1, 0);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
        assert_response(fixture_last(f), "a", COMMAND_FAILED);
        g_assert_nonnull(strstr(fixture_last(f)->response.error, "Not run"));
}

/* An acknowledgement that cannot be written down is asked for again, on the same connection. */
static void test_disk_full_at_the_acknowledgement(Fixture *f, gconstpointer unused) {
        struct rlimit old, none;
        g_autoptr(LoopTimer) patience = NULL;

        g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
        none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
        g_assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
        jobs_online(f->jobs, FEATURES_ALL);
        fixture_take(f, "a");
        fixture_wait(f, 0, 1);
        fake_finish("a", COMMAND_SUCCEEDED, NULL, NULL);
        fixture_wait(f, 1, 1);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &none), ==, 0);
        jobs_acked(f->jobs, "a");
        fixture_take(f, "b"); /* behind it */
        fixture_wait(f, 2, 1);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
        assert_response(fixture_last(f), "b", COMMAND_FAILED);
        patience = loop_timer_new(f->loop, 3 * LEDGER_RETRY_SEC * 1000, 0, fixture_too_late, f);
        while (f->sent->len < 3)
                (void) loop_run(f->loop);
        assert_response(fixture_last(f), "a", COMMAND_SUCCEEDED);
}

/* Who asks counts only as a user id: no server can speak for this host. */
static void test_caller(Fixture *f, gconstpointer unused) {
        static const struct {
                const char *sent, *taken;
        } rows[] = { { "1000", "1000" }, { "0", "0" },           { "local", NULL },
                     { "-1", NULL },     { "4294967295", NULL }, { "oper", NULL } };

        jobs_online(f->jobs, FEATURES_ALL);
        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *id = g_strdup_printf("id%u", i),
                                *text = message_command(id, "restart", "3node0", NULL, 0, rows[i].sent, 0);
                g_autoptr(Message) m = message_parse(text, strlen(text), NULL);

                jobs_take(f->jobs, m);
                fixture_wait(f, 0, i + 1);
                g_assert_cmpstr(fake_runner->caller, ==, rows[i].taken);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/jobs/life", Fixture, NULL, fixture_setup, test_life, fixture_teardown);
        g_test_add("/jobs/repeated", Fixture, NULL, fixture_setup, test_repeated, fixture_teardown);
        g_test_add("/jobs/resent", Fixture, NULL, fixture_setup, test_resent, fixture_teardown);
        g_test_add("/jobs/interrupted", Fixture, NULL, fixture_setup, test_interrupted, fixture_teardown);
        g_test_add("/jobs/progress", Fixture, NULL, fixture_setup, test_progress, fixture_teardown);
        g_test_add("/jobs/no-progress-for-old-servers", Fixture, NULL, fixture_setup,
                   test_no_progress_for_old_servers, fixture_teardown);
        g_test_add("/jobs/cancel", Fixture, NULL, fixture_setup, test_cancel, fixture_teardown);
        g_test_add("/jobs/deadline", Fixture, NULL, fixture_setup, test_deadline, fixture_teardown);
        g_test_add("/jobs/congested", Fixture, NULL, fixture_setup, test_congested, fixture_teardown);
        g_test_add("/jobs/flow", Fixture, NULL, fixture_setup, test_flow, fixture_teardown);
        g_test_add("/jobs/output-bytes", Fixture, NULL, fixture_setup, test_output_bytes, fixture_teardown);
        g_test_add("/jobs/too-many", Fixture, NULL, fixture_setup, test_too_many, fixture_teardown);
        g_test_add("/jobs/bound", Fixture, NULL, fixture_setup, test_bound, fixture_teardown);
        g_test_add("/jobs/caller", Fixture, NULL, fixture_setup, test_caller, fixture_teardown);
        g_test_add("/jobs/disk-full", Fixture, NULL, fixture_setup, test_disk_full, fixture_teardown);
        g_test_add("/jobs/disk-full-at-the-acknowledgement", Fixture, NULL, fixture_setup,
                   test_disk_full_at_the_acknowledgement, fixture_teardown);
        return g_test_run();
}
