/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An agent's rotations beside an engine with a node that makes keys. */
#include "rotation-bench.h"

#include <string.h>

#include "json-path.h"
#include "message.h"

#define DEADLINE_MS 20000
#define KEY_BYTES 32
enum { CURL_NO_CONNECTION = 7, CURL_EMPTY_REPLY = 52 };

/* The node */

static const char *const types[] = { "6772616e", "62616265", "696d6f6e" };

/* Three keys; the n-th three there are all begin with n. */
static void make_keys(RotationBench *b) {
        guint n = b->names->len / G_N_ELEMENTS(types) + 1;

        for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
                g_ptr_array_add(b->names, g_strdup_printf("%s%02x%062zx", types[i], n, i + 1));
}

char *rotation_bench_keys(const RotationBench *b) {
        GString *keys = g_string_new("0x");

        for (guint i = b->names->len - G_N_ELEMENTS(types); i < b->names->len; i++)
                g_string_append(keys, (const char *) b->names->pdata[i] + strlen(types[0]));
        return g_string_free(keys, false);
}

static bool has_keys(const RotationBench *b, const char *keys) {
        bool all = strlen(keys) > 2;

        for (const char *k = keys + 2; all && strlen(k) >= 2 * KEY_BYTES; k += 2 * KEY_BYTES) {
                bool found = false;

                for (guint i = 0; i < b->names->len; i++)
                        found |= strncmp((const char *) b->names->pdata[i] + strlen(types[0]), k,
                                         2 * KEY_BYTES) == 0;
                all = found;
        }
        return all;
}

/* The members of its answer; new string. */
static char *healthy_answer(RotationBench *b, const char *method, json_object *request) {
        g_autofree char *keys = NULL;
        json_object *params = json_at(request, "params");

        if (g_str_equal(method, "system_health"))
                return g_strdup("\"result\":{\"peers\":3,\"isSyncing\":false,\"shouldHavePeers\":true}");
        if (g_str_equal(method, "system_syncState"))
                return g_strdup("\"result\":{\"startingBlock\":0,\"currentBlock\":1204331,\"highestBlock\":1377020}");
        if (g_str_equal(method, "rpc_methods"))
                return g_strdup("\"result\":{\"methods\":[\"author_rotateKeys\",\"author_rotateKeysWithOwner\"]}");
        if (g_str_equal(method, "author_hasSessionKeys"))
                return g_strdup_printf(
                                "\"result\":%s",
                                has_keys(b, json_object_get_string(json_object_array_get_idx(params, 0)))
                                                ? "true"
                                                : "false");
        keys = rotation_bench_keys(b);
        if (g_str_equal(method, "author_rotateKeysWithOwner"))
                return g_strdup_printf("\"result\":{\"keys\":\"%s\",\"proof\":\"0xaa\"}", keys);
        g_assert_cmpstr(method, ==, "author_rotateKeys");
        return g_strdup_printf("\"result\":\"%s\"", keys);
}

/* True where the test wants something else than an answer. */
static bool goes_wrong(RotationBench *b, EngineExec *x, const char *what) {
        bool refused = g_strcmp0(b->refused_at, what) == 0, cut = g_strcmp0(b->cut_at, what) == 0,
             silent = g_strcmp0(b->silent_at, what) == 0;

        if (!refused && !cut && !silent)
                return false;
        if (b->skip > 0) {
                b->skip--;
                return false;
        }
        if (cut && b->stops_at_cut) {
                x->container->state = "exited";
                x->container->starts_after = 2;
        }
        if (silent)
                loop_quit(b->loop, 0);
        else
                engine_exec_end(x, "", refused ? CURL_NO_CONNECTION : CURL_EMPTY_REPLY);
        if (cut)
                b->cut_at = NULL;
        return true;
}

static void answer_rpc(RotationBench *b, EngineExec *x, const char *text) {
        json_object *request = json_tokener_parse(text);
        const char *method = json_string_at(request, "method");
        const char *other = g_hash_table_lookup(b->answers, method);
        bool rotates = g_str_has_prefix(method, "author_rotateKeys") && (!other || b->after_effect);
        bool wrong = !b->after_effect && goes_wrong(b, x, method);
        g_autofree char *members = NULL, *answer = NULL;

        if (!wrong && rotates) {
                make_keys(b);
                b->rotated++;
        }
        if (!wrong && (!b->after_effect || !goes_wrong(b, x, method))) {
                members = other ? g_strdup(other) : healthy_answer(b, method, request);
                answer = g_strdup_printf("{\"jsonrpc\":\"2.0\",\"id\":1,%s}", members);
                engine_exec_end(x, answer, 0);
        }
        json_object_put(request);
}

static void list_keys(RotationBench *b, EngineExec *x) {
        g_autofree char *names = NULL;

        if (goes_wrong(b, x, "ls"))
                return;
        g_ptr_array_add(b->names, NULL);
        names = g_strjoinv("\n", (char **) b->names->pdata);
        g_ptr_array_set_size(b->names, (int) b->names->len - 1);
        engine_exec_end(x, names, 0);
}

static void exec_started(EngineExec *x, void *userdata) {
        RotationBench *b = userdata;
        size_t n = json_object_array_length(x->argv);
        const char *program = json_object_get_string(json_object_array_get_idx(x->argv, 0)),
                   *request = n > 2 ? json_object_get_string(json_object_array_get_idx(x->argv, n - 2))
                                    : NULL;

        if (g_str_equal(program, "ls"))
                list_keys(b, x);
        else
                answer_rpc(b, x, request);
}

void rotation_bench_answer(RotationBench *b, const char *method, const char *members) {
        if (members)
                g_hash_table_replace(b->answers, (char *) method, (char *) members);
        else
                (void) g_hash_table_remove(b->answers, method);
}

/* The agent */

static bool send_text(const char *text, void *userdata) {
        return true;
}

static bool is_congested(void *userdata) {
        return false;
}

static void settled(const char *id, void *userdata) {
        RotationBench *b = userdata;

        g_string_append_printf(b->settled, "%s ", id);
        loop_quit(b->loop, 0);
}

RotationBench *rotation_bench_new(void) {
        g_autoptr(Config) nothing = config_read("/nonexistent", (ConfigKey[]){ {} }, NULL, NULL, NULL);
        RotationBench *b = g_new0(RotationBench, 1);

        b->dir = g_dir_make_tmp("rotations-XXXXXX", NULL);
        b->path = g_build_filename(b->dir, "agent.db", NULL);
        b->loop = loop_new(NULL);
        b->engine = key_engine_new(b->loop);
        b->engine->exec_started = exec_started;
        b->engine->userdata = b;
        b->answers = g_hash_table_new(g_str_hash, g_str_equal);
        b->names = g_ptr_array_new_with_free_func(g_free);
        make_keys(b);
        b->settled = g_string_new(NULL);
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
        if (b->wait)
                (void) rotation_wait_leave(g_steal_pointer(&b->wait));
        b->db = agent_db_close(b->db);
        b->rotations = rotations_free(b->rotations);
        b->outbox = outbox_free(b->outbox);
}

static void copy_file(const char *from, const char *to, const char *suffix) {
        g_autofree char *source = g_strconcat(from, suffix, NULL), *target = g_strconcat(to, suffix, NULL),
                        *data = NULL;
        size_t size;

        if (g_file_get_contents(source, &data, &size, NULL))
                g_assert_true(g_file_set_contents(target, data, (gssize) size, NULL));
}

void rotation_bench_kill(RotationBench *b) {
        g_autofree char *name = g_strdup_printf("agent%u.db", ++b->lives);
        char *next = g_build_filename(b->dir, name, NULL);

        copy_file(b->path, next, "");
        copy_file(b->path, next, "-wal");
        stop(b);
        g_free(b->path);
        b->path = next;
        b->silent_at = b->cut_at = b->refused_at = NULL;
        b->after_effect = false;
}

static void change_rotations(RotationBench *b, const char *set) {
        g_autofree char *sql = g_strconcat("UPDATE rotations SET ", set, NULL);
        sqlite3 *db;

        g_assert_cmpint(sqlite3_open(b->path, &db), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_close(db), ==, SQLITE_OK);
}

void rotation_bench_let_time_pass(RotationBench *b) {
        change_rotations(b, "started = started - 600000000, started_in_boot = started_in_boot - 600000000");
}

void rotation_bench_set_clock(RotationBench *b) {
        change_rotations(b, "started = started - 600000000");
}

void rotation_bench_reboot(RotationBench *b) {
        change_rotations(b, "boot = '00000000000000000000000000000001'");
}

void rotation_bench_make_keys(RotationBench *b) {
        make_keys(b);
}

RotationBench *rotation_bench_free(RotationBench *b) {
        const char *argv[] = { "rm", "-r", b->dir, NULL };

        stop(b);
        (void) key_engine_free(b->engine);
        (void) loop_free(b->loop);
        g_assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                                   NULL, NULL));
        (void) node_config_free(b->config.nodes);
        g_hash_table_unref(b->answers);
        g_ptr_array_unref(b->names);
        g_string_free(b->settled, true);
        ledger_outcome_clear(&b->outcome);
        json_object_put(b->result);
        g_free(b->error);
        g_free(b->dir);
        g_free(b->path);
        g_free(b);
        return NULL;
}

static void too_late(void *userdata) {
        g_error("%s did not come in time", (const char *) userdata);
}

static void run(RotationBench *b, const char *awaited) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(b->loop, DEADLINE_MS, 0, too_late, (void *) awaited);

        (void) loop_run(b->loop);
}

void rotation_bench_run_until(RotationBench *b, const char *request) {
        b->engine->quit_at = request;
        run(b, request);
        b->engine->quit_at = NULL;
}

void rotation_bench_run(RotationBench *b) {
        run(b, "the end");
}

static void on_done(CommandState state, json_object *result, const char *error, void *userdata) {
        RotationBench *b = userdata;

        b->wait = NULL;
        b->ended = true;
        b->state = state;
        json_object_put(b->result);
        b->result = json_object_get(result);
        g_free(b->error);
        b->error = g_strdup(error);
        loop_quit(b->loop, 0);
}

void rotation_bench_ask(RotationBench *b, const char *id, bool force) {
        b->ended = false;
        b->wait = rotations_rotate(b->rotations, id, "3node0", force, on_done, b);
}

void rotation_bench_rotate(RotationBench *b, const char *id, bool force) {
        rotation_bench_ask(b, id, force);
        while (!b->ended)
                run(b, id);
}

/* The outbox */

typedef struct Reading {
        RotationBench *bench;
        GString *text;
} Reading;

static void oldest(const OutboxRecord *r, int64_t seq, const char *problem, void *userdata) {
        Reading *reading = userdata;
        g_autoptr(Message) m = r ? message_parse(r->message, strlen(r->message), NULL) : NULL;

        if (m)
                g_string_append_printf(reading->text, "%s %s", m->key_update.id, m->key_update.session_key);
        loop_quit(reading->bench->loop, 0);
}

char *rotation_bench_outbox(RotationBench *b) {
        Reading reading = { b, g_string_new(NULL) };

        g_assert_cmpuint(outbox_pending(b->outbox), <=, 1);
        outbox_table_oldest(b->db, "3node0", oldest, &reading);
        run(b, "the outbox");
        return g_string_free(reading.text, false);
}
