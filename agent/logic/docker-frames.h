/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Docker's raw stream taken apart: what "attach", "logs" and "exec" send for a container without a terminal
 * is frames of an 8-byte header (stream, 0, 0, 0, big-endian size) and that many bytes; with a terminal it is
 * the bytes themselves (Docker Engine API, "Attach to a container"). Bytes in, bytes out; nothing is kept but
 * a started header. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum DockerStreamId {
        DOCKER_STDIN, /* never seen in practice: an echo of what was sent */
        DOCKER_STDOUT,
        DOCKER_STDERR,
        DOCKER_SYSTEM, /* the engine's own complaint, in the middle of the stream */
        _DOCKER_STREAM_MAX,
} DockerStreamId;

typedef struct DockerFrames {
        bool tty;
        uint8_t header[8];
        unsigned header_size; /* bytes of it that have come */
        uint32_t left;        /* bytes of the current frame still to come */
} DockerFrames;

#define DOCKER_FRAMES_INIT(has_tty) \
        { .tty = (has_tty) }

typedef void (*DockerFrameHandler)(DockerStreamId stream, const void *data, size_t size, void *userdata);

/* Hands over the contents as they come, in order, whatever the pieces they arrive in. FLEET_ERROR_PROTOCOL for
 * a header that is none; what came before it has been handed over. */
bool docker_frames_feed(DockerFrames *f, const void *data, size_t size, DockerFrameHandler handler,
                        void *userdata, GError **error);

/* False in the middle of a frame: an end here means that the stream was cut. */
bool docker_frames_at_boundary(const DockerFrames *f);
