/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What counts as healthy, and what is said of the rest. */
#include <glib.h>

#include "container-health.h"

#define WELL \
        "{\"name\":\"3node4\",\"state\":\"running\",\"health\":null,\"node\":{\"peers\":3,\"syncing\":false}}"
#define PLAIN "{\"name\":\"web\",\"state\":\"running\",\"health\":\"healthy\"}"
#define NODE(members) "[{\"name\":\"3node5\",\"state\":\"running\",\"node\":{" members "}}]"
#define STATE(members) "[" WELL ",{\"name\":\"3node5\"," members "}]"
#define NO_NODE "a node that tells whether it is synced"

static void test_problems(void) {
        static const struct {
                const char *status, *problem;
        } cases[] = {
                { "[" WELL "]", NULL },
                { "[" PLAIN "," WELL "]", NULL },
                { NODE("\"peers\":1,\"syncing\":false,\"should_have_peers\":true"), NULL },
                { NODE("\"peers\":0,\"syncing\":false,\"should_have_peers\":false"), NULL },
                { NODE("\"peers\":2,\"syncing\":true"), "3node5: syncing, 2 peers" },
                { NODE("\"peers\":1,\"syncing\":true"), "3node5: syncing, 1 peer" },
                { NODE("\"peers\":0,\"syncing\":true,\"should_have_peers\":false"),
                  "3node5: syncing, no peers" },
                { NODE("\"peers\":0,\"syncing\":false"), "3node5: no peers" },
                { NODE("\"peers\":0,\"syncing\":false,\"should_have_peers\":true"), "3node5: no peers" },
                { NODE("\"error\":\"connection refused\""), "3node5: the node does not answer" },
                { NODE("\"peers\":\"many\",\"syncing\":false"), "3node5: the node does not answer" },
                { STATE("\"state\":\"exited\""), "3node5: exited" },
                { STATE("\"state\":\"restarting\",\"node\":{\"peers\":1,\"syncing\":false}"),
                  "3node5: restarting" },
                { STATE("\"state\":\"running\",\"health\":\"starting\""), "3node5: starting" },
                { STATE("\"state\":\"running\",\"health\":\"unhealthy\""), "3node5: unhealthy" },
                { STATE("\"error\":\"no such container\""), "3node5: no such container" },
                { STATE("\"image\":\"x\""), "3node5: of unknown state" },
                /* Nothing is known of sync and peers: of an older agent, or where there is no node. */
                { "[" PLAIN "]", NO_NODE },
                { "[]", NO_NODE },
                { "{}", "its status to be a list of containers" },
                { "null", "its status to be a list of containers" },
                { "[7]", ": of unknown state" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                json_object *status = json_tokener_parse(cases[i].status);
                g_autofree char *problem = container_health_problem(status);

                g_assert_cmpstr(problem, ==, cases[i].problem);
                json_object_put(status);
        }
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/container-health/problems", test_problems);
        return g_test_run();
}
