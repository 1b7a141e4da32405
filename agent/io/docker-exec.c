/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command inside a container. Three requests: create it, start it (its output is the answer), and when that
 * has ended ask for the exit code, until the engine knows it. */
#include "docker-exec.h"

#include "docker-api.h"
#include "error.h"
#include "json-path.h"
#include "limits.h"

struct DockerExec {
        Loop *loop;
        Docker *docker;
        DockerExecHandler handler;
        void *userdata;

        char *id;
        DockerCall *call; /* the request under way */
        LoopTimer *again; /* or the pause before the next */
        DockerFrames frames;
        bool closed; /* flow, kept for the stream that is still to come */
};

static void end(DockerExec *e, int exit_code, const GError *error) {
        e->handler.ended(exit_code, error, e->userdata);
}

static void ask_exit_code(void *userdata);

static void end_without_exit_code(DockerExec *e, const char *why) {
        g_autoptr(GError) error = NULL;

        (void) fleet_fail(&error, FLEET_ERROR_FAILED, "the exit code is not known: %s", why);
        end(e, -1, error);
}

static void inspect_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        DockerExec *e = userdata;
        uint64_t code;

        e->call = NULL;
        if (error && status != 404)
                end_without_exit_code(e, error->message);
        else if (json_bool_at(body, "Running"))
                /* The output may end before the command does, which can close it. */
                e->again = loop_timer_new(e->loop, EXEC_ENDED_POLL_MSEC, 0, ask_exit_code, e);
        else if (json_uint_at(body, "ExitCode", &code))
                end(e, (int) code, NULL);
        else
                end_without_exit_code(e, "docker was restarted while the command ran");
}

static void ask_exit_code(void *userdata) {
        DockerExec *e = userdata;

        e->again = loop_timer_free(e->again);
        e->call = docker_exec_inspect(e->docker, e->id, inspect_reply, e);
}

static void output(DockerStreamId stream, const void *data, size_t size, void *userdata) {
        DockerExec *e = userdata;

        e->handler.output(stream, data, size, e->userdata);
}

static void stream_data(const void *data, size_t size, void *userdata) {
        DockerExec *e = userdata;
        g_autoptr(GError) error = NULL;

        if (docker_frames_feed(&e->frames, data, size, output, e, &error))
                return;
        e->call = docker_call_free(e->call);
        end(e, -1, error);
}

static void stream_ended(const GError *error, void *userdata) {
        DockerExec *e = userdata;

        e->call = NULL;
        if (error)
                end(e, -1, error);
        else
                ask_exit_code(e);
}

static const DockerStreamHandler stream_handler = { stream_data, stream_ended };

static void create_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        DockerExec *e = userdata;
        g_autoptr(GError) none = NULL;

        e->call = NULL;
        if (error) {
                end(e, -1, error);
                return;
        }
        e->id = g_strdup(json_string_at(body, "Id"));
        if (!e->id) {
                (void) fleet_fail(&none, FLEET_ERROR_PROTOCOL, "docker created a command without an \"Id\"");
                end(e, -1, none);
                return;
        }
        e->call = docker_exec_start(e->docker, e->id, &stream_handler, e);
        docker_call_set_flow(e->call, !e->closed);
}

DockerExec *docker_exec_new(Loop *l, Docker *d, const char *container, json_object *argv,
                            const DockerExecHandler *handler, void *userdata) {
        DockerExec *e = g_new0(DockerExec, 1);

        e->loop = l;
        e->docker = d;
        e->handler = *handler;
        e->userdata = userdata;
        e->call = docker_exec_create(d, container, argv, create_reply, e);
        return e;
}

DockerExec *docker_exec_free(DockerExec *e) {
        if (!e)
                return NULL;
        (void) docker_call_free(e->call);
        (void) loop_timer_free(e->again);
        g_free(e->id);
        g_free(e);
        return NULL;
}

void docker_exec_set_flow(DockerExec *e, bool open) {
        e->closed = !open;
        docker_call_set_flow(e->call, open);
}

const char *docker_exec_id(const DockerExec *e) {
        return e->id;
}
