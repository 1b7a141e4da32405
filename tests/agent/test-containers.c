/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which containers are managed, which of them a command means, and what is said when it means none. */
#include "containers.h"

#include "error.h"

static char *any[] = { (char *) "*", NULL }, *nodes[] = { (char *) "3node*", (char *) "node?", NULL };

static char *managed(const char *list, char *const *globs) {
        json_object *o = json_tokener_parse(list);
        g_auto(GStrv) names = containers_managed(o, globs);

        json_object_put(o);
        return g_strjoinv(" ", names);
}

static void test_managed(void) {
        static const char list[] =
                        "[{\"Names\":[\"/3node10\"]},{\"Names\":[\"/web/db\",\"/db\"]},{\"Names\":[\"/3node2\"]},"
                        "{\"Names\":[\"/node1\"]},{\"Names\":[\"/node12\"]},{\"Names\":[]},{\"Names\":[7,\"/\"]},"
                        "{\"Id\":\"x\"},5,"
                        "{\"Names\":[\"/3node3\"],\"Labels\":{\"org.mclient1.guest-of\":\"3node2\"}},"
                        "{\"Names\":[\"/3node4\"],\"Labels\":{\"other\":\"\"}},{\"Names\":[\"/3node5\"],\"Labels\":null}]";
        g_autofree char *all = managed(list, any), *some = managed(list, nodes), *none = managed("{}", any);

        g_assert_cmpstr(all, ==, "3node2 3node4 3node5 3node10 db node1 node12");
        g_assert_cmpstr(some, ==, "3node2 3node4 3node5 3node10 node1");
        g_assert_cmpstr(none, ==, "");
}

static void assert_chosen(char *const *from, const char *wanted, bool all_by_default, const char *expected) {
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) names = containers_choose(from, nodes, wanted, all_by_default, &error);
        g_autofree char *text = names ? g_strjoinv(" ", names) : NULL;

        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, expected);
}

static void assert_refused(char *const *from, const char *wanted, bool all_by_default, FleetError code,
                           const char *expected) {
        g_autoptr(GError) error = NULL;

        g_assert_null(containers_choose(from, nodes, wanted, all_by_default, &error));
        g_assert_error(error, FLEET_ERROR, (int) code);
        g_assert_cmpstr(error->message, ==, expected);
}

static void test_choose(void) {
        char *two[] = { (char *) "3node0", (char *) "3node1", NULL }, *one[] = { (char *) "3node0", NULL },
             *none[] = { NULL };

        assert_chosen(two, "3node1", false, "3node1");
        assert_chosen(two, "all", false, "3node0 3node1");
        assert_chosen(two, NULL, true, "3node0 3node1");
        assert_chosen(one, NULL, false, "3node0");
        assert_chosen(one, "all", false, "3node0");

        assert_refused(two, NULL, false, FLEET_ERROR_INVALID_PARAMETER,
                       "this host manages 2 containers; name one: 3node0, 3node1");
        assert_refused(two, "3node7", false, FLEET_ERROR_FAILED,
                       "no container \"3node7\"; this host manages 2 containers: 3node0, 3node1");
        assert_refused(one, "db", false, FLEET_ERROR_REJECTED,
                       "container \"db\" is not managed here; this host manages 1 container: 3node0");
        assert_refused(none, "3node0", true, FLEET_ERROR_FAILED,
                       "no container \"3node0\"; this host manages no container");
        assert_refused(none, NULL, true, FLEET_ERROR_FAILED,
                       "this host manages no container: none is called as Containers=3node* node? says");
        assert_refused(none, "all", false, FLEET_ERROR_FAILED,
                       "this host manages no container: none is called as Containers=3node* node? says");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/containers/managed", test_managed);
        g_test_add_func("/containers/choose", test_choose);
        return g_test_run();
}
