/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command's life on the agent, against a real ledger, a scripted runner and a link that keeps what it is
 * given. */
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "fake-runner.h"
#include "jobs.h"
#include "limits.h"

#define DEADLINE_MSEC 10000

typedef struct Fixture {
        char *dir, *path;
        Loop *loop;
        Jobs *jobs;
        GPtrArray *sent; /* of Message */
        bool congested;
} Fixture;

static bool keep_message(const char *text, void *userdata) {
        Fixture *f = userdata;
        g_autoptr(GError) error = NULL;
        Message *m = message_parse(text, strlen(text), &error);

        g_assert_no_error(error);
        g_ptr_array_add(f->sent, m);
        loop_quit(f->loop, 0);
        return true;
}

static bool is_congested(void *userdata) {
        return ((Fixture *) userdata)->congested;
}

static void start(Fixture *f) {
        static const ServerLink link = { .send = keep_message, .is_congested = is_congested };
        g_autoptr(GError) error = NULL;
        AgentDb *db = agent_db_open(f->loop, f->path, &error);

        g_assert_no_error(error);
        f->jobs = jobs_new(f->loop, NULL, db, NULL, NULL, NULL, NULL, &link, f, &error);
        g_assert_no_error(error);
}

static void free_message(void *m) {
        message_free(m);
}

static void setup(Fixture *f, gconstpointer unused) {
        f->dir = g_dir_make_tmp("jobs-XXXXXX", NULL);
        f->path = g_build_filename(f->dir, "agent.db", NULL);
        f->loop = loop_new(NULL);
        f->sent = g_ptr_array_new_with_free_func(free_message);
        start(f);
}

static void teardown(Fixture *f, gconstpointer unused) {
        static const char *const suffixes[] = { "", "-wal", "-shm" };

        jobs_free(f->jobs);
        loop_free(f->loop);
        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *path = g_strconcat(f->path, suffixes[i], NULL);

                (void) g_unlink(path);
        }
        g_assert_cmpint(g_rmdir(f->dir), ==, 0);
        g_ptr_array_unref(f->sent);
        g_free(f->dir);
        g_free(f->path);
}

static void too_late(void *userdata) {
        g_error("Waited in vain");
}

/* Until n messages have been sent, or n commands started, in all. */
static void wait_for(Fixture *f, guint sent, guint started) {
        g_autoptr(LoopTimer) t = loop_timer_new(f->loop, DEADLINE_MSEC, 0, too_late, NULL);

        while (f->sent->len < sent || fake_runner->started->len < started)
                (void) loop_run(f->loop);
        g_assert_cmpuint(f->sent->len, ==, sent);
        g_assert_cmpuint(fake_runner->started->len, ==, started);
}

static void take_with_times(Fixture *f, const char *id, int64_t timestamp_ms, int64_t deadline_ms) {
        g_autofree char *text =
                        message_command(id, "restart", "3node0", NULL, deadline_ms, NULL, timestamp_ms);
        g_autoptr(Message) m = message_parse(text, strlen(text), NULL);

        jobs_take(f->jobs, m);
}

static void take(Fixture *f, const char *id) {
        take_with_times(f, id, 0, 0);
}

static const Message *last(Fixture *f) {
        return g_ptr_array_index(f->sent, f->sent->len - 1);
}

static void assert_response(const Message *m, const char *id, CommandState state) {
        g_assert_cmpint(m->type, ==, MESSAGE_COMMAND_RESPONSE);
        g_assert_cmpstr(m->response.id, ==, id);
        g_assert_cmpint(m->response.status, ==, state);
}

/* The next process: what ran is lost, what the ledger has is not. */
static void restart(Fixture *f) {
        jobs_free(f->jobs);
        g_ptr_array_set_size(f->sent, 0);
        start(f);
}

static void test_life(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURES_ALL);
        take(f, "a");
        g_assert_cmpuint(fake_runner->started->len, ==, 0); /* not before it is durable */
        wait_for(f, 0, 1);
        g_assert_cmpuint(fake_runner->timeout_usec, <=, COMMAND_TIMEOUT_DEFAULT_USEC);
        g_assert_cmpuint(fake_runner->timeout_usec, >, COMMAND_TIMEOUT_DEFAULT_USEC - 60000000);
        fake_finish("a", COMMAND_SUCCEEDED, "{\"container\":\"3node0\"}", NULL);
        g_assert_cmpuint(f->sent->len, ==, 0); /* not before its end is */
        wait_for(f, 1, 1);
        assert_response(last(f), "a", COMMAND_SUCCEEDED);
        g_assert_cmpstr(json_object_to_json_string_ext(last(f)->response.result, JSON_C_TO_STRING_PLAIN), ==,
                        "{\"container\":\"3node0\"}");
}

static void test_repeated(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, 0);
        take(f, "a");
        take(f, "a");
        wait_for(f, 0, 1);
        take(f, "a");
        fake_finish("a", COMMAND_FAILED, NULL, "no such container");
        take(f, "a");
        wait_for(f, 1, 1);
        jobs_acked(f->jobs, "a");
        take(f, "a");
        wait_for(f, 2, 1);
        assert_response(last(f), "a", COMMAND_FAILED);
        g_assert_cmpstr(last(f)->response.error, ==, "no such container");
}

static void test_resent(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, 0);
        take(f, "a");
        take(f, "b");
        take(f, "c");
        wait_for(f, 0, 3);
        jobs_offline(f->jobs);
        fake_finish("b", COMMAND_SUCCEEDED, NULL, NULL);
        fake_finish("a", COMMAND_SUCCEEDED, NULL, NULL);
        jobs_online(f->jobs, 0);
        wait_for(f, 2, 3);
        assert_response(g_ptr_array_index(f->sent, 0), "b", COMMAND_SUCCEEDED);
        assert_response(g_ptr_array_index(f->sent, 1), "a", COMMAND_SUCCEEDED);

        jobs_acked(f->jobs, "b");
        jobs_offline(f->jobs);
        jobs_online(f->jobs, 0);
        wait_for(f, 3, 3);
        assert_response(last(f), "a", COMMAND_SUCCEEDED);
        fake_finish("c", COMMAND_SUCCEEDED, NULL, NULL);
        wait_for(f, 4, 3);
        assert_response(last(f), "c", COMMAND_SUCCEEDED);
}

static void test_interrupted(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURES_ALL);
        take(f, "a");
        wait_for(f, 0, 1);
        restart(f);
        jobs_online(f->jobs, FEATURES_ALL);
        wait_for(f, 1, 0);
        assert_response(last(f), "a", COMMAND_INTERRUPTED);
        take(f, "a");
        wait_for(f, 2, 0);
        assert_response(last(f), "a", COMMAND_INTERRUPTED);

        /* A server that does not know the word. */
        restart(f);
        jobs_online(f->jobs, 0);
        wait_for(f, 1, 0);
        assert_response(last(f), "a", COMMAND_FAILED);
        g_assert_nonnull(strstr(last(f)->response.error, "unknown"));
}

static void test_progress(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURE_PROGRESS);
        take(f, "slow");
        wait_for(f, 1, 1); /* by itself, after a moment */
        g_assert_cmpint(last(f)->type, ==, MESSAGE_COMMAND_PROGRESS);
        g_assert_cmpuint(last(f)->progress.output_size, ==, 0);
        fake_output("slow", 7, "text");
        g_assert_cmpuint(f->sent->len, ==, 2);
        g_assert_cmpuint(last(f)->progress.offset, ==, 7);
        g_assert_cmpstr(last(f)->progress.output, ==, "text");

        /* After a cut the server learns that it goes on. */
        jobs_offline(f->jobs);
        fake_output("slow", 11, "unheard");
        jobs_online(f->jobs, FEATURE_PROGRESS);
        g_assert_cmpuint(f->sent->len, ==, 3);
        g_assert_cmpstr(last(f)->progress.id, ==, "slow");
}

static void test_no_progress_for_old_servers(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, 0);
        take(f, "a");
        wait_for(f, 0, 1);
        fake_output("a", 0, "text");
        take(f, "a");
        fake_finish("a", COMMAND_SUCCEEDED, NULL, NULL);
        wait_for(f, 1, 1);
        assert_response(last(f), "a", COMMAND_SUCCEEDED);
}

static void test_cancel(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURES_ALL);
        take(f, "early");
        jobs_cancel(f->jobs, "early");
        wait_for(f, 1, 0);
        assert_response(last(f), "early", COMMAND_CANCELLED);

        take(f, "late");
        wait_for(f, 1, 1);
        jobs_cancel(f->jobs, "late");
        g_assert_cmpstr(fake_runner->cancelled, ==, "late");
}

static void test_deadline(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURES_ALL);
        /* Whatever the two clocks say, what counts is the difference. */
        take_with_times(f, "hour", 1000, 1000 + 3600000);
        wait_for(f, 0, 1);
        g_assert_cmpuint(fake_runner->timeout_usec, <=, 3600000000);
        g_assert_cmpuint(fake_runner->timeout_usec, >, 3500000000);
        fake_finish("hour", COMMAND_SUCCEEDED, NULL, NULL);
        wait_for(f, 1, 1);

        take_with_times(f, "past", 5000, 4000);
        wait_for(f, 2, 1);
        assert_response(last(f), "past", COMMAND_TIMED_OUT);

        take_with_times(f, "endless", 1, INT64_MAX);
        wait_for(f, 2, 2);
        g_assert_cmpuint(fake_runner->timeout_usec, <=, COMMAND_TIMEOUT_MAX_USEC);
}

static void test_congested(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURE_PROGRESS);
        take(f, "stream");
        take(f, "a");
        take(f, "b");
        wait_for(f, 0, 3);
        f->congested = true;
        fake_output("stream", 0, "text");
        g_assert_cmpuint(f->sent->len, ==, 1);
        g_assert_false(fake_runner->open);
        fake_finish("a", COMMAND_SUCCEEDED, NULL, NULL);
        fake_finish("b", COMMAND_SUCCEEDED, NULL, NULL);
        f->congested = false;
        jobs_drained(f->jobs);
        g_assert_true(fake_runner->open);
        wait_for(f, 3, 3);
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
        take(f, "stream");
        wait_for(f, 0, 1);
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
        take(f, "a");
        wait_for(f, 0, 1);
        fake_runner->output_bytes = 300000;
        fake_finish("a", COMMAND_SUCCEEDED, "\"text\"", NULL);
        wait_for(f, 1, 1);
        g_assert_cmpuint(last(f)->response.output_bytes, ==, 300000);
        restart(f);
        jobs_online(f->jobs, FEATURE_PROGRESS);
        wait_for(f, 1, 0);
        assert_response(last(f), "a", COMMAND_SUCCEEDED);
        g_assert_cmpuint(last(f)->response.output_bytes, ==, 300000);
        restart(f);
        jobs_online(f->jobs, 0);
        wait_for(f, 1, 0);
        g_assert_cmpuint(last(f)->response.output_bytes, ==, 0);
}

static void test_too_many(Fixture *f, gconstpointer unused) {
        jobs_online(f->jobs, FEATURES_ALL);
        for (unsigned i = 0; i <= AGENT_COMMANDS_MAX; i++) {
                g_autofree char *id = g_strdup_printf("id%u", i);

                take(f, id);
        }
        wait_for(f, 1, AGENT_COMMANDS_MAX);
        assert_response(last(f), "id64", COMMAND_FAILED);
}

/* A server that acknowledges nothing: at the bound nothing more is run, and none of the outcomes is dropped. */
static void test_bound(Fixture *f, gconstpointer unused) {
        const unsigned at_once = AGENT_COMMANDS_MAX;

        jobs_online(f->jobs, FEATURES_ALL);
        for (unsigned i = 0; i < AGENT_OUTCOMES_MAX; i++) {
                g_autofree char *id = g_strdup_printf("id%u", i);

                take(f, id);
                if ((i + 1) % at_once == 0) {
                        wait_for(f, i + 1 - at_once, i + 1);
                        while (fake_runner->running->len > 0) {
                                g_autofree char *running = g_strdup(fake_runner->running->pdata[0]);

                                fake_finish(running, COMMAND_SUCCEEDED, "1", NULL);
                        }
                        wait_for(f, i + 1, i + 1);
                }
        }
        take(f, "new");
        wait_for(f, AGENT_OUTCOMES_MAX + 1, AGENT_OUTCOMES_MAX);
        assert_response(last(f), "new", COMMAND_REJECTED);
        g_assert_cmpstr(last(f)->response.error, ==,
                        "Not run: 1024 outcomes of commands wait for the server: no command is taken up until it "
                        "acknowledges some");
        take(f, "id7");
        wait_for(f, AGENT_OUTCOMES_MAX + 2, AGENT_OUTCOMES_MAX);
        assert_response(last(f), "id7", COMMAND_SUCCEEDED);
        jobs_acked(f->jobs, "id7");
        take(f, "new");
        wait_for(f, AGENT_OUTCOMES_MAX + 2, AGENT_OUTCOMES_MAX + 1);

        restart(f);
        jobs_online(f->jobs, FEATURES_ALL);
        wait_for(f, AGENT_OUTCOMES_MAX, 0);
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
        take(f, "a");
        wait_for(f, 1, 0);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
        assert_response(last(f), "a", COMMAND_FAILED);
        g_assert_nonnull(strstr(last(f)->response.error, "Not run"));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/jobs/life", Fixture, NULL, setup, test_life, teardown);
        g_test_add("/jobs/repeated", Fixture, NULL, setup, test_repeated, teardown);
        g_test_add("/jobs/resent", Fixture, NULL, setup, test_resent, teardown);
        g_test_add("/jobs/interrupted", Fixture, NULL, setup, test_interrupted, teardown);
        g_test_add("/jobs/progress", Fixture, NULL, setup, test_progress, teardown);
        g_test_add("/jobs/no-progress-for-old-servers", Fixture, NULL, setup,
                   test_no_progress_for_old_servers, teardown);
        g_test_add("/jobs/cancel", Fixture, NULL, setup, test_cancel, teardown);
        g_test_add("/jobs/deadline", Fixture, NULL, setup, test_deadline, teardown);
        g_test_add("/jobs/congested", Fixture, NULL, setup, test_congested, teardown);
        g_test_add("/jobs/flow", Fixture, NULL, setup, test_flow, teardown);
        g_test_add("/jobs/output-bytes", Fixture, NULL, setup, test_output_bytes, teardown);
        g_test_add("/jobs/too-many", Fixture, NULL, setup, test_too_many, teardown);
        g_test_add("/jobs/bound", Fixture, NULL, setup, test_bound, teardown);
        g_test_add("/jobs/disk-full", Fixture, NULL, setup, test_disk_full, teardown);
        return g_test_run();
}
