/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An engine whose containers have keystores. */
#include "key-engine.h"

#include <string.h>

#include "tar-write.h"

#define PHRASE "\"secret phrase\""

static GBytes *archive_of(const char *folder, const char *const *names, const char *content) {
        GByteArray *a = g_byte_array_new();

        if (folder)
                tar_append(a, &(TarEntry){ .name = folder, .type = TAR_DIRECTORY, .mode = 0700 });
        for (; *names; names++) {
                g_autofree char *name = folder ? g_strdup_printf("%s/%s", folder, *names) : g_strdup(*names);

                tar_append(a, &(TarEntry){ .name = name,
                                           .type = TAR_FILE,
                                           .mode = 0600,
                                           .uid = 1000,
                                           .data = content,
                                           .size = strlen(content) });
        }
        tar_append_end(a);
        return g_byte_array_free_to_bytes(a);
}

static void send_archive(FakeRequest *r, GBytes *archive) {
        fake_answer_stream(r);
        fake_send(r, g_bytes_get_data(archive, NULL), g_bytes_get_size(archive));
        fake_hang_up(r);
}

static void give_archive(EngineContainer *c, FakeRequest *r, const char *path) {
        static const char *const identity[] = { "secret_ed25519", NULL };
        bool is_identity = g_str_has_suffix(path, "/network/secret_ed25519") && c->has_identity;
        bool is_folder = c->place && g_str_has_prefix(c->place, path) && c->place[strlen(path)] == '/';
        g_autoptr(GBytes) archive = NULL;

        if (!is_identity && !is_folder && g_strcmp0(path, c->place) != 0)
                fake_answer(r, 404, NULL);
        else if (g_str_has_prefix(r->line, "HEAD"))
                fake_answer(r, 200, NULL);
        else {
                archive = is_identity ? archive_of(NULL, identity, PHRASE)
                                      : archive_of("keystore", c->keys, c->content ?: PHRASE);
                if (!is_identity && c->changes > 0) {
                        c->changes--;
                        c->keys += g_strv_length((char **) c->keys) + 1;
                }
                send_archive(r, archive);
        }
}

static void take_archive(KeyEngine *e, EngineContainer *c, FakeRequest *r, const char *path) {
        g_clear_pointer(&e->put, g_bytes_unref);
        g_free(e->put_into);
        e->put = g_bytes_new(r->body, r->body_size);
        e->put_into = g_strdup(path);
        if (e->keys_after_put)
                c->keys = e->keys_after_put;
        fake_answer(r, 200, NULL);
}

static void list(KeyEngine *e, FakeRequest *r) {
        g_autoptr(GString) s = g_string_new("[");

        for (unsigned i = 0; i < ENGINE_CONTAINERS_MAX; i++)
                if (e->containers[i].name)
                        g_string_append_printf(s, "%s{\"Names\":[\"/%s\"]}", i > 0 ? "," : "",
                                               e->containers[i].name);
        g_string_append(s, "]");
        fake_answer(r, 200, s->str);
}

static void inspect(EngineContainer *c, FakeRequest *r) {
        bool runs = g_str_equal(c->state, "running");
        g_autofree char *text = g_strdup_printf(
                        "{\"Name\":\"/%s\",\"Args\":%s,\"State\":{\"Running\":%s,\"Status\":\"%s\"}}",
                        c->name, c->args ?: "[]", runs ? "true" : "false", c->state);

        if (c->starts_after > 0 && --c->starts_after == 0)
                c->state = "running";
        fake_answer(r, 200, text);
}

/* The container that the request is about; NULL where there is none of that name. */
static EngineContainer *find(KeyEngine *e, const FakeRequest *r) {
        for (unsigned i = 0; i < ENGINE_CONTAINERS_MAX; i++) {
                g_autofree char *part = g_strdup_printf("/containers/%s/", e->containers[i].name ?: "");

                if (e->containers[i].name && strstr(r->line, part))
                        return &e->containers[i];
        }
        return NULL;
}

static void exec_free(void *p) {
        EngineExec *x = p;

        json_object_put(x->argv);
        g_free(x);
}

static void create_exec(KeyEngine *e, EngineContainer *c, FakeRequest *r) {
        json_object *body = json_tokener_parse(r->body), *argv = NULL;
        EngineExec *x = g_new0(EngineExec, 1);
        g_autofree char *answer = g_strdup_printf("{\"Id\":\"e%u\"}", e->execs->len);

        g_assert_true(json_object_object_get_ex(body, "Cmd", &argv));
        x->container = c;
        x->argv = json_object_get(argv);
        json_object_put(body);
        g_ptr_array_add(e->execs, x);
        fake_answer(r, 201, answer);
}

void engine_exec_end(EngineExec *x, const char *out, unsigned exit_code) {
        x->exit_code = exit_code;
        if (*out)
                fake_send_frame(x->stream, 1, out);
        fake_hang_up(x->stream);
}

/* "POST /exec/e0/start", "GET /exec/e0/json" */
static void on_exec(KeyEngine *e, FakeRequest *r) {
        EngineExec *x = g_ptr_array_index(
                        e->execs, (guint) g_ascii_strtoull(strstr(r->line, "/exec/e") + 7, NULL, 10));
        g_autofree char *text = g_strdup_printf("{\"Running\":false,\"ExitCode\":%u}", x->exit_code);

        if (!strstr(r->line, "/start")) {
                fake_answer(r, 200, text);
                return;
        }
        x->stream = r;
        fake_answer_stream(r);
        e->exec_started(x, e->userdata);
}

static void on_request(FakeRequest *r, void *userdata) {
        KeyEngine *e = userdata;
        EngineContainer *c = find(e, r);
        const char *query = strstr(r->line, "/archive?path=");
        g_autofree char *path = query ? g_uri_unescape_string(query + strlen("/archive?path="), NULL) : NULL;

        g_string_append_printf(e->requests, "%s\n", r->line);
        if (e->broken && strstr(r->line, e->broken))
                fake_answer(r, 500, "{\"message\":\"disk on fire\"}");
        else if (strstr(r->line, "filters="))
                fake_answer(r, 200, e->stopped ?: "[]");
        else if (g_str_has_prefix(r->line, "DELETE"))
                fake_answer(r, 204, NULL);
        else if (strstr(r->line, "/containers/json"))
                list(e, r);
        else if (strstr(r->line, "/exec/e"))
                on_exec(e, r);
        else if (!c)
                fake_answer(r, 404, "{\"message\":\"No such container\"}");
        else if (e->exec_started && g_str_has_suffix(r->line, "/exec"))
                create_exec(e, c, r);
        else if (path && e->silent)
                loop_quit(e->loop, 0);
        else if (path && g_str_has_prefix(r->line, "PUT"))
                take_archive(e, c, r, path);
        else if (path)
                give_archive(c, r, path);
        else
                inspect(c, r);
        if (e->quit_at && strstr(r->line, e->quit_at))
                loop_quit(e->loop, 0);
}

KeyEngine *key_engine_new(Loop *l) {
        static const char *const keys[] = { KEY_GRAN, KEY_BABE, "notes", NULL };
        KeyEngine *e = g_new0(KeyEngine, 1);

        e->loop = l;
        e->docker = fake_docker_new(l, on_request, e);
        e->requests = g_string_new(NULL);
        e->execs = g_ptr_array_new_with_free_func(exec_free);
        e->containers[0] = (EngineContainer){
                .name = "3node0",
                .state = "running",
                .place = "/root/data/chains/creditcoin3/keystore",
                .keys = keys,
        };
        return e;
}

KeyEngine *key_engine_free(KeyEngine *e) {
        (void) fake_docker_free(e->docker);
        g_string_free(e->requests, true);
        g_clear_pointer(&e->put, g_bytes_unref);
        g_free(e->put_into);
        g_ptr_array_unref(e->execs);
        g_free(e);
        return NULL;
}
