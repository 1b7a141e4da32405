/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files out of a container and into it, running or not, as tar archives (Docker Engine API 1.41, "ContainerArchive",
 * "PutContainerArchive"). */
#pragma once

#include "docker.h"

/* Is there such a path in the container? status 200 without an error, or 404 with one (also where there is no such
 * container). */
DockerCall *docker_archive_find(Docker *d, const char *container, const char *path, DockerReply reply,
                                void *userdata);

typedef struct DockerFetch DockerFetch;

/* archive: NULL with an error, which is FLEET_ERROR_LIMIT_EXCEEDED where there was more than allowed; else as it came,
 * and wiped when it goes. The fetch is gone by then. */
typedef void (*DockerFetched)(GBytes *archive, const GError *error, void *userdata);

/* A file or folder, as an archive of at most size_max bytes. Never done from inside this. */
DockerFetch *docker_fetch_new(Docker *d, const char *container, const char *path, size_t size_max,
                              DockerFetched done, void *userdata);
DockerFetch *docker_fetch_free(DockerFetch *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DockerFetch, docker_fetch_free)

/* Unpacks an archive in a folder of the container, which must be there. What is there already is replaced, with the
 * owners and permissions of the archive. */
DockerCall *docker_archive_put(Docker *d, const char *container, const char *folder, GBytes *archive,
                               DockerReply reply, void *userdata);
