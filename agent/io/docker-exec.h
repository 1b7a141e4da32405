/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command inside a container, from its start to its exit code. */
#pragma once

#include "docker-frames.h"
#include "docker.h"

typedef struct DockerExec DockerExec;

typedef struct DockerExecHandler {
        /* Must not free the exec. */
        void (*output)(DockerStreamId stream, const void *data, size_t size, void *userdata);
        /* The end, exactly once. error where there is no exit code, and then it is not known whether the
         * command has run. The exec is still there: free it, here or later. */
        void (*ended)(int exit_code, const GError *error, void *userdata);
} DockerExecHandler;

/* argv: array of strings, borrowed. No handler is called from inside this. A program that is not there ends
 * with 126 or 127 and docker's explanation as its output. */
DockerExec *docker_exec_new(Loop *l, Docker *d, const char *container, json_object *argv,
                            const DockerExecHandler *handler, void *userdata);

/* Lets go of a running command: it stays where it is. docker-exec-stop.h ends it. */
DockerExec *docker_exec_free(DockerExec *e);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DockerExec, docker_exec_free)

void docker_exec_set_flow(DockerExec *e, bool open);

/* NULL until the engine was asked to start it. Borrowed. */
const char *docker_exec_id(const DockerExec *e);
