/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends a command that runs inside a container: SIGTERM, later SIGKILL. */
#pragma once

#include "docker.h"

typedef struct DockerExecStop DockerExecStop;

/* Says why it gave up: the command may still run. That it worked is seen by the command's own end; free this
 * then. Not called from inside docker_exec_stop_new(). */
typedef void (*DockerExecStopFailed)(const GError *error, void *userdata);

/* grace_ms: from SIGTERM to SIGKILL, and from there to giving up. */
DockerExecStop *docker_exec_stop_new(Loop *l, Docker *d, const char *container, const char *exec_id,
                                     uint64_t grace_ms, DockerExecStopFailed failed, void *userdata);
DockerExecStop *docker_exec_stop_free(DockerExecStop *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DockerExecStop, docker_exec_stop_free)
