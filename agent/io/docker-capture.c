/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command inside a container whose whole output is wanted. */
#include "docker-capture.h"

#include "docker-exec.h"
#include "error.h"

struct DockerCapture {
        DockerExec *exec;
        LoopTimer *deadline;
        GString *out, *err;
        uint64_t timeout_sec;
        size_t max;
        bool too_much, ended;
        DockerCaptureDone done;
        void *userdata;
};

static void finish(DockerCapture *c, int exit_code, const GError *error) {
        const Captured captured = { docker_exec_id(c->exec) != NULL, exit_code, c->out->str, c->out->len,
                                    c->err->str };

        c->ended = true;
        c->deadline = loop_timer_free(c->deadline);
        c->done(&captured, error, c->userdata);
}

static void output(DockerStreamId stream, const void *data, size_t size, void *userdata) {
        DockerCapture *c = userdata;
        GString *to = stream == DOCKER_STDERR ? c->err : c->out;

        if (c->out->len + c->err->len + size > c->max)
                c->too_much = true;
        if (!c->too_much)
                g_string_append_len(to, data, (gssize) size);
}

static void ended(int exit_code, const GError *error, void *userdata) {
        DockerCapture *c = userdata;
        g_autoptr(GError) large = NULL;

        if (c->ended)
                return;
        if (!error && c->too_much) {
                (void) fleet_fail(&large, FLEET_ERROR_LIMIT_EXCEEDED, "more than %zu bytes of output",
                                  c->max);
                error = large;
        }
        finish(c, exit_code, error);
}

static void too_late(void *userdata) {
        DockerCapture *c = userdata;
        g_autoptr(GError) error = NULL;

        (void) fleet_fail(&error, FLEET_ERROR_UNAVAILABLE, "no end within %" G_GUINT64_FORMAT " s",
                          c->timeout_sec);
        finish(c, -1, error);
}

DockerCapture *docker_capture_new(Loop *l, Docker *d, const char *container, const char *const *argv,
                                  uint64_t timeout_sec, size_t max, DockerCaptureDone done, void *userdata) {
        static const DockerExecHandler handler = { output, ended };
        DockerCapture *c = g_new0(DockerCapture, 1);
        json_object *array = json_object_new_array();

        c->timeout_sec = timeout_sec;
        c->max = max;
        c->done = done;
        c->userdata = userdata;
        c->out = g_string_new(NULL);
        c->err = g_string_new(NULL);
        for (; *argv; argv++)
                (void) json_object_array_add(array, json_object_new_string(*argv));
        c->exec = docker_exec_new(l, d, container, array, &handler, c);
        json_object_put(array);
        c->deadline = loop_timer_new(l, timeout_sec * 1000, 0, too_late, c);
        return c;
}

DockerCapture *docker_capture_free(DockerCapture *c) {
        if (!c)
                return NULL;
        (void) docker_exec_free(c->exec);
        (void) loop_timer_free(c->deadline);
        g_string_free(c->out, true);
        g_string_free(c->err, true);
        g_free(c);
        return NULL;
}
