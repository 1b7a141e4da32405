/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* status: what each container is and how it does. */
#include "container-info.h"
#include "docker-api.h"
#include "per-container.h"

static void inspect_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        PerContainerJob *job = userdata;

        job->call = NULL;
        if (error)
                per_container_failed(job, error->message);
        else
                per_container_done(job, container_status(body));
}

static void begin(PerContainerJob *job) {
        job->call = docker_inspect(per_container_context(job->owner)->docker, job->container, inspect_reply,
                                   job);
}

static void *status_start(CommandContext *x) {
        return per_container_new(x, true, "name", begin);
}

static void status_stop(void *command) {
        per_container_stop(command, "docker has not answered yet");
}

static void status_free(void *command) {
        (void) per_container_free(command);
}

const CommandType command_type_status = {
        .name = "status",
        .all_by_default = true,
        .start = status_start,
        .stop = status_stop,
        .free = status_free,
};
