/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* status: what each container is and, where it is a node, how that does in its own words. A node that does not answer holds
 * nothing up for longer than NODE_LOOK_SEC. */
#include "container-info.h"
#include "docker-api.h"
#include "per-container.h"

static void told(json_object *picture, void *userdata) {
        PerContainerJob *job = userdata;

        job->question = NULL;
        (void) json_object_object_add(job->result, "node", json_object_get(picture));
        per_container_done(job, job->result);
}

static void inspect_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        PerContainerJob *job = userdata;

        job->call = NULL;
        if (error) {
                per_container_failed(job, error->message);
                return;
        }
        job->result = container_status(body);
        job->question = node_watch_ask(per_container_context(job->owner)->tools->nodes, job->container, body,
                                       told, job);
        if (!job->question)
                per_container_done(job, job->result);
}

static void begin(PerContainerJob *job) {
        job->call = docker_inspect(per_container_context(job->owner)->tools->docker, job->container,
                                   inspect_reply, job);
}

static void *status_start(CommandContext *x) {
        return per_container_new(x, true, "name", begin);
}

static void status_stop(void *command) {
        per_container_stop(command, "neither docker nor the node has answered yet");
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
