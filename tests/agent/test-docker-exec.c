/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands inside a container, and ending them, against an engine whose every answer is the test's. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "docker-exec-stop.h"
#include "docker-exec.h"
#include "error.h"
#include "fake-docker.h"
#include "json-path.h"

#define DEADLINE_MS 10000
#define GRACE_MS 20

typedef struct Test {
        Loop *loop;
        FakeDocker *fake;
        Docker *docker;
        DockerExec *exec;
        DockerExecStop *stop;

        /* what the engine says */
        bool running;       /* the exec that is looked at */
        unsigned polls;     /* looks until it is not */
        unsigned exit_code; /* of it, and of kills */
        const char *inspect;
        bool forgotten; /* the engine was restarted */
        pid_t pid;
        unsigned signals; /* kills that were asked for */
        unsigned run_at;  /* the first kill that ends with 0; the ones before with 127 */
        GString *kills;   /* their command lines */
        FakeRequest *stream;

        GString *out, *err;
        int ended_with;
        unsigned ended;
        GError *error;
} Test;

static void too_late(void *userdata) {
        g_error("%s did not happen in time", (const char *) userdata);
}

static void run(Test *t, const char *awaited) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(t->loop, DEADLINE_MS, 0, too_late, (void *) awaited);

        (void) loop_run(t->loop);
}

/* "e" is the command; "k" are the kills, which end at once. */
static void on_create(Test *t, FakeRequest *r) {
        json_object *body = json_tokener_parse(r->body), *argv = json_at(body, "Cmd");
        const char *first = json_object_get_string(json_object_array_get_idx(argv, 0));

        if (g_str_equal(first, "the-command")) {
                fake_answer(r, 201, "{\"Id\":\"e\"}");
        } else {
                t->signals++;
                g_string_append_printf(t->kills, "%s\n", json_object_get_string(argv));
                fake_answer(r, 201, "{\"Id\":\"k\"}");
        }
        json_object_put(body);
}

static void on_inspect_command(Test *t, FakeRequest *r) {
        g_autofree char *text = NULL;

        if (t->polls > 0 && --t->polls == 0)
                t->running = false;
        text = g_strdup_printf("{\"Running\":%s,\"ExitCode\":%s,\"Pid\":%d}", t->running ? "true" : "false",
                               t->running ? "null" : "3", (int) t->pid);
        if (t->forgotten)
                fake_answer(r, 404, "{\"message\":\"No such exec instance: e\"}");
        else
                fake_answer(r, 200, t->inspect ?: text);
}

static void on_request(FakeRequest *r, void *userdata) {
        Test *t = userdata;

        if (g_str_equal(r->line, "POST /containers/c/exec"))
                on_create(t, r);
        else if (g_str_equal(r->line, "POST /exec/e/start")) {
                t->stream = r;
                fake_answer_stream(r);
                loop_quit(t->loop, 0);
        } else if (g_str_equal(r->line, "GET /exec/e/json"))
                on_inspect_command(t, r);
        else if (g_str_equal(r->line, "POST /exec/k/start")) {
                fake_answer_stream(r);
                fake_hang_up(r);
        } else if (g_str_equal(r->line, "GET /exec/k/json"))
                fake_answer(r, 200,
                            t->signals < t->run_at ? "{\"Running\":false,\"ExitCode\":127}"
                                                   : "{\"Running\":false,\"ExitCode\":0}");
        else
                g_error("unexpected: %s", r->line);
}

static void output(DockerStreamId stream, const void *data, size_t size, void *userdata) {
        Test *t = userdata;

        g_string_append_len(stream == DOCKER_STDERR ? t->err : t->out, data, (gssize) size);
}

static void ended(int exit_code, const GError *error, void *userdata) {
        Test *t = userdata;

        t->ended++;
        t->ended_with = exit_code;
        t->error = error ? g_error_copy(error) : NULL;
        loop_quit(t->loop, 0);
}

static void stop_failed(const GError *error, void *userdata) {
        Test *t = userdata;

        t->error = g_error_copy(error);
        loop_quit(t->loop, 0);
}

static Test *test_new(void) {
        static const DockerExecHandler handler = { output, ended };
        Test *t = g_new0(Test, 1);
        json_object *argv = json_tokener_parse("[\"the-command\",\"-x\"]");

        t->loop = loop_new(NULL);
        t->fake = fake_docker_new(t->loop, on_request, t);
        t->docker = docker_new(t->loop, fake_docker_path(t->fake), NULL);
        t->out = g_string_new(NULL);
        t->err = g_string_new(NULL);
        t->kills = g_string_new(NULL);
        t->exec = docker_exec_new(t->loop, t->docker, "c", argv, &handler, t);
        g_assert_null(docker_exec_id(t->exec));
        json_object_put(argv);
        return t;
}

static void test_free(Test *t) {
        (void) docker_exec_stop_free(t->stop);
        (void) docker_exec_free(t->exec);
        (void) docker_free(t->docker);
        fake_docker_free(t->fake);
        (void) loop_free(t->loop);
        g_string_free(t->out, true);
        g_string_free(t->err, true);
        g_string_free(t->kills, true);
        g_clear_error(&t->error);
        g_free(t);
}

static void test_run(void) {
        Test *t = test_new();

        t->running = true;
        t->polls = 3; /* its output ends before it does */
        run(t, "the start");
        g_assert_cmpstr(docker_exec_id(t->exec), ==, "e");
        g_assert_cmpstr(t->stream->body, ==, "{\"Detach\":false,\"Tty\":false}");
        fake_send_frame(t->stream, 1, "hello ");
        fake_send_frame(t->stream, 2, "oh\n");
        fake_send_frame(t->stream, 1, "world\n");
        fake_hang_up(t->stream);
        run(t, "the end");
        g_assert_no_error(t->error);
        g_assert_cmpint(t->ended_with, ==, 3);
        g_assert_cmpuint(t->ended, ==, 1);
        g_assert_cmpuint(t->polls, ==, 0);
        g_assert_cmpstr(t->out->str, ==, "hello world\n");
        g_assert_cmpstr(t->err->str, ==, "oh\n");
        test_free(t);
}

static void test_flow(void) {
        Test *t = test_new();

        docker_exec_set_flow(t->exec, false); /* holds for the stream that is still to come */
        run(t, "the start");
        fake_send_frame(t->stream, 1, "text");
        for (unsigned i = 0; i < 50; i++)
                uv_run(loop_uv(t->loop), UV_RUN_NOWAIT);
        g_assert_cmpuint(t->out->len, ==, 0);
        docker_exec_set_flow(t->exec, true);
        fake_hang_up(t->stream);
        run(t, "the end");
        g_assert_cmpstr(t->out->str, ==, "text");
        test_free(t);
}

static void test_garbage(void) {
        Test *t = test_new();

        run(t, "the start");
        fake_send(t->stream, "no frames at all", 16);
        run(t, "the end");
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        test_free(t);
}

static void test_engine_goes_down(void) {
        Test *t = test_new();

        run(t, "the start");
        fake_send_frame(t->stream, 1, "text");
        while (t->out->len == 0)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        fake_docker_stop(t->fake);
        run(t, "the end");
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_FAILED);
        g_assert_true(g_str_has_prefix(t->error->message,
                                       "the exit code is not known: docker does not answer at "));
        g_assert_cmpuint(t->ended, ==, 1);
        test_free(t);
}

static void test_no_exit_code(void) {
        for (unsigned i = 0; i < 2; i++) {
                Test *t = test_new();

                t->inspect = "{\"Running\":false}";
                t->forgotten = i;
                run(t, "the start");
                fake_hang_up(t->stream);
                run(t, "the end");
                g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_FAILED);
                g_assert_cmpstr(t->error->message, ==,
                                "the exit code is not known: docker was restarted while the command ran");
                test_free(t);
        }
}

/* A process that we may look up in /proc as the one of the command. */
static pid_t child_new(bool leader) {
        int fds[2];
        char ready;
        pid_t pid;

        g_assert_cmpint(pipe(fds), ==, 0);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                if (leader)
                        setsid();
                (void) !write(fds[1], "x", 1);
                for (;;)
                        pause();
        }
        g_assert_cmpint(read(fds[0], &ready, 1), ==, 1);
        close(fds[0]);
        close(fds[1]);
        return pid;
}

static void child_free(pid_t pid) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

static void assert_kills(Test *t, const char *format, int target) {
        g_auto(GStrv) parts = g_strsplit(format, "%d", -1);
        g_autofree char *number = g_strdup_printf("%d", target), *expected = g_strjoinv(number, parts);

        g_assert_cmpstr(t->kills->str, ==, expected);
}

static void start_stopping(Test *t) {
        run(t, "the start");
        t->running = true;
        t->stop = docker_exec_stop_new(t->loop, t->docker, "c", docker_exec_id(t->exec), GRACE_MS,
                                       stop_failed, t);
}

/* SIGTERM, SIGKILL, and at last the truth. */
static void test_stop(void) {
        Test *t = test_new();

        t->pid = child_new(true);
        start_stopping(t);
        run(t, "giving up");
        assert_kills(t,
                     "[ \"\\/bin\\/sh\", \"-c\", \"kill -s TERM -- -%d\" ]\n"
                     "[ \"\\/bin\\/sh\", \"-c\", \"kill -s KILL -- -%d\" ]\n",
                     t->pid);
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_FAILED);
        g_assert_cmpstr(t->error->message, ==,
                        "the process may still run in c: it did not end after SIGKILL");
        child_free(t->pid);
        test_free(t);
}

/* No shell in the image, and no group of its own. */
static void test_stop_by_program(void) {
        Test *t = test_new();

        t->pid = child_new(false);
        t->run_at = 2;
        start_stopping(t);
        run(t, "giving up");
        assert_kills(t,
                     "[ \"\\/bin\\/sh\", \"-c\", \"kill -s TERM -- %d\" ]\n"
                     "[ \"kill\", \"-s\", \"TERM\", \"--\", \"%d\" ]\n"
                     "[ \"kill\", \"-s\", \"KILL\", \"--\", \"%d\" ]\n",
                     t->pid);
        child_free(t->pid);
        test_free(t);
}

static void test_stop_without_kill(void) {
        Test *t = test_new();

        t->pid = child_new(true);
        t->run_at = 99;
        start_stopping(t);
        run(t, "giving up");
        g_assert_cmpuint(t->signals, ==, 2);
        g_assert_cmpstr(t->error->message, ==,
                        "the process may still run in c: its image has neither a shell nor kill");
        child_free(t->pid);
        test_free(t);
}

/* Asked while the engine is still starting it. */
static void test_stop_early(void) {
        Test *t = test_new();

        start_stopping(t);
        for (unsigned i = 0; i < 50; i++)
                uv_run(loop_uv(t->loop), UV_RUN_NOWAIT);
        g_assert_cmpuint(t->signals, ==, 0);
        t->pid = child_new(true);
        run(t, "giving up");
        g_assert_cmpuint(t->signals, ==, 2);
        child_free(t->pid);
        test_free(t);
}

/* The process is hidden from us, or gone. */
static void test_stop_unseen(void) {
        Test *t = test_new();

        t->pid = child_new(true);
        child_free(t->pid);
        start_stopping(t);
        run(t, "giving up");
        g_assert_cmpuint(t->signals, ==, 0);
        g_assert_nonnull(strstr(t->error->message, "/status: No such file or directory"));
        test_free(t);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/docker-exec/run", test_run);
        g_test_add_func("/docker-exec/flow", test_flow);
        g_test_add_func("/docker-exec/garbage", test_garbage);
        g_test_add_func("/docker-exec/engine-goes-down", test_engine_goes_down);
        g_test_add_func("/docker-exec/no-exit-code", test_no_exit_code);
        g_test_add_func("/docker-exec-stop/signals", test_stop);
        g_test_add_func("/docker-exec-stop/by-program", test_stop_by_program);
        g_test_add_func("/docker-exec-stop/without-kill", test_stop_without_kill);
        g_test_add_func("/docker-exec-stop/early", test_stop_early);
        g_test_add_func("/docker-exec-stop/unseen", test_stop_unseen);
        return g_test_run();
}
