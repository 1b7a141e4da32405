/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command inside a container whose whole output is wanted, such as one that lists files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "docker.h"

typedef struct Captured {
        bool started;    /* it may have run; false: it certainly has not */
        int exit_code;   /* -1 where it is not known */
        const char *out; /* standard output; ends with a NUL besides */
        size_t out_size;
        const char *err; /* standard error */
} Captured;

typedef struct DockerCapture DockerCapture;

/* The end, exactly once; the capture is still there: free it, here or later. error where there is no exit code, in time or
 * at all, or there was more output than may be. */
typedef void (*DockerCaptureDone)(const Captured *c, const GError *error, void *userdata);

/* argv: NULL-terminated, copied. max: bytes of output. done is never called from inside this. A program that is not in
 * the image ends with 126 or 127. */
DockerCapture *docker_capture_new(Loop *l, Docker *d, const char *container, const char *const *argv,
                                  uint64_t timeout_sec, size_t max, DockerCaptureDone done, void *userdata);
/* Lets go of a running command: it stays where it is. */
DockerCapture *docker_capture_free(DockerCapture *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DockerCapture, docker_capture_free)
