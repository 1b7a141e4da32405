/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* payout_info by the real mclient-script: what it prints is there soon; what is no answer, and what does not run by itself. */
#include "payout-info.h"

#include <glib/gstdio.h>
#include <string.h>

#include "limits.h"
#include "script-config.h"

#define DEADLINE_MS 60000

typedef struct Test {
        char *dir, *file, *script;
        Loop *loop;
        AgentConfig config;
        AgentDb *db;
        Scripts *scripts;
        PayoutInfo *info;
} Test;

static void write_file(const char *path, const char *text, int mode) {
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        g_assert_cmpint(g_chmod(path, mode), ==, 0);
}

static void settled(const char *id, void *userdata) {
        g_assert_not_reached();
}

/* act: what the script does; more: of its declaration. */
static Test *test_new(const char *act, const char *more) {
        static const ConfigKey known[] = { SCRIPT_CONFIG_KEYS, {} };
        Test *t = g_new0(Test, 1);
        g_autofree char *db = NULL, *config = NULL, *text = NULL;
        g_autoptr(GError) error = NULL;
        g_autoptr(Config) parsed = NULL;

        t->dir = g_dir_make_tmp("payout-XXXXXX", NULL);
        t->file = g_build_filename(t->dir, "mclient.conf", NULL);
        t->script = g_build_filename(t->dir, "act", NULL);
        db = g_build_filename(t->dir, "agent.db", NULL);
        text = g_strdup_printf("#!/bin/sh\n%s\n", act);
        write_file(t->script, text, 0755);
        config = g_strdup_printf("[Command payout_info]\nExec=%s\n%s", t->script, more);
        write_file(t->file, config, 0644);
        t->loop = loop_new(NULL);
        t->config = (AgentConfig){ .file = t->file,
                                   .state_directory = t->dir,
                                   .script_helper = (char *) g_getenv("MCLIENT_SCRIPT") };
        parsed = config_read(t->file, known, NULL, NULL, &error);
        g_assert_no_error(error);
        t->config.scripts = script_config_read(parsed, NULL, NULL);
        t->db = agent_db_open(t->loop, db, &error);
        g_assert_no_error(error);
        t->scripts = scripts_new(t->loop, &t->config, t->db, settled, t);
        t->info = payout_info_new(t->loop, &t->config, t->scripts);
        return t;
}

static void test_free(Test *t) {
        const char *argv[] = { "rm", "-r", t->dir, NULL };

        (void) payout_info_free(t->info);
        (void) agent_db_close(t->db);
        (void) scripts_free(t->scripts);
        (void) loop_free(t->loop);
        g_ptr_array_unref(t->config.scripts);
        g_assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                                   NULL, NULL));
        g_free(t->script);
        g_free(t->file);
        g_free(t->dir);
        g_free(t);
}

static void too_late(void *userdata) {
        g_error("it did not run in time");
}

static void look(void *userdata) {
        Test *t = userdata;

        if (payout_info_latest(t->info))
                loop_quit(t->loop, 0);
}

static void test_object(void) {
        Test *t = test_new("echo '{\"unclaimed\":[{\"era\":1234,\"validator\":\"5abc\"}]}'; echo noise >&2",
                           "Container=no\nParameter.x=a\nOptional=x\n");

        g_assert_nonnull(t->info);
        g_assert_null(payout_info_latest(t->info));
        {
                g_autoptr(LoopTimer) deadline = loop_timer_new(t->loop, DEADLINE_MS, 0, too_late, t),
                                     poll = loop_timer_new(t->loop, 10, 10, look, t);

                (void) loop_run(t->loop);
        }
        g_assert_cmpstr(json_object_to_json_string_ext(payout_info_latest(t->info), JSON_C_TO_STRING_PLAIN),
                        ==, "{\"unclaimed\":[{\"era\":1234,\"validator\":\"5abc\"}]}");
        test_free(t);
}

static void test_parse(void) {
        static const char *const bad[] = { "",        "[1]",   "7",      "null", "{\"a\":1} x",
                                           "{\"a\":", "{} {}", "no JSON" };
        g_autofree char *longest = g_strnfill(PAYOUT_INFO_BYTES_MAX + 1, ' ');
        const char *problem = NULL;
        json_object *o;

        for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_assert_null(payout_info_parse(bad[i], strlen(bad[i]), &problem));
                g_assert_cmpstr(problem, ==, "what it printed is no JSON object");
        }
        memcpy(longest, "{}", 2);
        g_assert_null(payout_info_parse(longest, PAYOUT_INFO_BYTES_MAX + 1, &problem));
        g_assert_cmpstr(problem, ==, "it printed more than 65536 bytes");
        o = payout_info_parse("{\"a\":{}}", 8, &problem);
        g_assert_true(json_object_is_type(o, json_type_object));
        json_object_put(o);
}

static void test_not_by_itself(void) {
        static const char *const more[] = { "", "Container=no\nParameter.x=a\n" };

        for (unsigned i = 0; i < G_N_ELEMENTS(more); i++) {
                Test *t = test_new("echo '{}'", more[i]);

                g_assert_null(t->info);
                g_assert_null(payout_info_latest(t->info));
                test_free(t);
        }
}

/* While it runs, and before. */
static void test_free_early(void) {
        test_free(test_new("echo '{}'", "Container=no\n"));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/payout-info/object", test_object);
        g_test_add_func("/payout-info/parse", test_parse);
        g_test_add_func("/payout-info/not-by-itself", test_not_by_itself);
        g_test_add_func("/payout-info/free-early", test_free_early);
        return g_test_run();
}
