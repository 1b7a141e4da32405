/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to the Docker Engine on its unix socket: JSON answers, and endless ones with back-pressure. What
 * there is to ask is docker-api.h. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

typedef struct Docker Docker;
typedef struct DockerCall DockerCall;

/* Asks nothing yet: an engine that is not there is the error of each request. */
Docker *docker_new(Loop *l, const char *socket_path, GError **error);
/* Every call must be over or freed. Not from within a handler. */
Docker *docker_free(Docker *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Docker, docker_free)

/* The engine's answer: error is NULL for a status below 400, and then body is the JSON, borrowed (NULL where
 * there is none). status is 0 where no answer came. Errors: FLEET_ERROR_UNAVAILABLE (does not answer, or not
 * in time, or hung up), FLEET_ERROR_FAILED with the engine's own words, FLEET_ERROR_PROTOCOL. The call is
 * gone by then: forget it. */
typedef void (*DockerReply)(unsigned status, json_object *body, const GError *error, void *userdata);

/* Sends a request; the reply never comes from inside this. path: with its query, escaped. body: borrowed,
 * NULL for none. Of a HEAD the engine says nothing but the status. */
DockerCall *docker_call(Docker *d, const char *method, const char *path, json_object *body,
                        uint64_t timeout_sec, DockerReply reply, void *userdata);

/* The same with a tar archive as the body; a reference is kept. */
DockerCall *docker_upload(Docker *d, const char *method, const char *path, GBytes *archive,
                          uint64_t timeout_sec, DockerReply reply, void *userdata);

typedef struct DockerStreamHandler {
        /* At most DOCKER_STREAM_BUFFER_BYTES. May free the call. */
        void (*data)(const void *data, size_t size, void *userdata);
        /* The end, after all data; error as in DockerReply. The call is gone by then. */
        void (*ended)(const GError *error, void *userdata);
        /* The engine has agreed, and data may follow. May free the call. NULL where nobody waits for this. */
        void (*opened)(void *userdata);
} DockerStreamHandler;

/* The same for an answer that is a stream of bytes, with no limit of time or size. */
DockerCall *docker_stream(Docker *d, const char *method, const char *path, json_object *body,
                          const DockerStreamHandler *handler, void *userdata);

/* Back-pressure for a stream: false stops reading the socket (once a buffer is full) and data(), until true.
 * NULL is allowed. */
void docker_call_set_flow(DockerCall *c, bool open);

/* For a call whose reply nobody waits for any more, but which must reach the engine: lets it go on until it is done, or
 * the Docker is freed. Not for streams. NULL is allowed; returns NULL. */
DockerCall *docker_call_detach(DockerCall *c);

/* Drops a call without a word; what the engine has begun it may finish. */
DockerCall *docker_call_free(DockerCall *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DockerCall, docker_call_free)
