/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of a broadcast before it is sent. */
#include "broadcast.h"

#include <glib.h>

#include "json.h"

typedef struct Case {
        const char *command, *parameters, *options;
        const char *expected;
} Case;

static void put(gpointer object) {
        json_object_put(object);
}

static GPtrArray *parse_all(const char *const *texts, unsigned n) {
        GPtrArray *all = g_ptr_array_new_with_free_func(put);

        for (unsigned i = 0; i < n; i++)
                g_ptr_array_add(all, texts[i] ? json_tokener_parse(texts[i]) : NULL);
        return all;
}

/* a has two containers, b one, c one and is away; d (with_unknown) does not say which it has. */
static void make(Broadcast *b, const Case *c, bool with_unknown) {
        static const char *const clients[] = {
                "{\"Id\":\"a\",\"State\":\"online\",\"Commands\":[\"restart\",\"exec\",\"status\",\"stop\"]}",
                "{\"Id\":\"b\",\"State\":\"online\",\"Commands\":[\"restart\",\"exec\",\"status\",\"stop\"]}",
                "{\"Id\":\"c\",\"State\":\"offline\",\"Commands\":[]}",
                "{\"Id\":\"d\",\"State\":\"online\",\"Commands\":[\"restart\"]}",
        };
        static const char *const containers[] = {
                "[{\"name\":\"3node0\"},{\"name\":\"3node1\"}]",
                "[{\"name\":\"3node0\"}]",
                "[{\"name\":\"3node6\"}]",
                NULL,
        };

        *b = (Broadcast){
                .command = c->command,
                .selector = "all",
                .parameters = json_tokener_parse(c->parameters),
                .options = json_tokener_parse(c->options),
                .clients = parse_all(clients, with_unknown ? 4 : 3),
                .containers = parse_all(containers, with_unknown ? 4 : 3),
        };
}

static void test_question(void) {
        static const Case cases[] = {
                { "restart", "{\"container\":\"all\"}", "{}",
                  "This restarts 3 containers on 2 clients (a, b; 1 is offline). Continue?" },
                { "restart", "{\"container\":\"all\"}", "{\"max-parallel\":1}",
                  "This restarts 3 containers on 2 clients (a, b; 1 is offline), one client at a time. Continue?" },
                { "restart", "{\"container\":\"all\"}", "{\"require-healthy\":true}",
                  "This restarts 3 containers on 2 clients (a, b; 1 is offline), one client at a time. Continue?" },
                { "stop", "{\"container\":\"3node1\"}", "{\"max-parallel\":20,\"pause\":1}",
                  "This stops 1 container on 2 clients (a, b; 1 is offline), 20 clients at a time. Continue?" },
                { "restart", "{}", "{\"queue\":true}",
                  "This restarts 3 containers on 3 clients (a, b, c; 1 is offline). Continue?" },
                { "exec", "{\"command\":\"ls -l\"}", "{}",
                  "This sends exec command=ls -l to 2 clients (a, b; 1 is offline). Continue?" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_auto(Broadcast) b = {};
                g_autofree char *question = NULL;

                make(&b, &cases[i], false);
                question = broadcast_question(&b);
                g_assert_cmpstr(question, ==, cases[i].expected);
        }
}

static void test_unknown_containers(void) {
        static const Case c = { "restart", "{\"container\":\"all\"}", "{}" };
        g_auto(Broadcast) b = {};
        g_autofree char *question = NULL;

        make(&b, &c, true);
        question = broadcast_question(&b);
        g_assert_cmpstr(question, ==,
                        "This restarts containers on 3 clients (a, b, d; 1 is offline). Continue?");
}

static void test_means_all(void) {
        static const struct {
                Case c;
                bool all;
        } cases[] = {
                { { "restart", "{}", "{}" }, true },
                { { "stop", "{\"timeout\":60}", "{}" }, true },
                { { "restart", "{\"container\":\"3node0\"}", "{}" }, false },
                { { "status", "{}", "{}" }, false },
                { { "exec", "{}", "{}" }, false },
                { { "sweep", "{}", "{}" }, false },
                { { "start", "{}", "{}" }, false }, /* who has two of them does not offer it */
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_auto(Broadcast) b = {};

                make(&b, &cases[i].c, false);
                g_assert_cmpint(broadcast_means_all(&b), ==, cases[i].all);
        }
}

static void test_obstacle(void) {
        static const Case stop = { "stop", "{}", "{}" }, queued = { "stop", "{}", "{\"queue\":true}" };
        static const char *const expected[] = { NULL, NULL, "offline", "does not offer stop" };

        for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
                g_auto(Broadcast) b = {}, q = {};
                g_autofree char *obstacle = NULL, *waited_for = NULL;

                make(&b, &stop, true);
                make(&q, &queued, true);
                obstacle = broadcast_obstacle(&b, b.clients->pdata[i]);
                waited_for = broadcast_obstacle(&q, q.clients->pdata[i]);
                g_assert_cmpstr(obstacle, ==, expected[i]);
                g_assert_cmpstr(waited_for, ==, i == 3 ? expected[i] : NULL);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/broadcast/question", test_question);
        g_test_add_func("/broadcast/unknown-containers", test_unknown_containers);
        g_test_add_func("/broadcast/means-all", test_means_all);
        g_test_add_func("/broadcast/obstacle", test_obstacle);
        return g_test_run();
}
