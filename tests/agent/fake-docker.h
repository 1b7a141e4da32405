/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An engine for tests: takes requests on a unix socket in the test's own loop and lets the test answer them, in
 * pieces, late, wrongly or not at all. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

typedef struct FakeDocker FakeDocker;

/* One request; it exists until the other side has hung up or the engine is freed. */
typedef struct FakeRequest {
        char *line; /* "GET /containers/json?all=1" */
        char *body; /* ends with a NUL beyond its size */
        size_t body_size;
        uint64_t sent; /* bytes that the other side's socket took */
        bool gone;     /* the other side has hung up */
} FakeRequest;

typedef void (*FakeHandler)(FakeRequest *r, void *userdata);

FakeDocker *fake_docker_new(Loop *l, FakeHandler handler, void *userdata);
FakeDocker *fake_docker_free(FakeDocker *f);
const char *fake_docker_path(const FakeDocker *f);

/* Stops listening and hangs up on everybody, as an engine that goes down. */
void fake_docker_stop(FakeDocker *f);

/* A whole answer. json may be NULL. */
void fake_answer(FakeRequest *r, unsigned status, const char *json);

/* The head of an answer without end, then its bytes; a frame of the raw stream (see docker-frames.h). */
void fake_answer_stream(FakeRequest *r);
void fake_send(FakeRequest *r, const void *data, size_t size);
void fake_send_frame(FakeRequest *r, unsigned stream, const char *text);

/* Sends the same text for ever, as fast as it is read. */
void fake_send_endlessly(FakeRequest *r, const char *text);

/* Ends the connection after what was sent. */
void fake_hang_up(FakeRequest *r);
