/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nodes on this host: which ways lead to them, who is told what, and how much of it goes on at once. */
#include <string.h>

#include "fake-docker.h"
#include "fake-node.h"
#include "json-path.h"
#include "limits.h"
#include "node-watch.h"

#define DEADLINE_MS 20000
#define BEST "\"0x10\""
#define ALICE "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"

typedef struct Test {
        Loop *loop;
        FakeDocker *docker;
        FakeNode *node;
        AgentConfig config;
        NodeWatch *watch;

        const char *inside;   /* what the process in the container prints */
        json_object *inspect; /* what the engine says when the node is to be asked there */
        unsigned execs;
        char *picture; /* the last that was told */
        unsigned told, wanted;
} Test;

static void on_request(FakeRequest *r, void *userdata) {
        Test *t = userdata;

        if (g_str_has_suffix(r->line, "/exec")) {
                t->execs++;
                fake_answer(r, 201, "{\"Id\":\"e\"}");
        } else if (g_str_has_suffix(r->line, "/start")) {
                fake_answer_stream(r);
                fake_send_frame(r, 1, t->inside);
                fake_hang_up(r);
        } else if (g_str_has_suffix(r->line, "/exec/e/json"))
                fake_answer(r, 200, "{\"Running\":false,\"ExitCode\":0}");
        else
                fake_answer(r, 200, json_object_to_json_string(t->inspect));
}

static Test *test_new(void) {
        Test *t = g_new0(Test, 1);

        t->loop = loop_new(NULL);
        t->docker = fake_docker_new(t->loop, on_request, t);
        t->node = fake_node_new(t->loop);
        fake_node_set(t->node, "system_health",
                      "{\"peers\":8,\"isSyncing\":false,\"shouldHavePeers\":true}");
        fake_node_set(t->node, "chain_getHeader", "{\"number\":" BEST "}");
        fake_node_set(t->node, "chain_getFinalizedHead", "\"0xabc\"");
        t->config.docker_socket = (char *) fake_docker_path(t->docker);
        t->config.nodes = node_config_new();
        t->watch = node_watch_new(t->loop, &t->config, NULL);
        g_assert_nonnull(t->watch);
        return t;
}

static void test_free(Test *t) {
        (void) node_watch_free(t->watch);
        (void) node_config_free(t->config.nodes);
        fake_docker_free(t->docker);
        fake_node_free(t->node);
        (void) loop_free(t->loop);
        json_object_put(t->inspect);
        g_free(t->picture);
        g_free(t);
}

/* more: members of the engine's answer. */
static json_object *container(Test *t, uint16_t port, const char *started, const char *more) {
        g_autofree char *text = g_strdup_printf(
                        "{\"Id\":\"1\",\"Args\":[\"--rpc-port\",\"%u\"],\"State\":{\"Running\":true,\"StartedAt\":"
                        "\"%s\"}%s%s}",
                        port, started, more ? "," : "", more ?: "");

        json_object_put(t->inspect);
        t->inspect = json_tokener_parse(text);
        g_assert_nonnull(t->inspect);
        return t->inspect;
}

#define SHARED "\"HostConfig\":{\"NetworkMode\":\"host\"}"

static void told(json_object *picture, void *userdata) {
        Test *t = userdata;

        g_free(t->picture);
        t->picture = g_strdup(json_object_to_json_string_ext(
                        picture, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
        if (++t->told == t->wanted)
                loop_quit(t->loop, 0);
}

static void too_late(void *userdata) {
        g_error("no answer in time");
}

static void run_until_told(Test *t, unsigned wanted) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(t->loop, DEADLINE_MS, 0, too_late, NULL);

        t->wanted = wanted;
        if (t->told < wanted)
                (void) loop_run(t->loop);
}

static void ask(Test *t, json_object *inspect) {
        g_assert_nonnull(node_watch_ask(t->watch, "3node0", inspect, told, t));
}

static void run_until_waiting(Test *t, unsigned n) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(t->loop, DEADLINE_MS, 0, too_late, NULL);

        while (fake_node_waiting(t->node) < n)
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
}

static const char whole[] =
                "{\"peers\":8,\"syncing\":false,\"should_have_peers\":true,\"best\":16,\"finalized\":16,"
                "\"finality_lag\":0}";

static void test_shared(void) {
        Test *t = test_new();

        ask(t, container(t, fake_node_port(t->node), "a", SHARED));
        run_until_told(t, 1);
        g_assert_cmpstr(t->picture, ==, whole);
        g_assert_cmpuint(fake_node_calls(t->node, "babe_epochAuthorship"), ==, 1);
        ask(t, t->inspect);
        run_until_told(t, 2);
        g_assert_cmpuint(fake_node_calls(t->node, "system_health"), ==, 2);
        g_assert_cmpuint(fake_node_calls(t->node, "babe_epochAuthorship"), ==, 1); /* not so often */
        g_assert_cmpuint(t->execs, ==, 0);
        test_free(t);
}

static const char *session_keys(const char *container, void *userdata) {
        return g_str_equal(container, "3node0") ? "0x" ALICE : NULL;
}

/* An account has them; the storage of a fake node is the same whatever it is asked for: first an account, then its keys. */
static void test_registered(void) {
        Test *t = test_new();

        node_watch_set_session_keys(t->watch, session_keys, NULL);
        fake_node_set(t->node, "state_getStorage", "\"0x" ALICE "\"");
        ask(t, container(t, fake_node_port(t->node), "a", SHARED));
        run_until_told(t, 1);
        g_assert_nonnull(strstr(t->picture, "\"keys_registered\":true"));
        g_assert_cmpuint(fake_node_calls(t->node, "state_getStorage"), ==, 3); /* era, owner, keys */

        ask(t, t->inspect);
        run_until_told(t, 2);
        g_assert_nonnull(strstr(t->picture, "\"keys_registered\":true"));
        g_assert_cmpuint(fake_node_calls(t->node, "state_getStorage"), ==, 3); /* not so often */

        fake_node_set(t->node, "state_getStorage", "null");
        ask(t, container(t, fake_node_port(t->node), "b", SHARED));
        run_until_told(t, 3);
        g_assert_nonnull(strstr(t->picture, "\"keys_registered\":false"));
        test_free(t);
}

static void test_no_node(void) {
        Test *t = test_new();
        json_object *stopped = json_tokener_parse("{\"State\":{\"Running\":false}}"),
                    *paused = json_tokener_parse("{\"State\":{\"Running\":true,\"Paused\":true}}"),
                    *plain = json_tokener_parse("{\"State\":{\"Running\":true}}"),
                    *wrong = json_tokener_parse(
                                    "{\"Args\":[\"--rpc-port\",\"x\"],\"State\":{\"Running\":true}}");

        g_assert_null(node_watch_ask(t->watch, "3node0", stopped, told, t));
        g_assert_null(node_watch_ask(t->watch, "3node0", paused, told, t));
        g_assert_null(node_watch_ask(t->watch, "db", plain, told, t));
        ask(t, wrong);
        run_until_told(t, 1);
        g_assert_true(g_str_has_prefix(t->picture, "{\"error\":\"3node0 was started with --rpc-port x: "));
        json_object_put(stopped);
        json_object_put(paused);
        json_object_put(plain);
        json_object_put(wrong);
        test_free(t);
}

/* Where the node's loopback is the host's, nobody there means nobody anywhere. */
static void test_refused(void) {
        Test *t = test_new();
        uint16_t port = fake_node_port(t->node);
        g_autofree char *expected = g_strdup_printf("{\"error\":\"127.0.0.1:%u does not answer: ", port);

        fake_node_free(t->node);
        t->node = fake_node_new(t->loop);
        while (fake_node_port(t->node) == port)
                g_error("the port was given out again");
        ask(t, container(t, port, "a", SHARED));
        run_until_told(t, 1);
        g_assert_true(g_str_has_prefix(t->picture, expected));
        g_assert_cmpuint(t->execs, ==, 0);
        test_free(t);
}

#define ALL                                                                                \
        "{\"id\":1,\"result\":{\"peers\":8,\"isSyncing\":false,\"shouldHavePeers\":true}}" \
        "{\"id\":2,\"result\":{\"number\":" BEST "}}{\"id\":3,\"error\":{\"code\":1}}"

/* The second address leads nowhere either: then a process beside the node asks, and that is remembered. */
static void test_inside(void) {
        static const char more[] =
                        "\"NetworkSettings\":{\"Ports\":{\"1/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"1\"},"
                        "{\"HostIp\":\"127.0.0.2\",\"HostPort\":\"1\"}]}}";
        Test *t = test_new();

        t->inside = ALL;
        ask(t, container(t, 1, "a", more));
        run_until_told(t, 1);
        g_assert_cmpstr(t->picture, ==,
                        "{\"peers\":8,\"syncing\":false,\"should_have_peers\":true,\"best\":16}");
        g_assert_cmpuint(t->execs, ==, 1);
        ask(t, t->inspect);
        run_until_told(t, 2);
        g_assert_cmpuint(t->execs, ==, 2);
        t->inside = "curl: (7) Failed to connect";
        ask(t, t->inspect);
        run_until_told(t, 3);
        g_assert_cmpstr(t->picture, ==, "{\"error\":\"the node does not answer in JSON-RPC\"}");
        test_free(t);
}

/* Samples until one of them has a picture. */
static json_object *sample(Test *t, json_object *inspect) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(t->loop, DEADLINE_MS, 0, too_late, NULL);

        for (;;) {
                json_object *seen;

                node_watch_begin(t->watch);
                seen = node_watch_look(t->watch, "3node0", inspect);
                node_watch_end(t->watch);
                if (seen)
                        return seen;
                uv_run(loop_uv(t->loop), UV_RUN_ONCE);
        }
}

/* Samples show the latest picture, take a new one of those that are old, and forget what is no more. */
static void test_samples(void) {
        Test *t = test_new();
        json_object *inspect = container(t, fake_node_port(t->node), "a", SHARED),
                    *seen = sample(t, inspect);

        g_assert_cmpuint(json_object_get_uint64(json_at(seen, "best")), ==, 16);
        g_assert_cmpuint(json_object_get_uint64(json_at(seen, "age_sec")), <=, DEADLINE_MS / 1000);
        json_object_put(seen);
        g_assert_cmpuint(fake_node_calls(t->node, "system_health"), ==, 1); /* it is not old */

        /* Started anew: what was said before is past. */
        inspect = container(t, fake_node_port(t->node), "b", SHARED);
        node_watch_begin(t->watch);
        g_assert_null(node_watch_look(t->watch, "3node0", inspect));
        node_watch_end(t->watch);
        node_watch_begin(t->watch);
        node_watch_end(t->watch); /* and gone, in the middle of a look */
        test_free(t);
}

/* Of many nodes that do not answer a few are waited for, and the others' turn comes with their answers. */
static void test_side_by_side(void) {
        Test *t = test_new();
        json_object *inspect = container(t, fake_node_port(t->node), "a", SHARED);

        fake_node_set_silent(t->node, true);
        for (unsigned i = 0; i < 3 * NODE_LOOKS_MAX; i++) {
                g_autofree char *name = g_strdup_printf("3node%u", i);

                g_assert_nonnull(node_watch_ask(t->watch, name, inspect, told, t));
        }
        run_until_waiting(t, NODE_LOOKS_MAX);
        for (unsigned i = 0; i < 100; i++)
                uv_run(loop_uv(t->loop), UV_RUN_NOWAIT);
        g_assert_cmpuint(fake_node_waiting(t->node), ==, NODE_LOOKS_MAX);
        fake_node_set_silent(t->node, false);
        fake_node_release(t->node);
        run_until_told(t, 3 * NODE_LOOKS_MAX);
        test_free(t);
}

/* Who asks in the middle of a look gets what is true after the question. */
static void test_new_picture(void) {
        Test *t = test_new();

        fake_node_set_silent(t->node, true);
        ask(t, container(t, fake_node_port(t->node), "a", SHARED));
        run_until_waiting(t, 1);
        ask(t, t->inspect);
        fake_node_set_silent(t->node, false);
        fake_node_release(t->node);
        run_until_told(t, 1);
        g_assert_nonnull(strstr(t->picture, "\"peers\":8"));
        fake_node_set(t->node, "system_health", "{\"peers\":3,\"isSyncing\":true}");
        run_until_told(t, 2);
        g_assert_nonnull(strstr(t->picture, "\"peers\":3,\"syncing\":true"));
        test_free(t);
}

/* A node that takes a question and says nothing. Questions are freed, answered in time, or end with the node. */
static void test_silent(void) {
        Test *t = test_new();
        json_object *inspect = container(t, fake_node_port(t->node), "a", SHARED);
        NodeQuestion *q = node_watch_ask(t->watch, "3node0", inspect, told, t);

        fake_node_set_silent(t->node, true);
        run_until_waiting(t, 1);
        q = node_question_free(q);
        ask(t, inspect);
        run_until_told(t, 1);
        g_assert_true(g_str_has_prefix(t->picture, "{\"error\":\""));
        node_watch_begin(t->watch);
        ask(t, inspect);
        node_watch_begin(t->watch);
        node_watch_end(t->watch);
        g_assert_cmpstr(t->picture, ==, "{\"error\":\"the container is gone\"}");
        q = node_watch_ask(t->watch, "3node1", inspect, told, t);
        q = node_question_free(q);
        test_free(t);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/node-watch/shared", test_shared);
        g_test_add_func("/node-watch/registered", test_registered);
        g_test_add_func("/node-watch/no-node", test_no_node);
        g_test_add_func("/node-watch/refused", test_refused);
        g_test_add_func("/node-watch/inside", test_inside);
        g_test_add_func("/node-watch/samples", test_samples);
        g_test_add_func("/node-watch/side-by-side", test_side_by_side);
        g_test_add_func("/node-watch/new-picture", test_new_picture);
        g_test_add_func("/node-watch/silent", test_silent);
        return g_test_run();
}
