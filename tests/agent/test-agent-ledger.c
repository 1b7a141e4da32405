/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger's promise: an id is new once, an outcome stays, and a process that is killed in the middle
 * leaves "interrupted" behind. */
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent-ledger.h"
#include "limits.h"

typedef struct Fixture {
        char *dir, *path;
        Loop *loop;
        AgentDb *db;
        AgentLedger *ledger;

        /* What the last callback said. */
        LedgerVerdict verdict;
        CommandState state;
        char *result, *error, *problem;
        char **ids;
        unsigned left; /* callbacks */
        unsigned crossed;
} Fixture;

static void changed(bool crossed, void *userdata) {
        ((Fixture *) userdata)->crossed += crossed;
}

static void close_all(Fixture *f) {
        f->db = agent_db_close(f->db);
        f->ledger = agent_ledger_free(f->ledger);
}

static void reopen(Fixture *f) {
        g_autoptr(GError) error = NULL;

        close_all(f);
        f->db = agent_db_open(f->loop, f->path, &error);
        g_assert_no_error(error);
        f->ledger = agent_ledger_new(f->db, changed, f);
}

static void setup(Fixture *f, gconstpointer unused) {
        f->dir = g_dir_make_tmp("ledger-XXXXXX", NULL);
        f->path = g_build_filename(f->dir, "agent.db", NULL);
        f->loop = loop_new(NULL);
        reopen(f);
}

static void teardown(Fixture *f, gconstpointer unused) {
        static const char *const suffixes[] = { "", "-wal", "-shm" };

        close_all(f);
        loop_free(f->loop);
        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *path = g_strconcat(f->path, suffixes[i], NULL);

                (void) g_unlink(path);
        }
        g_assert_cmpint(g_rmdir(f->dir), ==, 0);
        g_free(f->dir);
        g_free(f->path);
        g_free(f->result);
        g_free(f->error);
        g_free(f->problem);
        g_strfreev(f->ids);
}

static void note(Fixture *f, const LedgerOutcome *o, const char *problem) {
        g_free(f->result);
        g_free(f->error);
        g_free(f->problem);
        f->state = o ? o->state : _COMMAND_STATE_MAX;
        f->result = o ? g_strdup(o->result) : NULL;
        f->error = o ? g_strdup(o->error) : NULL;
        f->problem = g_strdup(problem);
        loop_quit(f->loop, 0);
}

static void taken(const char *id, LedgerVerdict verdict, const LedgerOutcome *o, const char *problem,
                  void *userdata) {
        Fixture *f = userdata;

        f->verdict = verdict;
        note(f, o, problem);
}

static void stored(const char *id, const char *problem, void *userdata) {
        note(userdata, NULL, problem);
}

static void loaded(const char *id, const LedgerOutcome *o, const char *problem, void *userdata) {
        note(userdata, o, problem);
}

static void listed(char **ids, const char *problem, void *userdata) {
        Fixture *f = userdata;

        g_strfreev(f->ids);
        f->ids = g_strdupv(ids);
        note(f, NULL, problem);
}

static LedgerVerdict take(Fixture *f, const char *id) {
        agent_ledger_take(f->ledger, id, "restart", "3node0", 1, taken, f);
        (void) loop_run(f->loop);
        return f->verdict;
}

static void finish(Fixture *f, const char *id, CommandState state, uint64_t now) {
        LedgerOutcome o = { .state = state,
                            .result = (char *) "{\"n\":1}",
                            .error = state == COMMAND_SUCCEEDED ? NULL : (char *) "no" };

        agent_ledger_finish(f->db, id, &o, now, stored, f);
        (void) loop_run(f->loop);
        g_assert_null(f->problem);
}

/* The ids joined by spaces; new string. */
static char *unacked(Fixture *f) {
        agent_ledger_unacked(f->ledger, listed, f);
        (void) loop_run(f->loop);
        return g_strjoinv(" ", f->ids);
}

static void test_life(Fixture *f, gconstpointer unused) {
        g_assert_cmpint(take(f, "a"), ==, LEDGER_NEW);
        g_assert_cmpint(take(f, "a"), ==, LEDGER_RUNNING);
        finish(f, "a", COMMAND_SUCCEEDED, 2);
        g_assert_cmpint(take(f, "a"), ==, LEDGER_FINISHED);
        g_assert_cmpint(f->state, ==, COMMAND_SUCCEEDED);
        g_assert_cmpstr(f->result, ==, "{\"n\":1}");
        g_assert_null(f->error);
        /* The first end is the end. */
        finish(f, "a", COMMAND_FAILED, 3);
        g_assert_cmpint(take(f, "a"), ==, LEDGER_FINISHED);
        g_assert_cmpint(f->state, ==, COMMAND_SUCCEEDED);
}

static void test_next_process(Fixture *f, gconstpointer unused) {
        (void) take(f, "done");
        finish(f, "done", COMMAND_TIMED_OUT, 2);
        (void) take(f, "running");
        reopen(f);
        g_assert_cmpint(take(f, "done"), ==, LEDGER_FINISHED);
        g_assert_cmpint(f->state, ==, COMMAND_TIMED_OUT);
        g_assert_cmpstr(f->error, ==, "no");
        g_assert_cmpint(take(f, "running"), ==, LEDGER_FINISHED);
        g_assert_cmpint(f->state, ==, COMMAND_INTERRUPTED);
        g_assert_nonnull(strstr(f->error, "restart 3node0"));
        g_assert_cmpint(take(f, "other"), ==, LEDGER_NEW);
}

static LedgerVerdict forbid(Fixture *f, const char *id) {
        LedgerOutcome o = { .state = COMMAND_CANCELLED, .error = (char *) "never came" };

        agent_ledger_forbid(f->ledger, id, &o, 1, taken, f);
        (void) loop_run(f->loop);
        return f->verdict;
}

static void test_forbidden(Fixture *f, gconstpointer unused) {
        g_autofree char *ids = NULL;

        g_assert_cmpint(forbid(f, "new"), ==, LEDGER_FINISHED);
        g_assert_cmpint(f->state, ==, COMMAND_CANCELLED);
        g_assert_cmpint(take(f, "new"), ==, LEDGER_FINISHED);
        g_assert_cmpstr(f->error, ==, "never came");
        ids = unacked(f);
        g_assert_cmpstr(ids, ==, "new");

        (void) take(f, "taken");
        g_assert_cmpint(forbid(f, "taken"), ==, LEDGER_RUNNING);
        finish(f, "taken", COMMAND_SUCCEEDED, 2);
        g_assert_cmpint(forbid(f, "taken"), ==, LEDGER_FINISHED);
        g_assert_cmpint(f->state, ==, COMMAND_SUCCEEDED);
        g_assert_cmpstr(f->result, ==, "{\"n\":1}");
        (void) take(f, "lost");
        reopen(f);
        g_assert_cmpint(forbid(f, "lost"), ==, LEDGER_FINISHED);
        g_assert_cmpint(f->state, ==, COMMAND_INTERRUPTED);
}

static void count_verdict(const char *id, LedgerVerdict verdict, const LedgerOutcome *o, const char *problem,
                          void *userdata) {
        Fixture *f = userdata;

        g_assert_cmpint(verdict, ==, g_str_equal(id, "known") ? LEDGER_FINISHED : LEDGER_FAILED);
        g_assert_true(!problem == (verdict == LEDGER_FINISHED));
        if (--f->left == 0)
                loop_quit(f->loop, 0);
}

/* Where nothing can be written, what fails takes its whole group with it: what is known is known all the same. */
static void test_disk_full(Fixture *f, gconstpointer unused) {
        struct rlimit old, none;

        (void) take(f, "known");
        finish(f, "known", COMMAND_SUCCEEDED, 1);
        g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
        none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
        g_assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &none), ==, 0);
        for (unsigned i = 0; i < 20; i++) {
                g_autofree char *id = g_strdup_printf("new%u", i);

                agent_ledger_take(f->ledger, id, "restart", NULL, 1, count_verdict, f);
                agent_ledger_take(f->ledger, "known", "restart", NULL, 1, count_verdict, f);
        }
        f->left = 40;
        (void) loop_run(f->loop);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
        g_assert_cmpint(take(f, "new0"), ==, LEDGER_NEW);
}

static void test_unacked(Fixture *f, gconstpointer unused) {
        g_autofree char *none = unacked(f), *two = NULL, *three = NULL, *one = NULL;

        g_assert_cmpstr(none, ==, "");
        (void) take(f, "first");
        (void) take(f, "second");
        (void) take(f, "third");
        finish(f, "second", COMMAND_SUCCEEDED, 10);
        finish(f, "first", COMMAND_SUCCEEDED, 20);
        two = unacked(f);
        g_assert_cmpstr(two, ==, "second first");           /* as they ended */
        agent_ledger_acked(f->ledger, "third", NULL, NULL); /* premature: it has not ended */
        reopen(f);
        three = unacked(f);
        g_assert_cmpstr(three, ==, "third second first");

        agent_ledger_acked(f->ledger, "second", NULL, NULL);
        agent_ledger_acked(f->ledger, "third", NULL, NULL);
        one = unacked(f);
        g_assert_cmpstr(one, ==, "first");
        agent_ledger_load(f->ledger, "first", loaded, f);
        (void) loop_run(f->loop);
        g_assert_cmpint(f->state, ==, COMMAND_SUCCEEDED);
        agent_ledger_load(f->ledger, "second", loaded, f);
        (void) loop_run(f->loop);
        g_assert_cmpint(f->state, ==, _COMMAND_STATE_MAX);
        /* Acknowledged is not forgotten. */
        g_assert_cmpint(take(f, "second"), ==, LEDGER_FINISHED);
        g_assert_cmpstr(f->result, ==, "{\"n\":1}");
        g_assert_cmpint(take(f, "third"), ==, LEDGER_FINISHED);
        g_assert_cmpint(f->state, ==, COMMAND_INTERRUPTED);
}

static void ignore_taken(const char *id, LedgerVerdict verdict, const LedgerOutcome *o, const char *problem,
                         void *userdata) {
        g_assert_cmpint(verdict, ==, LEDGER_NEW);
}

static void ignore_stored(const char *id, const char *problem, void *userdata) {
        g_assert_null(problem);
}

/* Nothing new beyond the bound, whatever is killed; what is there is answered, and goes only by an acknowledgement. */
static void test_bound(Fixture *f, gconstpointer unused) {
        static const LedgerOutcome cancelled = { .state = COMMAND_CANCELLED, .error = (char *) "early" };
        const Backlog *b = agent_ledger_backlog(f->ledger);
        g_autofree char *problem = NULL, *ids = NULL;

        for (unsigned i = 0; i < AGENT_OUTCOMES_MAX - 1; i++) {
                g_autofree char *id = g_strdup_printf("id%u", i);

                agent_ledger_take(f->ledger, id, "restart", NULL, 1, ignore_taken, f);
        }
        g_assert_cmpint(take(f, "last"), ==, LEDGER_NEW);
        g_assert_cmpuint(b->count, ==, AGENT_OUTCOMES_MAX);
        problem = backlog_problem(b);
        g_assert_cmpstr(problem, ==,
                        "1024 outcomes of commands wait for the server: no command is taken up until it "
                        "acknowledges some");
        g_assert_cmpint(take(f, "new"), ==, LEDGER_FULL);
        agent_ledger_forbid(f->ledger, "new", &cancelled, 1, taken, f);
        (void) loop_run(f->loop);
        g_assert_cmpint(f->verdict, ==, LEDGER_FULL);
        g_assert_cmpint(take(f, "last"), ==, LEDGER_RUNNING);
        finish(f, "last", COMMAND_SUCCEEDED, 2);
        g_assert_cmpint(take(f, "last"), ==, LEDGER_FINISHED);
        g_assert_cmpuint(f->crossed, ==, 1);

        reopen(f);
        ids = unacked(f);
        g_assert_cmpuint(g_strv_length(f->ids), ==, AGENT_OUTCOMES_MAX);
        g_assert_cmpuint(f->crossed, ==, 2); /* it is known from the start */
        g_assert_cmpint(take(f, "new"), ==, LEDGER_FULL);
        agent_ledger_acked(f->ledger, "last", NULL, NULL);
        g_assert_cmpint(take(f, "new"), ==, LEDGER_NEW);
        g_assert_cmpuint(f->crossed, ==, 4); /* left, and reached again */
        g_assert_cmpint(take(f, "newer"), ==, LEDGER_FULL);
}

static void test_pruning(Fixture *f, gconstpointer unused) {
        LedgerOutcome o = { .state = COMMAND_SUCCEEDED, .result = (char *) "1" };
        const unsigned n = AGENT_LEDGER_KEEP + 600;

        (void) take(f, "unacked");
        finish(f, "unacked", COMMAND_SUCCEEDED, 1);
        for (unsigned i = 0; i < n; i++) {
                g_autofree char *id = g_strdup_printf("id%u", i);

                agent_ledger_take(f->ledger, id, "status", NULL, i, ignore_taken, f);
                agent_ledger_finish(f->db, id, &o, i, ignore_stored, f);
                agent_ledger_acked(f->ledger, id, NULL, NULL);
                if (i % 1000 == 0)
                        (void) take(f, "flush");
        }
        reopen(f); /* prunes as well */
        g_assert_cmpint(take(f, "id0"), ==, LEDGER_NEW);
        g_assert_cmpint(take(f, "id700"), ==, LEDGER_FINISHED);
        g_assert_null(f->result); /* it is long ago */
        g_assert_cmpint(f->state, ==, COMMAND_SUCCEEDED);
        g_assert_cmpint(take(f, "id10599"), ==, LEDGER_FINISHED);
        g_assert_cmpstr(f->result, ==, "1");
        g_assert_cmpint(take(f, "unacked"), ==, LEDGER_FINISHED);
        g_assert_cmpstr(f->result, ==, "{\"n\":1}");
}

/* Takes two, finishes one, says so and waits for its end. */
static G_NORETURN void die_in_the_middle(Fixture *f, int ready) {
        f->loop = loop_new(NULL);
        reopen(f);
        (void) take(f, "finished");
        finish(f, "finished", COMMAND_SUCCEEDED, 2);
        (void) take(f, "running");
        if (write(ready, "x", 1) != 1)
                _exit(1);
        for (;;)
                (void) pause();
}

static void test_killed(Fixture *f, gconstpointer unused) {
        int ready[2], status;
        char byte;
        pid_t pid;

        /* One process at a time has the database, and threads do not survive a fork. */
        close_all(f);
        g_assert_cmpint(pipe(ready), ==, 0);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
                die_in_the_middle(f, ready[1]);
        g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
        g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFSIGNALED(status));
        close(ready[0]);
        close(ready[1]);

        reopen(f);
        g_assert_cmpint(take(f, "finished"), ==, LEDGER_FINISHED);
        g_assert_cmpint(f->state, ==, COMMAND_SUCCEEDED);
        g_assert_cmpint(take(f, "running"), ==, LEDGER_FINISHED);
        g_assert_cmpint(f->state, ==, COMMAND_INTERRUPTED);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/agent-ledger/life", Fixture, NULL, setup, test_life, teardown);
        g_test_add("/agent-ledger/forbidden", Fixture, NULL, setup, test_forbidden, teardown);
        g_test_add("/agent-ledger/bound", Fixture, NULL, setup, test_bound, teardown);
        g_test_add("/agent-ledger/disk-full", Fixture, NULL, setup, test_disk_full, teardown);
        g_test_add("/agent-ledger/next-process", Fixture, NULL, setup, test_next_process, teardown);
        g_test_add("/agent-ledger/unacked", Fixture, NULL, setup, test_unacked, teardown);
        g_test_add("/agent-ledger/pruning", Fixture, NULL, setup, test_pruning, teardown);
        g_test_add("/agent-ledger/killed", Fixture, NULL, setup, test_killed, teardown);
        return g_test_run();
}
