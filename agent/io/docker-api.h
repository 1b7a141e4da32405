/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What we ask of the Docker Engine, one function each (Docker Engine API 1.41). Replies and ownership are
 * docker.h's; container: a name or id. */
#pragma once

#include "docker.h"

/* An array of all containers, running or not, each with "Names" and "State". */
DockerCall *docker_list(Docker *d, DockerReply reply, void *userdata);

DockerCall *docker_inspect(Docker *d, const char *container, DockerReply reply, void *userdata);

/* One set of counters, without the second or two that the engine else takes to compare. */
DockerCall *docker_stats(Docker *d, const char *container, DockerReply reply, void *userdata);

/* status 304 (and no error) where there was nothing to do. timeout_sec: how long the container may take to
 * stop before it is killed. */
DockerCall *docker_start(Docker *d, const char *container, DockerReply reply, void *userdata);
DockerCall *docker_stop(Docker *d, const char *container, uint64_t timeout_sec, DockerReply reply,
                        void *userdata);
DockerCall *docker_restart(Docker *d, const char *container, uint64_t timeout_sec, DockerReply reply,
                           void *userdata);

/* The last lines of the log, as the raw stream of docker-frames.h (bare where the container has a terminal).
 * since: seconds since the epoch, 0 for all. */
DockerCall *docker_logs(Docker *d, const char *container, uint64_t lines, uint64_t since, bool follow,
                        const DockerStreamHandler *handler, void *userdata);

/* The three steps of running a command in a container; docker-exec.h takes them. argv: array of strings,
 * borrowed. create answers with "Id"; inspect with "Running", "ExitCode" and "Pid" on the host. */
DockerCall *docker_exec_create(Docker *d, const char *container, json_object *argv, DockerReply reply,
                               void *userdata);
DockerCall *docker_exec_start(Docker *d, const char *exec_id, const DockerStreamHandler *handler,
                              void *userdata);
DockerCall *docker_exec_inspect(Docker *d, const char *exec_id, DockerReply reply, void *userdata);

/* The steps of a container of our own; docker-guest.h takes them. body: as in "ContainerCreate", borrowed; answers with
 * "Id". attach: what it prints, as the raw stream of docker-frames.h, from the moment of handler->opened(). */
DockerCall *docker_create(Docker *d, json_object *body, DockerReply reply, void *userdata);
DockerCall *docker_attach(Docker *d, const char *container, const DockerStreamHandler *handler,
                          void *userdata);
/* Whatever its state, with its anonymous volumes. */
DockerCall *docker_remove(Docker *d, const char *container, DockerReply reply, void *userdata);
/* Those with this label that do not run. */
DockerCall *docker_list_stopped(Docker *d, const char *label, DockerReply reply, void *userdata);
