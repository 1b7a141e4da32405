/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's client against answers that are split, late, endless, too large, garbage, or never come. */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "docker-api.h"
#include "docker.h"
#include "error.h"
#include "fake-docker.h"
#include "json-path.h"
#include "limits.h"

#define DEADLINE_MS 10000

typedef struct Test {
        Loop *loop;
        FakeDocker *fake;
        Docker *docker;
        FakeRequest *request; /* the newest */
        unsigned requests;
        void (*on_request)(struct Test *t);
        const char *answer;

        DockerCall *call;
        unsigned status, replies;
        json_object *body;
        GError *error;
        GString *data;
        size_t largest;
        size_t stop_at; /* data() closes the flow, or frees the call, at this size */
        bool free_then;
} Test;

static void too_late(void *userdata) {
        g_error("%s did not happen in time", (const char *) userdata);
}

static void run(Test *t, const char *awaited) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(t->loop, DEADLINE_MS, 0, too_late, (void *) awaited);

        (void) loop_run(t->loop);
}

static void request_handler(FakeRequest *r, void *userdata) {
        Test *t = userdata;

        t->request = r;
        t->requests++;
        t->on_request(t);
}

static void quit(void *userdata) {
        Test *t = userdata;

        loop_quit(t->loop, 0);
}

static void quit_on_request(Test *t) {
        quit(t);
}

static void answer_at_once(Test *t) {
        fake_answer(t->request, 200, t->answer);
}

static Test *test_new(void (*on_request)(Test *t)) {
        Test *t = g_new0(Test, 1);

        t->loop = loop_new(NULL);
        t->fake = fake_docker_new(t->loop, request_handler, t);
        t->docker = docker_new(t->loop, fake_docker_path(t->fake), NULL);
        t->on_request = on_request;
        t->data = g_string_new(NULL);
        g_assert_nonnull(t->docker);
        return t;
}

static void test_free(Test *t) {
        (void) docker_call_free(t->call);
        (void) docker_free(t->docker);
        fake_docker_free(t->fake);
        (void) loop_free(t->loop);
        json_object_put(t->body);
        g_clear_error(&t->error);
        g_string_free(t->data, true);
        g_free(t);
}

static void reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        Test *t = userdata;

        t->call = NULL;
        t->status = status;
        t->body = json_object_get(body);
        t->error = error ? g_error_copy(error) : NULL;
        t->replies++;
        loop_quit(t->loop, 0);
}

static void data(const void *bytes, size_t size, void *userdata) {
        Test *t = userdata;

        g_string_append_len(t->data, bytes, (gssize) size);
        t->largest = MAX(t->largest, size);
        if (t->stop_at == 0 || t->data->len < t->stop_at)
                return;
        if (t->free_then)
                t->call = docker_call_free(t->call);
        else
                docker_call_set_flow(t->call, false);
        loop_quit(t->loop, 0);
}

static void ended(const GError *error, void *userdata) {
        reply(0, NULL, error, userdata);
}

static const DockerStreamHandler stream = { data, ended };

static void test_call(void) {
        Test *t = test_new(answer_at_once);

        t->answer = "[{\"Names\":[\"/3node0\"]}]";
        t->call = docker_list(t->docker, reply, t);
        run(t, "the list");
        g_assert_no_error(t->error);
        g_assert_cmpuint(t->status, ==, 200);
        g_assert_cmpuint(json_object_array_length(t->body), ==, 1);
        g_assert_cmpstr(t->request->line, ==, "GET /containers/json?all=1");
        test_free(t);
}

static void test_body(void) {
        Test *t = test_new(answer_at_once);
        json_object *argv = json_tokener_parse("[\"ls\",\"-l\"]"), *sent;

        t->answer = "{\"Id\":\"abc\"}";
        t->call = docker_exec_create(t->docker, "3node0", argv, reply, t);
        run(t, "the exec");
        g_assert_cmpstr(t->request->line, ==, "POST /containers/3node0/exec");
        sent = json_tokener_parse(t->request->body);
        g_assert_true(json_object_equal(json_at(sent, "Cmd"), argv));
        g_assert_true(json_bool_at(sent, "AttachStdout"));
        g_assert_cmpstr(json_string_at(t->body, "Id"), ==, "abc");
        json_object_put(sent);
        json_object_put(argv);
        test_free(t);
}

static void answer_empty(Test *t) {
        fake_answer(t->request, 304, NULL);
}

/* A name cannot become another request. */
static void test_no_content(void) {
        Test *t = test_new(answer_empty);

        t->call = docker_stop(t->docker, "a/../b?x", 300, reply, t);
        run(t, "the stop");
        g_assert_no_error(t->error);
        g_assert_cmpuint(t->status, ==, 304);
        g_assert_null(t->body);
        g_assert_cmpstr(t->request->line, ==, "POST /containers/a%2F..%2Fb%3Fx/stop?t=300");
        test_free(t);
}

static void answer_404(Test *t) {
        fake_answer(t->request, 404, t->answer);
}

static void test_engine_error(void) {
        Test *t = test_new(answer_404);

        t->answer = "{\"message\":\"No such container: x\"}";
        t->call = docker_inspect(t->docker, "x", reply, t);
        run(t, "the error");
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_FAILED);
        g_assert_cmpstr(t->error->message, ==, "docker: No such container: x");
        g_assert_cmpuint(t->status, ==, 404);
        test_free(t);

        t = test_new(answer_404);
        t->answer = "<html>";
        t->call = docker_inspect(t->docker, "x", reply, t);
        run(t, "the error without words");
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_FAILED);
        g_assert_cmpstr(t->error->message, ==, "docker answered GET /containers/x/json with status 404");
        test_free(t);
}

static void test_garbage(void) {
        static const char *const answers[] = { "what?", "{\"a\":", "\xff\xfe" };

        for (unsigned i = 0; i < G_N_ELEMENTS(answers); i++) {
                Test *t = test_new(answer_at_once);

                t->answer = answers[i];
                t->call = docker_list(t->docker, reply, t);
                run(t, "the garbage");
                g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
                g_assert_nonnull(strstr(t->error->message, "GET /containers/json"));
                g_assert_null(t->body);
                test_free(t);
        }
}

static void answer_no_http(Test *t) {
        fake_send(t->request, "SSH-2.0-OpenSSH\r\n\r\n", 19);
        fake_hang_up(t->request);
}

static void test_no_http(void) {
        Test *t = test_new(answer_no_http);

        t->call = docker_list(t->docker, reply, t);
        run(t, "what is not HTTP");
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        test_free(t);
}

static void answer_too_much(Test *t) {
        static const char head[] = "HTTP/1.1 200 OK\r\n\r\n[";

        fake_send(t->request, head, strlen(head));
        fake_send_endlessly(t->request, t->answer);
}

static void test_too_large(void) {
        Test *t = test_new(answer_too_much);
        g_autofree char *blanks = g_strnfill(65536, ' ');

        t->answer = blanks;
        t->call = docker_list(t->docker, reply, t);
        run(t, "the end of patience");
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        g_assert_cmpstr(t->error->message, ==, "docker answered GET /containers/json with more than 8 MiB");
        test_free(t);
}

static void answer_half(Test *t) {
        static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,2";

        fake_send(t->request, half, strlen(half));
        fake_hang_up(t->request);
}

static void hang_up(Test *t) {
        fake_hang_up(t->request);
}

/* A request is never repeated by itself. */
static void test_hang_up(void) {
        Test *t = test_new(answer_half);

        t->call = docker_list(t->docker, reply, t);
        run(t, "the hang-up");
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_assert_nonnull(strstr(t->error->message, "hung up in the middle of GET /containers/json"));
        g_assert_cmpuint(t->requests, ==, 1);
        test_free(t);

        t = test_new(hang_up);
        t->call = docker_restart(t->docker, "3node0", 1, reply, t);
        run(t, "the hang-up without a word");
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_assert_cmpuint(t->requests, ==, 1);
        test_free(t);
}

static void test_timeout(void) {
        Test *t = test_new(quit_on_request);

        t->call = docker_call(t->docker, "GET", "/slow", NULL, 1, reply, t);
        run(t, "the request");
        run(t, "the timeout");
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_assert_nonnull(strstr(t->error->message, "did not answer GET /slow within 1 s"));
        test_free(t);
}

/* A socket that was left behind, as by an engine that crashed. */
static Docker *docker_left_behind(Test *t, const char *path) {
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_strlcpy(sa.sun_path, path, sizeof(sa.sun_path));
        g_assert_cmpint(bind(fd, (struct sockaddr *) &sa, sizeof(sa)), ==, 0);
        close(fd);
        return docker_new(t->loop, path, NULL);
}

static void test_nobody_there(void) {
        Test *t = test_new(quit_on_request);
        g_autofree char *path = g_strconcat(fake_docker_path(t->fake), ".old", NULL),
                        *expected = g_strdup_printf("docker does not answer at %s: Connection refused",
                                                    path);
        g_autoptr(Docker) nowhere = docker_new(t->loop, "/nonexistent/docker.sock", NULL),
                          refusing = docker_left_behind(t, path);

        t->call = docker_list(refusing, reply, t);
        g_assert_cmpuint(t->replies, ==, 0); /* never from inside */
        run(t, "the refusal");
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_assert_cmpstr(t->error->message, ==, expected);
        g_clear_error(&t->error);

        t->call = docker_list(nowhere, reply, t);
        run(t, "the missing socket");
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_assert_cmpstr(t->error->message, ==,
                        "docker does not answer at /nonexistent/docker.sock: No such file or directory");
        g_clear_pointer(&nowhere, docker_free);
        g_clear_pointer(&refusing, docker_free);
        unlink(path);
        test_free(t);
}

static void test_long_path(void) {
        g_autofree char *path = g_strnfill(108, 'x');
        g_autoptr(Loop) l = loop_new(NULL);
        g_autoptr(GError) error = NULL;

        g_assert_null(docker_new(l, path, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
}

/* Freed before, during and after: no reply, and the other side sees the end. */
static void test_free_call(void) {
        Test *t = test_new(quit_on_request);

        t->call = docker_list(t->docker, reply, t);
        t->call = docker_call_free(t->call);
        t->call = docker_list(t->docker, reply, t);
        run(t, "the request");
        t->call = docker_call_free(t->call);
        while (!t->request->gone)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        g_assert_cmpuint(t->replies, ==, 0);
        test_free(t);
}

static void stream_in_pieces(Test *t) {
        fake_answer_stream(t->request);
        fake_send(t->request, "one ", 4);
        fake_send(t->request, "two", 3);
        fake_hang_up(t->request);
}

static void test_stream(void) {
        Test *t = test_new(stream_in_pieces);

        t->call = docker_logs(t->docker, "3node0", 100, 1700000000, true, &stream, t);
        run(t, "the end of the stream");
        g_assert_no_error(t->error);
        g_assert_cmpstr(t->data->str, ==, "one two");
        g_assert_cmpstr(t->request->line, ==,
                        "GET /containers/3node0/logs?stdout=1&stderr=1&tail=100&since=1700000000&follow=1");
        test_free(t);
}

static void stream_chunks(Test *t) {
        static const char chunks[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n";

        fake_send(t->request, chunks, strlen(chunks));
        quit(t);
}

/* A chunked stream whose end never came was cut. */
static void test_stream_cut(void) {
        Test *t = test_new(stream_chunks);

        t->call = docker_logs(t->docker, "3node0", 100, 0, true, &stream, t);
        run(t, "the request");
        while (t->data->len < 3)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        fake_docker_stop(t->fake);
        run(t, "the cut");
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_assert_cmpstr(t->data->str, ==, "one");
        test_free(t);
}

static void test_stream_error(void) {
        Test *t = test_new(answer_404);

        t->answer = "{\"message\":\"No such exec instance: x\"}";
        t->call = docker_exec_start(t->docker, "x", &stream, t);
        run(t, "the error");
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_FAILED);
        g_assert_cmpstr(t->error->message, ==, "docker: No such exec instance: x");
        g_assert_cmpuint(t->data->len, ==, 0);
        test_free(t);
}

static void stream_endlessly(Test *t) {
        fake_answer_stream(t->request);
        fake_send_endlessly(t->request, t->answer);
}

static void turn(Test *t, unsigned n) {
        while (n-- > 0)
                uv_run(loop_uv(t->loop), UV_RUN_NOWAIT);
}

/* Nobody reads on: the source stops, and what we hold stays small. Then it goes on where it was. */
static void test_flow(void) {
        Test *t = test_new(stream_endlessly);
        g_autofree char *block = g_strnfill(10000, 'x');
        uint64_t sent;

        block[9999] = '\n';
        t->answer = block;
        t->stop_at = 1024 * 1024;
        t->call = docker_logs(t->docker, "3node0", 1, 0, true, &stream, t);
        run(t, "a mebibyte");
        turn(t, 200);
        sent = t->request->sent;
        turn(t, 200);
        g_assert_cmpuint(t->request->sent, ==, sent);
        g_assert_cmpuint(sent, <, t->stop_at + 1024 * 1024); /* most of that is the kernel's */
        g_assert_cmpuint(t->data->len, <, t->stop_at + DOCKER_STREAM_BUFFER_BYTES);
        g_assert_cmpuint(t->largest, <=, DOCKER_STREAM_BUFFER_BYTES);

        t->stop_at = 3 * 1024 * 1024;
        docker_call_set_flow(t->call, true);
        run(t, "the rest");
        for (size_t i = 0; i < t->data->len; i++) /* not a byte lost or doubled */
                g_assert_cmpint(t->data->str[i], ==, i % 10000 == 9999 ? '\n' : 'x');
        test_free(t);
}

/* The end waits as well until what came before it was taken. */
static void test_flow_at_end(void) {
        Test *t = test_new(stream_in_pieces);

        t->call = docker_logs(t->docker, "3node0", 1, 0, true, &stream, t);
        docker_call_set_flow(t->call, false);
        while (!t->request || !t->request->gone)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        turn(t, 20);
        g_assert_cmpuint(t->data->len, ==, 0);
        g_assert_cmpuint(t->replies, ==, 0);
        docker_call_set_flow(t->call, true);
        g_assert_cmpuint(t->replies, ==, 0); /* never from inside */
        run(t, "the end");
        g_assert_cmpstr(t->data->str, ==, "one two");
        g_assert_no_error(t->error);
        test_free(t);
}

static void test_free_in_data(void) {
        Test *t = test_new(stream_endlessly);

        t->answer = "abc";
        t->stop_at = 1;
        t->free_then = true;
        t->call = docker_logs(t->docker, "3node0", 1, 0, true, &stream, t);
        run(t, "some data");
        while (!t->request->gone)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        g_assert_cmpuint(t->replies, ==, 0);
        test_free(t);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/docker/call", test_call);
        g_test_add_func("/docker/body", test_body);
        g_test_add_func("/docker/no-content", test_no_content);
        g_test_add_func("/docker/engine-error", test_engine_error);
        g_test_add_func("/docker/garbage", test_garbage);
        g_test_add_func("/docker/no-http", test_no_http);
        g_test_add_func("/docker/too-large", test_too_large);
        g_test_add_func("/docker/hang-up", test_hang_up);
        g_test_add_func("/docker/timeout", test_timeout);
        g_test_add_func("/docker/nobody-there", test_nobody_there);
        g_test_add_func("/docker/long-path", test_long_path);
        g_test_add_func("/docker/free-call", test_free_call);
        g_test_add_func("/docker/stream", test_stream);
        g_test_add_func("/docker/stream-cut", test_stream_cut);
        g_test_add_func("/docker/stream-error", test_stream_error);
        g_test_add_func("/docker/flow", test_flow);
        g_test_add_func("/docker/flow-at-end", test_flow_at_end);
        g_test_add_func("/docker/free-in-data", test_free_in_data);
        return g_test_run();
}
