/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* start, stop, restart: the engine's own, and then the state they led to. */
#include "docker-api.h"
#include "json-path.h"
#include "limits.h"
#include "per-container.h"

static void state_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        PerContainerJob *job = userdata;
        json_object *result;

        job->call = NULL;
        if (error) {
                g_autofree char *text =
                                g_strdup_printf("done, but its state is not known: %s", error->message);

                per_container_failed(job, text);
                return;
        }
        result = json_object_new_object();
        json_add_string(result, "container", job->container);
        json_add_string(result, "state", json_string_at(body, "State.Status"));
        per_container_done(job, result);
}

static void act_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        PerContainerJob *job = userdata;

        job->call = NULL;
        if (error)
                per_container_failed(job, error->message);
        else
                job->call = docker_inspect(per_container_context(job->owner)->tools->docker, job->container,
                                           state_reply, job);
}

static uint64_t stop_timeout(const PerContainerJob *job) {
        uint64_t sec = STOP_TIMEOUT_DEFAULT_SEC;

        (void) json_uint_at(per_container_context(job->owner)->params, "timeout", &sec);
        return sec;
}

static void begin_start(PerContainerJob *job) {
        job->call = docker_start(per_container_context(job->owner)->tools->docker, job->container, act_reply,
                                 job);
}

static void begin_stop(PerContainerJob *job) {
        job->call = docker_stop(per_container_context(job->owner)->tools->docker, job->container,
                                stop_timeout(job), act_reply, job);
}

static void begin_restart(PerContainerJob *job) {
        job->call = docker_restart(per_container_context(job->owner)->tools->docker, job->container,
                                   stop_timeout(job), act_reply, job);
}

static void *start_start(CommandContext *x) {
        return per_container_new(x, x->all, "container", begin_start);
}

static void *start_stop(CommandContext *x) {
        return per_container_new(x, x->all, "container", begin_stop);
}

static void *start_restart(CommandContext *x) {
        return per_container_new(x, x->all, "container", begin_restart);
}

/* The engine takes nothing back. */
static void stop(void *command) {
        per_container_stop(command, "docker was asked and may still do it");
}

static void lifecycle_free(void *command) {
        (void) per_container_free(command);
}

const CommandType command_type_start = {
        .name = "start",
        .start = start_start,
        .stop = stop,
        .free = lifecycle_free,
};

const CommandType command_type_stop = {
        .name = "stop",
        .start = start_stop,
        .stop = stop,
        .free = lifecycle_free,
};

const CommandType command_type_restart = {
        .name = "restart",
        .start = start_restart,
        .stop = stop,
        .free = lifecycle_free,
};
