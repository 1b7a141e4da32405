/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* backup_keys from its request to the file, the record in the outbox and the result; and what keeps it from that. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "backup-files.h"
#include "cms.h"
#include "key-bundle.h"
#include "key-engine.h"
#include "limits.h"
#include "message.h"
#include "outbox.h"
#include "runner.h"

#define DEADLINE_MS 10000
#define MINUTE (60 * 1000000ull)
#define NOTES "keystore/notes"

typedef struct Test {
        Loop *loop;
        KeyEngine *engine;
        EngineContainer *node; /* the one it has */
        AgentDb *db;
        Outbox *outbox;
        AgentConfig config;
        Runner *runner;
        char *dir;

        unsigned ended;
        CommandState state;
        json_object *result;
        char *error, *sent;
} Test;

/* The agent */

static void on_output(const char *id, uint64_t offset, const char *text, size_t size, void *userdata) {
        g_assert_not_reached();
}

static void on_finished(const char *id, CommandState state, json_object *result, uint64_t output_bytes,
                        const char *error, void *userdata) {
        Test *t = userdata;

        t->ended++;
        t->state = state;
        t->result = json_object_get(result);
        t->error = g_strdup(error);
        loop_quit(t->loop, 0);
}

static bool on_send(const char *text, void *userdata) {
        Test *t = userdata;

        g_assert_null(t->sent);
        t->sent = g_strdup(text);
        loop_quit(t->loop, 0);
        return true;
}

static bool is_congested(void *userdata) {
        return false;
}

static void too_late(void *userdata) {
        g_error("%s did not come in time", (const char *) userdata);
}

static void run_until(Test *t, const char *awaited) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(t->loop, DEADLINE_MS, 0, too_late, (void *) awaited);

        (void) loop_run(t->loop);
}

static Test *test_new(void) {
        static char *patterns[] = { (char *) "*", NULL };
        static const RunnerEvents events = { on_output, on_finished };
        static const ServerLink link = { on_send, is_congested };
        g_autoptr(Config) nothing = config_read("/nonexistent", (ConfigKey[]){ {} }, NULL, NULL, NULL);
        Test *t = g_new0(Test, 1);
        g_autofree char *path = NULL;

        t->dir = g_dir_make_tmp("command-backup-XXXXXX", NULL);
        path = g_build_filename(t->dir, "agent.db", NULL);
        t->loop = loop_new(NULL);
        t->engine = key_engine_new(t->loop);
        t->node = &t->engine->containers[0];
        t->db = agent_db_open(t->loop, path, NULL);
        t->outbox = outbox_new(t->loop, t->db, &link, t);
        t->config.docker_socket = (char *) fake_docker_path(t->engine->docker);
        t->config.containers = patterns;
        t->config.backup_directory = g_build_filename(t->dir, "backups", NULL);
        t->config.backup_keep = 3;
        t->config.policy = policy_new(NULL, NULL, NULL, NULL, NULL);
        t->config.nodes = node_config_read(nothing, NULL);
        t->runner = runner_new(t->loop, &t->config, t->outbox, NULL, NULL, NULL, &events, t, NULL);
        g_assert_nonnull(t->runner);
        return t;
}

static void test_free(Test *t) {
        const char *argv[] = { "rm", "-r", t->dir, NULL };

        (void) runner_free(t->runner);
        (void) agent_db_close(t->db);
        (void) outbox_free(t->outbox);
        (void) key_engine_free(t->engine);
        (void) loop_free(t->loop);
        g_assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                                   NULL, NULL));
        json_object_put(t->result);
        g_free(t->config.backup_directory);
        g_free(t->config.backup_recipients);
        (void) node_config_free(t->config.nodes);
        policy_free(t->config.policy);
        g_free(t->dir);
        g_free(t->error);
        g_free(t->sent);
        g_free(t);
}

/* Makes the runner again with what the test has put into the configuration. */
static void use_config(Test *t) {
        static const RunnerEvents events = { on_output, on_finished };

        (void) runner_free(t->runner);
        t->runner = runner_new(t->loop, &t->config, t->outbox, NULL, NULL, NULL, &events, t, NULL);
}

static void start(Test *t, const char *id, const char *params) {
        json_object *o = params ? json_tokener_parse(params) : NULL;

        runner_start(t->runner, &(RunRequest){ .id = id,
                                               .command = "backup_keys",
                                               .params = o,
                                               .timeout_usec = MINUTE });
        json_object_put(o);
}

static void back_up(Test *t, const char *params) {
        start(t, "cmd_1", params);
        run_until(t, "the end");
        g_assert_cmpuint(t->ended, ==, 1);
}

static void assert_fails(Test *t, const char *why) {
        g_autoptr(GDir) d = g_dir_open(t->config.backup_directory, 0, NULL);

        g_assert_cmpint(t->state, ==, COMMAND_FAILED);
        g_assert_cmpstr(t->error, ==, why);
        g_assert_true(!d || !g_dir_read_name(d));
        g_assert_cmpuint(outbox_pending(t->outbox), ==, 0);
        test_free(t);
}

static const char *result_string(Test *t, const char *key) {
        return json_object_get_string(json_object_object_get(t->result, key));
}

/* The file that the result names, which must be as the result says. */
static GBytes *file_of_result(Test *t) {
        const char *path = result_string(t, "backup_file");
        g_autofree char *sum = NULL;
        GBytes *content;
        char *data;
        gsize size;

        g_assert_true(g_file_get_contents(path, &data, &size, NULL));
        content = g_bytes_new_take(data, size);
        sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, content);
        g_assert_cmpstr(result_string(t, "sha256"), ==, sum);
        g_assert_cmpuint(json_object_get_uint64(json_object_object_get(t->result, "size")), ==, size);
        return content;
}

static char *paths_of(GBytes *archive) {
        g_autoptr(KeyBundle) b = key_bundle_new();
        g_autoptr(GString) s = g_string_new(NULL);
        g_autoptr(GError) error = NULL;

        g_assert_true(key_bundle_add_backup(b, archive, &error));
        for (unsigned i = 0; i < b->files->len; i++)
                g_string_append_printf(s, "%s ", ((KeyFile *) b->files->pdata[i])->path);
        g_assert_cmpuint(((KeyFile *) b->files->pdata[0])->uid, ==, 1000);
        return g_string_free(g_steal_pointer(&s), false);
}

static void test_backup(void) {
        Test *t = test_new();
        g_autoptr(GBytes) content = NULL;
        g_autoptr(Message) m = NULL;
        g_autofree char *paths = NULL;

        back_up(t, NULL);
        g_assert_cmpstr(t->error, ==, NULL);
        g_assert_cmpint(t->state, ==, COMMAND_SUCCEEDED);
        g_assert_false(json_object_get_boolean(json_object_object_get(t->result, "encrypted")));
        g_assert_cmpint(json_object_object_length(t->result), ==, 4);
        content = file_of_result(t);
        paths = paths_of(content);
        g_assert_cmpstr(paths, ==, "keystore/" KEY_BABE " keystore/" KEY_GRAN " " NOTES " ");

        outbox_online(t->outbox, FEATURE_BACKUP_ACK);
        run_until(t, "backup_complete");
        m = message_parse(t->sent, strlen(t->sent), NULL);
        g_assert_cmpint(m->type, ==, MESSAGE_BACKUP_COMPLETE);
        g_assert_cmpstr(m->backup.id, ==, "cmd_1");
        g_assert_cmpstr(m->backup.container, ==, "3node0");
        g_assert_cmpstr(m->backup.backup_file, ==, result_string(t, "backup_file"));
        g_assert_cmpstr(m->backup.sha256, ==, result_string(t, "sha256"));
        g_assert_cmpint(m->backup.size, ==, g_bytes_get_size(content));
        test_free(t);
}

/* Nothing is asked of the engine but to look and to read. */
static void test_requests(void) {
        Test *t = test_new();

        back_up(t, "{\"container\":\"3node0\"}");
        g_assert_cmpstr(t->engine->requests->str, ==,
                        "GET /containers/json?all=1\nGET /containers/3node0/json\n"
                        "HEAD /containers/3node0/archive?path=%2Froot%2Fdata%2Fchains%2Fcreditcoin3%2Fkeystore\n"
                        "GET /containers/3node0/archive?path=%2Froot%2Fdata%2Fchains%2Fcreditcoin3%2Fkeystore\n"
                        "GET /containers/3node0/archive?path=%2Froot%2Fdata%2Fchains%2Fcreditcoin3%2Fkeystore\n");
        test_free(t);
}

static void test_other_places(void) {
        static const char *const table[][2] = {
                { "[]", "/creditcoin-node/data/chains/creditcoin3/keystore" },
                { "[\"--base-path\",\"/d\"]", "/d/chains/creditcoin3/keystore" },
                { "[\"--keystore-path\",\"/keys\"]", "/keys" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
                Test *t = test_new();

                t->node->args = table[i][0];
                t->node->place = table[i][1];
                back_up(t, NULL);
                g_assert_cmpint(t->state, ==, COMMAND_SUCCEEDED);
                test_free(t);
        }
}

static void test_configured_place(void) {
        Test *t = test_new();

        g_hash_table_insert(t->config.nodes->keystores, g_strdup("3node0"), g_strdup("/odd/keys"));
        back_up(t, NULL);
        assert_fails(t, "no keystore in 3node0");

        t = test_new();
        t->node->place = "/odd/keys";
        g_hash_table_insert(t->config.nodes->keystores, g_strdup("3node0"), g_strdup("/odd/keys"));
        back_up(t, NULL);
        g_assert_cmpint(t->state, ==, COMMAND_SUCCEEDED);
        test_free(t);
}

static void test_identity(void) {
        Test *t = test_new();
        g_autoptr(GBytes) content = NULL;
        g_autofree char *paths = NULL;

        t->node->has_identity = true;
        back_up(t, "{\"network\":true}");
        g_assert_cmpstr(t->error, ==, NULL);
        content = file_of_result(t);
        paths = paths_of(content);
        g_assert_cmpstr(paths, ==,
                        "keystore/" KEY_BABE " keystore/" KEY_GRAN " " NOTES " " KEY_BUNDLE_IDENTITY " ");
        test_free(t);

        t = test_new();
        back_up(t, "{\"network\":true}");
        assert_fails(t, "no network identity in 3node0; looked for "
                        "/root/data/chains/creditcoin3/network/secret_ed25519, "
                        "/creditcoin-node/data/chains/creditcoin3/network/secret_ed25519");
}

static void test_nothing_to_back_up(void) {
        static const char *const empty[] = { NULL }, *const no_keys[] = { "notes", NULL };
        Test *t = test_new();

        t->node->place = "/elsewhere";
        back_up(t, NULL);
        assert_fails(t, "no keystore in 3node0");

        t = test_new();
        t->node->keys = empty;
        back_up(t, NULL);
        assert_fails(t, "no key in the keystore of 3node0, /root/data/chains/creditcoin3/keystore");

        t = test_new();
        t->node->keys = no_keys;
        back_up(t, NULL);
        assert_fails(t, "no key in the keystore of 3node0, /root/data/chains/creditcoin3/keystore");
}

/* Keys that are written in the middle are waited for; what never stands still is not backed up. */
static void test_changing(void) {
        static const char *const keys[] = { KEY_BABE, NULL, KEY_BABE, KEY_GRAN, NULL,
                                            KEY_BABE, NULL, KEY_BABE, KEY_GRAN, NULL,
                                            KEY_BABE, NULL, KEY_BABE, KEY_GRAN, NULL };
        Test *t = test_new();
        g_autoptr(GBytes) content = NULL;
        g_autofree char *paths = NULL;

        t->node->keys = keys;
        t->node->changes = 1;
        back_up(t, NULL);
        g_assert_cmpstr(t->error, ==, NULL);
        content = file_of_result(t);
        paths = paths_of(content);
        g_assert_cmpstr(paths, ==, "keystore/" KEY_BABE " keystore/" KEY_GRAN " ");
        test_free(t);

        t = test_new();
        t->node->keys = keys;
        t->node->changes = 5;
        back_up(t, NULL);
        assert_fails(t, "the keystore of 3node0 changed each of the 3 times it was read");
}

static void shell(const char *script) {
        const char *argv[] = { "sh", "-c", script, NULL };
        int status;

        g_assert_true(g_spawn_sync(NULL, (char **) argv, NULL,
                                   G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                                                   G_SPAWN_STDERR_TO_DEV_NULL,
                                   NULL, NULL, NULL, NULL, &status, NULL));
        g_assert_cmpint(status, ==, 0);
}

static void test_encrypted(void) {
        Test *t = test_new();
        g_autofree char *key = g_build_filename(t->dir, "key.pem", NULL),
                        *cert = g_build_filename(t->dir, "cert.pem", NULL),
                        *script = g_strdup_printf("openssl req -x509 -nodes -newkey ec -pkeyopt "
                                                  "ec_paramgen_curve:P-256 -keyout %s -out %s -subj /CN=a",
                                                  key, cert),
                        *paths = NULL;
        g_autoptr(GBytes) content = NULL, tar = NULL;
        g_autoptr(GError) error = NULL;

        shell(script);
        t->config.backup_recipients = g_strdup(cert);
        use_config(t);
        back_up(t, NULL);
        g_assert_cmpstr(t->error, ==, NULL);
        g_assert_true(json_object_get_boolean(json_object_object_get(t->result, "encrypted")));
        g_assert_true(g_str_has_suffix(result_string(t, "backup_file"), ".tar.cms"));
        content = file_of_result(t);
        g_assert_null(g_strstr_len(g_bytes_get_data(content, NULL), (gssize) g_bytes_get_size(content),
                                   "secret"));
        tar = cms_decrypt(content, key, NULL, &error);
        g_assert_no_error(error);
        paths = paths_of(tar);
        g_assert_cmpstr(paths, ==, "keystore/" KEY_BABE " keystore/" KEY_GRAN " " NOTES " ");
        test_free(t);
}

/* What was to be encrypted is never written otherwise. */
static void test_no_recipient(void) {
        Test *t = test_new();
        g_autofree char *path = g_build_filename(t->dir, "missing.pem", NULL),
                        *why = g_strdup_printf(
                                        "no backup was made: cannot open %s: No such file or directory",
                                        path);

        t->config.backup_recipients = g_strdup(path);
        use_config(t);
        back_up(t, NULL);
        assert_fails(t, why);
}

static void test_cancelled(void) {
        Test *t = test_new();

        t->engine->silent = true;
        start(t, "cmd_1", NULL);
        run_until(t, "a request for the archive");
        g_assert_true(runner_cancel(t->runner, "cmd_1"));
        run_until(t, "the end");
        g_assert_cmpint(t->state, ==, COMMAND_CANCELLED);
        test_free(t);
}

/* Cancelled at each moment: the file is there and told of, or neither. */
static void test_cancelled_late(void) {
        unsigned succeeded = 0;

        for (unsigned turns = 1; succeeded < 3; turns++) {
                Test *t = test_new();
                g_autoptr(GPtrArray) list = NULL;

                start(t, "cmd_1", NULL);
                for (unsigned i = 0; i < turns && t->ended == 0; i++)
                        uv_run(loop_uv(t->loop), UV_RUN_ONCE);
                (void) runner_cancel(t->runner, "cmd_1");
                if (t->ended == 0)
                        run_until(t, "the end");
                g_assert_true(t->state == COMMAND_SUCCEEDED || t->state == COMMAND_CANCELLED);
                succeeded += t->state == COMMAND_SUCCEEDED;
                g_assert_cmpuint(outbox_pending(t->outbox), ==, t->state == COMMAND_SUCCEEDED);
                g_clear_pointer(&t->runner, runner_free); /* waits for the thread */
                list = backup_files_list(t->config.backup_directory, "3node0", NULL);
                g_assert_cmpuint(list->len, ==, t->state == COMMAND_SUCCEEDED);
                test_free(t);
        }
}

static void test_retention(void) {
        Test *t = test_new();
        g_autoptr(GPtrArray) list = NULL;

        for (unsigned i = 0; i < 5; i++) {
                g_autofree char *id = g_strdup_printf("cmd_%u", i);

                start(t, id, NULL);
                run_until(t, "the end");
                g_assert_cmpint(t->state, ==, COMMAND_SUCCEEDED);
                g_clear_pointer(&t->result, json_object_put);
        }
        list = backup_files_list(t->config.backup_directory, "3node0", NULL);
        g_assert_cmpuint(list->len, ==, 3);
        g_assert_cmpuint(outbox_pending(t->outbox), ==, 5);
        test_free(t);
}

static void ignore_put(const char *problem, void *userdata) {
        g_assert_null(problem);
}

static void last_put(const char *problem, void *userdata) {
        g_assert_null(problem);
        loop_quit(((Test *) userdata)->loop, 0);
}

/* Nobody could be told of one more: the keystore is not even read. */
static void test_outbox_full(void) {
        Test *t = test_new();

        for (unsigned i = 0; i < OUTBOX_RECORDS_MAX; i++) {
                g_autofree char *id = g_strdup_printf("k%u", i);
                const OutboxRecord r = { OUTBOX_KEY_UPDATE, id, "3node0", "{}" };

                (void) outbox_put(t->outbox, &r, i + 1 < OUTBOX_RECORDS_MAX ? ignore_put : last_put, t);
        }
        run_until(t, "a full outbox");
        g_string_truncate(t->engine->requests, 0);
        back_up(t, NULL);
        g_assert_cmpint(t->state, ==, COMMAND_REJECTED);
        g_assert_cmpstr(t->error, ==,
                        "the outbox is full: 10000 records wait for the server, at most 10000 may");
        g_assert_null(strstr(t->engine->requests->str, "archive"));
        test_free(t);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/command-backup/backup", test_backup);
        g_test_add_func("/command-backup/requests", test_requests);
        g_test_add_func("/command-backup/other-places", test_other_places);
        g_test_add_func("/command-backup/configured-place", test_configured_place);
        g_test_add_func("/command-backup/identity", test_identity);
        g_test_add_func("/command-backup/nothing-to-back-up", test_nothing_to_back_up);
        g_test_add_func("/command-backup/changing", test_changing);
        g_test_add_func("/command-backup/encrypted", test_encrypted);
        g_test_add_func("/command-backup/no-recipient", test_no_recipient);
        g_test_add_func("/command-backup/cancelled", test_cancelled);
        g_test_add_func("/command-backup/cancelled-late", test_cancelled_late);
        g_test_add_func("/command-backup/retention", test_retention);
        g_test_add_func("/command-backup/outbox-full", test_outbox_full);
        return g_test_run();
}
