/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Samples of this host and of an engine that is the test's: whole ones, and what is left of them when the engine
 * fails, is slow, or is not there. */
#include <string.h>

#include "fake-docker.h"
#include "json-path.h"
#include "sampler.h"

#define DEADLINE_MS 20000

typedef struct Test {
        Loop *loop;
        FakeDocker *fake;
        AgentConfig config;
        NodeWatch *nodes;
        Sampler *sampler;

        const char *silent;  /* the request that is never answered */
        const char *missing; /* and the one that gets a 404 */
        bool both_run;       /* and what they use is answered to both questions at once */
        FakeRequest *held;   /* the first of these */
        uint64_t cpu_nsec;
        json_object *data; /* the newest sample */
        unsigned samples, wanted;
} Test;

static char *patterns[] = { (char *) "3node*", (char *) "3node0", (char *) "node9", NULL };

static void too_late(void *userdata) {
        g_error("%s did not happen in time", (const char *) userdata);
}

static void run(Test *t, const char *awaited, unsigned samples) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(t->loop, DEADLINE_MS, 0, too_late, (void *) awaited);

        t->wanted = samples;
        (void) loop_run(t->loop);
}

static void answer_stats(Test *t, FakeRequest *r) {
        g_autofree char *text = NULL;

        t->cpu_nsec += 1000000;
        text = g_strdup_printf("{\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":%" G_GUINT64_FORMAT "}},"
                               "\"memory_stats\":{\"usage\":500,\"limit\":1000}}",
                               t->cpu_nsec);
        fake_answer(r, 200, text);
}

static void answer_in_pairs(Test *t, FakeRequest *r) {
        FakeRequest *first = g_steal_pointer(&t->held);

        if (first) {
                answer_stats(t, first);
                answer_stats(t, r);
        } else
                t->held = r;
}

static void on_request(FakeRequest *r, void *userdata) {
        Test *t = userdata;

        if (t->silent && strstr(r->line, t->silent))
                return;
        if (t->missing && strstr(r->line, t->missing))
                fake_answer(r, 404, "{\"message\":\"No such container\"}");
        else if (strstr(r->line, "/containers/json"))
                fake_answer(r, 200,
                            "[{\"Names\":[\"/3node1\"]},{\"Names\":[\"/db\"]},{\"Names\":[\"/3node0\"]}]");
        else if (t->both_run && strstr(r->line, "/stats"))
                answer_in_pairs(t, r);
        else if (t->both_run || g_str_equal(r->line, "GET /containers/3node0/json"))
                fake_answer(r, 200,
                            "{\"Name\":\"/3node0\",\"Args\":[\"--rpc-port\",\"1\"],"
                            "\"HostConfig\":{\"NetworkMode\":\"host\"},\"Config\":{\"Image\":\"i\"},\"RestartCount\":2,"
                            "\"State\":{\"Status\":\"running\",\"Running\":true}}");
        else if (g_str_equal(r->line, "GET /containers/3node1/json"))
                fake_answer(r, 200,
                            "{\"Name\":\"/3node1\",\"Config\":{\"Image\":\"i\"},\"RestartCount\":0,"
                            "\"State\":{\"Status\":\"exited\",\"Running\":false}}");
        else if (g_str_equal(r->line, "GET /containers/3node0/stats?stream=false&one-shot=true"))
                answer_stats(t, r);
        else
                g_error("unexpected: %s", r->line);
}

static void ready(json_object *data, void *userdata) {
        Test *t = userdata;

        json_object_put(t->data);
        t->data = json_object_get(data);
        if (++t->samples == t->wanted)
                loop_quit(t->loop, 0);
}

static Test *test_new(const char *silent, const char *missing) {
        Test *t = g_new0(Test, 1);

        t->loop = loop_new(NULL);
        t->fake = fake_docker_new(t->loop, on_request, t);
        t->silent = silent;
        t->missing = missing;
        t->config.docker_socket = (char *) fake_docker_path(t->fake);
        t->config.containers = patterns;
        t->config.stats_interval = 1;
        t->config.nodes = node_config_new();
        t->nodes = node_watch_new(t->loop, &t->config, NULL);
        t->sampler = sampler_new(t->loop, &t->config, t->nodes, ready, t, NULL);
        g_assert_nonnull(t->sampler);
        return t;
}

static void test_free(Test *t) {
        (void) sampler_free(t->sampler);
        (void) node_watch_free(t->nodes);
        (void) node_config_free(t->config.nodes);
        fake_docker_free(t->fake);
        (void) loop_free(t->loop);
        json_object_put(t->data);
        g_free(t);
}

static json_object *container(Test *t, unsigned i) {
        return json_object_array_get_idx(json_at(t->data, "containers"), i);
}

static void test_whole(void) {
        Test *t = test_new(NULL, NULL);
        uint64_t n;

        run(t, "the first sample", 1);
        g_assert_cmpuint(json_object_array_length(json_at(t->data, "containers")), ==, 3);
        g_assert_cmpstr(json_string_at(container(t, 0), "name"), ==, "3node0");
        g_assert_cmpstr(json_string_at(container(t, 0), "state"), ==, "running");
        g_assert_null(json_at(container(t, 0), "memory_used")); /* comes with the second */
        g_assert_cmpstr(json_string_at(container(t, 2), "name"), ==, "node9");
        g_assert_cmpstr(json_string_at(container(t, 2), "state"), ==, "absent");

        run(t, "the second sample", 2);
        g_assert_true(json_uint_at(container(t, 0), "memory_used", &n));
        g_assert_cmpuint(n, ==, 500);
        g_assert_null(json_at(container(t, 0), "cpu_percent")); /* a rate takes two */
        g_assert_cmpstr(json_string_at(container(t, 1), "state"), ==, "exited");
        g_assert_null(json_at(container(t, 1), "memory_used"));
        g_assert_null(json_at(t->data, "containers_error"));
        g_assert_cmpstr(json_string_at(container(t, 0), "node.error"), ==,
                        "127.0.0.1:1 does not answer: Couldn't connect to server");
        g_assert_null(json_at(container(t, 1), "node"));

        /* this host's own */
        g_assert_cmpstr(json_string_at(t->data, "system.host_name"), ==, g_get_host_name());
        g_assert_true(json_uint_at(t->data, "system.memory_total", &n));
        g_assert_cmpuint(n, >, 1024 * 1024);
        g_assert_cmpuint(json_object_array_length(json_at(t->data, "system.load")), ==, 3);

        run(t, "the third sample", 3);
        g_assert_nonnull(json_at(container(t, 0), "cpu_percent"));
        g_assert_cmpfloat(json_object_get_double(json_at(container(t, 0), "cpu_percent")), >=, 0);
        test_free(t);
}

/* The engine may take a second for what one container uses: they are not asked one after the other. */
static void test_side_by_side(void) {
        Test *t = test_new(NULL, NULL);

        t->both_run = true;
        run(t, "the second sample", 2);
        for (unsigned i = 0; i < 2; i++)
                g_assert_nonnull(json_at(container(t, i), "memory_used"));
        g_assert_null(json_at(t->data, "containers_error"));
        test_free(t);
}

/* One that vanishes between two questions leaves the others as they are. */
static void test_vanished(void) {
        Test *t = test_new(NULL, "/containers/3node0/json");

        run(t, "the sample", 1);
        g_assert_cmpuint(json_object_array_length(json_at(t->data, "containers")), ==, 2);
        g_assert_cmpstr(json_string_at(container(t, 0), "name"), ==, "3node1");
        g_assert_null(json_at(t->data, "containers_error"));
        test_free(t);

        t = test_new(NULL, "/stats");
        run(t, "the second sample", 2);
        g_assert_cmpuint(json_object_array_length(json_at(t->data, "containers")), ==, 3);
        g_assert_null(json_at(container(t, 0), "memory_used"));
        test_free(t);
}

static void test_no_engine(void) {
        Test *t = test_new(NULL, NULL);

        fake_docker_stop(t->fake);
        run(t, "the sample", 1);
        g_assert_nonnull(json_at(t->data, "system.cpus"));
        g_assert_null(json_at(t->data, "containers"));
        g_assert_true(g_str_has_prefix(json_string_at(t->data, "containers_error"),
                                       "docker does not answer at "));
        test_free(t);
}

/* The host's part comes in any case, at the next turn at the latest. */
static void test_slow_engine(void) {
        Test *t = test_new("/stats", NULL);

        run(t, "the first sample", 1);
        g_assert_null(json_at(t->data, "containers_error"));
        run(t, "the second sample", 2);
        g_assert_nonnull(json_at(t->data, "system.cpus"));
        g_assert_cmpuint(json_object_array_length(json_at(t->data, "containers")), ==, 3);
        g_assert_cmpstr(json_string_at(t->data, "containers_error"), ==, "docker did not answer in time");
        run(t, "the next sample", 3);
        test_free(t);
}

/* The first sample is followed by another at once; one that is late must not have two begun. */
static void test_slow_from_the_start(void) {
        Test *t = test_new("/containers/json", NULL);

        run(t, "the first sample", 1);
        g_assert_cmpstr(json_string_at(t->data, "containers_error"), ==, "docker did not answer in time");
        run(t, "the second sample", 2);
        test_free(t);
}

/* Freed in each of its steps. */
static void test_free_early(void) {
        static const char *const silent[] = { "/containers/json", "/3node0/json", "/stats" };

        test_free(test_new(NULL, NULL));
        for (unsigned i = 0; i < G_N_ELEMENTS(silent); i++) {
                Test *t = test_new(silent[i], NULL);

                for (unsigned n = 0; n < 200; n++)
                        uv_run(loop_uv(t->loop), UV_RUN_NOWAIT);
                test_free(t);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/sampler/whole", test_whole);
        g_test_add_func("/sampler/side-by-side", test_side_by_side);
        g_test_add_func("/sampler/vanished", test_vanished);
        g_test_add_func("/sampler/no-engine", test_no_engine);
        g_test_add_func("/sampler/slow-engine", test_slow_engine);
        g_test_add_func("/sampler/slow-from-the-start", test_slow_from_the_start);
        g_test_add_func("/sampler/free-early", test_free_early);
        return g_test_run();
}
