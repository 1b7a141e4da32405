/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands of the agent's own host: the same life, and a server that hears nothing of it. */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "jobs-fixture.h"
#include "limits.h"

typedef struct LocalEnd {
        unsigned count;
        CommandState state;
        char *id, *result, *error;
        Loop *loop;
} LocalEnd;

static void local_clear(LocalEnd *e) {
        g_free(e->id);
        g_free(e->result);
        g_free(e->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LocalEnd, local_clear)

static void local_ended(const char *id, CommandState state, const char *result, const char *error,
                        void *userdata) {
        LocalEnd *e = userdata;

        local_clear(e);
        *e = (LocalEnd){ e->count + 1, state, g_strdup(id), g_strdup(result), g_strdup(error), e->loop };
        loop_quit(e->loop, 0);
}

static void run_local(Fixture *f, LocalEnd *e) {
        const Caller caller = { .uid = 1000, .owner_uid = UINT32_MAX };
        json_object *params = json_tokener_parse("{\"container\":\"3node0\"}");

        e->loop = f->loop;
        jobs_run(f->jobs, "restart", params, &caller, local_ended, e);
        json_object_put(params);
}

static void wait_end(Fixture *f, const LocalEnd *e) {
        g_autoptr(LoopTimer) t = loop_timer_new(f->loop, DEADLINE_MSEC, 0, fixture_too_late, NULL);

        while (e->count == 0)
                (void) loop_run(f->loop);
}

/* It goes the same way, and the server hears nothing of it, now or after a restart. */
static void test_local(Fixture *f, gconstpointer unused) {
        g_auto(LocalEnd) e = {};
        const char *id;

        jobs_online(f->jobs, FEATURES_ALL);
        run_local(f, &e);
        g_assert_cmpuint(fake_runner->started->len, ==, 0); /* not before it is durable */
        fixture_wait(f, 0, 1);
        id = fake_runner->started->pdata[0];
        g_assert_true(g_str_has_prefix(id, "local_"));
        g_assert_cmpstr(fake_runner->caller, ==, POLICY_CALLER_LOCAL);
        g_assert_true(fake_runner->unheard);
        fake_output(id, 0, "text");
        fake_finish(id, COMMAND_SUCCEEDED, "{\"n\":1}", NULL);
        g_assert_cmpuint(e.count, ==, 0); /* not before its end is */
        wait_end(f, &e);
        g_assert_cmpint(e.state, ==, COMMAND_SUCCEEDED);
        g_assert_cmpstr(e.result, ==, "{\"n\":1}");
        g_assert_null(e.error);
        g_assert_cmpuint(jobs_backlog(f->jobs)->count, ==, 0);
        fixture_restart(f);
        jobs_online(f->jobs, FEATURES_ALL);
        fixture_take(f, "a"); /* behind what the ledger has to tell */
        fixture_wait(f, 0, 1);
        g_assert_cmpuint(e.count, ==, 1);
}

static void test_local_fails(Fixture *f, gconstpointer unused) {
        g_auto(LocalEnd) e = {};

        run_local(f, &e);
        fixture_wait(f, 0, 1);
        fake_finish(fake_runner->started->pdata[0], COMMAND_REJECTED, NULL, "the rule");
        wait_end(f, &e);
        g_assert_cmpint(e.state, ==, COMMAND_REJECTED);
        g_assert_cmpstr(e.error, ==, "the rule");
}

/* Who waits is told when the agent stops; the next process has nothing to tell the server. */
static void test_local_interrupted(Fixture *f, gconstpointer unused) {
        g_auto(LocalEnd) running = {}, early = {};

        run_local(f, &running);
        fixture_wait(f, 0, 1);
        run_local(f, &early);
        fixture_restart(f);
        g_assert_cmpuint(running.count, ==, 1);
        g_assert_cmpint(running.state, ==, COMMAND_INTERRUPTED);
        g_assert_cmpuint(early.count, ==, 1);
        jobs_online(f->jobs, FEATURES_ALL);
        fixture_take(f, "a");
        fixture_wait(f, 0, 1);
}

/* What the server owes an answer for does not keep this host's own commands from running. */
static void test_local_beyond_bound(Fixture *f, gconstpointer unused) {
        g_auto(LocalEnd) e = {};
        const unsigned at_once = AGENT_COMMANDS_MAX;

        for (unsigned i = 0; i < AGENT_OUTCOMES_MAX; i++) {
                g_autofree char *id = g_strdup_printf("id%u", i);

                fixture_take(f, id);
                if ((i + 1) % at_once == 0) {
                        fixture_wait(f, 0, i + 1);
                        while (fake_runner->running->len > 0) {
                                g_autofree char *running = g_strdup(fake_runner->running->pdata[0]);

                                fake_finish(running, COMMAND_SUCCEEDED, "1", NULL);
                        }
                }
        }
        run_local(f, &e);
        fixture_wait(f, 0, AGENT_OUTCOMES_MAX + 1);
        fake_finish(fake_runner->started->pdata[AGENT_OUTCOMES_MAX], COMMAND_SUCCEEDED, "1", NULL);
        wait_end(f, &e);
        g_assert_cmpint(e.state, ==, COMMAND_SUCCEEDED);
}

static void test_local_disk_full(Fixture *f, gconstpointer unused) {
        g_auto(LocalEnd) e = {};
        struct rlimit old, none;

        g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
        none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
        g_assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &none), ==, 0);
        run_local(f, &e);
        wait_end(f, &e);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
        g_assert_cmpint(e.state, ==, COMMAND_FAILED);
        g_assert_nonnull(strstr(e.error, "Not run"));
        g_assert_cmpuint(fake_runner->started->len, ==, 0);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/jobs-local/life", Fixture, NULL, fixture_setup, test_local, fixture_teardown);
        g_test_add("/jobs-local/fails", Fixture, NULL, fixture_setup, test_local_fails, fixture_teardown);
        g_test_add("/jobs-local/interrupted", Fixture, NULL, fixture_setup, test_local_interrupted,
                   fixture_teardown);
        g_test_add("/jobs-local/beyond-bound", Fixture, NULL, fixture_setup, test_local_beyond_bound,
                   fixture_teardown);
        g_test_add("/jobs-local/disk-full", Fixture, NULL, fixture_setup, test_local_disk_full,
                   fixture_teardown);
        return g_test_run();
}
