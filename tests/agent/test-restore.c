/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of a backup into a container, and what keeps them from that. */
#include <glib.h>
#include <string.h>

#include "error.h"
#include "key-engine.h"
#include "restore.h"
#include "tar-write.h"

#define DEADLINE_MS 10000
#define PLACE "/root/data/chains/creditcoin3/keystore"

static const char *const none[] = { NULL };
static const char *const gran[] = { KEY_GRAN, NULL };

typedef struct Test {
        Loop *loop;
        KeyEngine *engine;
        EngineContainer *node, *other;
        Docker *docker;
        AgentConfig config;
        KeyBundle *backup;
        Restore *restore;

        bool planned, done;
        unsigned missing, there;
        char *idle, *error;
        int code;
} Test;

static void note_error(Test *t, const GError *error) {
        g_free(t->error);
        t->error = error ? g_strdup(error->message) : NULL;
        t->code = error ? error->code : -1;
        loop_quit(t->loop, 0);
}

static void on_planned(const RestorePlan *plan, const GError *error, void *userdata) {
        Test *t = userdata;

        t->planned = plan;
        if (plan) {
                g_assert_cmpstr(plan->keystore, ==, PLACE);
                t->missing = plan->missing;
                t->there = plan->there;
                t->idle = g_strjoinv("; ", (char **) plan->idle);
        }
        note_error(t, error);
}

static void on_done(const GError *error, void *userdata) {
        Test *t = userdata;

        t->done = true;
        note_error(t, error);
}

static void too_late(void *userdata) {
        g_error("Waited in vain");
}

static void run(Test *t) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(t->loop, DEADLINE_MS, 0, too_late, NULL);

        (void) loop_run(t->loop);
}

/* With a backup of gran and babe, 3node0, which has neither and does not run, and 3node1, which does, likewise. */
static Test *test_new(void) {
        static const char *const paths[] = { "keystore/" KEY_GRAN, "keystore/" KEY_BABE, NULL };
        static char *patterns[] = { (char *) "3node*", NULL };
        g_autoptr(Config) nothing = config_read("/nonexistent", (ConfigKey[]){ {} }, NULL, NULL, NULL);
        Test *t = g_new0(Test, 1);
        GByteArray *a = g_byte_array_new();
        g_autoptr(GBytes) archive = NULL;

        t->loop = loop_new(NULL);
        t->engine = key_engine_new(t->loop);
        t->node = &t->engine->containers[0];
        t->node->state = "exited";
        t->node->keys = none;
        t->other = &t->engine->containers[1];
        *t->other = (EngineContainer){ .name = "3node1", .state = "running", .place = PLACE, .keys = none };
        t->docker = docker_new(t->loop, fake_docker_path(t->engine->docker), NULL);
        t->config.containers = patterns;
        t->config.nodes = node_config_read(nothing, NULL);
        for (const char *const *p = paths; *p; p++)
                tar_append(a, &(TarEntry){ .name = *p,
                                           .type = TAR_FILE,
                                           .mode = 0600,
                                           .data = "\"secret phrase\"",
                                           .size = 15 });
        tar_append_end(a);
        archive = g_byte_array_free_to_bytes(a);
        t->backup = key_bundle_new();
        g_assert_true(key_bundle_add_backup(t->backup, archive, NULL));
        return t;
}

static void test_free(Test *t) {
        (void) restore_free(t->restore);
        (void) docker_free(t->docker);
        (void) key_engine_free(t->engine);
        (void) loop_free(t->loop);
        (void) key_bundle_free(t->backup);
        (void) node_config_free(t->config.nodes);
        g_free(t->idle);
        g_free(t->error);
        g_free(t);
}

static void plan(Test *t) {
        t->restore = restore_new(t->docker, &t->config, "3node0", t->backup, on_planned, t);
        run(t);
}

static void go(Test *t) {
        restore_go(t->restore, on_done);
        run(t);
        g_assert_true(t->done);
}

static void assert_refused(Test *t, int code, const char *text) {
        plan(t);
        g_assert_false(t->planned);
        g_assert_cmpint(t->code, ==, code);
        g_assert_nonnull(strstr(t->error, text));
        g_assert_null(t->engine->put);
        test_free(t);
}

static void test_restores(void) {
        static const char *const both[] = { KEY_BABE, KEY_GRAN, NULL };
        Test *t = test_new();
        g_autoptr(KeyBundle) put = key_bundle_new();
        const char *data;

        t->node->keys = gran;
        plan(t);
        g_assert_null(t->error);
        g_assert_cmpuint(t->missing, ==, 1);
        g_assert_cmpuint(t->there, ==, 1);
        g_assert_cmpstr(t->idle, ==, "");
        g_assert_null(t->engine->put); /* nothing before it is agreed to */
        t->engine->keys_after_put = both;
        go(t);
        g_assert_null(t->error);
        g_assert_cmpstr(t->engine->put_into, ==, PLACE);
        data = g_bytes_get_data(t->engine->put, NULL);
        g_assert_true(g_str_has_prefix(data, KEY_BABE)); /* the one that is missing, and not the other */
        g_assert_null(strstr(t->engine->requests->str, "/start"));
        test_free(t);
}

static void test_refuses(void) {
        static const char *const states[] = { "running", "paused", "restarting", "dead" };
        Test *t;

        for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
                t = test_new();
                t->node->state = states[i];
                assert_refused(t, FLEET_ERROR_REJECTED, states[i]);
        }

        t = test_new();
        t->other->keys = gran;
        assert_refused(t, FLEET_ERROR_REJECTED, "3node1, which is running, has the same keys: gran 0x2f8c");

        t = test_new();
        t->other->keys = gran;
        t->other->name = "db"; /* whether it is managed or not */
        assert_refused(t, FLEET_ERROR_REJECTED, "db, which is running, has the same keys");

        t = test_new();
        t->engine->broken = "GET /containers/3node1/archive";
        assert_refused(t, FLEET_ERROR_REJECTED, "Whether 3node1 has the same keys cannot be told");

        t = test_new();
        t->node->keys = gran;
        t->node->content = "\"another phrase\"";
        assert_refused(t, FLEET_ERROR_ALREADY_EXISTS,
                       "nothing is restored to 3node0: " KEY_GRAN " is there already");

        t = test_new();
        t->node->place = NULL;
        assert_refused(t, FLEET_ERROR_FAILED, "there is no keystore in 3node0");

        t = test_new();
        t->node->name = "db";
        assert_refused(t, FLEET_ERROR_FAILED, "3node0");
}

/* Its keystore is at no known place, and may have any keys. */
static void test_unfound(void) {
        static const struct {
                const char *name, *args, *place, *text;
        } cases[] = {
                { "3node1", NULL, "/keys", "it runs and is a node" },
                { "validator", "[\"--validator\"]", "/keys", "it runs and is a node" },
                { "validator", "[\"-c\",\"exec node --chain /spec.json\"]", "/keys",
                  "it runs and is a node" },
                { "validator", "[\"--base-path=/d\"]", "/d/chains/other/keystore", "it runs and is a node" },
                { "validator", "[\"--rpc-port\",\"x\"]", NULL, "it runs and is a node" },
                { "validator", NULL, "/root/data/chains/other/keystore",
                  "it runs and has chains in /root/data/chains" },
        };
        Test *t;

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                t = test_new();
                t->other->name = cases[i].name;
                t->other->args = cases[i].args;
                t->other->place = cases[i].place;
                assert_refused(t, FLEET_ERROR_REJECTED, cases[i].text);
        }

        t = test_new();
        t->other->name = "validator";
        t->other->place = NULL;
        g_hash_table_insert(t->config.nodes->keystores, g_strdup("validator"), g_strdup("/wrong"));
        assert_refused(t, FLEET_ERROR_REJECTED,
                       "Whether validator has the same keys cannot be told, so nothing is restored: it runs and has "
                       "no /wrong, where its keystore should be; set Keystore.validator= in [Keys] of mclient.conf, "
                       "or stop it");

        t = test_new();
        t->other->name = "validator";
        t->other->place = NULL;
        g_hash_table_insert(t->config.nodes->ports, g_strdup("validator"), GUINT_TO_POINTER(9944u));
        assert_refused(t, FLEET_ERROR_REJECTED, "it runs and is a node");
}

/* What is no node keeps nobody from restoring; nor does a node that does not run. */
static void test_no_nodes(void) {
        static const struct {
                const char *name, *state, *args, *place;
        } cases[] = {
                { "db", "running", "[\"postgres\",\"-d\",\"5\"]", NULL },
                { "3node1", "exited", "[\"--validator\"]", NULL },
                { "validator", "created", NULL, "/root/data/chains/other/keystore" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                Test *t = test_new();

                t->other->name = cases[i].name;
                t->other->state = cases[i].state;
                t->other->args = cases[i].args;
                t->other->place = cases[i].place;
                plan(t);
                g_assert_cmpstr(t->error, ==, NULL);
                g_assert_true(t->planned);
                test_free(t);
        }
}

/* Another one has them, but does not run: that is said, and not more. */
static void test_idle(void) {
        Test *t = test_new();

        t->other->keys = gran;
        t->other->state = "exited";
        plan(t);
        g_assert_null(t->error);
        g_assert_true(g_str_has_prefix(t->idle, "3node1: gran 0x2f8c"));
        test_free(t);
}

static void test_fails_while_writing(void) {
        Test *t = test_new();

        plan(t);
        t->node->state = "running"; /* while it was asked */
        go(t);
        g_assert_nonnull(strstr(t->error, "3node0 is running"));
        g_assert_null(t->engine->put);
        test_free(t);

        t = test_new();
        plan(t);
        t->engine->broken = "PUT";
        go(t);
        g_assert_nonnull(strstr(t->error, "in part: docker: disk on fire. Do not start it"));
        test_free(t);

        t = test_new();
        plan(t);
        t->engine->keys_after_put = gran; /* and nothing of the other one */
        go(t);
        g_assert_nonnull(strstr(t->error, "not all of its files are there"));
        test_free(t);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/restore/restores", test_restores);
        g_test_add_func("/restore/refuses", test_refuses);
        g_test_add_func("/restore/unfound", test_unfound);
        g_test_add_func("/restore/no-nodes", test_no_nodes);
        g_test_add_func("/restore/idle", test_idle);
        g_test_add_func("/restore/fails-while-writing", test_fails_while_writing);
        return g_test_run();
}
