/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Output that is wanted whole: of commands in a container, and of our own container beside one. */
#include <string.h>

#include "docker-guest.h"
#include "error.h"
#include "fake-docker.h"
#include "json-path.h"

#define DEADLINE_MS 10000
#define ID "c0ffee"

typedef struct Test {
        Loop *loop;
        FakeDocker *fake;
        Docker *docker;
        DockerCapture *capture;
        DockerGuest *guest;
        GString *requests;
        json_object *created; /* the body of the create */
        FakeRequest *stream;
        const char *broken, *quit_at;
        unsigned exit_code;

        unsigned ended;
        bool started;
        int code;
        char *out, *err, *error;
} Test;

static void on_request(FakeRequest *r, void *userdata) {
        Test *t = userdata;

        g_string_append_printf(t->requests, "%.*s\n", (int) strcspn(r->line, "?"), r->line);
        if (t->broken && strstr(r->line, t->broken))
                fake_answer(r, 500, "{\"message\":\"disk on fire\"}");
        else if (strstr(r->line, "/containers/create")) {
                t->created = json_tokener_parse(r->body);
                fake_answer(r, 201, "{\"Id\":\"" ID "\",\"Warnings\":[]}");
        } else if (strstr(r->line, "filters="))
                fake_answer(r, 200,
                            "[{\"Id\":\"a\",\"Created\":99},{\"Id\":7,\"Created\":1},"
                            "{\"Id\":\"ours\",\"Created\":100},{\"Id\":\"undated\"},"
                            "{\"Id\":\"b\",\"Created\":7}]");
        else if (g_str_has_suffix(r->line, "/exec"))
                fake_answer(r, 201, "{\"Id\":\"e\"}");
        else if (strstr(r->line, "/attach?") || strstr(r->line, "/exec/e/start")) {
                t->stream = r;
                fake_answer_stream(r);
        } else if (strstr(r->line, "/exec/e/json")) {
                g_autofree char *text = g_strdup_printf("{\"Running\":false,\"ExitCode\":%u}", t->exit_code);

                fake_answer(r, 200, text);
        } else
                fake_answer(r, 204, NULL);
        if (t->quit_at && strstr(r->line, t->quit_at))
                loop_quit(t->loop, 0);
}

static void done(const Captured *c, const GError *error, void *userdata) {
        Test *t = userdata;

        t->ended++;
        t->started = c->started;
        t->code = c->exit_code;
        g_assert_cmpuint(strlen(c->out), ==, c->out_size);
        t->out = g_strdup(c->out);
        t->err = g_strdup(c->err);
        t->error = error ? g_strdup(error->message) : NULL;
        t->guest = docker_guest_free(t->guest);
        t->capture = docker_capture_free(t->capture);
        loop_quit(t->loop, 0);
}

static Test *test_new(void) {
        Test *t = g_new0(Test, 1);

        t->loop = loop_new(NULL);
        t->fake = fake_docker_new(t->loop, on_request, t);
        t->docker = docker_new(t->loop, fake_docker_path(t->fake), NULL);
        t->requests = g_string_new(NULL);
        return t;
}

static void test_free(Test *t) {
        docker_guest_free(t->guest);
        docker_capture_free(t->capture);
        docker_free(t->docker);
        fake_docker_free(t->fake);
        loop_free(t->loop);
        g_string_free(t->requests, true);
        json_object_put(t->created);
        g_free(t->out);
        g_free(t->err);
        g_free(t->error);
        g_free(t);
}

static void too_late(void *userdata) {
        g_error("%s did not happen in time", (const char *) userdata);
}

/* Until the engine gets such a request; NULL: until the end. */
static void run_until(Test *t, const char *request) {
        g_autoptr(LoopTimer) deadline =
                        loop_timer_new(t->loop, DEADLINE_MS, 0, too_late, (void *) (request ?: "the end"));

        t->quit_at = request;
        (void) loop_run(t->loop);
        t->quit_at = NULL;
}

static void start_guest(Test *t, uint64_t timeout_sec) {
        static const DockerHost host = { "3node0", "deadbeef", "sha256:1234" };
        static const char *const argv[] = { "33980", "60", "{}", NULL };

        t->guest = docker_guest_new(t->loop, t->docker, &host, "/usr/libexec/helper", argv, timeout_sec, 16,
                                    done, t);
}

static void start_capture(Test *t, uint64_t timeout_sec) {
        static const char *const argv[] = { "ls", "-A", "/x", NULL };

        t->capture = docker_capture_new(t->loop, t->docker, "3node0", argv, timeout_sec, 16, done, t);
}

static void assert_end(Test *t, bool started, int code, const char *out, const char *err,
                       const char *error) {
        if (t->ended == 0)
                run_until(t, NULL);
        g_assert_cmpuint(t->ended, ==, 1);
        g_assert_cmpint(t->started, ==, started);
        g_assert_cmpint(t->code, ==, code);
        g_assert_cmpstr(t->out, ==, out);
        g_assert_cmpstr(t->err, ==, err);
        g_assert_cmpstr(t->error, ==, error);
}

static bool asked(const Test *t, const char *request) {
        return strstr(t->requests->str, request) != NULL;
}

/* What it may: share a network, and nothing else. */
static void test_created(void) {
        Test *t = test_new();
        json_object *host;

        start_guest(t, 60);
        run_until(t, "/start");
        host = json_at(t->created, "HostConfig");
        g_assert_cmpstr(json_string_at(t->created, "Image"), ==, "sha256:1234");
        g_assert_cmpstr(json_string_at(t->created, "User"), ==, "65534:65534");
        g_assert_cmpstr(json_string_at(host, "NetworkMode"), ==, "container:deadbeef");
        g_assert_true(json_bool_at(host, "AutoRemove"));
        g_assert_true(json_bool_at(host, "ReadonlyRootfs"));
        g_assert_cmpstr(json_object_to_json_string(json_at(host, "CapDrop")), ==, "[ \"ALL\" ]");
        g_assert_cmpstr(json_object_to_json_string(json_at(host, "SecurityOpt")), ==,
                        "[ \"no-new-privileges\" ]");
        g_assert_cmpstr(json_object_to_json_string_ext(json_at(host, "Mounts"),
                                                       JSON_C_TO_STRING_NOSLASHESCAPE),
                        ==,
                        "[{\"Type\":\"bind\",\"Source\":\"/usr/libexec/helper\",\"Target\":\"/mclient-guest\","
                        "\"ReadOnly\":true}]");
        g_assert_cmpstr(json_object_to_json_string_ext(json_at(t->created, "Cmd"), JSON_C_TO_STRING_PLAIN),
                        ==, "[\"33980\",\"60\",\"{}\"]");
        test_free(t);
}

static void test_guest(void) {
        Test *t = test_new();

        start_guest(t, 60);
        run_until(t, "/start");
        g_assert_cmpstr(t->requests->str, ==,
                        "POST /containers/create\nPOST /containers/" ID "/attach\nPOST /containers/" ID
                        "/start\n");
        fake_send_frame(t->stream, 1, "an ");
        fake_send_frame(t->stream, 2, "hm");
        fake_send_frame(t->stream, 1, "answer");
        fake_hang_up(t->stream);
        assert_end(t, true, -1, "an answer", "hm", NULL);
        g_assert_false(asked(t, "DELETE")); /* the engine does it */
        test_free(t);
}

static void test_guest_fails(void) {
        static const struct {
                const char *broken;
                bool removed;
        } table[] = { { "/create", false }, { "/attach", true }, { "/start", true } };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                Test *t = test_new();

                t->broken = table[i].broken;
                start_guest(t, 60);
                assert_end(t, false, -1, "", "", "docker: disk on fire");
                if (table[i].removed)
                        run_until(t, "DELETE /containers/" ID "?force=1");
                test_free(t);
        }
}

static void test_guest_is_dropped(void) {
        Test *t = test_new();

        start_guest(t, 60);
        run_until(t, "/start");
        t->guest = docker_guest_free(t->guest);
        run_until(t, "DELETE /containers/" ID "?force=1");
        g_assert_cmpuint(t->ended, ==, 0);
        test_free(t);
}

static void test_guest_bounds(void) {
        Test *t = test_new();

        start_guest(t, 60);
        run_until(t, "/start");
        fake_send_frame(t->stream, 1, "0123456789");
        fake_send_frame(t->stream, 1, "0123456789");
        fake_hang_up(t->stream);
        assert_end(t, true, -1, "0123456789", "", "more than 16 bytes of output");
        test_free(t);

        t = test_new();
        start_guest(t, 0);
        run_until(t, NULL);
        g_assert_cmpstr(t->error, ==, "no end within 0 s");
        test_free(t);
}

static void test_sweep(void) {
        Test *t = test_new();
        DockerGuestSweep *s = docker_guest_sweep_new(t->docker, 100);

        run_until(t, "DELETE /containers/b?force=1");
        g_assert_cmpstr(t->requests->str, ==,
                        "GET /containers/json\nDELETE /containers/a\nDELETE /containers/b\n");
        docker_guest_sweep_free(s);
        test_free(t);
}

static void test_capture(void) {
        Test *t = test_new();

        t->exit_code = 2;
        start_capture(t, 60);
        run_until(t, "/exec/e/start");
        fake_send_frame(t->stream, 1, "a\nb\n");
        fake_send_frame(t->stream, 2, "oh");
        fake_hang_up(t->stream);
        assert_end(t, true, 2, "a\nb\n", "oh", NULL);
        test_free(t);
}

static void test_capture_fails(void) {
        Test *t = test_new();

        t->broken = "/containers/3node0/exec";
        start_capture(t, 60);
        assert_end(t, false, -1, "", "", "docker: disk on fire");
        test_free(t);

        t = test_new();
        t->broken = "/exec/e/json"; /* it has run, but how it went is not known */
        start_capture(t, 60);
        run_until(t, "/exec/e/start");
        fake_hang_up(t->stream);
        assert_end(t, true, -1, "", "", "the exit code is not known: docker: disk on fire");
        test_free(t);
}

static void test_capture_bounds(void) {
        Test *t = test_new();

        start_capture(t, 60);
        run_until(t, "/exec/e/start");
        fake_send_frame(t->stream, 2, "0123456789");
        fake_send_frame(t->stream, 1, "0123456789");
        fake_hang_up(t->stream);
        assert_end(t, true, 0, "", "0123456789", "more than 16 bytes of output");
        test_free(t);

        t = test_new();
        start_capture(t, 0);
        run_until(t, NULL);
        g_assert_cmpstr(t->error, ==, "no end within 0 s");
        test_free(t);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/docker-guest/created", test_created);
        g_test_add_func("/docker-guest/guest", test_guest);
        g_test_add_func("/docker-guest/guest-fails", test_guest_fails);
        g_test_add_func("/docker-guest/guest-is-dropped", test_guest_is_dropped);
        g_test_add_func("/docker-guest/guest-bounds", test_guest_bounds);
        g_test_add_func("/docker-guest/sweep", test_sweep);
        g_test_add_func("/docker-capture/capture", test_capture);
        g_test_add_func("/docker-capture/fails", test_capture_fails);
        g_test_add_func("/docker-capture/bounds", test_capture_bounds);
        return g_test_run();
}
