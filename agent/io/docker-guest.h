/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program of ours in the network of somebody else's container, for what only that container's own loopback answers.  It
 * runs in a short-lived container of the same image, as nobody, without capabilities, with a read-only root and
 * nothing of ours but the program itself; it writes nothing into the container that it serves. */
#pragma once

#include "docker-capture.h"

/* A container as the engine describes it. */
typedef struct DockerHost {
        const char *name;
        const char *id;
        const char *image_id;
} DockerHost;

typedef struct DockerGuest DockerGuest;

/* program: a path on the engine's host, linked statically. argv: its arguments, NULL-terminated. done: as in
 * docker_capture_new(), but that exit_code is always -1: standard error must tell. */
DockerGuest *docker_guest_new(Loop *l, Docker *d, const DockerHost *host, const char *program,
                              const char *const *argv, uint64_t timeout_sec, size_t max,
                              DockerCaptureDone done, void *userdata);
/* The container is removed, in whatever state it is. */
DockerGuest *docker_guest_free(DockerGuest *g);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DockerGuest, docker_guest_free)

/* Removes what an agent that was killed has left behind: guests that do not run, made before this second (since the
 * epoch). Those that run end by themselves, and the engine removes them. */
typedef struct DockerGuestSweep DockerGuestSweep;
DockerGuestSweep *docker_guest_sweep_new(Docker *d, uint64_t before_sec);
DockerGuestSweep *docker_guest_sweep_free(DockerGuestSweep *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DockerGuestSweep, docker_guest_sweep_free)
