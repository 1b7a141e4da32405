/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* logs: the last lines of a container's log, and with follow all that come after them. */
#include "clock.h"
#include "command.h"
#include "docker-api.h"
#include "json-path.h"
#include "limits.h"

typedef struct Logs {
        CommandContext *context;
        const char *container;
        DockerCall *call;
        DockerFrames frames;
        bool closed; /* flow, kept for the stream that is still to come */
        bool follow;
        char *started; /* when, as the engine says it */
} Logs;

/* The text alone; a cut one begins with a line that says so. */
static json_object *logs_result(Logs *c) {
        json_object *output = command_output_result(c->context), *text = json_at(output, "output");
        uint64_t total = 0;

        if (json_uint_at(output, "output_bytes", &total)) {
                size_t kept = (size_t) json_object_get_string_len(text);
                g_autofree char *marked =
                                g_strdup_printf("[%" G_GUINT64_FORMAT " bytes before this left out]\n%s",
                                                total - kept, json_object_get_string(text));

                text = json_object_new_string(marked);
        } else
                text = json_object_get(text);
        json_object_put(output);
        return text;
}

static void finish(Logs *c, CommandState state, const char *error) {
        command_finished(c->context, state, logs_result(c), error);
}

static void output(DockerStreamId stream, const void *data, size_t size, void *userdata) {
        Logs *c = userdata;

        command_output(c->context, stream, data, size);
}

static void stream_data(const void *data, size_t size, void *userdata) {
        Logs *c = userdata;
        g_autoptr(GError) error = NULL;

        if (docker_frames_feed(&c->frames, data, size, output, c, &error))
                return;
        c->call = docker_call_free(c->call);
        finish(c, COMMAND_FAILED, error->message);
}

/* A log that is followed ends when its container stops. One that runs was started again (the engine's own restart
 * does that too), or the engine let go of it. */
static void end_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        Logs *c = userdata;
        g_autofree char *text = NULL;

        c->call = NULL;
        if (error)
                finish(c, COMMAND_FAILED, error->message);
        else if (!json_bool_at(body, "State.Running"))
                finish(c, COMMAND_SUCCEEDED, NULL);
        else if (g_strcmp0(c->started, json_string_at(body, "State.StartedAt")) != 0) {
                text = g_strdup_printf("%s was restarted, and its log ended there", c->container);
                finish(c, COMMAND_FAILED, text);
        } else {
                text = g_strdup_printf("docker ended the log of %s, which still runs", c->container);
                finish(c, COMMAND_FAILED, text);
        }
}

static void stream_ended(const GError *error, void *userdata) {
        Logs *c = userdata;

        c->call = NULL;
        if (error)
                finish(c, COMMAND_FAILED, error->message);
        else if (!docker_frames_at_boundary(&c->frames))
                finish(c, COMMAND_FAILED, "docker ended the log in the middle of a message");
        else if (c->follow)
                c->call = docker_inspect(c->context->tools->docker, c->container, end_reply, c);
        else
                finish(c, COMMAND_SUCCEEDED, NULL);
}

/* "since" is seconds back from now, as "docker logs --since 10s" means it. */
static uint64_t since_epoch(json_object *params) {
        uint64_t now = now_realtime() / USEC_PER_SEC, sec;

        if (!json_uint_at(params, "since", &sec))
                return 0;
        return now - MIN(sec, now);
}

/* Whether the log comes in frames depends on the container's having a terminal. */
static void inspect_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        static const DockerStreamHandler handler = { stream_data, stream_ended };
        Logs *c = userdata;
        json_object *params = c->context->params;
        uint64_t lines = LOG_LINES_DEFAULT;

        c->call = NULL;
        if (error) {
                finish(c, COMMAND_FAILED, error->message);
                return;
        }
        c->started = g_strdup(json_string_at(body, "State.StartedAt"));
        c->frames.tty = json_bool_at(body, "Config.Tty");
        (void) json_uint_at(params, "lines", &lines);
        c->call = docker_logs(c->context->tools->docker, c->container, lines, since_epoch(params), c->follow,
                              &handler, c);
        docker_call_set_flow(c->call, !c->closed);
}

static void *logs_start(CommandContext *x) {
        Logs *c = g_new0(Logs, 1);

        c->context = x;
        c->container = x->containers[0];
        c->follow = json_bool_at(x->params, "follow");
        c->call = docker_inspect(x->tools->docker, c->container, inspect_reply, c);
        return c;
}

static void logs_stop(void *command) {
        Logs *c = command;

        c->call = docker_call_free(c->call);
        finish(c, COMMAND_CANCELLED, NULL);
}

static void logs_set_flow(void *command, bool open) {
        Logs *c = command;

        c->closed = !open;
        docker_call_set_flow(c->call, open);
}

static void logs_free(void *command) {
        Logs *c = command;

        (void) docker_call_free(c->call);
        g_free(c->started);
        g_free(c);
}

const CommandType command_type_logs = {
        .name = "logs",
        .start = logs_start,
        .stop = logs_stop,
        .set_flow = logs_set_flow,
        .free = logs_free,
};
