/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives out of containers and into them: in pieces, too large, cut, not there. */
#include <glib.h>
#include <string.h>

#include "docker-archive.h"
#include "error.h"
#include "fake-docker.h"
#include "limits.h"

#define DEADLINE_MS 10000
#define PATH "/root/data/chains/creditcoin3/keystore"
#define ESCAPED "%2Froot%2Fdata%2Fchains%2Fcreditcoin3%2Fkeystore"

typedef struct Test {
        Loop *loop;
        FakeDocker *fake;
        Docker *docker;
        void (*on_request)(FakeRequest *r);
        FakeRequest *request;
        unsigned status, ends;
        GBytes *archive;
        GError *error;
} Test;

static void too_late(void *userdata) {
        g_error("the end did not come in time");
}

static void request_handler(FakeRequest *r, void *userdata) {
        Test *t = userdata;

        t->request = r;
        t->on_request(r);
}

static Test *test_new(void (*on_request)(FakeRequest *)) {
        Test *t = g_new0(Test, 1);

        t->loop = loop_new(NULL);
        t->fake = fake_docker_new(t->loop, request_handler, t);
        t->docker = docker_new(t->loop, fake_docker_path(t->fake), NULL);
        t->on_request = on_request;
        return t;
}

static void test_free(Test *t) {
        (void) docker_free(t->docker);
        (void) fake_docker_free(t->fake);
        (void) loop_free(t->loop);
        g_clear_pointer(&t->archive, g_bytes_unref);
        g_clear_error(&t->error);
        g_free(t);
}

static void run(Test *t) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(t->loop, DEADLINE_MS, 0, too_late, NULL);

        (void) loop_run(t->loop);
        g_assert_cmpuint(t->ends, ==, 1);
}

static void fetched(GBytes *archive, const GError *error, void *userdata) {
        Test *t = userdata;

        g_assert_true(!archive == !!error);
        t->ends++;
        t->archive = archive ? g_bytes_ref(archive) : NULL;
        t->error = error ? g_error_copy(error) : NULL;
        loop_quit(t->loop, 0);
}

static void replied(unsigned status, json_object *body, const GError *error, void *userdata) {
        Test *t = userdata;

        t->ends++;
        t->status = status;
        t->error = error ? g_error_copy(error) : NULL;
        loop_quit(t->loop, 0);
}

static void send_pieces(FakeRequest *r) {
        fake_answer_stream(r);
        fake_send(r, "an\0arc", 6);
        fake_send(r, "hive", 4);
        fake_hang_up(r);
}

static void send_404(FakeRequest *r) {
        fake_answer(r, 404, "{\"message\":\"Could not find the file " PATH " in container 3node0\"}");
}

static void send_404_without_body(FakeRequest *r) {
        fake_answer(r, 404, NULL);
}

static void send_200(FakeRequest *r) {
        fake_answer(r, 200, NULL);
}

static void send_endlessly(FakeRequest *r) {
        fake_answer_stream(r);
        fake_send_endlessly(r, "0123456789abcdef");
}

static void hang_up_in_the_middle(FakeRequest *r) {
        static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this";

        fake_send(r, head, strlen(head));
        fake_hang_up(r);
}

static void send_nothing(FakeRequest *r) {
        fake_answer_stream(r);
}

static void test_fetch(void) {
        Test *t = test_new(send_pieces);

        (void) docker_fetch_new(t->docker, "3node0", PATH, 10, fetched, t);
        g_assert_cmpuint(t->ends, ==, 0);
        run(t);
        g_assert_no_error(t->error);
        g_assert_cmpstr(t->request->line, ==, "GET /containers/3node0/archive?path=" ESCAPED);
        g_assert_cmpmem(g_bytes_get_data(t->archive, NULL), g_bytes_get_size(t->archive), "an\0archive", 10);
        test_free(t);
}

static void assert_fetch_fails(void (*on_request)(FakeRequest *), FleetError code, const char *why) {
        Test *t = test_new(on_request);

        (void) docker_fetch_new(t->docker, "3node0", PATH, 2 * 1024 * 1024, fetched, t);
        run(t);
        g_assert_error(t->error, FLEET_ERROR, (int) code);
        if (!strstr(t->error->message, why))
                g_error("\"%s\" does not say \"%s\"", t->error->message, why);
        test_free(t);
}

static void test_fetch_fails(void) {
        assert_fetch_fails(send_404, FLEET_ERROR_FAILED,
                           "docker: Could not find the file " PATH " in container 3node0");
        assert_fetch_fails(send_endlessly, FLEET_ERROR_LIMIT_EXCEEDED,
                           PATH " has more than the 2 MiB that are allowed");
        assert_fetch_fails(hang_up_in_the_middle, FLEET_ERROR_UNAVAILABLE, "hung up in the middle");
}

static void test_dropped(void) {
        Test *t = test_new(send_nothing);
        DockerFetch *f = docker_fetch_new(t->docker, "3node0", PATH, 1024, fetched, t);

        while (!t->request)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        g_assert_null(docker_fetch_free(f));
        g_assert_cmpuint(t->ends, ==, 0);
        test_free(t);
}

static void test_find(void) {
        Test *t = test_new(send_200);

        (void) docker_archive_find(t->docker, "a/../b", "/a?b&c", replied, t);
        run(t);
        g_assert_no_error(t->error);
        g_assert_cmpuint(t->status, ==, 200);
        g_assert_cmpstr(t->request->line, ==, "HEAD /containers/a%2F..%2Fb/archive?path=%2Fa%3Fb%26c");
        test_free(t);

        t = test_new(send_404_without_body);
        (void) docker_archive_find(t->docker, "3node0", PATH, replied, t);
        run(t);
        g_assert_cmpuint(t->status, ==, 404);
        g_assert_nonnull(t->error);
        test_free(t);
}

static void test_put(void) {
        g_autoptr(GBytes) archive = g_bytes_new_static("an\0archive", 10);
        Test *t = test_new(send_200);

        (void) docker_archive_put(t->docker, "3node0", PATH, archive, replied, t);
        run(t);
        g_assert_no_error(t->error);
        g_assert_cmpstr(t->request->line, ==, "PUT /containers/3node0/archive?path=" ESCAPED);
        g_assert_cmpmem(t->request->body, t->request->body_size, "an\0archive", 10);
        test_free(t);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/docker-archive/fetch", test_fetch);
        g_test_add_func("/docker-archive/fetch-fails", test_fetch_fails);
        g_test_add_func("/docker-archive/dropped", test_dropped);
        g_test_add_func("/docker-archive/find", test_find);
        g_test_add_func("/docker-archive/put", test_put);
        return g_test_run();
}
