/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's side of operators' commands, with the real mclient-script as its child: what is refused, what is told, and what
 * the next process learns of one that was cut. */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "agent-ledger.h"
#include "scripts.h"

#define DEADLINE_MS 20000

typedef struct Fixture {
        char *dir, *config_file, *db_file;
        Loop *loop;
        AgentConfig config;
        AgentDb *db;
        AgentLedger *ledger;
        Scripts *scripts;
        ScriptRun *run;

        const char *quit_at; /* output */
        GString *output;
        ScriptEnd end;
        unsigned ends;
        char *settled;
        LedgerVerdict verdict;
        LedgerOutcome outcome;
} Fixture;

static char *path_of(const Fixture *f, const char *name) {
        return g_build_filename(f->dir, name, NULL);
}

static void write_file(const Fixture *f, const char *name, mode_t mode, const char *format, ...)
                G_GNUC_PRINTF(4, 5);
static void write_file(const Fixture *f, const char *name, mode_t mode, const char *format, ...) {
        g_autofree char *path = path_of(f, name), *text = NULL;
        va_list ap;

        va_start(ap, format);
        text = g_strdup_vprintf(format, ap);
        va_end(ap);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        g_assert_cmpint(g_chmod(path, mode), ==, 0);
}

static void settled(const char *id, void *userdata) {
        Fixture *f = userdata;

        g_free(f->settled);
        f->settled = g_strdup(id);
        loop_quit(f->loop, 0);
}

/* As a process begins. */
static void open_all(Fixture *f) {
        g_autoptr(GError) error = NULL;

        f->db = agent_db_open(f->loop, f->db_file, &error);
        g_assert_no_error(error);
        f->scripts = scripts_new(f->loop, &f->config, f->db, settled, f);
        f->ledger = agent_ledger_new(f->db, NULL, NULL);
}

static void close_all(Fixture *f) {
        f->run = script_run_free(f->run);
        f->db = agent_db_close(f->db);
        f->ledger = agent_ledger_free(f->ledger);
        f->scripts = scripts_free(f->scripts);
}

static void setup(Fixture *f, gconstpointer unused) {
        f->dir = g_dir_make_tmp("scripts-XXXXXX", NULL);
        f->db_file = path_of(f, "agent.db");
        f->config_file = path_of(f, "mclient.conf");
        write_file(f, "act", 0755,
                   "#!/bin/sh\n"
                   "echo run >>%s/runs\n"
                   "case $MCLIENT_PARAM_DO in\n"
                   "wait) echo waiting; until test -e %s/go; do sleep 0.05; done; echo done ;;\n"
                   "orphan) kill -9 $PPID ;;\n"
                   "*) echo out; echo err >&2; exit 3 ;;\n"
                   "esac\n",
                   f->dir, f->dir);
        write_file(f, "mclient.conf", 0644, "[Command payout]\nExec=%s/act\nParameter.do=[a-z]+\n", f->dir);
        f->config = (AgentConfig){ .file = f->config_file,
                                   .state_directory = f->dir,
                                   .script_helper = (char *) g_getenv("MCLIENT_SCRIPT") };
        f->output = g_string_new(NULL);
        f->loop = loop_new(NULL);
        open_all(f);
}

static void teardown(Fixture *f, gconstpointer unused) {
        const char *argv[] = { "rm", "-r", f->dir, NULL };

        close_all(f);
        loop_free(f->loop);
        g_assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                                   NULL, NULL));
        g_string_free(f->output, true);
        script_end_clear(&f->end);
        g_free(f->settled);
        ledger_outcome_clear(&f->outcome);
        g_free(f->dir);
        g_free(f->config_file);
        g_free(f->db_file);
}

static void on_output(DockerStreamId stream, const void *data, size_t size, void *userdata) {
        Fixture *f = userdata;

        g_string_append_printf(f->output, "%s:%.*s", stream == DOCKER_STDOUT ? "out" : "err", (int) size,
                               (const char *) data);
        if (f->quit_at && strstr(f->output->str, f->quit_at))
                loop_quit(f->loop, 0);
}

static void on_ended(const ScriptEnd *e, void *userdata) {
        Fixture *f = userdata;

        script_end_clear(&f->end);
        f->end = (ScriptEnd){ e->state, e->exit_code, g_strdup(e->error), e->cut };
        f->ends++;
        loop_quit(f->loop, 0);
}

static void taken(const char *id, LedgerVerdict verdict, const LedgerOutcome *outcome, const char *problem,
                  void *userdata) {
        Fixture *f = userdata;

        f->verdict = verdict;
        if (outcome) {
                ledger_outcome_clear(&f->outcome);
                f->outcome = ledger_outcome_copy(outcome);
        }
        loop_quit(f->loop, 0);
}

/* The ledger's answer to this id. */
static LedgerVerdict take(Fixture *f, const char *id) {
        agent_ledger_take(f->ledger, id, "payout", "3node0", 1, taken, f);
        (void) loop_run(f->loop);
        return f->verdict;
}

static void start(Fixture *f, const char *id, const char *what) {
        static const ScriptRunHandler handler = { on_output, on_ended };
        json_object *params = json_object_new_object();
        const ScriptRequest request = { (char *) id, (char *) "payout", (char *) "3node0", params,
                                        60000000 };

        json_object_object_add(params, "do", json_object_new_string(what));
        g_assert_cmpint(take(f, id), ==, LEDGER_NEW);
        f->run = script_run_new(f->scripts, &request, &handler, f);
        json_object_put(params);
}

static void assert_end(Fixture *f, CommandState state, int code, const char *error) {
        while (f->ends == 0)
                (void) loop_run(f->loop);
        g_assert_cmpuint(f->ends, ==, 1);
        g_assert_cmpint(f->end.state, ==, state);
        g_assert_cmpint(f->end.exit_code, ==, code);
        g_assert_nonnull(strstr(f->end.error ?: "", error));
        f->ends = 0;
}

static void assert_runs(const Fixture *f, size_t runs) {
        g_autofree char *path = path_of(f, "runs"), *text = NULL;

        (void) g_file_get_contents(path, &text, NULL, NULL);
        g_assert_cmpuint(text ? strlen(text) : 0, ==, runs * strlen("run\n"));
}

static void test_run(Fixture *f, gconstpointer unused) {
        start(f, "cmd_1", "fail");
        assert_end(f, COMMAND_FAILED, 3, "exited with code 3");
        g_assert_nonnull(strstr(f->output->str, "out:out\n"));
        g_assert_nonnull(strstr(f->output->str, "err:err\n"));
        assert_runs(f, 1);
}

static void too_late(void *userdata) {
        g_error("Children of ours are zombies");
}

/* Whatever becomes of the link to it, a helper that has ended is waited for. */
static void test_no_zombies(Fixture *f, gconstpointer unused) {
        g_autoptr(LoopTimer) deadline = NULL;
        siginfo_t info;

        while (waitpid(-1, NULL, 0) > 0) /* those that earlier tests have left */
                ;
        start(f, "cmd_1", "fail");
        assert_end(f, COMMAND_FAILED, 3, "exited with code 3");
        f->run = script_run_free(f->run);
        f->quit_at = "waiting";
        start(f, "cmd_2", "wait");
        (void) loop_run(f->loop);
        f->run = script_run_free(f->run); /* the link is gone before the helper is */
        write_file(f, "go", 0644, "%s", "");
        deadline = loop_timer_new(f->loop, DEADLINE_MS, 0, too_late, NULL);
        while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
                (void) uv_run(loop_uv(f->loop), UV_RUN_ONCE);
        g_assert_cmpint(errno, ==, ECHILD);
}

static void test_refused(Fixture *f, gconstpointer unused) {
        start(f, "cmd_1", "UP");
        assert_end(f, COMMAND_FAILED, -1, "payout: do is \"UP\", expected all of it to match [a-z]+");
        assert_runs(f, 0);
}

static void test_cancel(Fixture *f, gconstpointer unused) {
        f->quit_at = "waiting";
        start(f, "cmd_1", "wait");
        (void) loop_run(f->loop);
        script_run_cancel(f->run);
        script_run_cancel(f->run);
        assert_end(f, COMMAND_CANCELLED, 143, "cancelled");
}

static void test_cancel_early(Fixture *f, gconstpointer unused) {
        start(f, "cmd_1", "wait");
        script_run_cancel(f->run);
        assert_end(f, COMMAND_CANCELLED, -1, "cancelled before it ran");
        assert_runs(f, 0);
}

static void test_nobody_there(Fixture *f, gconstpointer unused) {
        g_autofree char *socket = path_of(f, "socket");

        close_all(f);
        f->config.script_helper = (char *) "/nonexistent/mclient-script";
        open_all(f);
        start(f, "cmd_1", "fail");
        assert_end(f, COMMAND_FAILED, -1, "not run: /nonexistent/mclient-script: no such file");

        close_all(f);
        f->config.script_socket = socket;
        open_all(f);
        start(f, "cmd_2", "fail");
        assert_end(f, COMMAND_FAILED, -1, "not run: mclient-script.socket does not answer");
        assert_runs(f, 0);
}

/* The helper dies under it: nobody knows, and that is what is said. */
static void test_orphan(Fixture *f, gconstpointer unused) {
        start(f, "cmd_1", "orphan");
        assert_end(f, COMMAND_INTERRUPTED, -1, "killed in the middle");
        assert_runs(f, 1);
}

/* The agent goes away and comes back: not interrupted, but still running, and then as it was. */
static void test_next_process(Fixture *f, gconstpointer unused) {
        f->quit_at = "waiting";
        start(f, "cmd_1", "wait");
        (void) loop_run(f->loop);
        close_all(f);
        open_all(f);
        g_assert_cmpint(take(f, "cmd_1"), ==, LEDGER_RUNNING);
        write_file(f, "go", 0644, "%s", "");
        while (!f->settled)
                (void) loop_run(f->loop);
        g_assert_cmpstr(f->settled, ==, "cmd_1");
        g_assert_cmpint(take(f, "cmd_1"), ==, LEDGER_FINISHED);
        g_assert_cmpint(f->outcome.state, ==, COMMAND_SUCCEEDED);
        g_assert_cmpstr(f->outcome.result, ==, "{\"output\":\"waiting\\ndone\\n\",\"exit_code\":0}");
        g_assert_cmpuint(f->outcome.output_bytes, ==, strlen("waiting\ndone\n"));
        assert_runs(f, 1);
}

static void test_next_process_cancels(Fixture *f, gconstpointer unused) {
        f->quit_at = "waiting";
        start(f, "cmd_1", "wait");
        (void) loop_run(f->loop);
        close_all(f);
        open_all(f);
        g_assert_cmpint(take(f, "cmd_1"), ==, LEDGER_RUNNING);
        g_assert_false(scripts_cancel(f->scripts, "cmd_2"));
        g_assert_true(scripts_cancel(f->scripts, "cmd_1"));
        while (!f->settled)
                (void) loop_run(f->loop);
        g_assert_cmpint(take(f, "cmd_1"), ==, LEDGER_FINISHED);
        g_assert_cmpint(f->outcome.state, ==, COMMAND_CANCELLED);
}

/* Killed after it was marked, before the helper was told. */
static void test_never_told(Fixture *f, gconstpointer unused) {
        start(f, "cmd_1", "fail");
        close_all(f);
        open_all(f);
        while (!f->settled)
                (void) loop_run(f->loop);
        g_assert_cmpint(take(f, "cmd_1"), ==, LEDGER_FINISHED);
        g_assert_cmpint(f->outcome.state, ==, COMMAND_FAILED);
        g_assert_cmpstr(f->outcome.error, ==, "the agent stopped before it began: it did not run");
        assert_runs(f, 0);
}

int main(int argc, char *argv[]) {
        static const struct {
                const char *name;
                void (*run)(Fixture *f, gconstpointer unused);
        } tests[] = {
                { "/scripts/run", test_run },
                { "/scripts/no-zombies", test_no_zombies },
                { "/scripts/refused", test_refused },
                { "/scripts/cancel", test_cancel },
                { "/scripts/cancel-early", test_cancel_early },
                { "/scripts/nobody-there", test_nobody_there },
                { "/scripts/orphan", test_orphan },
                { "/scripts/next-process", test_next_process },
                { "/scripts/next-process-cancels", test_next_process_cancels },
                { "/scripts/never-told", test_never_told },
        };

        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
                g_test_add(tests[i].name, Fixture, NULL, setup, tests[i].run, teardown);
        return g_test_run();
}
