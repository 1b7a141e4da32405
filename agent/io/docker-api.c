/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What we ask of the Docker Engine, one function each. */
#include "docker-api.h"

#include <inttypes.h>

#include "limits.h"

/* "/containers/NAME/VERB": names come from the engine's own list, but nothing here relies on it. */
static char *container_path(const char *container, const char *rest) {
        g_autofree char *name = g_uri_escape_string(container, NULL, false);

        return g_strdup_printf("/containers/%s/%s", name, rest);
}

DockerCall *docker_list(Docker *d, DockerReply reply, void *userdata) {
        return docker_call(d, "GET", "/containers/json?all=1", NULL, DOCKER_TIMEOUT_SEC, reply, userdata);
}

DockerCall *docker_inspect(Docker *d, const char *container, DockerReply reply, void *userdata) {
        g_autofree char *path = container_path(container, "json");

        return docker_call(d, "GET", path, NULL, DOCKER_TIMEOUT_SEC, reply, userdata);
}

DockerCall *docker_stats(Docker *d, const char *container, DockerReply reply, void *userdata) {
        g_autofree char *path = container_path(container, "stats?stream=false&one-shot=true");

        return docker_call(d, "GET", path, NULL, DOCKER_TIMEOUT_SEC, reply, userdata);
}

DockerCall *docker_start(Docker *d, const char *container, DockerReply reply, void *userdata) {
        g_autofree char *path = container_path(container, "start");

        return docker_call(d, "POST", path, NULL, DOCKER_START_TIMEOUT_SEC, reply, userdata);
}

static DockerCall *stop_with(Docker *d, const char *container, const char *verb, uint64_t timeout_sec,
                             DockerReply reply, void *userdata) {
        g_autofree char *rest = g_strdup_printf("%s?t=%" PRIu64, verb, timeout_sec),
                        *path = container_path(container, rest);

        return docker_call(d, "POST", path, NULL, timeout_sec + DOCKER_START_TIMEOUT_SEC, reply, userdata);
}

DockerCall *docker_stop(Docker *d, const char *container, uint64_t timeout_sec, DockerReply reply,
                        void *userdata) {
        return stop_with(d, container, "stop", timeout_sec, reply, userdata);
}

DockerCall *docker_restart(Docker *d, const char *container, uint64_t timeout_sec, DockerReply reply,
                           void *userdata) {
        return stop_with(d, container, "restart", timeout_sec, reply, userdata);
}

DockerCall *docker_logs(Docker *d, const char *container, uint64_t lines, uint64_t since, bool follow,
                        const DockerStreamHandler *handler, void *userdata) {
        g_autofree char *rest = g_strdup_printf("logs?stdout=1&stderr=1&tail=%" PRIu64 "&since=%" PRIu64
                                                "&follow=%d",
                                                lines, since, follow),
                        *path = container_path(container, rest);

        return docker_stream(d, "GET", path, NULL, handler, userdata);
}

DockerCall *docker_exec_create(Docker *d, const char *container, json_object *argv, DockerReply reply,
                               void *userdata) {
        g_autofree char *path = container_path(container, "exec");
        json_object *body = json_object_new_object();
        DockerCall *c;

        (void) json_object_object_add(body, "AttachStdout", json_object_new_boolean(true));
        (void) json_object_object_add(body, "AttachStderr", json_object_new_boolean(true));
        (void) json_object_object_add(body, "Cmd", json_object_get(argv));
        c = docker_call(d, "POST", path, body, DOCKER_TIMEOUT_SEC, reply, userdata);
        json_object_put(body);
        return c;
}

/* Without an "Upgrade:" header the engine answers 200 and sends the stream as a body without end, which is all
 * that is needed where nothing is typed into the command: no connection has to be taken over. */
DockerCall *docker_exec_start(Docker *d, const char *exec_id, const DockerStreamHandler *handler,
                              void *userdata) {
        g_autofree char *path = g_strdup_printf("/exec/%s/start", exec_id);
        json_object *body = json_object_new_object();
        DockerCall *c;

        (void) json_object_object_add(body, "Detach", json_object_new_boolean(false));
        (void) json_object_object_add(body, "Tty", json_object_new_boolean(false));
        c = docker_stream(d, "POST", path, body, handler, userdata);
        json_object_put(body);
        return c;
}

DockerCall *docker_exec_inspect(Docker *d, const char *exec_id, DockerReply reply, void *userdata) {
        g_autofree char *path = g_strdup_printf("/exec/%s/json", exec_id);

        return docker_call(d, "GET", path, NULL, DOCKER_TIMEOUT_SEC, reply, userdata);
}

DockerCall *docker_create(Docker *d, json_object *body, DockerReply reply, void *userdata) {
        return docker_call(d, "POST", "/containers/create", body, DOCKER_TIMEOUT_SEC, reply, userdata);
}

DockerCall *docker_attach(Docker *d, const char *container, const DockerStreamHandler *handler,
                          void *userdata) {
        g_autofree char *path = container_path(container, "attach?stream=1&stdout=1&stderr=1");

        return docker_stream(d, "POST", path, NULL, handler, userdata);
}

DockerCall *docker_remove(Docker *d, const char *container, DockerReply reply, void *userdata) {
        g_autofree char *name = g_uri_escape_string(container, NULL, false),
                        *path = g_strdup_printf("/containers/%s?force=1&v=1", name);

        return docker_call(d, "DELETE", path, NULL, DOCKER_START_TIMEOUT_SEC, reply, userdata);
}

DockerCall *docker_list_stopped(Docker *d, const char *label, DockerReply reply, void *userdata) {
        g_autofree char *filters = g_strdup_printf(
                                        "{\"label\":[\"%s\"],\"status\":[\"created\",\"exited\",\"dead\"]}",
                                        label),
                        *escaped = g_uri_escape_string(filters, NULL, false),
                        *path = g_strconcat("/containers/json?all=1&filters=", escaped, NULL);

        return docker_call(d, "GET", path, NULL, DOCKER_TIMEOUT_SEC, reply, userdata);
}
