/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Posting JSON, to a server that a thread plays with canned answers. */
#include "http-post.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"

#define SECRET "/services/T00/B00/s3cret"

typedef struct Test {
        int listener;
        char *url;
        const char *canned; /* NULL: nothing, until the client has gone */
        GThread *thread;
        char *request; /* what came */

        Loop *loop;
        HttpPosts *posts;
        HttpPost *post;
        bool answered;
        long status;
        char *text;
        uint64_t retry_after_sec;
        GError *error;
} Test;

/* Has the whole request come? */
static bool is_whole(const GString *in) {
        const char *body = strstr(in->str, "\r\n\r\n"), *length = strstr(in->str, "Content-Length: ");

        return body && length && strlen(body + 4) >= (size_t) atoi(length + strlen("Content-Length: "));
}

static void *play(void *userdata) {
        Test *t = userdata;
        g_autoptr(GString) in = g_string_new(NULL);
        int fd = accept(t->listener, NULL, NULL);
        char buffer[4096];
        ssize_t n;

        g_assert_cmpint(fd, >=, 0);
        while (!is_whole(in) && (n = read(fd, buffer, sizeof buffer)) > 0)
                g_string_append_len(in, buffer, n);
        t->request = g_strdup(in->str);
        if (t->canned)
                (void) !write(fd, t->canned, strlen(t->canned));
        else
                while (read(fd, buffer, sizeof buffer) > 0)
                        ;
        (void) close(fd);
        return NULL;
}

static Test *test_new(const char *canned) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof address;
        Test *t = g_new0(Test, 1);

        t->canned = canned;
        t->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        g_assert_cmpint(bind(t->listener, (struct sockaddr *) &address, size), ==, 0);
        g_assert_cmpint(getsockname(t->listener, (struct sockaddr *) &address, &size), ==, 0);
        g_assert_cmpint(listen(t->listener, 1), ==, 0);
        t->url = g_strdup_printf("http://127.0.0.1:%d" SECRET, ntohs(address.sin_port));
        t->loop = loop_new(&t->error);
        g_assert_no_error(t->error);
        t->posts = http_posts_new(t->loop, &t->error);
        g_assert_no_error(t->error);
        return t;
}

static void test_free(Test *t) {
        if (t->thread)
                (void) g_thread_join(t->thread);
        (void) http_posts_free(t->posts);
        (void) loop_free(t->loop);
        (void) close(t->listener);
        g_clear_error(&t->error);
        g_free(t->url);
        g_free(t->request);
        g_free(t->text);
        g_free(t);
}

static void on_done(const HttpAnswer *a, const GError *error, void *userdata) {
        Test *t = userdata;

        g_assert_false(t->answered);
        g_assert_true((a != NULL) != (error != NULL));
        t->answered = true;
        if (a) {
                t->status = a->status;
                t->text = g_strndup(a->text, a->size);
                t->retry_after_sec = a->retry_after_sec;
        } else
                t->error = g_error_copy(error);
        loop_quit(t->loop, 0);
}

static void post(Test *t, const char *const *headers, uint64_t timeout_ms) {
        const HttpRequest request = {
                .name = "the target",
                .url = t->url,
                .body = "{\"a\": \"한\"}",
                .headers = headers,
                .connect_timeout_ms = 10000,
                .timeout_ms = timeout_ms,
                .answer_max = 100,
                .direct = true,
        };

        t->post = http_post_new(t->posts, &request, on_done, t);
        g_assert_false(t->answered);
        (void) loop_run(t->loop);
        g_assert_true(t->answered);
        if (t->error)
                g_assert_null(strstr(t->error->message, "s3cret"));
}

static Test *ask(const char *canned) {
        Test *t = test_new(canned);

        t->thread = g_thread_new("server", play, t);
        post(t, NULL, 60000);
        return t;
}

static void test_answer(void) {
        static const char *const headers[] = { "Idempotency-Key: alert_1", NULL };
        Test *t = test_new("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

        t->thread = g_thread_new("server", play, t);
        post(t, headers, 60000);
        g_assert_no_error(t->error);
        g_assert_cmpint(t->status, ==, 200);
        g_assert_cmpstr(t->text, ==, "ok");
        g_assert_cmpuint(t->retry_after_sec, ==, 0);
        (void) g_thread_join(g_steal_pointer(&t->thread));
        g_assert_true(g_str_has_prefix(t->request, "POST " SECRET " HTTP/1.1\r\n"));
        g_assert_nonnull(strstr(t->request, "\r\nContent-Type: application/json\r\n"));
        g_assert_nonnull(strstr(t->request, "\r\nIdempotency-Key: alert_1\r\n"));
        g_assert_true(g_str_has_suffix(t->request, "\r\n\r\n{\"a\": \"한\"}"));
        test_free(t);
}

static void test_later(void) {
        Test *t = ask("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nslow");

        g_assert_no_error(t->error);
        g_assert_cmpint(t->status, ==, 429);
        g_assert_cmpstr(t->text, ==, "slow");
        g_assert_cmpuint(t->retry_after_sec, ==, 7);
        test_free(t);
}

static void test_redirects_are_not_followed(void) {
        Test *t = ask("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");

        g_assert_no_error(t->error);
        g_assert_cmpint(t->status, ==, 302);
        g_assert_cmpstr(t->text, ==, "");
        test_free(t);
}

static void test_too_large(void) {
        g_autofree char *body = g_strnfill(101, 'x'),
                        *canned = g_strdup_printf("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n%s", body);
        Test *t = ask(canned);

        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        g_assert_cmpstr(t->error->message, ==, "the target answered with more than 100 bytes");
        test_free(t);
}

static void test_no_http(void) {
        Test *t = ask("SSH-2.0-OpenSSH_9.2\r\n");

        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        test_free(t);
}

static void test_closed(void) {
        Test *t = ask("");

        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        test_free(t);
}

static void test_refused(void) {
        Test *t = test_new(NULL);

        (void) close(t->listener);
        t->listener = -1;
        post(t, NULL, 60000);
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_assert_true(g_str_has_prefix(t->error->message, "the target does not answer: "));
        test_free(t);
}

static void test_silent(void) {
        Test *t = test_new(NULL);

        t->thread = g_thread_new("server", play, t);
        post(t, NULL, 50);
        g_assert_error(t->error, FLEET_ERROR, FLEET_ERROR_FAILED);
        g_assert_cmpstr(t->error->message, ==, "the target did not answer within 50 ms");
        test_free(t);
}

static void test_other_protocols(void) {
        static const char *const urls[] = { "file:///etc/hostname" SECRET, "ftp://127.0.0.1" SECRET,
                                            "gopher://127.0.0.1" SECRET, NULL };

        for (const char *const *url = urls; *url; url++) {
                Test *t = test_new(NULL);

                g_free(t->url);
                t->url = g_strdup(*url);
                post(t, NULL, 60000);
                g_assert_nonnull(t->error);
                test_free(t);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/http-post/answer", test_answer);
        g_test_add_func("/http-post/later", test_later);
        g_test_add_func("/http-post/redirects-are-not-followed", test_redirects_are_not_followed);
        g_test_add_func("/http-post/too-large", test_too_large);
        g_test_add_func("/http-post/no-http", test_no_http);
        g_test_add_func("/http-post/closed", test_closed);
        g_test_add_func("/http-post/refused", test_refused);
        g_test_add_func("/http-post/silent", test_silent);
        g_test_add_func("/http-post/other-protocols", test_other_protocols);
        return g_test_run();
}
