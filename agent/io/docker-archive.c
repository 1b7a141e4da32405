/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files out of a container and into it, as tar archives. */
#include "docker-archive.h"

#include <string.h>

#include "error.h"
#include "key-bundle.h"
#include "limits.h"

struct DockerFetch {
        DockerCall *call;
        char *path;
        char *data; /* of the largest size from the start: one that grows would leave copies of secrets behind */
        size_t size, size_max;
        DockerFetched done;
        void *userdata;
};

static char *archive_path(const char *container, const char *path) {
        g_autofree char *name = g_uri_escape_string(container, NULL, false);
        g_autofree char *query = g_uri_escape_string(path, NULL, false);

        return g_strdup_printf("/containers/%s/archive?path=%s", name, query);
}

DockerCall *docker_archive_find(Docker *d, const char *container, const char *path, DockerReply reply,
                                void *userdata) {
        g_autofree char *request = archive_path(container, path);

        return docker_call(d, "HEAD", request, NULL, DOCKER_TIMEOUT_SEC, reply, userdata);
}

DockerCall *docker_archive_put(Docker *d, const char *container, const char *folder, GBytes *archive,
                               DockerReply reply, void *userdata) {
        g_autofree char *request = archive_path(container, folder);

        return docker_upload(d, "PUT", request, archive, DOCKER_TIMEOUT_SEC, reply, userdata);
}

static void done(DockerFetch *f, GBytes *archive, const GError *error) {
        DockerFetched handler = f->done;
        void *userdata = f->userdata;

        (void) docker_fetch_free(f);
        handler(archive, error, userdata);
}

static void stream_data(const void *data, size_t size, void *userdata) {
        DockerFetch *f = userdata;
        g_autoptr(GError) error = NULL;

        if (size <= f->size_max - f->size) {
                memcpy(f->data + f->size, data, size);
                f->size += size;
                return;
        }
        (void) fleet_fail(&error, FLEET_ERROR_LIMIT_EXCEEDED,
                          "%s has more than the %zu MiB that are allowed", f->path,
                          f->size_max / (1024 * 1024));
        done(f, NULL, error);
}

static void stream_ended(const GError *error, void *userdata) {
        DockerFetch *f = userdata;
        g_autoptr(GBytes) archive = NULL;

        f->call = NULL;
        if (error) {
                done(f, NULL, error);
                return;
        }
        archive = secret_bytes_new_take(g_steal_pointer(&f->data), f->size);
        done(f, archive, NULL);
}

DockerFetch *docker_fetch_new(Docker *d, const char *container, const char *path, size_t size_max,
                              DockerFetched handler, void *userdata) {
        static const DockerStreamHandler stream = { stream_data, stream_ended };
        g_autofree char *request = archive_path(container, path);
        DockerFetch *f = g_new0(DockerFetch, 1);

        f->path = g_strdup(path);
        f->data = g_malloc(size_max);
        f->size_max = size_max;
        f->done = handler;
        f->userdata = userdata;
        f->call = docker_stream(d, "GET", request, NULL, &stream, f);
        return f;
}

DockerFetch *docker_fetch_free(DockerFetch *f) {
        if (!f)
                return NULL;
        (void) docker_call_free(f->call);
        if (f->data)
                explicit_bzero(f->data, f->size);
        g_free(f->data);
        g_free(f->path);
        g_free(f);
        return NULL;
}
