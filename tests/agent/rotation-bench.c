/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An agent's rotations beside an engine with a node. */
#include "rotation-bench.h"

#define DEADLINE_MS 10000

static bool send_text(const char *text, void *userdata) {
        return true;
}

static bool is_congested(void *userdata) {
        return false;
}

static void settled(const char *id, void *userdata) {
}

RotationBench *rotation_bench_new(void) {
        g_autoptr(Config) nothing = config_read("/nonexistent", (ConfigKey[]){ {} }, NULL, NULL, NULL);
        RotationBench *b = g_new0(RotationBench, 1);

        b->dir = g_dir_make_tmp("rotations-XXXXXX", NULL);
        b->path = g_build_filename(b->dir, "agent.db", NULL);
        b->loop = loop_new(NULL);
        b->engine = key_engine_new(b->loop);
        b->config.docker_socket = (char *) fake_docker_path(b->engine->docker);
        b->config.nodes = node_config_read(nothing, NULL);
        return b;
}

void rotation_bench_start(RotationBench *b) {
        static const ServerLink link = { send_text, is_congested };
        g_autoptr(GError) error = NULL;

        b->db = agent_db_open(b->loop, b->path, &error);
        g_assert_no_error(error);
        b->outbox = outbox_new(b->loop, b->db, &link, b);
        b->rotations = rotations_new(b->loop, &b->config, b->db, b->outbox, settled, b, &error);
        g_assert_no_error(error);
}

static void stop(RotationBench *b) {
        b->db = agent_db_close(b->db);
        b->rotations = rotations_free(b->rotations);
        b->outbox = outbox_free(b->outbox);
}

RotationBench *rotation_bench_free(RotationBench *b) {
        const char *argv[] = { "rm", "-r", b->dir, NULL };

        stop(b);
        (void) key_engine_free(b->engine);
        (void) loop_free(b->loop);
        g_assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                                   NULL, NULL));
        (void) node_config_free(b->config.nodes);
        g_free(b->dir);
        g_free(b->path);
        g_free(b);
        return NULL;
}

static void too_late(void *userdata) {
        g_error("%s did not come in time", (const char *) userdata);
}

void rotation_bench_run_until(RotationBench *b, const char *request) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(b->loop, DEADLINE_MS, 0, too_late, (void *) request);

        b->engine->quit_at = request;
        (void) loop_run(b->loop);
        b->engine->quit_at = NULL;
}
