/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Docker's raw stream taken apart. */
#include "docker-frames.h"

#include <string.h>

#include "error.h"

/* Fills the header from the front of data; returns how many bytes that took. */
static size_t take_header(DockerFrames *f, const uint8_t *data, size_t size) {
        size_t n = MIN(size, sizeof(f->header) - f->header_size);

        memcpy(f->header + f->header_size, data, n);
        f->header_size += (unsigned) n;
        return n;
}

static bool open_frame(DockerFrames *f, GError **error) {
        const uint8_t *h = f->header;

        if (h[0] >= _DOCKER_STREAM_MAX || h[1] || h[2] || h[3])
                return fleet_fail(
                                error, FLEET_ERROR_PROTOCOL,
                                "docker sent the frame header %02x %02x %02x %02x, expected a stream of 0 to 3 "
                                "and three zeroes",
                                h[0], h[1], h[2], h[3]);
        f->left = (uint32_t) h[4] << 24 | (uint32_t) h[5] << 16 | (uint32_t) h[6] << 8 | h[7];
        if (f->left == 0)
                f->header_size = 0;
        return true;
}

bool docker_frames_feed(DockerFrames *f, const void *data, size_t size, DockerFrameHandler handler,
                        void *userdata, GError **error) {
        const uint8_t *p = data;

        if (f->tty) {
                if (size > 0)
                        handler(DOCKER_STDOUT, p, size, userdata);
                return true;
        }
        while (size > 0) {
                size_t n;

                if (f->left == 0) {
                        n = take_header(f, p, size);
                        if (f->header_size == sizeof(f->header) && !open_frame(f, error))
                                return false;
                } else {
                        n = MIN(size, f->left);
                        handler(f->header[0], p, n, userdata);
                        f->left -= (uint32_t) n;
                        if (f->left == 0)
                                f->header_size = 0;
                }
                p += n;
                size -= n;
        }
        return true;
}

bool docker_frames_at_boundary(const DockerFrames *f) {
        return f->header_size == 0;
}
